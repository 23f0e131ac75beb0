#include "log/local_stamps.hpp"

namespace s6::log {
namespace {

std::uint64_t from_hex(std::string_view digits) noexcept {
  std::uint64_t value = 0;
  for (const char c : digits) value = value << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
  return value;
}

}  // namespace

std::optional<CalendarText> LocalStamps::convert(std::string_view stamp) noexcept {
  constexpr std::size_t label_digits = 16;
  constexpr std::size_t nanosecond_digits = 8;
  const std::uint64_t label = from_hex({stamp.data() + 1, label_digits});
  if (label != last_label_) {
    const auto time = tai::to_unix(label);
    if (!time) return std::nullopt;
    const auto date = calendar_text(*time, zone_);
    if (!date) return std::nullopt;
    last_label_ = label;
    last_date_ = *date;
  }
  CalendarText text = last_date_;
  text.append(".");
  append_digits(text, from_hex({stamp.data() + 1 + label_digits, nanosecond_digits}), 9);
  return text;
}

}  // namespace s6::log
