#pragma once
// The shell around the service table: it reads the directory, makes pipes, starts supervisors and hears of their
// deaths. Once constructed it allocates nothing, waits for nothing but events, does a bounded amount of work between
// two looks at them, and no refusal of the system ends it.
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "common/sys.hpp"
#include "svscan/complaints.hpp"
#include "svscan/control_directory.hpp"
#include "svscan/options.hpp"
#include "svscan/requests.hpp"
#include "svscan/scan_history.hpp"
#include "svscan/service_table.hpp"

namespace s6::svscan {

// The signals that s6-svscan acts upon.
std::span<const int> handled_signals() noexcept;

class Scanner {
 public:
  static std::size_t memory_size(const Settings& settings) noexcept;
  // `memory`: as much as memory_size() says, zeroed, aligned for 8-byte numbers. Only so much of it is touched as there
  // is to remember. The working directory is the scan directory. `supervise` is where s6-supervise may be.
  Scanner(const Settings& settings, std::span<std::byte> memory, std::span<const char* const> supervise,
          ControlDirectory directory, sys::SignalQueue signals) noexcept;

  // Keeps everything running until told to leave; then tells the supervisors, if it was asked to, lets go of the pipes,
  // and waits for their end. An error means that events cannot be waited for.
  Result<void> run() noexcept;

 private:
  // Events in.
  Result<void> wait_for_events() noexcept;
  void read_signals() noexcept;
  Result<void> read_commands() noexcept;
  void on_signal(int signal) noexcept;
  void reap_children() noexcept;
  void look_after_others() noexcept;
  [[gnu::noinline]] void notice_changes() noexcept;

  // Scanning.
  void watch_the_directory() noexcept;
  [[gnu::noinline]] void scan(sys::Nanoseconds now) noexcept;
  Result<void> read_directory() noexcept;
  enum class Look : bool { at_all, for_what_is_missed };
  Result<void> examine_all(sys::EntryReader& entries, Look look) noexcept;
  void examine(const sys::EntryReader::Entry& entry, Look look) noexcept;
  Result<std::optional<DirectoryId>> find_log(std::string_view name, DirectoryId id, Nanoseconds changed) noexcept;
  void apply(const Outcome& outcome, std::string_view name) noexcept;
  void complain(char about, std::string_view name, std::string_view what, std::string_view why = {}) noexcept;
  void scan_not_later_than(sys::Nanoseconds time) noexcept;
  void scan_soon(sys::Nanoseconds now, sys::Nanoseconds pause) noexcept;

  // Supervisors.
  void start_what_is_due() noexcept;
  void make_pipe(Index service) noexcept;
  [[gnu::noinline]] void start(Index who, sys::Nanoseconds now) noexcept;
  [[gnu::noinline]] void find_out_who_holds(Index who) noexcept;
  Result<void> wait_for_end_of(Index who, pid_t other) noexcept;
  void tell(Reach reach, Farewell loggers) noexcept;
  void close(const Loose& loose) noexcept;

  // The end.
  [[gnu::noinline]] void leave() noexcept;
  void wait_until_all_are_dead() noexcept;

  Settings settings_;
  std::span<const char* const> supervise_;
  ControlDirectory directory_;
  sys::SignalQueue signals_;
  ServiceTable table_;
  Complaints complaints_;
  Requests requests_;
  bool may_have_more_dead_ = false;  // reaping stopped at its bound: look again before waiting

  sys::Nanoseconds scan_at_ = 0;  // the first scan is due at once
  sys::Nanoseconds last_scan_ = 0;
  ScanHistory scans_;
  std::uint32_t old_scan_ = 0;     // see ScanHistory
  bool scan_is_owed_ = true;       // the last one failed: what depends on its result waits for the next
  bool entry_has_failed_ = false;  // in the scan that is going on

  int descriptors_below_ =
      0;  // what supervisors are to inherit has lower numbers; 0: there are not so many, all of them

  UniqueFd others_;  // an event queue of supervisors that this process did not start
  int others_count_ = 0;

  UniqueFd changes_;  // tells that an entry has come or gone; none unless the settings want it
};

}  // namespace s6::svscan
