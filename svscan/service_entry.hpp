#pragma once
// A service directory, with or without a logger, as s6-svlink and s6-svunlink put it into a scan directory and take it
// out again.
#include <array>
#include <cstddef>
#include <string_view>

#include "common/result.hpp"
#include "common/text.hpp"

namespace s6::svscan {

// A name that may stand in a scan directory: s6-svscan passes over those with a dot, and the others would not be in it.
constexpr bool is_entry_name(std::string_view name) noexcept {
  return !name.empty() && name[0] != '.' && name[0] != '/';
}

// The last component of a path, trailing slashes aside; empty for the root.
constexpr std::string_view last_component(std::string_view path) noexcept {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path;
}

// The directories that get a supervisor each: the service, then its logger if it has one.
struct Pair {
  std::array<PathBuffer, 2> directories;
  std::size_t count = 0;
  bool supervised = false;  // both, or neither

  [[nodiscard]] const char* service() const noexcept { return directories[0].c_str(); }
  [[nodiscard]] const char* logger() const noexcept { return directories[1].c_str(); }  // only if count is 2
};

// Finds the logger of `directory`. A log that is no directory is ENOTDIR, a path that is too long ENAMETOOLONG.
Result<void> find_logger(const char* directory, Pair& pair) noexcept;

// Finds out whether they are supervised. One of them and the other not is EINVAL.
Result<void> find_supervisors(Pair& pair) noexcept;

}  // namespace s6::svscan
