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

// A service or a logger with whoever supervises it, and what comes of it.
class Watched {
 public:
  explicit Watched(const std::filesystem::path& path) : dir_(path), events_(dir_.make_event() / "event") {}
  ServiceDir& dir() { return dir_; }

  // Takes in what it has told and said since; not what a child of the service says, which may come before or after the
  // service's next word.
  void listen();
  // The events since the last snapshot().
  [[nodiscard]] const std::string& seen() const { return seen_; }
  // Whatever changes when something happens.
  [[nodiscard]] std::string trace() const;
  // What there was since the last time: events, words, deaths; how its status and its surroundings look now.
  std::string snapshot();

  [[nodiscard]] pid_t supervisor() const;  // 0 if it has none
  // Of the service or its finish, as the status says; 0 if there is none. A status outlives its process, whose number
  // may be another's by now: that is none, too.
  [[nodiscard]] pid_t process() const;
  [[nodiscard]] bool is_finishing() const { return !raw_status().empty() && dir_.status().finishing; }
  // Is it wanted up, and not yet? It comes back a second after its death, if at all.
  [[nodiscard]] bool waits_for_restart() const;
  void send(const std::string& bytes) const;  // to its control FIFO, if anybody listens

 private:
  [[nodiscard]] std::string raw_status() const { return read_file(dir_ / "supervise/status"); }

  ServiceDir dir_;
  Events events_;
  std::string seen_;
  std::string said_;
  StatusView view_;
};

// What a script's `record` has written, without what differs from one run to the next: `place` is the directory that
// holds the service directory, `parent` the process that ought to be the parent.
std::string surroundings(const std::filesystem::path& record, const std::filesystem::path& place, pid_t parent);

}  // namespace s6::test
