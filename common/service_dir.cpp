#include "common/service_dir.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace s6::service_dir {

PathBuffer below(const char* directory, std::string_view name) noexcept {
  if (*directory == '\0') return {};  // "" would mean the root
  return {directory, "/", name};
}

namespace {

// Calls `use` with DIRECTORY/NAME. Its own function for each size, so that the usual short path does not take a frame
// of two pages, on which nothing else would lie.
template <std::size_t size, class Use>
[[gnu::noinline]] auto use_path(const char* directory, std::string_view name, Use use) noexcept {
  const TextBuffer<size> path{directory, *directory == '\0' ? "" : "/", *directory == '\0' ? "" : name};
  auto used = path.ok() ? use(path.c_str()) : Error{ENAMETOOLONG, "look at", directory};
  // The path is gone when the caller sees the error.
  return used ? std::move(used) : Error{used.error().code, used.error().doing, directory};
}
template <class Use>
auto with_path_below(const char* directory, std::string_view name, Use use) noexcept {
  constexpr std::size_t short_size = 256;
  const bool is_short = std::string_view(directory).size() + name.size() + 2 <= short_size;
  return is_short ? use_path<short_size>(directory, name, use) : use_path<path_size>(directory, name, use);
}

void let_go(UniqueFd& fd, sys::Discarded* discarded) noexcept {
  if (discarded != nullptr) discarded->take(std::move(fd));
}

Result<sys::LockState> look_at_lock(const char* directory, sys::Discarded* discarded) noexcept {
  auto fd = open_below(directory, lock, O_RDONLY);
  if (!fd) return Error{fd.error().code, "open supervise/lock of", directory};
  auto state = sys::test_lock(fd->get());
  let_go(*fd, discarded);
  if (!state) return Error{state.error().code, "test supervise/lock of", directory};
  return state;
}

// Which part of the path is missing decides what the user is told.
Delivered explain_missing_fifo(const char* directory, std::string_view subdirectory, int code) noexcept {
  if (code == ENXIO) return {Delivery::not_listening, code};
  if (code == ELOOP) return {Delivery::malformed, code};
  if (code != ENOENT && code != ENOTDIR && code != EISDIR) return {Delivery::failed, code};
  if (auto dir = sys::open(directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK); !dir)
    return {Delivery::failed, dir.error().code};
  const auto sub = access_below(directory, subdirectory, F_OK);
  if (!sub && sub.error().code == ENOENT) return {Delivery::not_listening, ENOENT};
  return {Delivery::malformed, code};
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

Result<UniqueFd> open_below(const char* directory, std::string_view name, int access) noexcept {
  return with_path_below(directory, name, [access](const char* path) { return sys::open_foreign(path, access); });
}

Result<void> access_below(const char* directory, std::string_view name, int mode) noexcept {
  return with_path_below(directory, name, [mode](const char* path) { return sys::access(path, mode); });
}

Result<sys::LockState> test_supervisor(const char* directory, sys::Discarded* discarded) noexcept {
  auto state = look_at_lock(directory, discarded);
  if (!state && state.error().code == ENOENT) return sys::LockState{};
  return state;
}

Supervisor find_supervisor(const char* directory, sys::Discarded* discarded) noexcept {
  const auto state = look_at_lock(directory, discarded);
  if (!state) return {};
  return {state->locked ? Presence::present : Presence::absent, state->holder};
}

Result<Status> read_status(const char* directory, sys::Discarded* discarded) noexcept {
  auto fd = open_below(directory, status, O_RDONLY);
  if (!fd) return Error{fd.error().code, "read supervise/status of", directory};
  std::array<std::byte, wire::status_size_2_13 + 1> raw;  // one more than any file that is accepted
  auto size = sys::read(fd->get(), raw);                  // in one piece, as it was written
  let_go(*fd, discarded);
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
  const TextBuffer<64> fifo{subdirectory, "/control"};
  auto fd = open_below(directory, fifo, O_WRONLY);
  if (!fd) return explain_missing_fifo(directory, subdirectory, fd.error().code);
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
