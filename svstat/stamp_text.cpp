#include "svstat/stamp_text.hpp"

#include "log/calendar.hpp"

namespace s6::svstat {

TextBuffer<32> age_text(std::uint64_t seconds) noexcept {
  constexpr std::uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  struct Unit {
    std::uint64_t below, seconds;
    std::string_view name;
  };
  constexpr Unit units[] = {{minute, 1, " s"}, {hour, minute, " min"}, {2 * day, hour, " h"}, {UINT64_MAX, day, " d"}};
  const Unit* unit = units;
  while (seconds >= unit->below && unit->below != UINT64_MAX) ++unit;
  return {to_text(seconds / unit->seconds), unit->name};
}

TextBuffer<48> iso_text(const Tai64n& stamp) noexcept {
  const auto time = tai::to_unix(stamp.label);
  const auto calendar = time ? log::calendar_text(*time, log::Zone::utc) : std::nullopt;
  if (!calendar) return {};
  std::string_view date = calendar->view();
  const std::size_t blank = date.find(' ');
  log::CalendarText nanoseconds;
  log::append_digits(nanoseconds, stamp.nanoseconds, 9);
  return {head(date, blank), "T", {date.data() + blank + 1, date.size() - blank - 1}, ".", nanoseconds, "Z"};
}

}  // namespace s6::svstat
