#include "process.hpp"

#include <dirent.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>

#include "common/sys.hpp"
#include "programs.hpp"
#include "scene.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

struct Runner {
  fs::path directory;
  UniqueFd interrupts;  // signalfd of the signals that end the run
  int started = 0;      // processes, for the names of their output files
};
Runner& runner() {
  static Runner instance;
  return instance;
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

// Somebody wants the run to end: leave nothing behind, then die of it.
void leave_if_interrupted() {
  signalfd_siginfo info;
  if (read(runner().interrupts.get(), &info, sizeof info) != sizeof info) return;
  fprintf(stderr, "process-tests: interrupted by %s, cleaning up\n", strsignal(static_cast<int>(info.ssi_signo)));
  tear_down_runner();
  sys::die_of(static_cast<int>(info.ssi_signo));
}

// Waits for `fd` (-1: for nothing) or the deadline.
bool wait_for(int fd, Clock::time_point deadline) {
  for (;;) {
    pollfd watched[2] = {{runner().interrupts.get(), POLLIN, 0}, {fd, POLLIN, 0}};
    const int ready = poll(watched, 2, milliseconds_until(deadline));
    if (ready > 0 && watched[0].revents != 0) leave_if_interrupted();
    if (ready > 0 && watched[1].revents != 0) return true;
    if (Clock::now() >= deadline) return false;
  }
}

// State and parent of /proc/PID/stat.
struct Stat {
  char state = '-';
  pid_t parent = 0;
};
Stat stat_of(pid_t pid) {
  const std::string line = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto after_name = line.rfind(')');  // the name may hold anything
  Stat stat;
  if (after_name != std::string::npos) sscanf(line.c_str() + after_name + 1, " %c %d", &stat.state, &stat.parent);
  return stat;
}

bool is_dead(char state) {
  return state == '-' || state == 'Z' || state == 'X';
}

std::vector<int> numbers_in(const fs::path& directory) {
  std::vector<int> found;
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return found;
  while (const dirent* entry = readdir(stream))
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') found.push_back(atoi(entry->d_name));
  closedir(stream);
  std::ranges::sort(found);
  return found;
}

// --- the child between fork and exec -------------------------------------------------------------------------------
[[noreturn]] void child_fails(const char* what) {
  dprintf(2, "process-tests: child: %s: %s\n", what, strerror(errno));
  _exit(126);
}

void redirect(const fs::path& path, int flags, int target) {
  const int fd = open(path.c_str(), flags, 0644);
  if (fd < 0 || dup2(fd, target) < 0) child_fails(path.c_str());
  if (fd != target) close(fd);
}

void place_descriptors(const std::vector<std::pair<int, int>>& fds) {
  std::vector<int> copies;  // out of the way first: a target may be another one's source
  for (const auto& [target, source] : fds) copies.push_back(fcntl(source, F_DUPFD_CLOEXEC, 200));
  for (std::size_t i = 0; i < fds.size(); ++i)
    if (dup2(copies[i], fds[i].first) < 0) child_fails("dup2");
}

void set_signals(const Start& start) {
  signal(SIGPIPE, SIG_DFL);
  for (const int number : start.ignored) signal(number, SIG_IGN);
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : start.blocked) sigaddset(&mask, number);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

void set_environment(const std::vector<std::string>& env) {
  for (const std::string& entry : env) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos)
      unsetenv(entry.c_str());
    else
      setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
}

[[noreturn]] void become(const Start& start, const fs::path& out, const fs::path& err) {
  redirect(err, O_WRONLY | O_CREAT | O_APPEND, 2);
  redirect(out, O_WRONLY | O_CREAT | O_APPEND, 1);
  redirect("/dev/null", O_RDONLY, 0);
  place_descriptors(start.fds);
  if (!start.cwd.empty() && chdir(start.cwd.c_str()) < 0) child_fails(start.cwd.c_str());
  set_environment(start.env);
  for (const auto& [resource, value] : start.limits) {
    const rlimit limit{value, value};
    if (setrlimit(resource, &limit) < 0) child_fails("setrlimit");
  }
  if (start.user) {
    if (setgroups(0, nullptr) < 0 || setgid(*start.user) < 0 || setuid(*start.user) < 0) child_fails("setuid");
  }
  umask(start.umask.value_or(022));
  set_signals(start);
  if (start.in_child) start.in_child();
  std::vector<char*> argv;
  for (const std::string& word : start.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int notices = fcntl(2, F_DUPFD_CLOEXEC, 200);
  for (const int fd : start.closed) close(fd);
  execv(argv[0], argv.data());
  dprintf(notices, "process-tests: child: exec %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

Exit exit_of(int status) {
  return WIFSIGNALED(status) ? killed(WTERMSIG(status)) : exited(WEXITSTATUS(status));
}

}  // namespace

void fail(const Here& here, const std::string& message) {
  ADD_FAIL_AT(here.file, here.line, message);
  throw std::runtime_error(message);  // not reached: the line above throws
}

// --- waiting -------------------------------------------------------------------------------------------------------
bool wait_readable(int fd, Clock::time_point deadline) {
  return wait_for(fd, deadline);
}

void eventually(std::string_view what, const std::function<bool()>& holds, Here here) {
  const auto deadline = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() >= deadline) fail(here, "never came true: " + std::string(what));
    wait_for(-1, Clock::now() + milliseconds(2));
  }
}

void check_happens_only_with_ours(Named name, const std::function<bool()>& happens, Here here) {
  if (!on_real(name)) return eventually(name->name, happens, here);
  const auto deadline = Clock::now() + milliseconds(300);
  while (!happens()) {
    if (Clock::now() >= deadline) return;
    wait_for(-1, Clock::now() + milliseconds(5));
  }
  ADD_FAIL_CHECK_AT(here.file, here.line, "the real program does it too: " << std::string(name->name));
}

// --- processes by pid ----------------------------------------------------------------------------------------------
char process_state(pid_t pid) {
  return stat_of(pid).state;
}

bool alive(pid_t pid) {
  return !is_dead(process_state(pid));
}

void wait_dead(pid_t pid, Here here) {
  auto fd = sys::pidfd(pid);
  if (!fd || !alive(pid)) return;
  if (!wait_readable(fd->get())) fail(here, "process " + std::to_string(pid) + " does not die");
}

void wait_state(pid_t pid, char state, Here here) {
  eventually(
      "process " + std::to_string(pid) + " is in state " + state, [&] { return process_state(pid) == state; }, here);
}

std::vector<pid_t> all_children(pid_t parent) {
  std::vector<pid_t> found;
  for (const pid_t pid : numbers_in("/proc"))
    if (stat_of(pid).parent == parent) found.push_back(pid);
  return found;
}

std::vector<pid_t> children(pid_t parent) {
  std::vector<pid_t> found = all_children(parent);
  std::erase_if(found, [](pid_t pid) { return !alive(pid); });
  return found;
}

std::vector<pid_t> descendants(pid_t parent) {
  std::vector<std::pair<pid_t, pid_t>> living;  // pid, parent
  for (const pid_t pid : numbers_in("/proc"))
    if (const Stat stat = stat_of(pid); !is_dead(stat.state)) living.emplace_back(pid, stat.parent);
  std::vector<pid_t> found{parent};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const auto& [pid, its_parent] : living)
      if (its_parent == found[i]) found.push_back(pid);
  found.erase(found.begin());
  return found;
}

std::vector<int> open_fds(pid_t pid) {
  return numbers_in("/proc/" + std::to_string(pid) + "/fd");
}

std::string fd_target(pid_t pid, int fd) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), error);
}

// --- starting a process --------------------------------------------------------------------------------------------
std::ostream& operator<<(std::ostream& out, const Exit& exit) {
  if (exit.signal != 0) return out << "killed by " << strsignal(exit.signal);
  return out << "exit " << exit.code;
}

Process::Process(Start start) {
  const std::string name = std::to_string(++runner().started) + "-" + fs::path(start.argv.at(0)).filename().string();
  const fs::path base = runner_directory() / "output" / name;
  out_ = base.string() + ".out";
  err_ = base.string() + ".err";
  fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) fail(Here::now(), std::string("fork: ") + strerror(errno));
  if (pid_ == 0) become(start, out_, err_);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(other.exit_),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Process::~Process() {
  if (pid_ < 0 || !running()) return;
  const std::vector<pid_t> family = descendants(pid_);
  ::kill(pid_, SIGKILL);
  for (const pid_t pid : family) ::kill(pid, SIGKILL);
  int status;
  waitpid(pid_, &status, 0);
}

bool Process::running() {
  int status = 0;
  if (!exit_ && waitpid(pid_, &status, WNOHANG) == pid_) exit_ = exit_of(status);
  return !exit_;
}

Exit Process::wait(Here here) {
  if (running()) {
    auto fd = sys::pidfd(pid_);
    if (!fd || !wait_readable(fd->get())) fail(here, "it does not end; it said: " + err());
    // It has ended; where it was traced, its tracer has to hear of that before we can.
    eventually(
        "its end can be waited for", [this] { return !running(); }, here);
  }
  return *exit_;
}

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

void Process::freeze() {
  signal(SIGSTOP);
  wait_state(pid_, 'T');
}

void Process::thaw() {
  signal(SIGCONT);
}

std::string Process::out() const {
  return read_file(out_);
}

std::string Process::err() const {
  return read_file(err_);
}

Ran run(Start start, Here here) {
  Process process(std::move(start));
  const Exit exit = process.wait(here);
  return {exit, process.out(), process.err()};
}

Ran run(std::vector<std::string> argv, Here here) {
  return run(Start{.argv = std::move(argv)}, here);
}

bool strace_works() {
  return access("/usr/bin/strace", X_OK) == 0 &&
         run({"/usr/bin/strace", "-o", "/dev/null", "/bin/true"}).exit == exited(0);
}

// --- the runner ----------------------------------------------------------------------------------------------------
void set_up_runner() {
  const char* parent = getenv("TMPDIR");
  std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/s6-test-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    perror("process-tests: mkdtemp");
    exit(111);
  }
  runner().directory = fs::canonical(pattern);
  chmod(pattern.c_str(), 0711);
  fs::create_directory(runner_directory() / "output");
  fs::copy_file(S6_TEST_SERVICE, runner_directory() / "test-service");

  // Of programs that are built with AddressSanitizer: a search for leaks at their end would look as if they waited, and
  // there is no heap to leak.
  setenv("ASAN_OPTIONS", "detect_leaks=0", 0);

  // Nothing that the runner was started with may show in the programs under test.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (int number = 1; number < 32; ++number)
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  signal(SIGPIPE, SIG_IGN);
  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGALRM}) sigaddset(&ending, number);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  runner().interrupts.reset(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  renew_alarm();
}

void renew_alarm() {
  alarm(280);
}

void tear_down_runner() {
  kill_all_descendants();
  std::error_code ignored;
  if (getenv("S6_TEST_KEEP") == nullptr) fs::remove_all(runner_directory(), ignored);
}

const fs::path& runner_directory() {
  return runner().directory;
}

void kill_all_descendants() {
  // A process may have forked between the look and the kill, so look again until nothing is left.
  for (std::vector<pid_t> left; !(left = descendants(getpid())).empty();) {
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    for (const pid_t pid : left)
      if (auto fd = sys::pidfd(pid)) (void)wait_readable(fd->get());
    reap_dead_children();
  }
  reap_dead_children();
}

void reap_dead_children() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
}

}  // namespace s6::test
