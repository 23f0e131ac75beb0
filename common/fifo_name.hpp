#pragma once
// Names in a fifodir (event/). A subscriber's FIFO is called "ftrig1:" + 25 characters of TAI64N text + ":" + 6 random
// characters; while the subscriber prepares it, a dot stands before. Pure.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/tai.hpp"

namespace s6::fifo_name {

inline constexpr std::size_t size = 39;
inline constexpr std::size_t random_size = 6;
inline constexpr std::string_view prefix = "ftrig1:@";
// What the cleaners look for; s6 itself is less exact here than when it notifies.
inline constexpr std::string_view cleanable_prefix = "ftrig1";

// A notifier writes to these.
constexpr bool is_subscriber(std::string_view name) noexcept {
  return name.size() == size && name.starts_with(prefix);
}

// A cleaner removes these when nobody reads them.
constexpr bool is_cleanable(std::string_view name) noexcept {
  return name.size() == size && name.starts_with(cleanable_prefix);
}

// A subscriber died between making its FIFO and publishing it - or is just doing so.
constexpr bool is_temporary(std::string_view name) noexcept {
  return name.size() == size + 1 && name[0] == '.' && is_subscriber({name.data() + 1, size});
}

// The published name, terminated; `random` gives 36 bits for the last six characters.
constexpr std::array<char, size + 1> make(const Tai64n& now, std::uint64_t random) noexcept {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(alphabet.size() == 64);
  std::array<char, size + 1> name{};
  const std::array<char, tai::text_size> text = tai::to_text(now);
  std::ranges::copy(prefix, name.begin());
  std::ranges::copy(text, name.begin() + prefix.size() - 1);
  name[size - random_size - 1] = ':';
  for (std::size_t i = size - random_size; i < size; ++i, random >>= 6) name[i] = alphabet[random & 63];
  return name;
}

}  // namespace s6::fifo_name
