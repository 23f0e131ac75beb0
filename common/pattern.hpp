#pragma once
// A POSIX extended regular expression, of the C library's making. The empty one matches anything.
#include <regex.h>

#include <cstdint>

#include "common/text.hpp"

namespace s6 {

enum class Begins : std::uint8_t { at_the_start, later };

class Pattern {
 public:
  Pattern() noexcept = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { clear(); }

  // false: it is none, and problem() tells why. A pattern is compiled once.
  bool compile(const char* text) noexcept;
  [[nodiscard]] TextBuffer<128> problem() const noexcept;
  void clear() noexcept;
  // Is it somewhere in `text`, a piece of a longer one that begins at its start, or later? `^` matches only at the
  // former.
  [[nodiscard]] bool found_in(const char* text, Begins begins) const noexcept { return search(text, begins) == 0; }
  // The same as 0 or REG_NOMATCH, or what else regexec(3) answers: it may need memory that there is not.
  [[nodiscard]] int search(const char* text, Begins begins) const noexcept;

 private:
  regex_t compiled_{};
  int error_ = REG_BADPAT;
};

}  // namespace s6
