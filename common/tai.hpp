#pragma once
// TAI64N time stamps, the only absolute times that s6's files know. Pure: the clock's reading comes in as a value.
//
// A label is 8 bytes, 2^62 + TAI seconds, then 4 bytes of nanoseconds. TAI seconds are Unix seconds + 10 + the leap
// seconds inserted so far, 37 in all since 2017-01-01.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/bytes.hpp"

namespace s6 {

struct Tai64n {
  std::uint64_t label = 0;        // 2^62 + TAI seconds
  std::uint32_t nanoseconds = 0;  // 0 to 999 999 999

  friend constexpr bool operator==(const Tai64n&, const Tai64n&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): the compiler's own code compares with 0, there is no pointer
  friend constexpr auto operator<=>(const Tai64n&, const Tai64n&) = default;
};

namespace tai {

inline constexpr std::uint64_t epoch_label = std::uint64_t{1} << 62;  // 1970-01-01 00:00:00 TAI
inline constexpr std::int64_t offset_at_epoch = 10;                   // TAI - UTC before the first leap second
inline constexpr std::size_t packed_size = 12;
inline constexpr std::size_t text_size = 25;  // '@' and 24 hex digits

// Unix times from which one more leap second counts. Source: IERS Bulletin C; none announced since 2017.
inline constexpr std::array<std::int64_t, 27> leap_seconds = {
    78796800,  94694400,  126230400, 157766400, 189302400,  220924800,  252460800,  283996800,  315532800,
    362793600, 394329600, 425865600, 489024000, 567993600,  631152000,  662688000,  709948800,  741484800,
    773020800, 820454400, 867715200, 915148800, 1136073600, 1230768000, 1341100800, 1435708800, 1483228800};

constexpr Tai64n from_unix(std::int64_t seconds, std::uint32_t nanoseconds) noexcept {
  const auto passed = std::ranges::upper_bound(leap_seconds, seconds) - leap_seconds.begin();
  // Unsigned: the time of a file may be anything.
  return {epoch_label + static_cast<std::uint64_t>(seconds) + static_cast<std::uint64_t>(offset_at_epoch + passed),
          nanoseconds};
}

struct UnixTime {
  std::int64_t seconds = 0;
  bool leap = false;  // the second after this one, which has no number of its own
};

// Nothing for labels before 1970 or beyond what a signed number can hold.
constexpr std::optional<UnixTime> to_unix(std::uint64_t label) noexcept {
  if (label < epoch_label + offset_at_epoch || label >> 63 != 0) return std::nullopt;
  const auto elapsed = static_cast<std::int64_t>(label - epoch_label) - offset_at_epoch;  // leap seconds included
  std::int64_t passed = 0;
  for (const std::int64_t since : leap_seconds) {
    if (elapsed == since + passed) return UnixTime{since - 1, true};
    if (elapsed < since + passed) break;
    ++passed;
  }
  return UnixTime{elapsed - passed, false};
}

// Whole seconds from `from` to `to`, rounded down; 0 if `from` is the later one (a clock that was set back).
constexpr std::uint64_t seconds_between(const Tai64n& from, const Tai64n& to) noexcept {
  if (to <= from) return 0;
  return to.label - from.label - (to.nanoseconds < from.nanoseconds ? 1 : 0);
}

constexpr void pack(const Tai64n& stamp, std::span<std::byte, packed_size> out) noexcept {
  wire::store_be(out.subspan(0, 8), stamp.label);
  wire::store_be(out.subspan(8, 4), stamp.nanoseconds);
}

constexpr Tai64n unpack(std::span<const std::byte, packed_size> in) noexcept {
  return {wire::load_be(in.subspan(0, 8)), static_cast<std::uint32_t>(wire::load_be(in.subspan(8, 4)))};
}

// '@' and 24 lower-case hexadecimal digits, not terminated.
constexpr std::array<char, text_size> to_text(const Tai64n& stamp) noexcept {
  std::array<std::byte, packed_size> raw{};
  pack(stamp, raw);
  std::array<char, text_size> text{};
  text[0] = '@';
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < packed_size; ++i) {
    text[1 + 2 * i] = digits[std::to_integer<std::size_t>(raw[i] >> 4)];
    text[2 + 2 * i] = digits[std::to_integer<std::size_t>(raw[i] & std::byte{15})];
  }
  return text;
}

}  // namespace tai
}  // namespace s6
