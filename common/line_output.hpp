#pragma once
// Lines for fd 1, in few writes.
#include <string_view>

#include "common/cli.hpp"
#include "common/text.hpp"

namespace s6 {

class LineOutput {
 public:
  LineOutput() noexcept = default;
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // At most as much as fits in an empty buffer.
  void add(std::string_view text) noexcept {
    if (text_.size() + text.size() >= capacity) flush();
    text_.append(text);
  }
  void flush() noexcept {
    if (text_.size() > 0) cli::print(text_);
    text_.clear();
  }

 private:
  static constexpr std::size_t capacity = 8192;
  TextBuffer<capacity> text_;
};

}  // namespace s6
