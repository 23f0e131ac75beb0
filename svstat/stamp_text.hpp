#pragma once
// Times for people and programs. Pure.
#include <cstdint>

#include "common/tai.hpp"
#include "common/text.hpp"

namespace s6::svstat {

// "45 s", "12 min", "30 h", "12 d": rounded down. Hours up to two days.
TextBuffer<32> age_text(std::uint64_t seconds) noexcept;

// ISO 8601, UTC, with nanoseconds: "2026-11-25T13:23:35.000000001Z". Empty for stamps that are no date (before 1970, or
// beyond what a date can be).
TextBuffer<48> iso_text(const Tai64n& stamp) noexcept;

}  // namespace s6::svstat
