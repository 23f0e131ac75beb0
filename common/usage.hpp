#pragma once
// How every program refuses a wrong command line: what is wrong, then the usage line, both on fd 2, exit 100.
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

[[noreturn]] inline void die_usage(std::string_view usage_line, const options::Outcome& outcome) noexcept {
  die_usage(usage_line, options::explain(outcome).view());
}

}  // namespace s6::cli
