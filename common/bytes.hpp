#pragma once
// Big-endian integers in byte buffers: all of s6's files are big-endian, whatever the machine. Pure.
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace s6::wire {

// Stores `value` in all of `out`, most significant byte first.
constexpr void store_be(std::span<std::byte> out, std::uint64_t value) noexcept {
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::byte>(value & 0xff);
}

// Loads all of `in` (at most 8 bytes).
constexpr std::uint64_t load_be(std::span<const std::byte> in) noexcept {
  std::uint64_t value = 0;
  for (const std::byte b : in) value = value << 8 | std::to_integer<std::uint64_t>(b);
  return value;
}

}  // namespace s6::wire
