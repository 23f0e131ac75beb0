#include "supervise/readiness.hpp"

#include <errno.h>
#include <signal.h>

#include <array>
#include <span>
#include <utility>

#include "common/cli.hpp"
#include "common/spawn.hpp"
#include "supervise/exec_failure.hpp"

namespace s6::supervise {
namespace {

constexpr Nanoseconds kill_grace = second;  // between SIGTERM and SIGKILL, and for the death after that

constexpr char service_died = 'd';

void warn_of_failed_start(const Error& error) noexcept {
  if (error.path == std::string_view(check_program))
    cli::warn({"unable to ", error.doing, " ", error.path, ": ", explain_exec_failure(check_program, error.code)});
  else
    cli::warn(error, error.code == ENOENT ? "-c needs execline" : "");
}

}  // namespace

CheckOutcome CheckLoop::run() noexcept {
  end_ = deadline_after(sys::monotonic_now(), plan_.global_timeout);
  if (auto taken = take_signals(); !taken) {
    cli::say(cli::Level::fatal, taken.error());
    return CheckOutcome::failed;
  }
  const CheckOutcome outcome = check_until_over();
  events_.cancel();
  if (ended_by_ != 0) sys::die_of(ended_by_);
  return outcome;
}

Result<void> CheckLoop::take_signals() noexcept {
  sys::default_signal(SIGCHLD);  // where it is ignored nobody learns how a check ended
  sys::ignore_signal(SIGPIPE);
  constexpr std::array taken = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM};
  auto queue = sys::SignalQueue::open(taken);
  if (!queue) return queue.error();
  signals_ = std::move(*queue);
  return {};
}

CheckOutcome CheckLoop::check_until_over() noexcept {
  Nanoseconds due = after(sys::monotonic_now(), plan_.initial_sleep * millisecond);
  for (std::uint32_t tried = 0; plan_.tries == 0 || tried < plan_.tries; ++tried) {
    wait_until(due);
    if (over_) return *over_;
    const Nanoseconds began = sys::monotonic_now();
    const bool succeeded = check();
    if (over_) return *over_;
    if (succeeded) return notify();
    due = next_check(began, sys::monotonic_now(), plan_.waiting_time);
  }
  return CheckOutcome::not_ready;
}

bool CheckLoop::check() noexcept {
  const auto pid = start_check();
  if (!pid) {
    warn_of_failed_start(pid.error());
    return false;
  }
  running_ = *pid;
  wait_until(deadline_after(sys::monotonic_now(), plan_.local_timeout));
  const bool ended = running_ == 0;
  if (!ended) stop_check();
  return ended && last_.exited() && last_.exit_code() == 0;
}

Result<pid_t> CheckLoop::start_check() const noexcept {
  constexpr const char* end = nullptr;
  if (plan_.script == nullptr) {
    const std::array programs{check_program};
    const std::array argv{check_program, end};
    return spawn({.programs = programs, .argv = argv.data(), .session = Session::own});
  }
  const std::array programs{script_interpreter};
  const std::array argv{script_interpreter, "-Pc", plan_.script, end};
  return spawn({.programs = programs, .search = Search::path, .argv = argv.data(), .session = Session::own});
}

void CheckLoop::stop_check() noexcept {
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (running_ == 0) return;
    (void)sys::kill_group(running_, signal);  // it may just have ended
    wait_for_the_dead(after(sys::monotonic_now(), kill_grace));
  }
  running_ = 0;  // stuck in the kernel: when it dies after all it is no check any more
}

CheckOutcome CheckLoop::notify() const noexcept {
  const auto written = sys::write_all(notification_, std::as_bytes(std::span("\n", 1)));
  if (written) return CheckOutcome::ready;
  if (written.error().code == EPIPE) return CheckOutcome::unwanted;
  cli::say(cli::Level::fatal, Error{written.error().code, "write to", "the notification descriptor"});
  return CheckOutcome::failed;
}

// Returns at the deadline, when it is all over, or when the check that was running when this was called has ended.
void CheckLoop::wait_until(Nanoseconds deadline) noexcept {
  const bool has_check = running_ != 0;
  while (!over_ && !(has_check && running_ == 0)) {
    const Nanoseconds now = sys::monotonic_now();
    if (now >= end_) over_ = CheckOutcome::out_of_time;
    if (now >= deadline || over_) return;
    // Without a reader the notification descriptor is in error: the supervisor has been notified, or is gone.
    std::array<pollfd, 3> fds{{{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
                               {.fd = events_.fd(), .events = POLLIN, .revents = 0},
                               {.fd = notification_, .events = 0, .revents = 0}}};
    if (auto ready = sys::poll(fds, std::min(deadline, end_)); !ready) {
      cli::say(cli::Level::fatal, ready.error());
      over_ = CheckOutcome::failed;
    }
    heed_signals();
    heed_events();
    if ((fds[2].revents & POLLERR) != 0) over_ = CheckOutcome::unwanted;
  }
}

// Returns at the deadline, or when the check has ended.
void CheckLoop::wait_for_the_dead(Nanoseconds deadline) noexcept {
  heed_signals();
  while (running_ != 0 && sys::monotonic_now() < deadline) {
    std::array<pollfd, 1> fds{{{.fd = signals_.fd(), .events = POLLIN, .revents = 0}}};
    if (!sys::poll(fds, deadline)) sys::nap(least_period);
    heed_signals();
  }
}

void CheckLoop::heed_signals() noexcept {
  while (const int signal = signals_.next()) {
    if (signal == SIGCHLD || sys::is_ignored(signal)) continue;
    ended_by_ = signal;
    over_ = CheckOutcome::failed;
  }
  for (auto dead = sys::reap(); dead.pid != 0; dead = sys::reap()) {
    if (dead.pid != running_) continue;
    running_ = 0;
    last_ = dead.status;
  }
}

void CheckLoop::heed_events() noexcept {
  std::array<char, 64> buffer;
  for (std::string_view letters; !(letters = events_.read(buffer)).empty();)
    if (letters.find(service_died) != std::string_view::npos) over_ = CheckOutcome::unwanted;
}

}  // namespace s6::supervise
