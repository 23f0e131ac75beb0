#pragma once
// The files that a supervisor writes, below its working directory.
#include "common/death_tally.hpp"
#include "common/result.hpp"
#include "common/status.hpp"

namespace s6::supervise {

// What became of a status: `current` says whether the file tells the truth now, `problem` what went wrong on the way.
// A full disk can refuse a new file and still take 35 bytes in the old one: a truthful status is worth the write in
// place, although a reader might then see a mixture of two.
struct StatusWritten {
  bool current = false;
  Error problem;
};
StatusWritten write_status(const Status& status) noexcept;

// Empties the tally, or makes it.
Result<void> clear_tally() noexcept;
// Adds a record and keeps the newest max-death-tally of them.
Result<void> append_to_tally(const Death& death) noexcept;

// The file `down` tells the next supervisor not to start the service. A failure is warned about.
void create_down_file() noexcept;
void remove_down_file() noexcept;

}  // namespace s6::supervise
