#include "common/tally_reader.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <span>
#include <utility>

#include "common/sys.hpp"

namespace s6 {

Result<void> TallyReader::open(const char* path, std::uint32_t limit) noexcept {
  auto fd = sys::open_foreign(path, O_RDONLY);
  if (!fd) return fd.error();
  auto st = sys::fstat(fd->get());
  if (!st) return Error{st.error().code, "read", path};
  const auto size = static_cast<std::size_t>(st->st_size);
  if (size % wire::death_size != 0) return Error{EPROTO, "read", path};
  total_ = size / wire::death_size;
  left_ = std::min<std::size_t>(total_, limit) * wire::death_size;
  offset_ = static_cast<off_t>(size - left_);
  used_ = filled_ = 0;
  fd_ = std::move(*fd);
  path_ = path;
  return {};
}

Result<std::optional<Death>> TallyReader::next() noexcept {
  if (used_ == filled_) {
    auto n = sys::read_at(fd_.get(), std::span(buffer_).first(std::min(buffer_.size(), left_)), offset_);
    if (!n) return Error{n.error().code, "read", path_};
    // Less than asked for: a supervisor that starts has just emptied it.
    filled_ = *n - *n % wire::death_size;
    used_ = 0;
    offset_ += static_cast<off_t>(filled_);
    left_ -= filled_;
  }
  if (filled_ == 0) return std::optional<Death>{};
  const auto record = std::span<const std::byte>(buffer_).subspan(used_).first<wire::death_size>();
  used_ += wire::death_size;
  return std::optional<Death>(wire::decode_death(record));
}

std::string_view explain_tally_error(const Error& error) noexcept {
  return error.code == EPROTO ? "its size is no multiple of 14 bytes" : "";
}

}  // namespace s6
