#include "supervise/supervisor.hpp"

#include <errno.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/service_dir.hpp"
#include "supervise/child.hpp"
#include "supervise/config.hpp"
#include "supervise/failures.hpp"
#include "supervise/records.hpp"

namespace s6::supervise {
namespace {

constexpr sys::Nanoseconds throttle = sys::second;  // from one start to the next, at least
constexpr sys::Nanoseconds failed_start_retry = 60 * sys::second;
constexpr sys::Nanoseconds kill_again = 5 * sys::second;
constexpr sys::Nanoseconds first_status_retry = sys::second;
constexpr sys::Nanoseconds last_status_retry = 60 * sys::second;

// Bounds on the work of one turn: whoever floods one source must not delay the others.
constexpr int chunks_per_turn = 8;
constexpr int reaps_per_turn = 64;
constexpr std::size_t commands_per_turn = 256;

constexpr bool is_finishing(State s) noexcept {
  return s == State::finish || s == State::last_finish;
}
constexpr bool is_leaving(State s) noexcept {
  return s == State::last_up || s == State::last_finish;
}
constexpr bool is_start_by_hand(State s, Event e) noexcept {
  return s == State::down && (e == Event::cmd_up || e == Event::cmd_up_kept || e == Event::cmd_once);
}

}  // namespace

Supervisor::Supervisor(const char* name, Resources resources, Wish wish) noexcept
    : name_(name), resources_(std::move(resources)) {
  model_.want_up = wish == Wish::up;
  status_.changed = status_.ready_since = sys::stamp_now();
}

void Supervisor::run() noexcept {
  publish_status();
  notify("s");
  tell();
  if (model_.want_up)
    dispatch(Event::timer_due);
  else
    timer_ = sys::never;
  while (running_) {
    tell();
    wait_and_serve();
  }
  if (status_retry_ != sys::never) status_due_ = true;
  notify("x");
  tell();
}

// Readiness before deaths, deaths and signals before commands, timers last. Everything that is ready gets its turn.
void Supervisor::wait_and_serve() noexcept {
  enum { signals, control, notification, count };
  std::array<pollfd, count> fds{pollfd{resources_.signals.fd(), POLLIN, 0}, pollfd{resources_.control.get(), POLLIN, 0},
                                pollfd{notification_.get(), POLLIN, 0}};  // -1 is skipped
  const sys::Nanoseconds deadline = more_children_ ? 0 : std::min(timer_, status_retry_);
  if (auto ready = sys::poll(fds, deadline); !ready) {
    cli::warn(ready.error());
    sys::nap(sys::second);  // out of kernel memory: nothing better can be done, and giving up is no choice
    return;
  }
  if (fds[notification].revents != 0) read_notification();
  if (more_children_) reap_children();
  if (running_ && fds[signals].revents != 0) read_signals();
  if (running_ && fds[control].revents != 0) read_commands();
  const sys::Nanoseconds now = sys::monotonic_now();
  if (running_ && now >= timer_) dispatch(Event::timer_due);
  if (now >= status_retry_) status_due_ = true;
}

// A newline anywhere means ready. The end of the file without one means never ready in this life.
void Supervisor::read_notification() noexcept {
  std::array<char, 512> buffer;
  for (int i = 0; i < chunks_per_turn && notification_; ++i) {
    auto n = sys::read(notification_.get(), std::as_writable_bytes(std::span(buffer)));
    if (!n && n.error().code == EAGAIN) return;
    if (!n || *n == 0) return notification_.reset();
    if (std::string_view(buffer.data(), *n).find('\n') != std::string_view::npos) dispatch(Event::ready);
  }
}

void Supervisor::read_signals() noexcept {
  while (running_) {
    switch (resources_.signals.next()) {
      case 0: return;
      case SIGCHLD: reap_children(); break;
      case SIGTERM: dispatch(Event::sig_term); break;
      case SIGHUP: dispatch(Event::sig_hup); break;
      case SIGQUIT: dispatch(Event::sig_quit); break;
      case SIGINT: dispatch(Event::sig_int); break;
      default: break;
    }
  }
}

// Also collects children that somebody else left to this process.
void Supervisor::reap_children() noexcept {
  more_children_ = false;
  for (int i = 0; running_; ++i) {
    if (i == reaps_per_turn) {
      more_children_ = true;
      return;
    }
    const sys::DeadChild dead = sys::reap();
    if (dead.pid == 0) return;
    if (dead.pid == status_.pid) on_death(dead.status);
  }
}

void Supervisor::on_death(WaitStatus status) noexcept {
  if (is_finishing(model_.state)) {
    status_.pid = 0;
    const bool gave_up = status.exited() && status.exit_code() == permanent_failure;
    if (gave_up) return dispatch(Event::finish_gave_up);
    return dispatch(is_given_up() ? Event::over_limit : Event::finish_died);
  }
  // A newline written just before the death may not have been seen yet.
  if (notification_) read_notification();
  status_.wait_status = status.raw;
  dispatch(Event::run_died);
}

// The service has died for good, finish included. Is it not to be started again, though it is wanted up?
bool Supervisor::is_given_up() noexcept {
  if (!model_.want_up || is_leaving(model_.state)) return false;
  const Restart restart = burst_.next(config::read_restart_policy(), sys::monotonic_now());
  restart_delay_ = restart.delay;
  return restart.give_up;
}

void Supervisor::read_commands() noexcept {
  std::array<char, commands_per_turn> buffer;
  auto n = sys::read(resources_.control.get(), std::as_writable_bytes(std::span(buffer)));
  if (!n) return;
  for (const char byte : std::string_view(buffer.data(), *n)) {
    if (!running_) return;  // what follows a command to leave is not executed
    if (const auto command = command_for(byte)) dispatch(command->event, command->signal);
  }
}

void Supervisor::dispatch(Event event, int signal) noexcept {
  is_retry_ = event == Event::timer_due;
  if (is_start_by_hand(model_.state, event)) burst_.reset();
  for (bool more = true; more;) {
    more = false;
    for (const Effect effect : step(model_, event)) {
      switch (effect) {
        case Effect::none:
        case Effect::mark_paused:
        case Effect::mark_unpaused: break;
        case Effect::mark_ready: ready_at_ = sys::monotonic_now(); break;
        case Effect::stamp_changed: status_.changed = sys::stamp_now(); break;
        case Effect::stamp_ready: status_.ready_since = sys::stamp_now(); break;
        case Effect::stamp_ready_death: status_.ready_since = status_.changed; break;
        case Effect::write_status: status_due_ = true; break;
        case Effect::record_death: record_death(); break;
        case Effect::create_down_file: create_down_file(); break;
        case Effect::remove_down_file: remove_down_file(); break;
        case Effect::notify_u: notify("u"); break;
        case Effect::notify_U: notify("U"); break;
        case Effect::notify_d: notify("d"); break;
        case Effect::notify_D: notify("D"); break;
        case Effect::notify_dD: notify("dD"); break;
        case Effect::notify_OD: notify("OD"); break;
        case Effect::notify_dOD: notify("dOD"); break;
        case Effect::send_signal: send(signal); break;
        case Effect::send_down_signal:
          send_to_stop({config::read_signal(config::down_signal_file, SIGTERM)}, config::stop_group_file);
          break;
        case Effect::send_reload_signal: send(config::read_signal(config::reload_signal_file, SIGHUP)); break;
        case Effect::send_stop: send(SIGSTOP); break;
        case Effect::send_cont: send(SIGCONT); break;
        case Effect::send_kill: send(SIGKILL); break;
        case Effect::stop_all: send_to_group(SIGSTOP); break;
        case Effect::cont_all: send_to_group(SIGCONT); break;
        case Effect::kill_all: send_to_group(SIGKILL); break;
        case Effect::interrupt_all: send_to_group(SIGINT); break;
        case Effect::kill_overdue: kill_overdue(); break;
        case Effect::arm_restart: arm_restart(); break;
        case Effect::arm_retry: arm(failed_start_retry); break;
        case Effect::arm_kill: arm_kill(); break;
        case Effect::arm_finish:
          arm(config::read_timeout(config::finish_timeout_file, config::default_finish_timeout));
          break;
        case Effect::arm_again: arm_again(); break;
        case Effect::disarm: timer_ = sys::never; break;
        case Effect::warn_finish_overdue:
          cli::warn({"./finish takes longer than timeout-finish allows: killing it"});
          break;
        case Effect::warn_gave_up:
          cli::warn({"giving the service up after ", to_text(burst_.count()),
                     " restarts, as max-restarts says; s6-svc -u starts it again"});
          break;
        case Effect::close_notification: notification_.reset(); break;
        case Effect::null_stdio:
          if (auto closed = sys::null_stdin_and_stdout(); !closed) cli::warn(closed.error());
          break;
        case Effect::spawn_run:
          event = spawn_run();
          more = true;
          break;
        case Effect::spawn_finish:
          event = spawn_finish();
          more = true;
          break;
        case Effect::quit: running_ = false; break;
      }
    }
  }
}

Event Supervisor::spawn_run() noexcept {
  Start start = start_run(name_);
  if (start.outcome == Start::Outcome::refused) return Event::spawn_refused;
  if (start.outcome == Start::Outcome::failed) {
    warn_of_failed_start(start.error);
    return Event::spawn_failed;
  }
  start_error_ = 0;
  notification_ = std::move(start.notification);
  ready_at_ = sys::never;
  status_.pid = start.pid;
  return Event::spawned;
}

Event Supervisor::spawn_finish() noexcept {
  const pid_t dead = status_.pid;
  status_.pid = start_finish(name_, WaitStatus{status_.wait_status}, dead);
  if (status_.pid != 0) return Event::finish_spawned;
  return is_given_up() ? Event::no_finish_limit : Event::finish_missing;
}

// Retries that fail for the same reason are silent: the reason has been told.
void Supervisor::warn_of_failed_start(const Error& error) noexcept {
  const Explanation explanation = error.path == std::string_view(service_dir::run)
                                      ? explain_exec_failure(error.path, error.code)
                                      : Explanation{cli::reason(error.code)};
  if (is_retry_ && error.code == start_error_ && explanation.view() == start_explanation_.view()) return;
  start_error_ = error.code;
  start_explanation_ = explanation;
  const std::string_view path = error.path;
  cli::warn({"unable to ", error.doing, path.empty() ? "" : " ", path, ": ", explanation,
             model_.want_up ? "; trying again every 60 seconds" : ""});
}

// Once in a turn, so that neither a command that starts the service nor a flood of commands has the status written for
// each step, and one look at who listens does for several letters. The status comes first: who is told finds it there.
void Supervisor::tell() noexcept {
  if (status_due_) publish_status();
  if (letter_count_ == 0) return;
  // Nobody listening, or no event directory any more, is not this process's business.
  (void)fifodir::notify(service_dir::event, std::string_view(letters_.data(), letter_count_));
  letter_count_ = 0;
}

void Supervisor::publish_status() noexcept {
  status_due_ = false;
  status_.finishing = is_finishing(model_.state);
  status_.want_up = model_.want_up;
  status_.ready = model_.ready;
  status_.paused = model_.paused || !model_.started;

  const StatusWritten written = write_status(status_);
  if (written.problem.code != status_error_) {
    if (written.problem.code == 0)
      cli::say(cli::Level::info, {service_dir::status, " can be written again"});
    else
      cli::warn(written.problem, written.current ? "wrote it in place" : "trying again until it works");
    status_error_ = written.problem.code;
  }
  if (written.current) {
    status_retry_ = sys::never;
    return;
  }
  status_retry_delay_ =
      status_retry_ == sys::never ? first_status_retry : std::min(2 * status_retry_delay_, last_status_retry);
  status_retry_ = sys::after(sys::monotonic_now(), status_retry_delay_);
}

void Supervisor::record_death() noexcept {
  const Death death = Death::of(status_.changed, WaitStatus{status_.wait_status});
  if (auto recorded = append_to_tally(death); !recorded) cli::warn(recorded.error(), "this death is not recorded");
}

void Supervisor::notify(std::string_view letters) noexcept {
  if (letter_count_ + letters.size() > letters_.size()) tell();
  for (const char letter : letters) letters_[letter_count_++] = letter;
}

// A child that has died but is not reaped yet still takes signals, so these cannot fail for that; a signal number that
// does not exist sends nothing.
void Supervisor::send(int signal) noexcept {
  if (status_.pid > 0 && signal > 0) (void)sys::kill(status_.pid, signal);
}
void Supervisor::send_to_group(int signal) noexcept {
  if (status_.pid > 0) (void)sys::kill_group(status_.pid, signal);
}

// What is to end the service, which a flag may extend to its process group.
void Supervisor::send_to_stop(std::initializer_list<int> signals, const char* group_flag) noexcept {
  const bool group = config::flag(group_flag);
  for (const int signal : signals) group ? send_to_group(signal) : send(signal);
}

void Supervisor::kill_overdue() noexcept {
  if (stop_schedule_) return go_on_stopping();
  send_to_stop({SIGKILL, SIGCONT}, config::kill_group_file);
}

// Up to the next time to wait.
void Supervisor::go_on_stopping() noexcept {
  timer_ = sys::never;
  while (const auto word = stop_schedule_->next()) {
    if (word->signal == 0) return arm(word->wait);
    send_to_stop({word->signal, SIGCONT}, config::stop_group_file);
  }
}

void Supervisor::arm_kill() noexcept {
  stop_schedule_ = config::read_stop_schedule();
  if (stop_schedule_) return go_on_stopping();
  arm(config::read_timeout(config::kill_timeout_file, 0));
}

// After kill_overdue. A schedule has armed the timer itself, where it goes on.
void Supervisor::arm_again() noexcept {
  const bool scheduled = stop_schedule_ && !is_finishing(model_.state);
  if (!scheduled) arm(kill_again);
}

// A service that became ready may come back a second after that, one that never did a second after it went down.
void Supervisor::arm_restart() noexcept {
  if (restart_delay_) return arm(*restart_delay_);
  const sys::Nanoseconds since = ready_at_ != sys::never ? ready_at_ : sys::monotonic_now();
  timer_ = sys::after(since, throttle);
}

void Supervisor::arm(sys::Nanoseconds delay) noexcept {
  timer_ = sys::after(sys::monotonic_now(), delay);
}

}  // namespace s6::supervise
