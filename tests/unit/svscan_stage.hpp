#pragma once
// A stage for the scanner's table: numbers stand for processes, descriptors and directories.
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "svscan/service_table.hpp"

namespace s6::test::svscan {

using namespace s6::svscan;

constexpr WaitStatus exited(int code) {
  return {static_cast<std::uint16_t>(code << 8)};
}
constexpr WaitStatus killed{9};

struct Entry {
  std::string name;
  std::uint64_t inode = 0;
  std::uint64_t log = 0;  // inode; 0: no log
};

// Plays the shell: numbers instead of processes and descriptors, a list of what was said and done.
struct Stage {
  explicit Stage(ServiceTable::Limits limits = {1000, 251})
      : memory(ServiceTable::memory_size(limits) / sizeof(std::uint64_t) + 1),
        table(limits, std::as_writable_bytes(std::span(memory))) {}

  static DirectoryId id(std::uint64_t inode) { return {1, inode}; }

  void apply(const Outcome& outcome) {
    if (outcome.notice != Notice::none) notices.push_back(outcome.notice);
    if (outcome.hang_up != 0) hung_up.push_back(outcome.hang_up);
    close(outcome.loose);
  }
  void close(const Loose& loose) {
    for (const int fd : {loose.read_end, loose.write_end, loose.watch})
      if (fd >= 0) REQUIRE(open_fds.erase(fd) == 1);
  }
  void see(const Entry& entry) {
    apply(table.see(entry.name, id(entry.inode), entry.log == 0 ? std::nullopt : std::optional(id(entry.log))));
  }
  void end_scan(Found found = Found::everything) {
    table.end_scan(found);
    while (const auto outcome = table.settle()) apply(*outcome);
  }
  // A complete scan that finds `entries`; only what it says is left in `notices`.
  void scan(const std::vector<Entry>& entries) {
    notices.clear();
    table.begin_scan();
    for (const Entry& entry : entries) see(entry);
    end_scan();
  }
  // Starts everything that is due; the new pids by inode.
  std::map<std::uint64_t, pid_t> start() {
    std::map<std::uint64_t, pid_t> pids;
    for (;;) {
      const Start next = table.next_start(now);
      if (next.action == Start::Action::none) return pids;
      if (next.action == Start::Action::make_pipe) {
        open_fds.insert({next_fd, next_fd + 1});
        table.pipe_made(next.who, next_fd, next_fd + 1);
        next_fd += 2;
        continue;
      }
      REQUIRE(table.pid(next.who) == 0);
      pipe_of[next_pid] = table.pipe_end(next.who);
      REQUIRE((pipe_of[next_pid] == -1 || open_fds.contains(pipe_of[next_pid])));
      for (std::uint64_t inode = 1; inode < most_inode; ++inode)
        if (table.find(id(inode)) == next.who) pids[inode] = next_pid;
      table.started(next.who, next_pid++, now);
    }
  }
  std::map<std::uint64_t, pid_t> scan_and_start(const std::vector<Entry>& entries) {
    scan(entries);
    return start();
  }
  Death die(pid_t pid, WaitStatus status = killed) {
    const Death death = table.died(pid, status, now);
    close(death.loose);
    return death;
  }
  std::map<pid_t, Farewell> tell(Reach reach, Farewell loggers) {
    std::map<pid_t, Farewell> told;
    table.tell(reach, loggers, [&](pid_t pid, Farewell farewell) { told[pid] = farewell; });
    return told;
  }
  bool knows(std::uint64_t inode) const { return table.find(id(inode)) != nothing; }
  std::string name_of(std::uint64_t inode) const { return std::string(table.name(table.find(id(inode)))); }
  bool active(std::uint64_t inode) const { return table.is_active(table.find(id(inode))); }
  // Whether these processes got the two ends of one pipe.
  bool connected(pid_t service, pid_t logger) const {
    return pipe_of.at(logger) >= 0 && pipe_of.at(service) == pipe_of.at(logger) + 1;
  }

  std::uint64_t most_inode = 1100;
  std::vector<std::uint64_t> memory;
  ServiceTable table;
  Nanoseconds now = 1000 * second;
  std::vector<Notice> notices;
  std::vector<pid_t> hung_up;
  std::set<int> open_fds;
  std::map<pid_t, int> pipe_of;  // the end that each process was started with
  int next_fd = 100;
  pid_t next_pid = 1;
};

}  // namespace s6::test::svscan
