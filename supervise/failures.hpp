#pragma once
// Which deaths of a service count as failures, as s6-permafailon is told, and how many are too many. Pure.
//
// A list of items with commas, semicolons or blanks between them: exit codes ("7"), ranges of them ("1-125"), signals
// ("KILL", "SIGKILL", "sig9"). A death by signal S counts as the exit code 128 + S, too, as a shell sees it.
#include <array>
#include <cstdint>
#include <string_view>

#include "common/death_tally.hpp"
#include "common/tai.hpp"

namespace s6::supervise {

// The exit code of ./finish by which a supervisor knows not to start the service again.
inline constexpr int permanent_failure = 125;

struct Failures {
  static constexpr std::size_t signal_count = 65;  // Linux has the signals 1 to 64
  std::array<bool, 256> exit_codes{};
  std::array<bool, signal_count> signals{};

  [[nodiscard]] constexpr bool include(const Death& death) const noexcept {
    return exit_codes[death.exit_code] || (death.signal < signal_count && signals[death.signal]);
  }
};

struct ParsedFailures {
  Failures failures;
  std::string_view problem;  // empty: it is a list
  std::string_view culprit;  // the item that is none
};
ParsedFailures parse_failures(std::string_view list) noexcept;

// Counts the deaths of a kind since a moment.
class FailureLimit {
 public:
  FailureLimit(const Failures& failures, const Tai64n& since, std::uint32_t count) noexcept
      : failures_(failures), since_(since), missing_(count) {}

  // Tell it of every death: true for the one by which there are too many.
  [[nodiscard]] constexpr bool reached_by(const Death& death) noexcept {
    if (missing_ == 0 || death.stamp < since_ || !failures_.include(death)) return false;
    return --missing_ == 0;
  }

 private:
  Failures failures_;
  Tai64n since_;
  std::uint32_t missing_;
};

}  // namespace s6::supervise
