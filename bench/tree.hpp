#pragma once
// The candidates, and trees of services that one of them supervises.
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup.hpp"
#include "process.hpp"

namespace s6::bench {

// Whose figures stand in a column.
struct Candidate {
  enum class Kind {
    s6,        // any directory with the programs of s6
    runit,     // runsvdir and runsv
    bare,      // the least that could be done: bench-bare
    contract,  // the least that could be done by who keeps the contract of s6: bench-contract
  };
  Kind kind = Kind::s6;
  std::string label;
  std::filesystem::path directory;
  bool takes_services_max = true;  // -C of s6-svscan; 2.11 knows only -c
  bool can_watch = false;          // --watch of s6-svscan

  // Its scanner and supervisors have the files, the events and the commands of s6. The clients of s6 are another
  // matter.
  [[nodiscard]] bool keeps_contract() const { return kind == Kind::s6 || kind == Kind::contract; }
  [[nodiscard]] std::string program(std::string_view name) const { return directory / name; }
  // A command of it, which finds its own helpers first.
  [[nodiscard]] Command command(std::string_view name, std::vector<std::string> arguments) const;
};
// Asks s6-svscan for its options.
Candidate s6_candidate(const std::filesystem::path& directory, const std::string& label);

enum class Readiness { notified, none };

// Service directories in one scan directory, which runs under a scanner from start() to stop(). All services are the
// same program. What is still there at the end of its life is killed.
class Tree {
 public:
  explicit Tree(const Candidate& candidate, Readiness readiness = Readiness::notified);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Makes directories up to `count` services; where the scanner runs, it learns of them only by control("a").
  void add(int count);
  // Like add, for one, with event/, so that there can be a subscriber before its supervisor.
  std::filesystem::path add_with_events();
  void remove_last();

  [[nodiscard]] Command scanner_command(int capacity) const;
  void start(int capacity);          // most services that there will be
  void watch() { watched_ = true; }  // from the next start(): the scanner sees by itself what is added
  void wait_ready();
  [[nodiscard]] bool is_ready();
  // Asks the scanner to end everything, and waits until nothing is left.
  void stop();
  void control(std::string_view bytes) const;  // to the scanner

  [[nodiscard]] const Candidate& candidate() const { return candidate_; }
  // Of all its processes since start(), those that have ended included; without a control group, only those alive.
  [[nodiscard]] double cpu_milliseconds() const;
  [[nodiscard]] const Cgroup& cgroup() const { return cgroup_; }
  [[nodiscard]] pid_t scanner() const { return scanner_; }
  [[nodiscard]] int size() const { return static_cast<int>(services_.size()); }
  [[nodiscard]] const std::vector<std::filesystem::path>& services() const { return services_; }

 private:
  [[nodiscard]] bool is_ready(const std::filesystem::path& service) const;
  void kill_all() const;
  Candidate candidate_;
  Readiness readiness_;
  Cgroup cgroup_;
  std::filesystem::path place_;  // of the scan directory and of what waits to be moved into it
  std::vector<std::filesystem::path> services_;
  std::size_t ready_ = 0;  // so many of services_ have been seen ready
  pid_t scanner_ = -1;
  bool watched_ = false;
};

// The directory for all files of this run.
void work_in(const std::filesystem::path& scratch);
const std::filesystem::path& scratch_directory();

// Of the programs that the harness brings along.
std::string bench_program(std::string_view name);

// A service that has been ready for a second is started again at once when it dies.
inline constexpr std::chrono::milliseconds second_of_readiness{1100};

// Commands to a supervisor: bytes into its control FIFO.
void send(const std::filesystem::path& service, std::string_view bytes);

}  // namespace s6::bench
