#pragma once
// Processes: starting and awaiting them, what the kernel tells of them, and ending what is left of them.
//
// Whatever goes wrong throws Failure; every wait has a deadline. Times are in milliseconds, sizes in KiB.
#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace s6::bench {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] void fail(const std::string& what);        // what, as it is
[[noreturn]] void fail_errno(const std::string& what);  // and the reason in errno

using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::minutes patience{10};  // for 10,000 services on a slow machine

class Stopwatch {
 public:
  [[nodiscard]] double milliseconds() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
  }

 private:
  Clock::time_point start_ = Clock::now();
};

void sleep_for(std::chrono::microseconds time);
// Asks every half millisecond. For states that are reached sooner or later; never for what is timed more finely.
void wait_until(std::string_view what, const std::function<bool()>& holds);

// --- starting and awaiting -----------------------------------------------------------------------------------------
struct Command {
  std::vector<std::string> argv;       // argv[0] is the path of the program
  std::string path;                    // where it looks for other programs: PATH
  int input = -1;                      // its stdin; -1: /dev/null
  std::vector<std::string> join = {};  // cgroup.procs files: it enters these groups before it begins
  bool traced = false;                 // stops before its exec, see trace.hpp
};
// By vfork, so that no page fault or copy of the harness is charged to the program. Its stdout is /dev/null, its stderr
// the file of keep_messages_in().
pid_t start(const Command& command);
void keep_messages_in(const std::string& file);  // and forgets what is there
std::string last_messages();

struct Ended {
  int status = 0;  // as from waitpid(2)
  rusage usage{};  // of it and the children it has waited for
  double milliseconds = 0;
  [[nodiscard]] double cpu_milliseconds() const;
  [[nodiscard]] long page_faults() const { return usage.ru_minflt + usage.ru_majflt; }
};
Ended await(pid_t pid);
// Runs a program from its start to its end, which takes `milliseconds`, and then waits for helpers that outlive it, so
// that they are in nobody's way. An exit code other than 0 is a failure.
Ended run(const Command& command);

// --- what the kernel tells -----------------------------------------------------------------------------------------
std::string read_file(const std::string& path);  // "" if it cannot be read
void write_file(const std::string& path, std::string_view text);
double private_kib(pid_t pid);       // USS: Private_Clean + Private_Dirty of /proc/PID/smaps_rollup
double cpu_milliseconds(pid_t pid);  // of its own life so far, in nanoseconds precisely
long context_switches(pid_t pid);    // voluntary and forced
char state(pid_t pid);               // R, S, D, ... of /proc/PID/stat; '-' if there is none
bool has_ended(pid_t pid);           // reaps it if it is a child of ours
std::vector<pid_t> children(pid_t parent);
std::vector<pid_t> descendants(pid_t parent);

// --- leftovers -----------------------------------------------------------------------------------------------------
void become_subreaper();
void kill_descendants();  // kills and reaps all

}  // namespace s6::bench
