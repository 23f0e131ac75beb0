#pragma once
// A control group of our own, which knows exactly what the processes in it cost: the processor time also of those that
// have ended, and the memory also of the kernel. Version 2, or the controllers of version 1 where those are mounted; a
// part that cannot be had (no root, no controller) is missing and says so.
#include <sys/types.h>

#include <string>
#include <vector>

namespace s6::bench {

class Cgroup {
 public:
  Cgroup();
  ~Cgroup();  // there must be no process in it any more
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  // For Command::join.
  [[nodiscard]] const std::vector<std::string>& procs() const { return procs_; }
  [[nodiscard]] bool knows_cpu() const { return !cpu_file_.empty(); }
  [[nodiscard]] bool knows_memory() const { return !memory_file_.empty(); }
  [[nodiscard]] double cpu_milliseconds() const;
  [[nodiscard]] double memory_kib() const;

 private:
  bool add(const std::string& parent, const std::string& name);
  std::vector<std::string> directories_;
  std::vector<std::string> procs_;
  std::string cpu_file_;
  std::string memory_file_;
};

// Removes what a process that was killed has left behind.
void remove_cgroups_of(pid_t pid);

}  // namespace s6::bench
