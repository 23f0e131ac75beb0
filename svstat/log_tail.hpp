#pragma once
// The last lines of a logger's log.
#include <cstdint>

#include "svstat/row.hpp"
#include "svstat/store.hpp"

namespace s6::svstat {

// Finds `current` of the logger whose service directory is `directory`, in the first of these that has one:
//   1. DIRECTORY/logdir, a link to the log directory that an administrator may make for this purpose;
//   2. the directory that DIRECTORY/run names, see log_directory_in(); a relative one is below DIRECTORY;
//   3. DIRECTORY/main, DIRECTORY itself, DIRECTORY/log.
// Then reads its last `count` lines, but no more than 64 KiB. A lack of memory is the only error.
Result<Tail> read_tail(const char* directory, std::uint32_t count, TextStore& store) noexcept;

}  // namespace s6::svstat
