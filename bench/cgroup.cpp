#include "cgroup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string_view>

#include "process.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

// Where groups can be made: one hierarchy of version 2, and those of version 1 that have a controller we ask for.
struct Parents {
  std::string unified;
  std::string cpu;
  std::string memory;
};

bool has_option(std::string_view options, std::string_view wanted) {
  return ("," + std::string(options) + ",").find("," + std::string(wanted) + ",") != std::string::npos;
}

// The group in which this process is: "ID:CONTROLLERS:PATH". Where it is not visible from here, the root of the mount.
std::string own_group(const std::string& mount_point, std::string_view controller) {
  std::istringstream lines(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos || !has_option(line.substr(first + 1, second - first - 1), controller)) continue;
    const std::string group = mount_point + line.substr(second + 1);
    if (fs::is_directory(group)) return group;
  }
  return mount_point;
}

Parents find_parents() {
  Parents parents;
  std::istringstream lines(read_file("/proc/self/mounts"));
  for (std::string line; std::getline(lines, line);) {
    std::string device, mount_point, type, options;
    std::istringstream(line) >> device >> mount_point >> type >> options;
    // Only groups without processes hand controllers on to their children, so ours are made at the top.
    if (type == "cgroup2") parents.unified = mount_point;
    if (type == "cgroup" && has_option(options, "cpuacct")) parents.cpu = own_group(mount_point, "cpuacct");
    if (type == "cgroup" && has_option(options, "memory")) parents.memory = own_group(mount_point, "memory");
  }
  return parents;
}

std::string prefix_of(pid_t pid) {
  return "s6-bench-" + std::to_string(pid) + "-";
}

// The kernel takes a moment to let go of a group whose last process has just been waited for.
void remove_group(const std::string& directory) {
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(5);
  while (::rmdir(directory.c_str()) != 0 && Clock::now() < deadline) sleep_for(std::chrono::milliseconds(5));
}

bool readable(const std::string& file) {
  return ::access(file.c_str(), R_OK) == 0;
}

}  // namespace

Cgroup::Cgroup() {
  static int count = 0;
  const std::string name = prefix_of(::getpid()) + std::to_string(count++);
  const Parents parents = find_parents();
  if (add(parents.unified, name)) {
    if (readable(directories_.back() + "/memory.current")) memory_file_ = directories_.back() + "/memory.current";
    if (readable(directories_.back() + "/cpu.stat")) cpu_file_ = directories_.back() + "/cpu.stat";
  }
  if (!knows_memory() && add(parents.memory, name)) memory_file_ = directories_.back() + "/memory.usage_in_bytes";
  if (!knows_cpu() && add(parents.cpu, name)) cpu_file_ = directories_.back() + "/cpuacct.usage";
}

bool Cgroup::add(const std::string& parent, const std::string& name) {
  if (parent.empty() || ::mkdir((parent + "/" + name).c_str(), 0755) != 0) return false;
  directories_.push_back(parent + "/" + name);
  procs_.push_back(directories_.back() + "/cgroup.procs");
  return true;
}

Cgroup::~Cgroup() {
  for (const std::string& directory : directories_) remove_group(directory);
}

double Cgroup::cpu_milliseconds() const {
  const std::string text = read_file(cpu_file_);
  const std::string_view key = "usage_usec ";
  if (!text.starts_with(key)) return std::stod(text) / 1e6;  // version 1: nanoseconds
  return std::stod(text.substr(key.size())) / 1e3;
}

double Cgroup::memory_kib() const {
  return std::stod(read_file(memory_file_)) / 1024;
}

void remove_cgroups_of(pid_t pid) {
  const Parents parents = find_parents();
  for (const std::string& parent : {parents.unified, parents.cpu, parents.memory}) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(parent, ignored))
      if (entry.path().filename().string().starts_with(prefix_of(pid))) remove_group(entry.path());
  }
}

}  // namespace s6::bench
