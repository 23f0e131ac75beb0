#pragma once
// Copying and removing what is in directories.
#include <cstddef>

#include "common/result.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"

namespace s6::instance {

// The errors name paths that are kept here: it must outlive them.
class Tree {
 public:
  // Files, directories, links and FIFOs, with their modes; with their owners, too, if root does it. Other kinds of
  // files are refused. `to` must be an empty directory or not exist.
  Result<void> copy(const char* from, const char* to) noexcept;

  // What is not there is removed already. Links are removed and not followed.
  Result<void> remove(const char* path) noexcept;
  // All that is in a directory, but not itself.
  Result<void> clear(const char* directory) noexcept;

 private:
  Result<void> copy_any() noexcept;
  Result<void> copy_directory() noexcept;
  Result<void> copy_file(mode_t mode) noexcept;
  Result<void> copy_link() noexcept;
  Result<void> copy_attributes(const struct stat& file) noexcept;
  Result<void> remove_any() noexcept;
  Result<bool> clear_once() noexcept;
  Result<void> remove_directory() noexcept;

  PathBuffer from_;
  PathBuffer to_;
  bool is_root_ = sys::effective_user() == 0;
};

}  // namespace s6::instance
