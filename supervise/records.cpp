#include "supervise/records.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <array>

#include "common/cli.hpp"
#include "common/replace_file.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "supervise/config.hpp"

namespace s6::supervise {
namespace {

constexpr const char* new_status = "supervise/status.new";
constexpr const char* new_tally = "supervise/death_tally.new";
constexpr mode_t file_mode = 0666;  // less the umask

// All or nothing: should only a part go in (a limit on the size of files can do that), the old bytes are put back.
Result<void> write_in_place(std::span<const std::byte> content) noexcept {
  auto fd = sys::open(service_dir::status, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  if (!fd) return fd.error();
  auto st = sys::fstat(fd->get());
  if (!st) return st.error();
  if (!S_ISREG(st->st_mode)) return Error{EINVAL, "write", service_dir::status};
  std::array<std::byte, wire::status_size> old;
  auto old_size = sys::read_at(fd->get(), old, 0);
  if (!old_size) return old_size.error();
  auto written = sys::write(fd->get(), content);
  if (!written) return written.error();
  if (*written < content.size()) {
    const std::size_t undo = std::min(*written, *old_size);
    (void)sys::write_at(fd->get(), std::span(old).first(undo), 0);  // it has just taken as many bytes there
    return Error{ENOSPC, "write", service_dir::status};
  }
  if (st->st_size > static_cast<off_t>(content.size()))
    return sys::truncate(fd->get(), static_cast<off_t>(content.size()));
  return {};
}

// Copies the part of the old tally that stays. No old tally is no error.
[[gnu::noinline]] Result<void> keep_tail(Replacement& to, std::uint32_t limit) noexcept {
  auto fd = sys::open(service_dir::death_tally, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.error().code == ENOENT ? Result<void>() : Result<void>(fd.error());
  auto st = sys::fstat(fd->get());
  if (!st) return st.error();
  wire::TallyTail tail = wire::tally_tail(static_cast<std::size_t>(st->st_size), limit);
  std::array<std::byte, 1024> buffer;
  while (tail.length > 0) {
    auto n = sys::read_at(fd->get(), std::span(buffer).first(std::min(buffer.size(), tail.length)),
                          static_cast<off_t>(tail.offset));
    if (!n) return Error{n.error().code, "read", service_dir::death_tally};
    if (*n == 0) return Error{EIO, "read", service_dir::death_tally};  // it shrank meanwhile
    if (auto copied = to.append(std::span(buffer).first(*n)); !copied) return copied;
    tail.offset += *n;
    tail.length -= *n;
  }
  return {};
}

// An ordinary tally that has room for one more is not copied. One record is written at once, so a reader sees all of it
// or nothing. false: it has to be replaced.
bool extend_tally(std::span<const std::byte> record, std::uint32_t limit) noexcept {
  auto fd = sys::open(service_dir::death_tally, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW);
  if (!fd) return false;
  auto st = sys::fstat(fd->get());
  if (!st || !S_ISREG(st->st_mode) || st->st_size < 0) return false;
  const auto size = static_cast<std::size_t>(st->st_size);
  if (size % record.size() != 0 || size / record.size() >= limit) return false;
  auto written = sys::write(fd->get(), record);
  if (!written || *written == 0) return false;
  if (*written == record.size()) return true;
  (void)sys::truncate(fd->get(), st->st_size);  // if it fails the whole is not ordinary any more, and will be replaced
  return false;
}

}  // namespace

StatusWritten write_status(const Status& status) noexcept {
  const auto content = wire::encode(status);
  auto replaced = replace_file(service_dir::status, new_status, file_mode, content);
  if (replaced) return {.current = true};
  return {.current = static_cast<bool>(write_in_place(content)), .problem = replaced.error()};
}

Result<void> clear_tally() noexcept {
  auto fd = sys::open(service_dir::death_tally, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, file_mode);
  return fd ? Result<void>() : Result<void>(fd.error());
}

Result<void> append_to_tally(const Death& death) noexcept {
  const std::uint32_t limit =
      std::min(config::read_number(config::death_tally_limit_file).value_or(wire::default_deaths), wire::max_deaths);
  if (limit == 0) return {};
  const auto record = wire::encode(death);
  if (extend_tally(record, limit)) return {};
  Replacement tally(service_dir::death_tally, new_tally);
  if (auto r = tally.begin(file_mode); !r) return r;
  if (auto r = keep_tail(tally, limit); !r) return r;
  if (auto r = tally.append(record); !r) return r;
  return tally.commit();
}

void create_down_file() noexcept {
  // O_NONBLOCK: whatever is called `down` already must not hold the supervisor up.
  auto fd = sys::open(service_dir::down, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, file_mode);
  if (!fd) cli::warn(Error{fd.error().code, "create", "./down"}, "the next supervisor will start the service");
}

void remove_down_file() noexcept {
  auto removed = sys::unlink(service_dir::down);
  if (!removed && removed.error().code != ENOENT)
    cli::warn(Error{removed.error().code, "remove", "./down"}, "the next supervisor will not start the service");
}

}  // namespace s6::supervise
