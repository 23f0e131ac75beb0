// The least that a supervisor can do, as a measure for real ones: nothing here is configurable or safe.
//
//   bench-bare      runs ./run, writes supervise/status, starts it again when it dies; SIGTERM ends both
//   bench-bare DIR  starts a bench-bare in each directory in DIR; SIGTERM ends them all
//
// A service counts as ready when it is started.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/status.hpp"

namespace {

char* const* environment = nullptr;

sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGCHLD);
  return set;
}

pid_t spawn(const char* directory, const char* program, const char* name) {
  const char* argv[] = {name, nullptr};
  const sigset_t handled = handled_signals();
  const pid_t pid = ::vfork();
  if (pid != 0) return pid;
  ::sigprocmask(SIG_UNBLOCK, &handled, nullptr);
  if (directory != nullptr && ::chdir(directory) != 0) ::_exit(111);
  ::execve(program, const_cast<char* const*>(argv), environment);
  ::_exit(127);
}

void write_status(pid_t pid) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const s6::Tai64n stamp = s6::tai::from_unix(now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec));
  const auto raw =
      s6::wire::encode({.changed = stamp, .ready_since = stamp, .pid = pid, .want_up = true, .ready = true});
  const int fd = ::open("supervise/status.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, raw.data(), raw.size()) != static_cast<ssize_t>(raw.size())) ::_exit(111);
  ::close(fd);
  if (::rename("supervise/status.new", "supervise/status") != 0) ::_exit(111);
}

// true: asked to end. false: a child has died.
bool wait_for_signal(const sigset_t& handled) {
  int number = 0;
  return ::sigwait(&handled, &number) == 0 && number == SIGTERM;
}

int supervise() {
  const sigset_t handled = handled_signals();
  ::mkdir("supervise", 0700);
  for (;;) {
    const pid_t pid = spawn(nullptr, "./run", "./run");
    write_status(pid);
    const bool ending = wait_for_signal(handled);
    if (ending) ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    if (ending) return 0;
  }
}

constexpr int most_children = 20000;
pid_t children[most_children];

int supervise_all(const char* scan_directory, const char* self) {
  const sigset_t handled = handled_signals();
  DIR* const directory = ::chdir(scan_directory) == 0 ? ::opendir(".") : nullptr;
  if (directory == nullptr) return 111;
  int count = 0;
  while (const dirent* entry = ::readdir(directory))
    if (entry->d_name[0] != '.' && count < most_children) children[count++] = spawn(entry->d_name, self, self);
  ::closedir(directory);
  while (!wait_for_signal(handled)) continue;
  for (int i = 0; i < count; ++i) ::kill(children[i], SIGTERM);
  while (::wait(nullptr) > 0) continue;
  return 0;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  environment = envp;
  const sigset_t handled = handled_signals();
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  return argc > 1 ? supervise_all(argv[1], argv[0]) : supervise();
}
