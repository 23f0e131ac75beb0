#pragma once
// Bytes of others (names, lines of logs) made fit to be shown: on a terminal, which must not be played with, in columns
// of a known width, and in documents that have to be UTF-8. Pure.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "svstat/sink.hpp"

namespace s6::svstat {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes; 1 for a byte that begins no valid sequence
  bool valid = false;
};
// What `text`, which is not empty, begins with. Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint first_code_point(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

// Columns on a terminal: 0 for combining characters, 2 for the wide ones of East Asia and most emoji, else 1.
std::size_t columns_of(char32_t character) noexcept;

// A text with everything in it that is invalid, or that a terminal would obey or hide instead of show, written as \xNN,
// byte by byte. A tab becomes a blank.
class Shown {
 public:
  explicit Shown(std::string_view text) noexcept : rest_(text) {}
  struct Piece {
    TextBuffer<20> text;
    std::size_t columns = 0;
  };
  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  Piece next() noexcept;  // one character

 private:
  std::string_view rest_;
};

std::size_t shown_columns(std::string_view text) noexcept;

// Calls `append` with the pieces of at most `columns` columns of the shown text; one that does not fit ends in "...".
// Returns how many columns that took.
template <class Append>
std::size_t show(std::string_view text, std::size_t columns, Append append) noexcept {
  constexpr std::string_view dots = "...";
  const bool cut = shown_columns(text) > columns;
  const std::size_t room = !cut ? columns : columns > dots.size() ? columns - dots.size() : 0;
  std::size_t used = 0;
  for (Shown shown(text); !shown.done();) {
    const auto piece = shown.next();
    if (used + piece.columns > room) break;
    append(piece.text.view());
    used += piece.columns;
  }
  if (!cut) return used;
  const std::string_view end = head(dots, columns);
  append(end);
  return used + end.size();
}

// A string of JSON (RFC 8259), quotes included. A byte that is not part of valid UTF-8 becomes U+FFFD.
void add_json_string(const Sink& sink, std::string_view text) noexcept;

// The bytes in hexadecimal, for a text that is not UTF-8.
void add_hexadecimal(const Sink& sink, std::string_view text) noexcept;

}  // namespace s6::svstat
