#pragma once
// Replacing a small file so that readers see the old or the new content, never a part.
#include <sys/types.h>

#include <cstddef>
#include <initializer_list>
#include <span>

#include "common/result.hpp"

namespace s6 {

// A file that is written under a temporary name and published by commit(). Whatever goes wrong, or without a commit,
// the temporary is removed and the old file stays. What has the temporary name before is removed, never written to.
class Replacement {
 public:
  Replacement(const char* path, const char* temporary) noexcept : path_(path), temporary_(temporary) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement();

  Result<void> begin(mode_t mode) noexcept;
  Result<void> append(std::span<const std::byte> bytes) noexcept;
  Result<void> commit() noexcept;

 private:
  const char* path_;
  const char* temporary_;
  int fd_ = -1;
};

Result<void> replace_file(const char* path, const char* temporary, mode_t mode,
                          std::span<const std::byte> content) noexcept;

}  // namespace s6
