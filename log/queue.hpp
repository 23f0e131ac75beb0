#pragma once
// Bytes on their way to a destination that does not take them now: first in, first out, in one piece, in memory of a
// fixed size. Pure: the memory is given.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace s6::log {

class Queue {
 public:
  constexpr Queue() noexcept = default;
  explicit Queue(std::span<char> memory) noexcept : memory_(memory) {}

  // The same bytes in other memory, which holds them already.
  void moved_to(std::span<char> memory) noexcept { memory_ = memory; }
  [[nodiscard]] std::span<char> memory() const noexcept { return memory_; }

  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::size_t room() const noexcept { return memory_.size() - size(); }
  [[nodiscard]] std::string_view front() const noexcept { return {memory_.data() + begin_, size()}; }

  // There must be room.
  void append(std::string_view text) noexcept {
    if (memory_.size() - end_ < text.size()) compact();
    std::memcpy(memory_.data() + end_, text.data(), text.size());
    end_ += text.size();
  }
  void pop(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }

 private:
  void compact() noexcept {
    std::memmove(memory_.data(), memory_.data() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
  }

  std::span<char> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace s6::log
