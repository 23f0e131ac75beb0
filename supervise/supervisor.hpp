#pragma once
// The shell around the machine: one service, its descriptors, its clock. Once constructed it allocates nothing, waits
// for nothing but events, and no refusal of the system ends it.
#include <sys/types.h>

#include <initializer_list>
#include <optional>
#include <string_view>

#include "common/status.hpp"
#include "common/sys.hpp"
#include "supervise/exec_failure.hpp"
#include "supervise/machine.hpp"
#include "supervise/restarts.hpp"
#include "supervise/stop_schedule.hpp"

namespace s6::supervise {

// What start-up acquires, in this order (see startup.cpp).
struct Resources {
  UniqueFd lock;     // supervise/lock: held as long as the process lives
  UniqueFd control;  // supervise/control, read and write: there is always a writer, so never an end of file
  sys::SignalQueue signals;
};

enum class Wish : bool { down, up };

class Supervisor {
 public:
  // The working directory is the service directory; `name` is what the service is told it is called.
  Supervisor(const char* name, Resources resources, Wish wish) noexcept;
  // Publishes the first status and serves until it is told to leave.
  void run() noexcept;

 private:
  // Events in.
  void wait_and_serve() noexcept;
  void read_notification() noexcept;
  void read_signals() noexcept;
  void reap_children() noexcept;
  void read_commands() noexcept;
  void on_death(WaitStatus status) noexcept;
  bool is_given_up() noexcept;

  // Effects out.
  void dispatch(Event event, int signal = 0) noexcept;
  [[gnu::noinline]] Event spawn_run() noexcept;
  [[gnu::noinline]] Event spawn_finish() noexcept;
  void tell() noexcept;
  void publish_status() noexcept;
  [[gnu::noinline]] void record_death() noexcept;
  void notify(std::string_view letters) noexcept;
  void send(int signal) noexcept;
  void send_to_group(int signal) noexcept;
  void send_to_stop(std::initializer_list<int> signals, const char* group_flag) noexcept;
  void kill_overdue() noexcept;
  void go_on_stopping() noexcept;
  void arm_restart() noexcept;
  void arm_kill() noexcept;
  void arm_again() noexcept;
  void arm(sys::Nanoseconds delay) noexcept;

  [[gnu::noinline]] void warn_of_failed_start(const Error& error) noexcept;

  const char* name_;
  Resources resources_;
  Model model_;
  Status status_;  // as last published, but for what the model says
  bool running_ = true;
  bool more_children_ = false;              // reaping stopped at its bound: look again before waiting
  UniqueFd notification_;                   // read end, non-blocking
  sys::Nanoseconds timer_ = 0;              // what it means depends on the state; the first start is due at once
  sys::Nanoseconds ready_at_ = sys::never;  // in this life; never: not ready yet

  RestartBurst burst_;
  std::optional<sys::Nanoseconds> restart_delay_;  // as configured, for the restart that is due
  std::optional<StopSchedule> stop_schedule_;      // what is left of it

  // What is to be told before the next wait.
  bool status_due_ = false;
  std::uint8_t letter_count_ = 0;
  std::array<char, 16> letters_{};

  // A status that could not be written is written again until it is.
  sys::Nanoseconds status_retry_ = sys::never;
  sys::Nanoseconds status_retry_delay_ = 0;
  int status_error_ = 0;

  // The last failed start, so that its retries do not say the same again.
  bool is_retry_ = false;
  int start_error_ = 0;
  Explanation start_explanation_;
};

}  // namespace s6::supervise
