#pragma once
// Spans of time, and points on the monotonic clock, as pure code sees them: values that came in. Pure.
#include <cstdint>

namespace s6 {

using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds millisecond = 1'000'000;
inline constexpr Nanoseconds second = 1'000'000'000;
inline constexpr Nanoseconds never = INT64_MAX;

// A point on the clock on the wall.
struct WallTime {
  std::int64_t seconds = 0;  // Unix time
  std::uint32_t nanoseconds = 0;
};

// `now` plus `delay`, `never` at the end of the range.
constexpr Nanoseconds after(Nanoseconds now, Nanoseconds delay) noexcept {
  return delay >= never - now ? never : now + delay;
}

}  // namespace s6
