#include "supervise/child.hpp"

#include <errno.h>
#include <fcntl.h>

#include <array>
#include <optional>
#include <utility>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/spawn.hpp"
#include "supervise/config.hpp"
#include "supervise/exec_failure.hpp"

namespace s6::supervise {
namespace {

// The lock that keeps a second copy of the service away, for its whole life and that of whoever inherits the
// descriptor: an open-file-description lock. It conflicts with the record locks that s6-setlock takes. And with those
// of readers: nobody else may open the file, or he could keep the service from starting.
struct ServiceLock {
  UniqueFd fd;
  bool held = false;  // false: another copy still has it, the new one must wait
};

Result<ServiceLock> open_service_lock() noexcept {
  constexpr mode_t mode = 0600;
  auto fd = sys::open(service_dir::service_lock, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, mode);
  if (!fd) return fd.error();
  (void)sys::chmod(fd->get(), mode);  // one that s6 has made; a service of its owner starts all the same
  auto locked = sys::lock_description(fd->get());
  if (!locked) return Error{locked.error().code, "lock", service_dir::service_lock};
  return ServiceLock{std::move(*fd), *locked};
}

Start failed(const Error& error) noexcept {
  return {.outcome = Start::Outcome::failed, .error = error};
}

}  // namespace

Start start_run(const char* name) noexcept {
  constexpr int least_notification_fd = 1, least_lock_fd = 1;  // 0 would take the service's input away
  const auto notify_at = config::read_descriptor(config::notification_fd_file, least_notification_fd);
  const auto lock_at = config::read_descriptor(config::lock_fd_file, least_lock_fd);
  if (notify_at && notify_at == lock_at) {
    cli::warn(
        {"notification-fd and lock-fd name the same descriptor: not starting; change one, then s6-svc -u starts it"});
    return {};
  }

  std::array<FdMove, 2> moves{};
  std::size_t move_count = 0;
  sys::Pipe notification;
  if (notify_at) {
    auto made = sys::pipe();
    if (!made) return failed(made.error());
    notification = std::move(*made);
    // The service may write without a newline and keep the pipe open: reading must never wait for it.
    if (auto set = sys::set_nonblocking(notification.read_end.get()); !set) return failed(set.error());
    moves[move_count++] = {notification.write_end.get(), *notify_at};
  }
  ServiceLock lock;
  if (lock_at) {
    auto opened = open_service_lock();
    if (!opened) return failed(opened.error());
    lock = std::move(*opened);
    if (!lock.held)
      cli::warn({"another process holds ", service_dir::service_lock,
                 ", maybe an earlier life of the service: the new one waits until it has ended"});
    moves[move_count++] = {lock.fd.get(), *lock_at};
  }

  const std::array programs{service_dir::run};
  const std::array argv{service_dir::run, name, static_cast<const char*>(nullptr)};
  auto pid = spawn({.programs = programs,
                    .argv = argv.data(),
                    .moves = std::span(moves).first(move_count),
                    .session = Session::own,
                    .pids = config::flag(config::new_pid_namespace_file) ? Pids::own_namespace : Pids::same,
                    .lock_wait = lock_at && !lock.held ? LockWait::until_acquired : LockWait::none,
                    .lock_fd = lock_at.value_or(-1)});
  if (!pid) return failed(pid.error());
  return {.outcome = Start::Outcome::started, .pid = *pid, .notification = std::move(notification.read_end)};
}

pid_t start_finish(const char* name, WaitStatus status, pid_t dead) noexcept {
  // Most services have none: looking first is far cheaper than a child that fails to execute it.
  if (auto found = sys::lstat(service_dir::finish); !found && found.error().code == ENOENT) return 0;
  constexpr int killed = 256;  // in place of an exit code
  const auto code = to_text(status.exited() ? status.exit_code() : killed);
  const auto signal = to_text(status.signal());
  const auto group = to_text(dead);
  const std::array programs{service_dir::finish};
  const std::array argv{"finish", code.c_str(), signal.c_str(), name, group.c_str(), static_cast<const char*>(nullptr)};
  auto pid = spawn({.programs = programs, .argv = argv.data(), .session = Session::own});
  if (pid) return *pid;
  const Error& error = pid.error();
  const bool about_the_file = error.path == std::string_view(service_dir::finish);
  cli::warn({"skipping ./finish: unable to ", error.doing, " ", error.path, ": ",
             about_the_file ? explain_exec_failure(service_dir::finish, error.code).view() : cli::reason(error.code)});
  return 0;
}

}  // namespace s6::supervise
