#pragma once
// The one grammar of numbers on command lines and in files: decimal digits only, the whole text, leading zeros allowed,
// no sign, no blank. Pure.
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace s6 {

constexpr std::optional<std::uint32_t> parse_u32(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace s6
