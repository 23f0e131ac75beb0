#pragma once
// What s6-svls --json and s6-svstat --json print: JSON of RFC 8259, in UTF-8. The schema is in s6-svls's manual page;
// it is a contract: members may be added, none is ever removed or changes its meaning, unless "version" changes. Pure.
#include <span>

#include "common/tai.hpp"
#include "svstat/row.hpp"
#include "svstat/sink.hpp"

namespace s6::svstat {

inline constexpr int json_version = 1;

// The whole document, a newline at its end.
void add_json(const Sink& sink, std::span<const Scan> scans, const Tai64n& now) noexcept;

// The object of one service alone, a newline at its end.
void add_json(const Sink& sink, std::string_view name, const Observation& seen, const Tai64n& now) noexcept;

}  // namespace s6::svstat
