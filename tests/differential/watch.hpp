#pragma once
// What the sides of lives look at.
#include <chrono>
#include <filesystem>
#include <string>

#include "harness.hpp"

namespace s6::test {

// Nothing has happened for a while: what changes when something happens has stayed the same.
class Calm {
 public:
  void begin() { begin_ = since_ = Clock::now(); }
  void see(std::string state);
  [[nodiscard]] std::chrono::milliseconds lasts() const { return passed(since_); }
  [[nodiscard]] std::chrono::milliseconds since_begin() const { return passed(begin_); }

 private:
  static std::chrono::milliseconds passed(Clock::time_point from) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from);
  }
  std::string state_;
  Clock::time_point begin_, since_;
};

std::string describe(const Exit& exit);
void replace_all(std::string& text, std::string_view from, std::string_view to);

// The directory that a process works in; empty if it is gone.
std::string working_directory(pid_t pid);
// The supervisors, services and finishes that work in a directory or below it: their names, sorted, those that are
// stopped marked with a T. Only descendants of the runner.
std::string processes_in(const std::filesystem::path& directory);

// A status, without what is no business of the behaviour: which process it is, and when it was.
class StatusView {
 public:
  // How the bytes of supervise/status look, compared with the last time.
  std::string look(const std::string& bytes);

 private:
  Status last_;
};

// What a script's `record` has written, without what differs from one run to the next: `place` is the directory that
// holds the service directory, `parent` the process that ought to be the parent.
std::string surroundings(const std::filesystem::path& record, const std::filesystem::path& place, pid_t parent);

}  // namespace s6::test
