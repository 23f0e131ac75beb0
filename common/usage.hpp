#pragma once
// How every program refuses a wrong command line: what is wrong, then the usage line, both on fd 2, exit 100. And how
// it answers --help and --version: on fd 1, exit 0.
#include <string_view>

#include "common/cli.hpp"
#include "common/options.hpp"

namespace s6::cli {

// `reason` may be empty: the usage line then says it all.
[[noreturn]] inline void die_usage(std::string_view usage_line, std::string_view reason) noexcept {
  if (!reason.empty()) say(Level::fatal, {reason});
  say(Level::usage, {usage_line});
  exit(usage_error);
}

// For a command line whose options ended with a problem. `exit_codes` is for the help: a list like "0 done, 1 nothing
// to do" of what is not the same for all programs.
[[noreturn, gnu::noinline]] void answer_or_refuse(std::string_view usage_line, const options::Outcome& outcome,
                                                  std::string_view exit_codes) noexcept;

// For programs without options, whose operands can be any words: --help and --version are only answered when they are
// the only word and that is too few. Otherwise it returns.
void answer_lone_word(std::string_view usage_line, std::span<const char* const> words,
                      std::string_view exit_codes) noexcept;

// The list for programs that become another one.
inline constexpr std::string_view exit_codes_of_chain = "those of prog, 126 it cannot be executed, 127 it is not there";

}  // namespace s6::cli
