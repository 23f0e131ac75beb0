#pragma once
// Processes: starting them in any environment, waiting for them, finding and ending what they left behind.
//
// Every wait is for an event (a descriptor, a process's end) and has a deadline that only matters when something is
// wrong. A wait that fails ends the test.
#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/unique_fd.hpp"
#include "programs.hpp"

namespace s6::test {

// Where in a test a helper was called, for messages: the last parameter of helpers that can fail.
struct Here {
  const char* file;
  int line;
  static constexpr Here now(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};
[[noreturn]] void fail(const Here& here, const std::string& message);

// --- waiting -------------------------------------------------------------------------------------------------------
using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::seconds patience{20};  // long enough for any machine; passing tests never wait for it

// true: there is something to read (or the other end is gone). false: the time is over.
bool wait_readable(int fd, Clock::time_point deadline = Clock::now() + patience);

// The last resort, for things that tell nobody when they change (a file's content, a process's state): asks every 2 ms.
// Fails the test if `what` does not come true in time.
void eventually(std::string_view what, const std::function<bool()>& holds, Here here = Here::now());

// A difference (see programs.hpp) in what happens after a while: with ours `happens` comes true, sooner or later; with
// the real one it is still false after 0.3 s, which is far more than it would need.
void check_happens_only_with_ours(Named name, const std::function<bool()>& happens, Here here = Here::now());

// --- processes by pid ----------------------------------------------------------------------------------------------
char process_state(pid_t pid);  // R, S, D, T (stopped), Z, ... of /proc/PID/stat; '-' if there is none
bool alive(pid_t pid);          // neither gone nor a zombie
void wait_dead(pid_t pid, Here here = Here::now());
void wait_state(pid_t pid, char state, Here here = Here::now());
std::vector<pid_t> all_children(pid_t parent);  // also zombies
std::vector<pid_t> children(pid_t parent);      // not those that are dead already
std::vector<pid_t> descendants(pid_t parent);   // as above, any depth
std::vector<int> open_fds(pid_t pid);           // sorted
std::string fd_target(pid_t pid, int fd);       // "/dev/null", "pipe:[123]", empty if closed

// --- starting a process --------------------------------------------------------------------------------------------
struct Exit {
  int code = -1;   // -1: killed
  int signal = 0;  // 0: exited
  friend bool operator==(const Exit&, const Exit&) = default;
};
std::ostream& operator<<(std::ostream& out, const Exit& exit);
inline Exit exited(int code) {
  return {code, 0};
}
inline Exit killed(int signal) {
  return {-1, signal};
}

struct Start {
  std::vector<std::string> argv;  // argv[0] is the path of the program
  std::filesystem::path cwd = {};
  std::vector<std::string> env = {};          // NAME=VALUE: added or replaced; NAME: removed
  std::vector<std::pair<int, int>> fds = {};  // {number in the child, descriptor of ours}; none above 100 in the child
  std::vector<int> closed = {};               // closed in the child, even 0, 1 and 2
  std::vector<int> ignored = {};              // signals
  std::vector<int> blocked = {};
  std::optional<mode_t> umask = {};
  std::vector<std::pair<__rlimit_resource, rlim_t>> limits = {};  // soft and hard
  std::optional<uid_t> user = {};                                 // uid, gid; no other groups
  std::function<void()> in_child = {};                            // last thing before exec
};

// A running program; 0 is /dev/null, 1 and 2 go to files that can be read at any time. At the end of its life it and
// all its descendants are killed.
class Process {
 public:
  explicit Process(Start start);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  Exit wait(Here here = Here::now());
  void signal(int number);
  void freeze();  // SIGSTOP, and waits until it is stopped
  void thaw();
  // What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
  std::filesystem::path out_;
  std::filesystem::path err_;
};

// Runs a program to its end.
struct Ran {
  Exit exit;
  std::string out;
  std::string err;
};
Ran run(Start start, Here here = Here::now());
Ran run(std::vector<std::string> argv, Here here = Here::now());
bool strace_works();  // it is installed, and may be used

// --- the runner ----------------------------------------------------------------------------------------------------
// Before the first test: become the reaper of all orphans, take SIGINT, SIGTERM and SIGHUP (and an alarm before ctest's
// own) as a reason to clean up and leave, make the scratch directory.
void set_up_runner();
void renew_alarm();  // the time until it begins anew: for a run that is long because it does much
void tear_down_runner();
const std::filesystem::path& runner_directory();  // of the whole run; world-searchable
// Kills and reaps every descendant of the runner.
void kill_all_descendants();
void reap_dead_children();

}  // namespace s6::test
