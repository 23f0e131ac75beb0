#include "scanner.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "common/service_dir.hpp"
#include "common/sys.hpp"

namespace s6::test {
namespace fs = std::filesystem;
namespace {

std::string proc(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

Start completed(Start how, const ScanDir& dir, std::vector<std::string> options, int ready) {
  if (how.argv.empty()) how.argv = {supervisor("s6-svscan")};
  how.argv.insert(how.argv.end(), {"-d", "3"});
  how.argv.insert(how.argv.end(), options.begin(), options.end());
  how.argv.push_back(dir.path());
  if (how.cwd.empty()) how.cwd = dir.path().parent_path();
  how.fds.emplace_back(3, ready);
  return how;
}

// Starts the process and gives up our copy of what only it is to have.
Process started(Start start, UniqueFd only_its) {
  (void)only_its;
  return Process(std::move(start));
}

bool holds_its_lock(pid_t supervisor) {
  // Opened is not yet locked.
  const auto state = service_dir::test_supervisor(("/proc/" + std::to_string(supervisor) + "/cwd").c_str());
  return state && state->locked && std::ranges::any_of(open_fds(supervisor), [&](int fd) {
           return fd_target(supervisor, fd).ends_with("/supervise/lock");
         });
}

// A supervisor that is told to leave before it has started its logger does so at once, and what is in the pipe is
// nobody's. The loggers of these tests never end by themselves, and those that are to stay down have a file that says
// so.
bool has_logger(pid_t supervisor) {
  const fs::path directory = "/proc/" + std::to_string(supervisor) + "/cwd";
  return is_there(directory / "down") || !children(supervisor).empty();
}

UniqueFd write_end_of_new_pipe(UniqueFd& read_end) {
  auto pipe = sys::pipe();
  if (!pipe) FAIL("pipe");
  read_end = std::move(pipe->read_end);
  return std::move(pipe->write_end);
}

}  // namespace

// --- looking at processes ------------------------------------------------------------------------------------------
std::vector<pid_t> its_children(pid_t parent) {
  const std::string list = proc(parent, "task/" + std::to_string(parent) + "/children");
  if (!is_there(list)) return children(parent);  // an option of the kernel
  std::istringstream in(read_file(list));
  std::vector<pid_t> found;
  for (pid_t pid; in >> pid;)
    if (alive(pid)) found.push_back(pid);
  return found;
}

std::vector<std::string> command_line(pid_t pid) {
  std::istringstream in(read_file(proc(pid, "cmdline")));
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

double start_time(pid_t pid) {
  const std::string line = read_file(proc(pid, "stat"));
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::istringstream words(line.substr(after_name + 1));
  std::string word;
  for (int field = 3; field <= 22; ++field) words >> word;
  return std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int count_fds(pid_t pid, const std::string& target) {
  return static_cast<int>(std::ranges::count_if(open_fds(pid), [&](int fd) { return fd_target(pid, fd) == target; }));
}

bool is_close_on_exec(pid_t pid, int fd) {
  std::istringstream in(read_file(proc(pid, "fdinfo/" + std::to_string(fd))));
  for (std::string key, value; in >> key >> value;)
    if (key == "flags:") return (strtol(value.c_str(), nullptr, 8) & O_CLOEXEC) != 0;
  return false;
}

std::size_t count_lines(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);)
    if (contains(line, part)) ++count;
  return count;
}

bool has_no_ordinary_signal(const std::string& mask) {
  constexpr unsigned long long of_the_c_library = 3ULL << 31;  // signals 32 and 33
  return (std::stoull(mask, nullptr, 16) & ~of_the_c_library) == 0;
}

void kill_supervisor(pid_t supervisor, Here here) {
  const std::vector<pid_t> family = descendants(supervisor);
  kill(supervisor, SIGKILL);
  for (const pid_t pid : family) kill(pid, SIGKILL);
  for (const pid_t pid : family) wait_dead(pid, here);
  wait_dead(supervisor, here);
}

rlim_t limit_descriptors(pid_t pid, rlim_t most) {
  rlimit limit;
  REQUIRE(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
  const rlim_t old = limit.rlim_cur;
  limit.rlim_cur = most;
  REQUIRE(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
  return old;
}

void wait_in_system_call(pid_t pid, std::initializer_list<long> numbers, Here here) {
  eventually(
      "it waits in the system call",
      [&] {
        const std::string text = read_file(proc(pid, "syscall"));
        return !text.empty() && text[0] >= '0' && text[0] <= '9' && std::ranges::count(numbers, std::stol(text)) > 0;
      },
      here);
}

// --- a process that is held ----------------------------------------------------------------------------------------
HeldProcess::HeldProcess(pid_t pid) : pid_(pid) {
  REQUIRE(::ptrace(PTRACE_SEIZE, pid_, nullptr, PTRACE_O_TRACESYSGOOD) == 0);
  REQUIRE(::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr) == 0);
  REQUIRE(::waitpid(pid_, nullptr, __WALL) == pid_);
}

HeldProcess::~HeldProcess() {
  ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
}

void HeldProcess::run_to_next_call() {
  int signal = 0;
  for (;;) {
    REQUIRE(::ptrace(PTRACE_SYSCALL, pid_, nullptr, signal) == 0);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, __WALL) == pid_);
    REQUIRE(WIFSTOPPED(status));
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) return;
    signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;  // stops of the kernel's own making carry an event
  }
}

bool HeldProcess::is_look_at(std::string_view path) const {
  struct __ptrace_syscall_info info = {};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof info, &info);
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
  std::uint64_t address = info.entry.args[1];
  switch (info.entry.nr) {
#ifdef SYS_stat
    case SYS_stat: address = info.entry.args[0]; break;
#endif
    case SYS_newfstatat:
    case SYS_statx: break;
    default: return false;
  }
  std::string text(path.size() + 1, '?');
  const iovec here{text.data(), text.size()}, there{reinterpret_cast<void*>(address), text.size()};
  return ::process_vm_readv(pid_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(text.size()) && text.c_str() == path;
}

void HeldProcess::run_until_look_at(std::string_view path) {
  do run_to_next_call();
  while (!is_look_at(path));
}

// --- scan directories ----------------------------------------------------------------------------------------------
ScanDir::ScanDir(const Scene& scene, std::string_view name)
    : path_(scene.path() / name), services_(scene.path() / "services") {
  fs::create_directory(path_);
  fs::create_directory(services_);
}

ServiceDir ScanDir::apart(std::string_view name, std::string_view script) const {
  ServiceDir dir(services_ / name);
  dir.run(script);
  return dir;
}

ServiceDir ScanDir::service(std::string_view name, std::string_view script) const {
  ServiceDir dir = apart(name, script);
  link(dir);
  return dir;
}

ServiceDir ScanDir::idle(std::string_view name) const {
  ServiceDir dir = apart(name);
  dir.file("down", "");
  link(dir);
  return dir;
}

void ScanDir::link(const ServiceDir& dir, std::string_view name) const {
  link(dir.path(), name.empty() ? std::string_view(dir.name()) : name);
}

void ScanDir::link(const fs::path& target, std::string_view name) const {
  fs::create_symlink(target, path_ / name);
}

void ScanDir::unlink(std::string_view name) const {
  REQUIRE(fs::remove(path_ / name));
}

void ScanDir::rename(std::string_view from, std::string_view to) const {
  fs::rename(path_ / from, path_ / to);
}

void ScanDir::program(std::string_view name, std::string_view script) {
  (void)voice();
  scripted(own(name), script);
}

Voice& ScanDir::voice() {
  if (!voice_) {
    fs::create_directory(own(""));
    voice_ = std::make_unique<Voice>(own("voice"));
  }
  return *voice_;
}

ServiceDir logger_of(const ServiceDir& service) {
  ServiceDir log(service / "log");
  log.run_sh("exec cat >voice");
  return log;
}

ServiceDir idle_logger_of(const ServiceDir& service) {
  ServiceDir log = logger_of(service);
  log.file("down", "");
  return log;
}

ScanCounter::ScanCounter(const ScanDir& dir) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  REQUIRE(inotify_add_watch(fd_.get(), dir.path().c_str(), IN_OPEN | IN_ONLYDIR) >= 0);
}

int ScanCounter::count() {
  alignas(inotify_event) std::array<char, 4096> bytes;
  for (ssize_t size; (size = read(fd_.get(), bytes.data(), bytes.size())) > 0;) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      memcpy(&event, &bytes[at], sizeof event);
      if (event.len == 0 && (event.mask & IN_OPEN) != 0) ++count_;  // the directory itself, not what is in it
      at += sizeof event + event.len;
    }
  }
  return count_;
}

void ScanCounter::wait_for(int scans, Here here) {
  while (count() < scans)
    if (!wait_readable(fd_.get())) fail(here, "there is no scan number " + std::to_string(scans));
}

// --- s6-svscan -----------------------------------------------------------------------------------------------------
Scanner::Scanner(ScanDir& dir, std::vector<std::string> options, Start how, Here here)
    : dir_(dir), process_([&] {
        UniqueFd write_end = write_end_of_new_pipe(ready_);
        Start start = completed(std::move(how), dir, std::move(options), write_end.get());
        return started(std::move(start), std::move(write_end));
      }()) {
  std::array<char, 64> bytes;
  for (ssize_t size = 1; size > 0;) {
    if (!wait_readable(ready_.get())) fail(here, "it does not become ready; it said: " + messages());
    size = read(ready_.get(), bytes.data(), bytes.size());
    if (size > 0) readiness_.append(bytes.data(), static_cast<std::size_t>(size));
  }
  if (readiness_.empty()) fail(here, "it ends without being ready; it said: " + messages());
}

Scanner::~Scanner() {
  if (!process_.running()) return;
  // Frozen first, so that nobody starts anything while they are killed one after the other.
  process_.freeze();
  for (const pid_t pid : its_children(process_.pid())) {
    ::kill(pid, SIGSTOP);
    eventually("a supervisor stops", [&] { return process_state(pid) == 'T' || !alive(pid); });
  }
}

void Scanner::send(std::string_view bytes, Here here) const {
  const UniqueFd control(open(dir_.own("control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!control) fail(here, "nobody listens to " + dir_.own("control").string());
  if (write(control.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    fail(here, "the control fifo is full");
}

void Scanner::settle(Here here) const {
  const UniqueFd control(open(dir_.own("control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  for (int i = 0; i < 2; ++i) {
    send("z", here);
    eventually(
        "the control fifo is read",
        [&] {
          int waiting = 0;
          return ioctl(control.get(), FIONREAD, &waiting) == 0 && waiting == 0;
        },
        here);
  }
}

std::vector<std::string> Scanner::supervised() const {
  std::vector<std::string> names;
  for (const pid_t pid : its_children(pid()))
    if (const auto words = command_line(pid); words.size() == 2 && words[0] == "s6-supervise")
      names.push_back(words[1]);
  std::ranges::sort(names);
  return names;
}

std::vector<pid_t> Scanner::supervisors(std::string_view name) const {
  std::vector<pid_t> found;
  for (const pid_t pid : its_children(pid()))
    if (command_line(pid) == std::vector<std::string>{"s6-supervise", std::string(name)}) found.push_back(pid);
  return found;
}

bool Scanner::supervises(std::string_view name) const {
  return !supervisors(name).empty();
}

pid_t Scanner::supervisor(std::string_view name, Here here) const {
  return next_supervisor(name, 0, here);
}

pid_t Scanner::next_supervisor(std::string_view name, pid_t previous, Here here) const {
  pid_t pid = 0;
  eventually(
      "there is a supervisor of " + std::string(name) + "; it said: " + messages(),
      [&] {
        const std::vector<pid_t> found = supervisors(name);
        if (found.size() != 1 || found[0] == previous || !holds_its_lock(found[0])) return false;
        if (name.ends_with("/log") && !has_logger(found[0])) return false;
        pid = found[0];
        return true;
      },
      here);
  return pid;
}

void Scanner::wait_gone(std::string_view name, Here here) const {
  eventually(
      "the supervisor of " + std::string(name) + " has gone", [&] { return !supervises(name); }, here);
}

void Scanner::wait_reaped(pid_t pid, Here here) const {
  wait_state(pid, '-', here);
}

void Scanner::expect_message(std::string_view part, Here here) const {
  eventually(
      "a message with \"" + std::string(part) + "\"", [&] { return contains(messages(), part); }, here);
}

Exit Scanner::end(Here here) {
  send("t", here);
  return wait(here);
}

}  // namespace s6::test
