#pragma once
// What s6-svls --prometheus prints: the text exposition format, version 0.0.4. What is not known has no sample. Pure.
#include <span>

#include "common/tai.hpp"
#include "svstat/row.hpp"
#include "svstat/sink.hpp"

namespace s6::svstat {

void add_prometheus(const Sink& sink, std::span<const Scan> scans, const Tai64n& now) noexcept;

}  // namespace s6::svstat
