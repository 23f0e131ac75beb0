#include "common/service_dir.hpp"

#include <errno.h>
#include <fcntl.h>

#include <array>

#include "common/text.hpp"

namespace s6::service_dir {

Result<sys::LockState> test_supervisor(const char* directory) noexcept {
  const PathBuffer path{directory, "/", lock};
  if (!path.ok()) return Error{ENAMETOOLONG, "look at", directory};
  auto fd = sys::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (!fd) {
    if (fd.error().code == ENOENT) return sys::LockState{};
    return Error{fd.error().code, "open supervise/lock of", directory};
  }
  auto state = sys::test_lock(fd->get());
  if (!state) return Error{state.error().code, "test supervise/lock of", directory};
  return *state;
}

Result<Status> read_status(const char* directory) noexcept {
  const PathBuffer path{directory, "/", status};
  if (!path.ok()) return Error{ENAMETOOLONG, "read the status of", directory};
  std::array<std::byte, wire::status_size_2_13 + 1> raw;  // one more than any file that is accepted
  auto size = sys::read_file(path.c_str(), raw);
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

Delivered send_control(const char* directory, std::string_view subdirectory, std::string_view bytes) noexcept {
  const PathBuffer path{directory, "/", subdirectory, "/control"};
  if (!path.ok()) return {Delivery::failed, ENAMETOOLONG};
  auto fd = sys::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) {
    const int code = fd.error().code;
    if (code == ENXIO) return {Delivery::not_listening, code};
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
  if (auto blocking = sys::set_blocking(fd->get()); !blocking) return {Delivery::failed, blocking.error().code};
  if (auto written = sys::write_all(fd->get(), std::as_bytes(std::span(bytes))); !written) {
    if (written.error().code == EPIPE) return {Delivery::not_listening, EPIPE};
    return {Delivery::failed, written.error().code};
  }
  return {};
}

}  // namespace s6::service_dir
