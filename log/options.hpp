#pragma once
// The command line of s6-log before the script. Pure.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "common/nanoseconds.hpp"
#include "common/number.hpp"
#include "common/options.hpp"

namespace s6::log {

struct Options {
  std::uint32_t verbosity = 1;
  bool waits_for_output = false;      // -b: reads nothing while there is output to be written
  bool ignores_term = false;          // -p
  std::uint32_t line_limit = 8'192;   // 0: none
  std::uint32_t patience_ms = 2'000;  // with half a line, after a signal; 0: no end
  std::optional<std::uint32_t> notification;
};

inline constexpr std::uint32_t least_line_limit = 48;

namespace option_details {

inline bool set_flag(Options& options, char letter, const char*) noexcept {
  switch (letter) {
    case 'q': options.verbosity -= options.verbosity > 0 ? 1 : 0; return true;
    case 'v': ++options.verbosity; return true;
    case 'b': options.waits_for_output = true; return true;
    case 'p': options.ignores_term = true; return true;
    default: return false;
  }
}

inline bool set_number(Options& options, char letter, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (!number) return false;
  switch (letter) {
    case 'd': options.notification = *number; return true;
    case 'l': options.line_limit = *number == 0 ? 0 : std::max(*number, least_line_limit); return true;
    case 't': options.patience_ms = *number; return true;
    default: return false;
  }
}

}  // namespace option_details

inline constexpr options::Option<Options> option_table[] = {
    {{'q'}, option_details::set_flag, "no warnings"},
    {{'v'}, option_details::set_flag, "warnings; the default"},
    {{'b'}, option_details::set_flag, "read nothing while output waits to be written"},
    {{'p'}, option_details::set_flag, "ignore SIGTERM"},
    {{'d', "fd"}, option_details::set_number, "write a newline to descriptor fd when ready"},
    {{'l', "bytes"}, option_details::set_number, "cut longer lines; 8192 by default, 0 is no limit"},
    {{'t', "ms"}, option_details::set_number, "wait ms milliseconds for the rest of a line at the end"},
};

}  // namespace s6::log
