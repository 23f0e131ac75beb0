#include "svstat/utf8.hpp"

#include <algorithm>
#include <array>

namespace s6::svstat {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

struct Range {
  char32_t first, last;
};

template <std::size_t N>
constexpr bool is_in(const std::array<Range, N>& ranges, char32_t c) noexcept {
  return std::ranges::any_of(ranges, [c](const Range& range) { return range.first <= c && c <= range.last; });
}

constexpr auto combining = std::to_array<Range>(
    {{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}});
constexpr auto wide = std::to_array<Range>({{0x1100, 0x115f},
                                            {0x2e80, 0x303e},
                                            {0x3041, 0xa4cf},
                                            {0xac00, 0xd7a3},
                                            {0xf900, 0xfaff},
                                            {0xfe30, 0xfe6f},
                                            {0xff00, 0xff60},
                                            {0xffe0, 0xffe6},
                                            {0x1f300, 0x1f64f},
                                            {0x1f900, 0x1f9ff},
                                            {0x20000, 0x3fffd}});
// Controls, and what changes the direction of text or has no width: none of it is what it looks like.
constexpr auto not_shown = std::to_array<Range>(
    {{0, 0x1f}, {0x7f, 0x9f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}});

constexpr unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

// How many bytes a sequence has by its first one; 0: none begins with it.
constexpr std::size_t length_of(unsigned first) noexcept {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

void append_byte(TextBuffer<20>& text, unsigned byte) noexcept {
  const std::array<char, 4> escaped{'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  text.append(std::string_view(escaped.data(), escaped.size()));
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
  const unsigned first = byte_at(text, 0);
  const std::size_t length = length_of(first);
  if (length == 0 || length > text.size()) return {.value = first};
  if (length == 1) return {first, 1, true};
  char32_t value = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) return {.value = first};
    value = value << 6 | (byte_at(text, i) & 0x3f);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return {.value = first};
  return {value, length, true};
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (!c.valid) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

std::size_t columns_of(char32_t character) noexcept {
  if (character < 0x300) return 1;
  if (is_in(combining, character)) return 0;
  return is_in(wide, character) ? 2 : 1;
}

Shown::Piece Shown::next() noexcept {
  const CodePoint c = first_code_point(rest_);
  const std::string_view bytes = head(rest_, c.size);
  rest_.remove_prefix(c.size);
  if (c.valid && c.value == '\t') return {{" "}, 1};
  if (c.valid && !is_in(not_shown, c.value)) return {{bytes}, columns_of(c.value)};
  Piece escaped;
  for (std::size_t i = 0; i < bytes.size(); ++i) append_byte(escaped.text, byte_at(bytes, i));
  escaped.columns = escaped.text.size();
  return escaped;
}

std::size_t shown_columns(std::string_view text) noexcept {
  std::size_t columns = 0;
  for (Shown shown(text); !shown.done();) columns += shown.next().columns;
  return columns;
}

void add_json_string(const Sink& sink, std::string_view text) noexcept {
  sink.add("\"");
  std::size_t plain = 0;  // how much of the text goes out as it is, with the next call
  const auto flush = [&] {
    sink.add(head(text, plain));
    text.remove_prefix(plain);
    plain = 0;
  };
  while (plain < text.size()) {
    const CodePoint c = first_code_point({text.data() + plain, text.size() - plain});
    const bool is_control = c.value < 0x20 || c.value == 0x7f;
    if (c.valid && !is_control && c.value != '"' && c.value != '\\') {
      plain += c.size;
      continue;
    }
    flush();
    if (!c.valid) {
      sink.add("\xef\xbf\xbd");
      text.remove_prefix(c.size);
    } else if (is_control) {
      const std::array<char, 6> escaped{'\\', 'u', '0', '0', digits[c.value >> 4], digits[c.value & 15]};
      sink.add(std::string_view(escaped.data(), escaped.size()));
      text.remove_prefix(c.size);
    } else {
      sink.add("\\");
      plain = c.size;
    }
  }
  flush();
  sink.add("\"");
}

void add_hexadecimal(const Sink& sink, std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::array<char, 2> pair{digits[byte_at(text, i) >> 4], digits[byte_at(text, i) & 15]};
    sink.add(std::string_view(pair.data(), pair.size()));
  }
}

}  // namespace s6::svstat
