#pragma once
// A selection's regular expression: is it found in a line? It means what the C library says that it means (regcomp: a
// POSIX extended regular expression, on bytes). But most expressions on command lines are simple, and asking regexec
// about each of millions of lines costs more than everything else that a logger does. So:
//
// - A sequence of elements that match exactly one byte each (x, \., ., [a-z], also repeated as in [0-9]{2}), possibly
//   after ^ and before $, is searched for here: there is nothing about such an expression that could be read otherwise.
// - For any other, a literal text that every match must contain, if there is one, is looked for first.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/pattern.hpp"

namespace s6::log {

// A literal text, found by its rarest byte.
class Literal {
 public:
  static constexpr std::size_t max_size = 64;
  constexpr Literal() noexcept = default;
  explicit Literal(std::string_view text) noexcept;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  // Where it is in `line`, not before `from`; npos if nowhere.
  [[nodiscard]] std::size_t find(std::string_view line, std::size_t from = 0) const noexcept;

 private:
  std::array<char, max_size> text_{};
  std::size_t size_ = 0;
  std::size_t rarest_ = 0;  // the position of the byte to look for
};

class ByteSet {
 public:
  constexpr void add(char c) noexcept { words_[byte(c) / 64] |= bit(c); }
  constexpr void add_all() noexcept { words_ = {~0ULL, ~0ULL, ~0ULL, ~0ULL}; }
  constexpr void invert() noexcept {
    for (std::uint64_t& word : words_) word = ~word;
  }
  [[nodiscard]] constexpr bool has(char c) const noexcept { return (words_[byte(c) / 64] & bit(c)) != 0; }
  [[nodiscard]] constexpr int size() const noexcept {
    int count = 0;
    for (const std::uint64_t word : words_) count += std::popcount(word);
    return count;
  }
  // The only member, or the lowest.
  [[nodiscard]] constexpr char first() const noexcept {
    int byte = 0;
    while (byte < 255 && !has(static_cast<char>(byte))) ++byte;
    return static_cast<char>(byte);
  }

 private:
  static constexpr std::size_t byte(char c) noexcept { return static_cast<unsigned char>(c); }
  static constexpr std::uint64_t bit(char c) noexcept { return std::uint64_t{1} << byte(c) % 64; }
  std::array<std::uint64_t, 4> words_{};
};

// A sequence of sets of bytes, each of which matches one byte.
class ByteSequence {
 public:
  static constexpr std::size_t max_size = 64;

  // false: the expression is none.
  bool read(std::string_view regex) noexcept;
  [[nodiscard]] bool found_in(std::string_view line) const noexcept;

 private:
  class Reader;
  void choose_literal() noexcept;
  [[nodiscard]] bool matches_at(const char* text) const noexcept;

  std::array<ByteSet, max_size> sets_{};
  std::size_t size_ = 0;
  bool at_start_ = false;
  bool at_end_ = false;
  Literal literal_;  // the longest run of elements that match one byte only
  std::size_t literal_at_ = 0;
};

// The longest text that every match of the expression contains, as far as can be told easily; may be empty.
Literal required_literal(std::string_view regex) noexcept;

class Matcher {
 public:
  // false: it is no regular expression, and problem() tells why. Done once.
  bool compile(const char* regex) noexcept;
  [[nodiscard]] TextBuffer<128> problem() const noexcept { return pattern_.problem(); }

  enum class Verdict : std::uint8_t { no, yes, unknown };  // unknown: the C library had no memory
  // The byte behind the line must be a NUL.
  [[nodiscard]] Verdict search(std::string_view line) const noexcept;

 private:
  Pattern pattern_;
  ByteSequence sequence_;
  Literal required_;
  bool is_sequence_ = false;
};

}  // namespace s6::log
