#pragma once
// The directory .s6-svscan of a scan directory: what makes this process the only one that scans it, and where it is
// sent commands. All paths are relative to the scan directory, which is the working directory.
#include "common/unique_fd.hpp"

namespace s6::svscan {

inline constexpr const char* control_directory = ".s6-svscan";
inline constexpr const char* lock_file = ".s6-svscan/lock";
inline constexpr const char* control_fifo = ".s6-svscan/control";

struct ControlDirectory {
  UniqueFd lock;     // held as long as the process lives
  UniqueFd control;  // read end, non-blocking
  UniqueFd writer;   // never written to: with it the reader never sees an end of file
};

// What ends the program names the scan directory as `where`.

// The lock alone: whoever has it is the only one who may change what is in the scan directory for s6-svscan's own use.
UniqueFd take_lock_or_die(const char* where) noexcept;

// Makes what is missing. A wrong state, or another s6-svscan, ends the program with 100; a refusal of the system, 111.
[[gnu::noinline]] ControlDirectory acquire_or_die(const char* where) noexcept;

// Removes the entries whose target is gone: what the tree was told to run before and nobody can run any more.
[[gnu::noinline]] void remove_dangling_links_or_die(const char* where) noexcept;

}  // namespace s6::svscan
