#pragma once
// What has come from a fifodir so far, or the end of it: at least its last 64 KiB. Pure.
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace s6::svwait {

class Transcript {
 public:
  static constexpr std::size_t least_kept = 65536;
  // The oldest half makes place when the other is full, so that each byte is moved once. One byte terminates the text.
  static constexpr std::size_t space_size = 2 * least_kept + 1;

  // `space`, of space_size zeros, must outlive the transcript.
  void use(std::span<char> space) noexcept { space_ = space; }

  void append(std::string_view text) noexcept {
    if (size_ + text.size() > 2 * least_kept) {
      std::ranges::copy(space_.subspan(size_ - least_kept, least_kept), space_.begin());
      size_ = least_kept;
      is_complete_ = false;
    }
    std::ranges::copy(text, space_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
    space_[size_] = '\0';
  }

  [[nodiscard]] std::string_view view() const noexcept { return {space_.data(), size_}; }
  [[nodiscard]] const char* c_str() const noexcept { return space_.data(); }
  // It begins with the first byte that came.
  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

 private:
  std::span<char> space_;
  std::size_t size_ = 0;
  bool is_complete_ = true;
};

}  // namespace s6::svwait
