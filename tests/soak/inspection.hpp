#pragma once
// Is everything as it was asked for, and does everybody tell the truth? Everything here is compared with /proc and with
// what the services themselves tell.
#include <cstddef>
#include <string>
#include <vector>

#include "tests/soak/process_table.hpp"
#include "tests/soak/tree.hpp"

namespace s6::soak {

using Complaints = std::vector<std::string>;
std::string first_of(const Complaints& complaints);  // some of them, for a message

// What is not, or not yet, as it should be: supervisors, services and loggers that are missing, that are too many or
// that are in another state than their status file tells; lines that are not yet in a log; zombies; other processes.
Complaints untruths(const Tree& tree, pid_t scanner);

// FIFOs of subscribers who have gone, and files that should not be there.
Complaints leftovers(const Tree& tree);

// Reads and removes what a service has logged since the last call.
struct Lines {
  std::size_t read = 0;
  std::size_t lost = 0;
  std::size_t doubled = 0;  // or in a wrong order
  std::size_t garbled = 0;
  Lines& operator+=(const Lines& more);
};
Lines take_lines(Service& service);

// What the tree uses while all is up.
struct Group {
  std::size_t count = 0;
  Usage largest;
  std::size_t private_sum = 0;
};
struct Resources {
  Usage scanner;
  Group supervisors, loggers;
};
Resources resources_of(pid_t scanner);
std::string to_text(const Resources& resources);
// What has grown since `before`, apart from pages that a program touches for the first time.
Complaints growth(const Resources& before, const Resources& now);

}  // namespace s6::soak
