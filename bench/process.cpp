#include "process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "common/unique_fd.hpp"

namespace s6::bench {

void fail(const std::string& what) {
  throw Failure(what);
}

void fail_errno(const std::string& what) {
  const int code = errno;
  throw Failure(what + ": " + ::strerror(code));
}

void sleep_for(std::chrono::microseconds time) {
  std::this_thread::sleep_for(time);
}

void wait_until(std::string_view what, const std::function<bool()>& holds) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > deadline) fail("waited too long: " + std::string(what));
    sleep_for(std::chrono::microseconds(500));
  }
}

// --- starting and awaiting -----------------------------------------------------------------------------------------
namespace {

std::string messages_file = "/dev/null";

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void in_child_open(const char* file, int flags, int target) {
  const int fd = ::open(file, flags | O_CLOEXEC, 0600);
  if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(111);
}

// "0" is the process that writes.
void in_child_join(const std::string& group) {
  const int fd = ::open(group.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::write(fd, "0", 1) != 1) ::_exit(111);
}

void in_child_prepare(const Command& command) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  for (const std::string& group : command.join) in_child_join(group);
  if (command.input < 0)
    in_child_open("/dev/null", O_RDONLY, 0);
  else if (::dup2(command.input, 0) < 0)
    ::_exit(111);
  in_child_open("/dev/null", O_WRONLY, 1);
  in_child_open(messages_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 2);
}

// Also for the child of vfork that shares our memory: nothing here allocates.
[[noreturn]] void in_child(const Command& command, char* const* argv, char* const* environment) {
  in_child_prepare(command);
  if (command.traced) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
  }
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

}  // namespace

void keep_messages_in(const std::string& file) {
  messages_file = file;
  write_file(file, "");
}

std::string last_messages() {
  const std::string all = read_file(messages_file);
  return all.size() <= 500 ? all : "..." + all.substr(all.size() - 500);
}

pid_t start(const Command& command) {
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment{"PATH=" + command.path};
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> environment_pointers = pointers(environment);
  // A traced child stops before its exec: vfork would wait for that for ever.
  const pid_t pid = command.traced ? ::fork() : ::vfork();
  if (pid == 0) in_child(command, argv_pointers.data(), environment_pointers.data());
  if (pid < 0) fail_errno("cannot start " + command.argv[0]);
  return pid;
}

double Ended::cpu_milliseconds() const {
  const auto milliseconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return milliseconds_of(usage.ru_utime) + milliseconds_of(usage.ru_stime);
}

Ended await(pid_t pid) {
  const UniqueFd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (end.get() < 0) fail_errno("pidfd_open");
  pollfd ready{end.get(), POLLIN, 0};
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  if (::poll(&ready, 1, static_cast<int>(timeout.count())) != 1) fail("a program does not end");
  Ended ended;
  if (::wait4(pid, &ended.status, 0, &ended.usage) != pid) fail_errno("wait4");
  return ended;
}

namespace {

// Orphans are children of ours.
void await_orphans(const std::vector<pid_t>& children_before) {
  for (const pid_t pid : children(::getpid()))
    if (std::ranges::find(children_before, pid) == children_before.end())
      wait_until("the end of a helper", [pid] { return has_ended(pid); });
}

}  // namespace

Ended run(const Command& command) {
  const std::vector<pid_t> children_before = children(::getpid());
  const Stopwatch stopwatch;
  Ended ended = await(start(command));
  ended.milliseconds = stopwatch.milliseconds();
  await_orphans(children_before);
  if (ended.status != 0) fail(command.argv[0] + " failed, wait status " + std::to_string(ended.status));
  return ended;
}

// --- what the kernel tells -----------------------------------------------------------------------------------------
std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) fail("cannot write " + path);
}

namespace {

std::string of_process(pid_t pid, const char* file) {
  return read_file("/proc/" + std::to_string(pid) + "/" + file);
}

// The sum of the numbers in the lines that begin with one of `keys`.
long sum_of(const std::string& text, const std::vector<std::string_view>& keys) {
  std::istringstream lines(text);
  long sum = 0;
  for (std::string line; std::getline(lines, line);)
    for (const std::string_view key : keys)
      if (line.starts_with(key)) sum += std::stol(line.substr(key.size()));
  return sum;
}

}  // namespace

double private_kib(pid_t pid) {
  const std::string text = of_process(pid, "smaps_rollup");
  if (text.empty()) fail("cannot read the memory map of a process: ended, or not ours to read");
  return static_cast<double>(sum_of(text, {"Private_Clean:", "Private_Dirty:"}));
}

double cpu_milliseconds(pid_t pid) {
  const std::string text = of_process(pid, "schedstat");
  if (text.empty()) fail("no schedstat of a process: it has ended, or this kernel keeps none");
  return std::stod(text) / 1e6;
}

long context_switches(pid_t pid) {
  const std::string text = of_process(pid, "status");
  if (text.empty()) fail("a process that should be idle has ended");
  return sum_of(text, {"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"});
}

char state(pid_t pid) {
  const std::string text = of_process(pid, "stat");
  const std::size_t name_end = text.rfind(") ");  // the name may contain anything
  return name_end == std::string::npos ? '-' : text[name_end + 2];
}

bool has_ended(pid_t pid) {
  return ::waitpid(pid, nullptr, WNOHANG) == pid || (::kill(pid, 0) != 0 && errno == ESRCH);
}

std::vector<pid_t> children(pid_t parent) {
  std::istringstream text(of_process(parent, ("task/" + std::to_string(parent) + "/children").c_str()));
  return {std::istream_iterator<pid_t>(text), {}};
}

std::vector<pid_t> descendants(pid_t parent) {
  std::vector<pid_t> all = children(parent);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<pid_t> more = children(all[i]);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// --- leftovers -----------------------------------------------------------------------------------------------------
void become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) fail_errno("cannot become a subreaper");
}

void kill_descendants() {
  // Supervisors first stop, so that none of them starts anything in between.
  wait_until("the end of killed processes", [] {
    const std::vector<pid_t> left = descendants(::getpid());
    for (const pid_t pid : left) ::kill(pid, SIGSTOP);
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) continue;
    return children(::getpid()).empty();
  });
}

}  // namespace s6::bench
