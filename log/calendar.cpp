#include "log/calendar.hpp"

#include <time.h>

#include <array>

namespace s6::log {

void append_digits(CalendarText& text, std::uint64_t number, std::size_t width) noexcept {
  std::array<char, 20> digits;
  for (std::size_t i = width; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  text.append(std::string_view(digits.data(), width));
}

std::optional<CalendarText> calendar_text(const tai::UnixTime& time, Zone zone) noexcept {
  const time_t seconds = time.seconds;
  struct tm parts = {};
  if ((zone == Zone::local ? ::localtime_r(&seconds, &parts) : ::gmtime_r(&seconds, &parts)) == nullptr)
    return std::nullopt;
  const auto number = [](int value) { return static_cast<std::uint64_t>(value); };
  const std::int64_t year = std::int64_t{parts.tm_year} + 1900;
  CalendarText text;
  if (year >= 0 && year <= 9999)
    append_digits(text, static_cast<std::uint64_t>(year), 4);
  else
    text.append(year);
  text.append("-");
  append_digits(text, number(parts.tm_mon + 1), 2);
  text.append("-");
  append_digits(text, number(parts.tm_mday), 2);
  text.append(" ");
  append_digits(text, number(parts.tm_hour), 2);
  text.append(":");
  append_digits(text, number(parts.tm_min), 2);
  text.append(":");
  append_digits(text, number(parts.tm_sec + (time.leap ? 1 : 0)), 2);
  return text;
}

}  // namespace s6::log
