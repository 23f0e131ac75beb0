#include "common/replace_file.hpp"

#include <errno.h>
#include <fcntl.h>

#include "common/sys.hpp"

namespace s6 {

Result<void> Replacement::begin(mode_t mode) noexcept {
  // Made anew: what has the name, left by a crash or put there by somebody else, is neither followed nor written to.
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL;
  auto fd = sys::open(temporary_, flags, mode);
  if (!fd && fd.error().code == EEXIST) {
    if (auto removed = sys::unlink(temporary_); !removed && removed.error().code != ENOENT) return removed;
    fd = sys::open(temporary_, flags, mode);
  }
  if (!fd) return fd.error();
  fd_ = fd->release();
  return {};
}

Result<void> Replacement::append(std::span<const std::byte> bytes) noexcept {
  if (auto written = sys::write_all(fd_, bytes); !written) return Error{written.error().code, "write", temporary_};
  return {};
}

Result<void> Replacement::commit() noexcept {
  if (auto renamed = sys::rename(temporary_, path_); !renamed) return renamed.error();
  UniqueFd(fd_).reset();
  fd_ = -1;
  return {};
}

Replacement::~Replacement() {
  if (fd_ < 0) return;
  UniqueFd(fd_).reset();
  (void)sys::unlink(temporary_);  // nothing depends on it: the next begin() does it again
}

Result<void> replace_file(const char* path, const char* temporary, mode_t mode,
                          std::span<const std::byte> content) noexcept {
  Replacement replacement(path, temporary);
  if (auto r = replacement.begin(mode); !r) return r;
  if (auto r = replacement.append(content); !r) return r;
  return replacement.commit();
}

}  // namespace s6
