#pragma once
// The table that s6-svls prints: a heading for each scan directory, a line for each service, its logger beneath it.
// Pure.
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/tai.hpp"
#include "svstat/row.hpp"
#include "svstat/sink.hpp"

namespace s6::svstat {

struct Page {
  std::size_t columns = 0;  // of the terminal; 0: no limit. What does not fit is left out or cut.
  std::size_t lines = 0;    // that may be printed; 0: no limit. The last one then says how many are missing.
  bool colour = false;
};

void add_table(const Sink& sink, std::span<const Scan> scans, const Tai64n& now, const Page& page) noexcept;

// What is worth saying of a service besides its state, in words: parts with "; " between.
using Notes = TextBuffer<1024>;
Notes notes_of(const Observation& seen, const Tai64n& now) noexcept;

}  // namespace s6::svstat
