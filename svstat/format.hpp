#pragma once
// What s6-svstat prints of a status: one line for people and old scripts, or chosen fields for programs. And what
// s6-svdt prints of a death. Pure.
//
// The bytes are a contract, odd blanks included.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/death_tally.hpp"
#include "common/status.hpp"
#include "common/tai.hpp"
#include "common/text.hpp"

namespace s6::svstat {

enum class Field : std::uint8_t {
  up,
  wanted_up,
  normally_up,
  ready,
  paused,
  pid,
  pgid,
  exit_code,
  signal,
  signal_number,
  up_down_since,
  ready_since,
  up_down_for,
  ready_for,
};

std::optional<Field> field_of(std::string_view name) noexcept;

inline constexpr std::size_t max_fields = 16;

// What is known of a service. A change that seems to lie in the future, as after a clock was set back, is a change of
// right now.
struct Facts {
  Status status;
  Tai64n now;
  bool normally_up = true;
};

enum class SignalStyle : bool { name, number };

// Room for any line: sixteen fields of at most 25 characters.
using Line = TextBuffer<512>;

Line line(const Facts& facts, SignalStyle style) noexcept;
Line fields(const Facts& facts, std::span<const Field> wanted) noexcept;
Line death_line(const Death& death, SignalStyle style) noexcept;

}  // namespace s6::svstat
