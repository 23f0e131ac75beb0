#pragma once
// What a logger's files say. Pure.
#include <cstdint>
#include <string_view>

namespace s6::svstat {

// The log directory that a run script names: in its last line with a word that is, or is a path of, s6-log, multilog or
// svlogd, the last word that begins with '/' or '.', without the quotes around it. Empty if there is none, or if it is
// not written out (a variable, a pattern). A line may go on after a backslash at its end.
std::string_view log_directory_in(std::string_view run_script) noexcept;

// The last `count` lines of a text. `is_whole`: it begins with a line; else what stands before its first newline is the
// end of one, and left out. Enough: there are as many, or there can be no more.
struct LastLines {
  std::string_view text;
  bool enough = false;
};
LastLines last_lines(std::string_view text, std::uint32_t count, bool is_whole) noexcept;

}  // namespace s6::svstat
