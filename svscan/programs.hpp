#pragma once
// The programs that s6-svscan runs besides s6-supervise: the handlers of signals, and what takes its place at the end.
#include <span>

#include "common/result.hpp"

namespace s6::svscan {

// Starts .s6-svscan/SIGNAME, if it is there for `signal`, and leaves it to itself.
enum class Handled : bool { no, yes };
Handled run_handler(int signal) noexcept;

// Replaces this process by .s6-svscan/finish. Without it the process ends with 0.
[[noreturn]] void finish(std::span<const int> handled_signals) noexcept;

// Says why, and replaces this process by .s6-svscan/crash: the supervisors are left to whoever cleans up.
[[noreturn]] void crash(const Error& why, int console, std::span<const int> handled_signals) noexcept;

// Puts the console back where errors go: on 1 and 2.
void restore_console(int console) noexcept;

}  // namespace s6::svscan
