#pragma once
// Waiting for services: one subscription to the events of each, its status, and a look at whether its supervisor lives.
//
// The order makes it impossible to miss anything: subscribe to all, then read all statuses, then act if one wants to,
// then wait. A supervisor writes its status before it tells, so what happened before the status was read is in there
// and what happens after comes as a letter. What had come by then is thrown away; of one change that was written down
// just before, the letters may still come, which does no harm.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/fifodir.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "svwait/condition.hpp"
#include "svwait/ending_signals.hpp"
#include "svwait/removals.hpp"

namespace s6::svwait {

class Watch {
 public:
  // `deadline` is absolute. It is only looked at when there is something left to wait for.
  Watch(const Condition& wanted, sys::Nanoseconds deadline) noexcept
      : wanted_(wanted), tally_(wanted), deadline_(deadline) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { cancel(); }

  // Is what is wanted true already, so that nobody needs to listen? Only looks. What cannot be looked at counts as no:
  // to tell of it is start()'s business.
  [[nodiscard]] bool is_over_already(std::span<const char* const> directories) const noexcept;

  // Subscribes to all and reads all statuses. From here on the signals that end programs are blocked and wait for
  // wait(). `directories` must outlive the watch. A watch is started once.
  Result<void> start(std::span<const char* const> directories) noexcept;

  // The exit code of the program: 0, the number of failed services (at most 98), 99 out of time. Says what went wrong
  // on fd 2. A signal removes the subscriptions and then does what it always does.
  [[nodiscard]] int wait() noexcept;

  // Removes the subscriptions.
  void cancel() noexcept;

  // Ends the program for an error of start() or of the caller, without leaving subscriptions behind.
  [[noreturn]] void give_up(const Error& error) noexcept;

  // For what is done between start() and wait() and may take its time.
  [[nodiscard]] service_dir::Patience patience() const noexcept { return {deadline_, signals_.fd()}; }
  void heed_signals() noexcept;

 private:
  struct Entry {
    const char* directory = "";
    const char* event = "";  // DIRECTORY/event
    fifodir::Subscription subscription;
    UniqueFd supervisor;                      // readable when it has died; invalid: not watched
    bool supervisor_polled = false;           // it was in the last poll: what that found is about this one
    sys::Nanoseconds grace_end = sys::never;  // when a dead supervisor without successor counts as gone
    Service service;
  };

  Result<void> allocate(std::span<const char* const> directories) noexcept;
  static Result<void> subscribe(Entry& entry) noexcept;
  Result<void> read_status(Entry& entry) noexcept;
  void set(Entry& entry, const Service& now) noexcept;
  void arm() noexcept;
  void watch_supervisor(Entry& entry) noexcept;
  void start_grace(Entry& entry) noexcept;
  bool read_letters(Entry& entry) noexcept;  // false: there were none
  void supervisor_died(Entry& entry) noexcept;
  void end_of_grace(Entry& entry) noexcept;
  void check_subscriptions() noexcept;
  [[nodiscard]] Result<int> poll() noexcept;
  void handle_ready() noexcept;
  void handle_times() noexcept;
  [[nodiscard]] bool over() const noexcept { return tally_.result().has_value(); }
  static std::string_view why_failed(const Entry& entry) noexcept;
  [[nodiscard]] int finish(int code) noexcept;
  [[nodiscard]] int time_out() noexcept;

  Condition wanted_;
  Tally tally_;
  sys::Nanoseconds deadline_;
  std::span<Entry> entries_;
  // The descriptors of one call of poll: signals, removals, then those of the services, with their entries.
  struct Polled {
    std::uint32_t entry;
    bool is_supervisor;
  };
  std::span<pollfd> fds_;
  std::span<Polled> polled_;
  std::size_t fd_count_ = 0;
  EndingSignals signals_;
  Removals removals_;
};

// The end of a time limit in milliseconds, 0 for none.
constexpr sys::Nanoseconds deadline_after(sys::Nanoseconds start, std::uint32_t milliseconds) noexcept {
  return milliseconds == 0 ? sys::never : start + milliseconds * sys::millisecond;
}

}  // namespace s6::svwait
