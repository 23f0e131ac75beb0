#include "common/service_dir.hpp"

#include <errno.h>
#include <fcntl.h>

#include <array>

namespace s6::service_dir {

PathBuffer below(const char* directory, std::string_view name) noexcept {
  if (*directory == '\0') return {};  // "" would mean the root
  return {directory, "/", name};
}

namespace {

Result<sys::LockState> look_at_lock(const char* directory) noexcept {
  const PathBuffer path = below(directory, lock);
  if (!path.ok()) return Error{ENAMETOOLONG, "look at", directory};
  auto fd = sys::open_foreign(path.c_str(), O_RDONLY);
  if (!fd) return Error{fd.error().code, "open supervise/lock of", directory};
  auto state = sys::test_lock(fd->get());
  if (!state) return Error{state.error().code, "test supervise/lock of", directory};
  return state;
}

// Waits until `fd` may take more. 0: try again.
int wait_for_room(int fd, const Patience& patience) noexcept {
  const bool last_try = sys::monotonic_now() >= patience.deadline;
  std::array<pollfd, 2> fds{{{.fd = fd, .events = POLLOUT}, {.fd = patience.interrupt, .events = POLLIN}}};
  auto ready = sys::poll(fds, patience.deadline);
  if (!ready) return ready.error().code;
  if (fds[1].revents != 0) return EINTR;
  return last_try && *ready == 0 ? ETIMEDOUT : 0;
}

}  // namespace

Result<sys::LockState> test_supervisor(const char* directory) noexcept {
  auto state = look_at_lock(directory);
  if (!state && state.error().code == ENOENT) return sys::LockState{};
  return state;
}

Supervisor find_supervisor(const char* directory) noexcept {
  const auto state = look_at_lock(directory);
  if (!state) return {};
  return {state->locked ? Presence::present : Presence::absent, state->holder};
}

Result<Status> read_status(const char* directory) noexcept {
  const PathBuffer path = below(directory, status);
  if (!path.ok()) return Error{ENAMETOOLONG, "read the status of", directory};
  std::array<std::byte, wire::status_size_2_13 + 1> raw;  // one more than any file that is accepted
  auto size = sys::read_foreign_file(path.c_str(), raw);
  if (!size) return Error{size.error().code, "read supervise/status of", directory};
  if (const auto decoded = wire::decode(std::span(raw).first(*size))) return *decoded;
  return Error{*size == wire::status_size_before_2_2 ? EOPNOTSUPP : EPROTO, "read supervise/status of", directory};
}

std::string_view explain_status_error(const Error& error) noexcept {
  switch (error.code) {
    case EOPNOTSUPP: return "it is 26 bytes long, the format of s6 before 2.2; restart its supervisor";
    case EPROTO: return "it is not the status file of a supervisor (35 or 43 bytes are expected)";
    default: return {};
  }
}

Delivered send_control(const char* directory, std::string_view subdirectory, std::string_view bytes,
                       const Patience& patience) noexcept {
  PathBuffer path = below(directory, subdirectory);
  if (path.size() > 0) path.append("/control");
  if (!path.ok()) return {Delivery::failed, ENAMETOOLONG};
  auto fd = sys::open_foreign(path.c_str(), O_WRONLY);
  if (!fd) {
    const int code = fd.error().code;
    if (code == ENXIO) return {Delivery::not_listening, code};
    if (code == ELOOP) return {Delivery::malformed, code};
    if (code != ENOENT && code != ENOTDIR && code != EISDIR) return {Delivery::failed, code};
    // Which part of the path is missing decides what the user is told.
    if (auto dir = sys::open(directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK); !dir)
      return {Delivery::failed, dir.error().code};
    const PathBuffer sub{directory, "/", subdirectory};
    auto found = sys::stat(sub.c_str());
    if (!found && found.error().code == ENOENT) return {Delivery::not_listening, ENOENT};
    return {Delivery::malformed, code};
  }
  auto st = sys::fstat(fd->get());
  if (!st || !S_ISFIFO(st->st_mode)) return {Delivery::malformed, EINVAL};
  if (bytes.empty()) return {};
  for (;;) {
    const auto written = sys::write(fd->get(), std::as_bytes(std::span(bytes)));
    if (written) return {};
    if (written.error().code == EPIPE) return {Delivery::not_listening, EPIPE};
    if (written.error().code != EAGAIN) return {Delivery::failed, written.error().code};
    if (const int code = wait_for_room(fd->get(), patience); code != 0) return {Delivery::failed, code};
  }
}

}  // namespace s6::service_dir
