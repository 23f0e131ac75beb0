#pragma once
// All processes of the namespace at one moment, and what one of them uses.
#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace s6::soak {

struct ProcessEntry {
  pid_t parent = 0;
  char state = '-';  // as in /proc/PID/stat
  std::string name;  // of the program, 15 bytes at most
};

// Threads of the kernel and such do not exist in a namespace of one's own.
class ProcessTable {
 public:
  ProcessTable();
  // nullptr: there is none.
  [[nodiscard]] const ProcessEntry* find(pid_t pid) const;
  [[nodiscard]] const std::vector<pid_t>& children(pid_t parent) const;
  [[nodiscard]] const std::map<pid_t, ProcessEntry>& all() const { return all_; }

 private:
  std::map<pid_t, ProcessEntry> all_;
  std::map<pid_t, std::vector<pid_t>> children_;
};

struct Usage {
  std::size_t fds = 0;
  std::size_t data = 0;           // kB of address space for data: grows with what is allocated, never by itself
  std::size_t private_pages = 0;  // kB that only this process has
};
Usage usage_of(pid_t pid);

}  // namespace s6::soak
