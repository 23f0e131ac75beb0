#pragma once
// What can be seen of a service from outside at one moment, and what that means in words. Pure.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/death_tally.hpp"
#include "common/status.hpp"

namespace s6::svstat {

enum class Answer : std::uint8_t { unknown, no, yes };

// A process that holds the lock of a directory: s6-supervise that of a service, s6-svscan that of a scan directory.
struct Keeper {
  enum class State : std::uint8_t {
    unknown,  // the right to look is missing: `error`
    missing,  // nobody holds the lock, or there is none
    deaf,     // it holds the lock, but nobody reads the control FIFO
    stopped,  // its process is stopped, as by SIGSTOP: it sees, does and tells nothing
    running,  // nothing of the above, as far as one has the right to look
  };
  State state = State::unknown;
  pid_t pid = 0;  // 0: the kernel does not tell, as for a process of another pid namespace
  int error = 0;  // errno, for `unknown`

  friend constexpr bool operator==(const Keeper&, const Keeper&) = default;
  [[nodiscard]] constexpr bool answers() const noexcept { return state == State::running || state == State::unknown; }
};
std::string_view name_of(Keeper::State state) noexcept;  // of a supervisor, for programs: "running", "not listening"

struct Observation {
  Keeper supervisor;
  std::optional<Status> status;
  int status_error = 0;              // errno, without a status; ENOENT: it was never supervised
  Answer process = Answer::unknown;  // is there a living process of the pid that the status names?
  Answer down_file = Answer::unknown;
  Answer notifies = Answer::unknown;  // it has a notification-fd, so it is to become ready
  // The death tally, which holds the last max-death-tally (100) deaths since the supervisor started.
  bool has_tally = false;
  int tally_error = 0;  // errno, without a tally; ENOENT is no error, but then nothing is known of deaths
  std::uint32_t deaths = 0;
  std::optional<Death> last_death;

  friend bool operator==(const Observation&, const Observation&) = default;
};

enum class State : std::uint8_t {
  unknown,        // the status cannot be read
  no_supervisor,  // nobody supervises it; what the status says is what somebody wrote who has gone
  stale,          // the status names a process that does not exist (any more)
  not_started,    // since its supervisor started
  down,           // and not wanted up
  restarting,     // down, and wanted up
  finishing,      // ./finish runs
  starting,       // up; it notifies, and is not ready yet
  up,             // up; it does not notify
  ready,          // up, and it has said that it is ready
  paused,         // up, and stopped by s6-svc -p
  stopping,       // up, and wanted down
};
inline constexpr std::size_t state_count = 12;

State state_of(const Observation& seen) noexcept;
std::string_view name_of(State state) noexcept;

// Does the status not tell the truth? Either nobody keeps it up to date, or it names a process that does not exist.
bool is_stale(const Observation& seen) noexcept;

// Is it up, if it is wanted up, and ready, if it notifies? Not while it is paused, nor when the status cannot be read
// or believed, nor when the supervisor does not answer.
bool is_as_wanted(const Observation& seen) noexcept;

// How often it was started again after a death, as far as the tally remembers; nothing without a tally.
std::optional<std::uint32_t> restarts_of(const Observation& seen) noexcept;

// How the last ./run ended: as the status of a service that is down tells, else as the tally does.
struct LastExit {
  int code = 0;
  int signal = 0;  // 0: it exited
  friend constexpr bool operator==(const LastExit&, const LastExit&) = default;
};
std::optional<LastExit> last_exit_of(const Observation& seen) noexcept;

// Why the file could not be read, by the errno of the attempt.
std::string_view explain_status_problem(int code) noexcept;
std::string_view explain_tally_problem(int code) noexcept;

}  // namespace s6::svstat
