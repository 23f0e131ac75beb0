#include "tests/soak/process_table.hpp"

#include <stdio.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <sstream>

#include "scene.hpp"

namespace s6::soak {
namespace {
namespace fs = std::filesystem;

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// The sum of all lines "KEY...: NUMBER kB".
std::size_t kilobytes(const std::string& text, std::string_view key) {
  std::size_t sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) sum += std::stoul(line.substr(line.find(':') + 1));
  return sum;
}

}  // namespace

ProcessTable::ProcessTable() {
  for (const auto& directory : fs::directory_iterator("/proc")) {
    const pid_t pid = atoi(directory.path().filename().c_str());
    if (pid == 0) continue;
    const std::string line = test::read_file(proc(pid, "stat"));
    const auto begin = line.find('('), end = line.rfind(')');
    if (end == std::string::npos) continue;  // gone meanwhile
    ProcessEntry entry;
    sscanf(line.c_str() + end + 1, " %c %d", &entry.state, &entry.parent);
    entry.name = line.substr(begin + 1, end - begin - 1);
    children_[entry.parent].push_back(pid);
    all_.emplace(pid, std::move(entry));
  }
}

const ProcessEntry* ProcessTable::find(pid_t pid) const {
  const auto found = all_.find(pid);
  return found == all_.end() ? nullptr : &found->second;
}

const std::vector<pid_t>& ProcessTable::children(pid_t parent) const {
  static const std::vector<pid_t> none;
  const auto found = children_.find(parent);
  return found == children_.end() ? none : found->second;
}

Usage usage_of(pid_t pid) {
  Usage usage;
  usage.fds = test::open_fds(pid).size();
  usage.data = kilobytes(test::read_file(proc(pid, "status")), "VmData:");
  usage.private_pages = kilobytes(test::read_file(proc(pid, "smaps_rollup")), "Private_");
  return usage;
}

}  // namespace s6::soak
