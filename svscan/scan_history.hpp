#pragma once
// Which scans ended so long ago that what has changed since bears another time than what they saw. Pure.
#include <cstdint>

#include "common/nanoseconds.hpp"

namespace s6::svscan {

// The kernel stamps changes with a clock that ticks every 10 ms at the slowest, and file systems whose times have
// fractions of seconds at all are no coarser.
inline constexpr Nanoseconds least_age = 100 * millisecond;

class ScanHistory {
 public:
  // A scan begins; returns the number of the last one that is old enough, 0 for none.
  std::uint32_t begin(Nanoseconds now) noexcept {
    if (waiting_ != 0 && now - end_of_waiting_ >= least_age) {
      old_ = waiting_;
      waiting_ = 0;
    }
    return old_;
  }
  // Scan `number` has ended. While an earlier one waits to get old enough, others are of no interest.
  void end(std::uint32_t number, Nanoseconds now) noexcept {
    if (waiting_ != 0) return;
    waiting_ = number;
    end_of_waiting_ = now;
  }

 private:
  std::uint32_t old_ = 0;
  std::uint32_t waiting_ = 0;
  Nanoseconds end_of_waiting_ = 0;
};

}  // namespace s6::svscan
