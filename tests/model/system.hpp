#pragma once
// A small system: a scanner with one service, perhaps with a logger, their supervisors, the processes that these start,
// and a client that waits. What decides is the real code: the supervisor's machine, the scanner's table and requests,
// the client's conditions. What surrounds it (processes, signals, pipes, FIFOs, the order of system calls) is modelled
// here, each step as small as somebody else could notice: a search lets them happen in every order.
//
// Times are left out: whatever waits for a time may get it at any moment. That is more than can happen in reality.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.hpp"
#include "supervise/machine.hpp"
#include "svscan/requests.hpp"
#include "svscan/service_table.hpp"
#include "svwait/condition.hpp"
#include "tests/model/search.hpp"

namespace s6::test {

// What is wrong on purpose, so that the search is seen to find it.
enum class Defect : std::uint8_t {
  none,
  event_before_status,      // a supervisor tells of a change before it writes it down
  status_before_listening,  // a client looks before it subscribes
  old_letters_are_news,     // and believes letters that are older than the status it read
  scan_delays_the_end,      // a scanner that is to scan and to leave scans, and looks again when something else happens
  pipes_are_kept,           // a leaving scanner keeps its ends of the pipes
  pipe_dies_with_logger,    // a scanner closes the pipe of a logger that dies
  loggers_are_terminated,   // a scanner does not let the loggers finish
  signal_taken_too_late,    // a scanner forgets SIGCHLD after it has reaped, and not before
  death_is_not_told,        // a supervisor tells nothing of the end of a service
};

// How a system is made, and how often the world outside interferes.
struct Scenario {
  const char* name = "";
  bool with_logger = false;
  bool with_finish = false;
  std::string_view service_commands;  // bytes for the service's control FIFO, any of them,
  int service_command_count = 0;      // so many times
  std::string_view scanner_commands;  // for the scanner's, likewise
  int scanner_command_count = 0;
  int deaths = 0;            // of the service by itself
  int logger_kills = 0;      // of the logger by somebody
  int supervisor_kills = 0;  // of a supervisor by somebody, together with its child
  int lines = 0;             // that the service writes
  int entry_changes = 0;     // the entry of the scan directory is taken away or put back
  int log_changes = 0;       // its log is
  std::optional<svwait::Goal> client;
  Defect defect = Defect::none;
};

enum class Who : std::uint8_t { service, logger };

enum class Move : std::uint8_t {
  // the world outside
  command_service,
  command_scanner,
  change_entry,
  change_log,
  kill_logger,
  kill_service_supervisor,
  kill_logger_supervisor,
  // the service and the logger
  write_line,
  become_ready,
  service_dies,
  service_ends_as_told,
  finish_ends,
  read_line,
  logger_ends,
  logger_ends_as_told,
  // a supervisor, of the service or of the logger
  supervisor_goes_on,
  supervisor_hears_readiness,
  supervisor_gets_sigchld,
  supervisor_gets_sigterm,
  supervisor_gets_sighup,
  supervisor_reads_command,
  supervisor_timer,
  // the scanner
  scanner_wakes,
  scanner_timer,
  scanner_goes_on,
  // the client
  client_goes_on,
  client_reads_letter,
  client_sees_death,
  client_timer
};

struct Action {
  Move move;
  Who who = Who::service;
  char byte = 0;
};
std::string text(const Action& action);

// The scanner's table. It consists of pieces that point at each other, so the one table there is stays where it is, and
// a value of this type keeps what it looked like.
class TableImage {
 public:
  TableImage();
  // Calls `use(table)` with the table in this state and keeps what it makes of it.
  template <class Use>
  void with(Use use) {
    load();
    use(table());
    store();
  }
  template <class Use>
  auto look(Use use) const {
    load();
    return use(static_cast<const svscan::ServiceTable&>(table()));
  }

 private:
  static constexpr svscan::ServiceTable::Limits limits{4, 14};
  static constexpr std::size_t memory_bytes = 1600;
  static constexpr std::size_t table_bytes = sizeof(svscan::ServiceTable);
  static svscan::ServiceTable& table();
  void load() const;
  void store();
  alignas(8) std::array<std::byte, table_bytes + memory_bytes> bytes_{};
};

class System {
 public:
  explicit System(const Scenario& scenario);

  [[nodiscard]] std::vector<Action> moves() const;
  std::string take(const Action& action);
  [[nodiscard]] std::string at_rest() const;
  [[nodiscard]] Key key() const;

 private:
  static constexpr int most_pipes = 3;

  // ./run or ./finish of the service, or the logger.
  struct Child {
    enum class State : std::uint8_t { none, runs, zombie } state = State::none;
    bool is_finish = false;
    bool told_to_end = false;
    bool said_ready = false;
    std::int8_t pipe = -1;  // that it writes to or reads from
  };

  struct Supervisor {
    // Mirrors what supervise/main.cpp and Supervisor::run do one after the other.
    enum class Phase : std::uint8_t { none, spawned, locked, told_status, serves, leaves, zombie } phase = Phase::none;
    supervise::Model model;
    supervise::Effects effects{};  // those that are left to be carried out
    std::uint8_t effect_count = 0;
    Status status;  // supervise/status, which outlives it
    bool has_status = false;
    std::array<char, 2> commands{};
    std::uint8_t command_count = 0;
    bool sigchld = false, sigterm = false, sighup = false;
    bool notification = false;  // it listens for readiness,
    bool newline = false;       // which has come
    bool timer = false;
    std::int8_t pipe = -1;  // its stdin or stdout
    Child child;
  };

  struct Scanner {
    enum class Phase : std::uint8_t {
      waits,
      reaps,
      acts,
      starts,
      tells,
      closes,
      reaps_last,
      waits_last,
      gone
    } phase = Phase::waits;
    svscan::Requests requests;
    bool sigchld = false;
    bool timer = false;  // what is to be started later is due now
    std::array<char, 3> commands{};
    std::uint8_t command_count = 0;
    std::array<bool, 2 * most_pipes> open{};  // ends of pipes: number 2n to read from pipe n, 2n + 1 to write into it
    std::array<bool, 2> told{};               // which supervisor it told to leave
    std::array<bool, 2> has_started{};        // one for this record of the table
  };

  struct Client {
    // Mirrors Watch::start and Watch::wait.
    enum class Phase : std::uint8_t { begins, subscribed, asked, looked, knows, waits, ended } phase = Phase::begins;
    bool listens = false;
    bool found_supervisor = false;
    bool watches = false;        // a living supervisor,
    bool watched_death = false;  // which has died
    bool grace = false;          // it waits for a new one
    std::array<char, 12> letters{};
    std::uint8_t letter_count = 0;
    svwait::Service service;
    // What somebody knows who sees each status as it is written, from when the client listened or looked.
    svwait::Service since_listening;
    svwait::Service since_look;
    bool was_true = false;   // the wanted condition, at some time
    bool was_alone = false;  // there was no supervisor, at some time
  };

  [[nodiscard]] Supervisor& supervisor(Who who) { return supervisors_[static_cast<std::size_t>(who)]; }
  [[nodiscard]] const Supervisor& supervisor(Who who) const { return supervisors_[static_cast<std::size_t>(who)]; }
  [[nodiscard]] static pid_t pid_of(Who who) { return who == Who::service ? 10 : 20; }
  [[nodiscard]] bool has(Defect defect) const { return scenario_->defect == defect; }

  void outside_moves(std::vector<Action>& all) const;
  void child_moves(std::vector<Action>& all) const;
  void supervisor_moves(Who who, std::vector<Action>& all) const;
  void scanner_moves(std::vector<Action>& all) const;
  void client_moves(std::vector<Action>& all) const;

  // children
  void child_dies(Who who);
  [[nodiscard]] bool has_reader(int pipe) const;
  [[nodiscard]] bool has_writer(int pipe) const;
  void look_for_lost_lines();

  // supervisors
  void supervisor_goes_on(Who who);
  void reap_child(Who who);
  void dispatch(Who who, supervise::Event event);
  void carry_out(Who who);
  void carry_out_one(Who who, supervise::Effect effect);
  void spawn_run(Who who);
  void publish(Who who);
  void notify(Who who, std::string_view letters);
  void supervisor_dies(Who who);
  [[nodiscard]] bool is_locked(Who who) const;

  // the scanner
  void scanner_wakes();
  void scanner_goes_on();
  void reap_supervisors();
  void scan();
  void apply(const svscan::Outcome& outcome);
  void close(const svscan::Loose& loose);
  void forget_starts();
  void tell(svscan::Reach reach, svscan::Farewell loggers);
  void signal(pid_t pid, svscan::Farewell farewell);
  void start_next();
  void start_supervisor(Who who, int end);
  void say_farewell(svscan::Farewell farewell);
  void scanner_ends();
  [[nodiscard]] bool is_missing(Who who) const;

  // the client
  void client_goes_on();
  void client_reads_letter();
  void client_watches();
  void client_sees_death();
  void client_timer();
  void client_may_end();
  [[nodiscard]] bool is_certain() const;
  void observe_status(bool is_first);
  void observe(const svwait::Service& known);

  void broken(const char* what) {
    if (violation_.empty()) violation_ = what;
  }

  const Scenario* scenario_;
  std::array<Supervisor, 2> supervisors_;
  Scanner scanner_;
  TableImage table_;
  Client client_;
  std::array<std::uint8_t, most_pipes> lines_{};  // in each pipe
  bool entry_ = true;
  bool log_ = false;
  bool farewell_ = false;                // somebody has been told to leave
  bool logger_ran_at_farewell_ = false;  // and the logger was there to read the rest, and nobody killed it
  // How often the world outside may still interfere.
  struct Left {
    int service_commands, scanner_commands, deaths, logger_kills, supervisor_kills, lines, entry_changes, log_changes;
  } left_;
  std::string violation_;
};

}  // namespace s6::test
