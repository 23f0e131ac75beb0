#pragma once
// What s6-svc does once it knows its services, and what is done for an instance, too.
#include <span>
#include <string_view>

#include "common/sys.hpp"
#include "svc/options.hpp"

namespace s6::svc {

// Fills in the request and returns the operands. A wrong command line ends the program with `usage`; the help tells of
// `exit_codes`.
std::span<const char* const> operands_or_die(std::span<const char* const> words, Request& request,
                                             const options::UsageText& usage, std::string_view exit_codes) noexcept;

// Sends the commands, and waits for what they bring about if asked to. The answer is an exit code of s6-svc. A timeout
// counts from here.
int carry_out(std::span<const char* const> directories, Request& request) noexcept;

}  // namespace s6::svc
