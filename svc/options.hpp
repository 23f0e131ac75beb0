#pragma once
// The command line of s6-svc: which bytes to send, what to wait for. Pure.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/options.hpp"
#include "svwait/condition.hpp"

namespace s6::svc {

inline constexpr std::size_t max_commands = 62;

class Commands {
 public:
  // false: there is no room for another.
  constexpr bool add(char command) noexcept {
    if (size_ == bytes_.size()) return false;
    bytes_[size_++] = command;
    return true;
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, max_commands> bytes_{};
  std::size_t size_ = 0;
};

struct Request {
  Commands commands;
  bool too_many = false;
  std::optional<svwait::Goal> wait;
  std::uint32_t timeout = 0;  // milliseconds, 0: none

  // Sending a command and then waiting for a restart wants to see the end of finish; a mere wait only that of run.
  [[nodiscard]] constexpr svwait::Condition condition() const noexcept {
    using enum svwait::Rest;
    return {.goal = wait.value_or(svwait::Goal::up), .rest = commands.view().empty() ? down : finished};
  }
  // No wait for a readiness that will never be told.
  constexpr void forget_readiness() noexcept {
    if (wait == svwait::Goal::ready) wait = svwait::Goal::up;
    if (wait == svwait::Goal::restarted_ready) wait = svwait::Goal::restarted;
  }
  [[nodiscard]] constexpr bool wants_readiness() const noexcept {
    return wait == svwait::Goal::ready || wait == svwait::Goal::restarted_ready;
  }
};

// `words` is argv without the program's name.
options::Outcome parse(std::span<const char* const> words, Request& request) noexcept;
options::UsageText usage(std::string_view program, std::string_view operands) noexcept;

}  // namespace s6::svc
