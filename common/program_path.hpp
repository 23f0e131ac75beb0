#pragma once
// Where another program of this family is: in the directory by which the calling program was called, in the one where
// that really is, and where it was configured to be. PATH plays no part: an environment must not decide who supervises.
#include <array>
#include <cstddef>
#include <span>

#include "common/text.hpp"

namespace s6 {

class ProgramPath {
 public:
  // To be constructed while the working directory is still the one the program was called in. Both texts must outlive
  // it. `configured` may be null.
  explicit ProgramPath(const char* name, const char* configured = nullptr) noexcept;
  ProgramPath(const ProgramPath&) = delete;
  ProgramPath& operator=(const ProgramPath&) = delete;
  [[nodiscard]] std::span<const char* const> candidates() const noexcept { return std::span(list_).first(count_); }
  // For a script that is written now and run later: the first that can be executed, or the bare name, to be looked for
  // in the PATH of that time.
  [[nodiscard]] const char* for_script() const noexcept;

 private:
  void add(PathBuffer& path) noexcept;

  const char* name_;
  PathBuffer beside_name_;
  PathBuffer beside_file_;
  std::array<const char*, 3> list_{};
  std::size_t count_ = 0;
};

}  // namespace s6
