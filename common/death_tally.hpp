#pragma once
// supervise/death_tally: one record of 14 bytes for each death of ./run since the supervisor started, oldest first:
// TAI64N stamp (12), exit code (1; 128 + S after signal S), signal (1; 0 after an exit). Pure.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/tai.hpp"
#include "common/wait_status.hpp"

namespace s6 {

struct Death {
  Tai64n stamp;
  std::uint8_t exit_code = 0;
  std::uint8_t signal = 0;

  friend constexpr bool operator==(const Death&, const Death&) = default;

  static constexpr Death of(const Tai64n& stamp, WaitStatus status) noexcept {
    const auto signal = static_cast<std::uint8_t>(status.signal());
    const int code = status.exited() ? status.exit_code() : 128 + signal;
    return {stamp, static_cast<std::uint8_t>(code), signal};
  }
};

namespace wire {

inline constexpr std::size_t death_size = 14;
inline constexpr std::uint32_t max_deaths = 4096;     // cap on max-death-tally
inline constexpr std::uint32_t default_deaths = 100;  // without max-death-tally

constexpr std::array<std::byte, death_size> encode(const Death& d) noexcept {
  std::array<std::byte, death_size> raw{};
  const std::span<std::byte, death_size> out(raw);
  tai::pack(d.stamp, out.subspan<0, 12>());
  out[12] = std::byte{d.exit_code};
  out[13] = std::byte{d.signal};
  return raw;
}

constexpr Death decode_death(std::span<const std::byte, death_size> in) noexcept {
  return {tai::unpack(in.subspan<0, 12>()), std::to_integer<std::uint8_t>(in[12]),
          std::to_integer<std::uint8_t>(in[13])};
}

// The bytes of an existing tally that are kept when a record is added and at most `limit` (> 0) records may stay.
// A size that is no multiple of a record is damage: nothing of it is kept.
struct TallyTail {
  std::size_t offset = 0;
  std::size_t length = 0;
};
constexpr TallyTail tally_tail(std::size_t size, std::uint32_t limit) noexcept {
  if (size % death_size != 0) return {};
  const std::size_t keep = std::min<std::size_t>(size / death_size, limit - 1) * death_size;
  return {size - keep, keep};
}

}  // namespace wire
}  // namespace s6
