#pragma once
// Finding out when a service is ready that does not tell it itself: a check is run again and again until it succeeds.
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/fifodir.hpp"
#include "common/sys.hpp"
#include "common/wait_status.hpp"

namespace s6::supervise {

struct CheckPlan {
  // Milliseconds; no timeout is 0.
  std::uint32_t initial_sleep = 10;
  std::uint32_t global_timeout = 0;
  std::uint32_t local_timeout = 0;  // for one check
  std::uint32_t waiting_time = 1000;
  std::uint32_t tries = 7;       // 0: no limit
  const char* script = nullptr;  // what execlineb is to run; null: the program ./data/check
};

// The program that checks, and where the script is run if there is one.
inline constexpr const char* check_program = "./data/check";
inline constexpr const char* script_interpreter = "execlineb";

// However short the waiting time and the check, they do not follow each other faster.
inline constexpr Nanoseconds least_period = 10 * millisecond;

// When the next check is due. Pure.
constexpr Nanoseconds next_check(Nanoseconds began, Nanoseconds ended, std::uint32_t waiting_time) noexcept {
  return std::max(after(ended, waiting_time * millisecond), after(began, least_period));
}
constexpr Nanoseconds deadline_after(Nanoseconds start, std::uint32_t milliseconds) noexcept {
  return milliseconds == 0 ? never : after(start, milliseconds * millisecond);
}

// Why it is over, as an exit code.
enum class CheckOutcome : int {
  ready = 0,
  not_ready = 1,    // all tries failed
  unwanted = 2,     // the service died, or nobody reads its notification any more
  out_of_time = 3,  // the global timeout
  failed = 111,     // the system refused something; said on fd 2
};

// Runs the checks, and notifies the supervisor when one has succeeded. A check is the leader of a process group; when
// it is not wanted any more the group gets SIGTERM and, if the check is not gone after a while, SIGKILL.
class CheckLoop {
 public:
  // `events` is subscribed to the service's fifodir. `notification` is borrowed; checks inherit it.
  CheckLoop(const CheckPlan& plan, fifodir::Subscription& events, int notification) noexcept
      : plan_(plan), events_(events), notification_(notification) {}

  // Takes the process's signals and children for itself. One that is ended by a signal dies of it in here.
  CheckOutcome run() noexcept;

 private:
  Result<void> take_signals() noexcept;
  CheckOutcome check_until_over() noexcept;
  bool check() noexcept;
  Result<pid_t> start_check() const noexcept;
  void stop_check() noexcept;
  CheckOutcome notify() const noexcept;

  void wait_until(Nanoseconds deadline) noexcept;
  void wait_for_the_dead(Nanoseconds deadline) noexcept;
  void heed_signals() noexcept;
  void heed_events() noexcept;

  const CheckPlan& plan_;
  fifodir::Subscription& events_;
  const int notification_;
  sys::SignalQueue signals_;
  Nanoseconds end_ = never;
  pid_t running_ = 0;  // the check, 0: none
  WaitStatus last_;    // of the last check that died
  int ended_by_ = 0;   // a signal
  std::optional<CheckOutcome> over_;
};

}  // namespace s6::supervise
