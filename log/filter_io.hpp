#pragma once
// Standard input and output of a filter: large reads, few writes, and patience with descriptors that do not block. What
// cannot be read or written ends the program with 111.
#include <span>
#include <string_view>

#include "log/queue.hpp"

namespace s6::log {

inline constexpr std::size_t filter_block = 64 * 1024;

// Waits until there is something; 0 at the end of the input.
std::size_t read_or_die(std::span<char> space) noexcept;

// Collects what is to be written. What it holds is lost unless flush() comes last.
class FilterOutput {
 public:
  explicit FilterOutput(std::span<char> memory) noexcept : queue_(memory) {}
  void append(std::string_view text) noexcept;
  void flush() noexcept;

 private:
  Queue queue_;
};

}  // namespace s6::log
