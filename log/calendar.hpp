#pragma once
// Points in time as people write them: "YYYY-MM-DD HH:MM:SS", years beyond 9999 with all their digits.
#include <cstdint>
#include <optional>

#include "common/tai.hpp"
#include "common/text.hpp"

namespace s6::log {

enum class Zone : bool { utc, local };  // local: what TZ says, by the C library's account

using CalendarText = TextBuffer<32>;

// Nothing if the year is beyond what the C library can count.
std::optional<CalendarText> calendar_text(const tai::UnixTime& time, Zone zone) noexcept;

// Exactly `width` digits, with leading zeros; digits beyond are lost.
void append_digits(CalendarText& text, std::uint64_t number, std::size_t width) noexcept;

}  // namespace s6::log
