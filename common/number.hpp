#pragma once
// The one grammar of numbers on command lines and in files: decimal digits only, the whole text, leading zeros allowed,
// no sign, no blank. What is written otherwise by custom (modes, sets of bits, priorities) has a parser of its own.
// Pure.
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace s6 {

namespace detail {

constexpr std::uint32_t digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A') + 10;
  return 99;  // more than any base
}

template <std::unsigned_integral Number>
constexpr std::optional<Number> parse_digits(std::string_view text, std::uint32_t base) noexcept {
  if (text.empty()) return std::nullopt;
  Number value = 0;
  for (const char c : text) {
    const std::uint32_t digit = digit_value(c);
    if (digit >= base || value > (std::numeric_limits<Number>::max() - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

}  // namespace detail

constexpr std::optional<std::uint32_t> parse_u32(std::string_view text) noexcept {
  return detail::parse_digits<std::uint32_t>(text, 10);
}
constexpr std::optional<std::uint64_t> parse_u64(std::string_view text) noexcept {
  return detail::parse_digits<std::uint64_t>(text, 10);
}

// Modes and masks of files: octal digits only.
constexpr std::optional<std::uint32_t> parse_octal(std::string_view text) noexcept {
  return detail::parse_digits<std::uint32_t>(text, 8);
}

// As C writes it: 0x and hexadecimal digits, 0 and octal ones, or decimal ones.
constexpr std::optional<std::uint32_t> parse_c_u32(std::string_view text) noexcept {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const std::uint32_t base = hexadecimal ? 16 : text.starts_with('0') ? 8 : 10;
  if (hexadecimal) text.remove_prefix(2);
  return detail::parse_digits<std::uint32_t>(text, base);
}

// Priorities: a number of at most 9 digits, with or without a sign.
constexpr std::optional<std::int32_t> parse_signed(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto value = text.size() <= 9 ? parse_u32(text) : std::nullopt;
  if (!value) return std::nullopt;
  return negative ? -static_cast<std::int32_t>(*value) : static_cast<std::int32_t>(*value);
}

// The same for the value of an option: into `number`, or false.
constexpr bool read_u32(std::string_view text, std::uint32_t& number) noexcept {
  const auto parsed = parse_u32(text);
  if (parsed) number = *parsed;
  return parsed.has_value();
}

}  // namespace s6
