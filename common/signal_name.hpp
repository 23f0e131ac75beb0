#pragma once
// Signal names as s6's files and options spell them. Pure but for the numbers, which are Linux's on this machine.
#include <optional>
#include <string_view>

namespace s6 {

// "TERM", "sigterm", "15", "SIG15": a name in any case, with or without SIG, or a decimal number. Numbers are not
// checked against the kernel's signals: the caller knows what it may send. Real-time signals have no names here.
std::optional<int> parse_signal(std::string_view text) noexcept;

// "TERM" for SIGTERM; empty for 0, real-time and unknown numbers. Of two names for one number the one that POSIX knows:
// ABRT, CHLD, POLL.
std::string_view signal_name(int number) noexcept;

}  // namespace s6
