#pragma once
// What s6-log says while it runs; -q silences it.
#include <initializer_list>
#include <string_view>

#include "common/cli.hpp"

namespace s6::log {

inline bool warnings_are_wanted = true;

inline void warn(std::initializer_list<std::string_view> parts) noexcept {
  if (warnings_are_wanted) cli::warn(parts);
}
inline void tell(std::initializer_list<std::string_view> parts) noexcept {
  if (warnings_are_wanted) cli::say(cli::Level::info, parts);
}

}  // namespace s6::log
