#pragma once
// What s6-svstat does once it knows its service, and what is done for an instance, too.
#include <span>

#include "svstat/options.hpp"

namespace s6::svstat {

// Fills in the request and returns the operands. A wrong command line ends the program with `usage`.
std::span<const char* const> operands_or_die(std::span<const char* const> words, Request& request,
                                             const options::UsageText& usage) noexcept;

// Prints the status of a service. Ends the program with 1 if it has no supervisor, with 111 if it cannot be found out.
void show_or_die(const char* directory, const Request& request) noexcept;

}  // namespace s6::svstat
