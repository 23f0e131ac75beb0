#pragma once
// Text in a fixed buffer that reports overflow instead of cutting silently. Pure.
#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace s6 {

// The first `count` characters, or all there are. (substr knows an exception, for which these programs have no
// library.)
constexpr std::string_view head(std::string_view text, std::size_t count) noexcept {
  return {text.data(), std::min(count, text.size())};
}

template <std::size_t N>
class TextBuffer {
 public:
  TextBuffer() noexcept { data_[0] = '\0'; }
  // Overflow leaves ok() false; the text is then cut and only fit to be shown.
  TextBuffer(std::initializer_list<std::string_view> parts) noexcept : TextBuffer() {
    for (const std::string_view part : parts) append(part);
  }

  bool append(std::string_view text) noexcept {
    const std::size_t room = N - 1 - size_;
    const std::size_t take = std::min(text.size(), room);
    std::copy_n(text.data(), take, data_ + size_);
    size_ += take;
    data_[size_] = '\0';
    if (take < text.size()) ok_ = false;
    return ok_;
  }
  template <std::integral Number>
  bool append(Number number) noexcept {
    std::array<char, 24> digits;  // enough for 64 bits and a sign
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  // Back to its first `size` characters, of which there must be as many, and which must have fitted.
  void shorten(std::size_t size) noexcept {
    size_ = size;
    ok_ = true;
    data_[size_] = '\0';
  }
  void clear() noexcept {
    size_ = 0;
    ok_ = true;
    data_[0] = '\0';
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const char* c_str() const noexcept { return data_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }
  operator std::string_view() const noexcept { return view(); }

 private:
  std::size_t size_ = 0;
  bool ok_ = true;
  char
      data_[N];  // always terminated; the rest is left untouched, so that a large buffer costs no page until it is used
};

// Longest path that Linux accepts, PATH_MAX of <linux/limits.h>, terminator included.
inline constexpr std::size_t path_size = 4096;
using PathBuffer = TextBuffer<path_size>;

// A number for a message.
using NumberText = TextBuffer<24>;
template <std::integral Number>
NumberText to_text(Number number) noexcept {
  NumberText text;
  text.append(number);
  return text;
}

}  // namespace s6
