#pragma once
// Where another program of this family is: in the directory by which the calling program was called, in the one where
// that really is, and where it was configured to be. PATH plays no part: an environment must not decide who supervises.
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "common/text.hpp"

namespace s6 {

class ProgramPath {
 public:
  static constexpr std::size_t text_size = 2 * path_size;
  using Text = std::array<char, text_size>;

  // To be constructed while the working directory is still the one the program was called in. The paths are put into
  // `text`, of text_size characters, of which no more than what they need is touched. All texts must outlive it.
  // `configured` may be null.
  ProgramPath(const char* name, std::span<char> text, const char* configured = nullptr) noexcept;
  ProgramPath(const ProgramPath&) = delete;
  ProgramPath& operator=(const ProgramPath&) = delete;
  [[nodiscard]] std::span<const char* const> candidates() const noexcept { return std::span(list_).first(count_); }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }  // so many characters of the text
  // For a script that is written now and run later: the first that can be executed, or the bare name, to be looked for
  // in the PATH of that time.
  [[nodiscard]] const char* for_script() const noexcept;

 private:
  void add_beside_name(std::span<char> text) noexcept;
  void add_beside_file(std::span<char> text) noexcept;
  void add(std::span<char> text, std::size_t directory_size) noexcept;

  const char* name_;
  std::size_t used_ = 0;
  std::array<const char*, 3> list_{};
  std::size_t count_ = 0;
};

}  // namespace s6
