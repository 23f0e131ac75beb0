// The least that a supervisor can do, as a measure for real ones: nothing here is configurable or safe.
//
//   bench-bare      runs ./run, writes supervise/status, starts it again when it dies; SIGTERM ends both
//   bench-bare DIR  starts a bench-bare in each directory in DIR; SIGTERM ends them all
//
// A service counts as ready when it is started.
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.hpp"

namespace s6::bench {
namespace {

void write_status(pid_t pid) {
  const Tai64n stamp = stamp_now();
  replace_status({.changed = stamp, .ready_since = stamp, .pid = pid, .want_up = true, .ready = true});
}

// true: asked to end. false: a child has died.
bool wait_for_signal(const sigset_t& handled) {
  int number = 0;
  return ::sigwait(&handled, &number) == 0 && number == SIGTERM;
}

int supervise(const sigset_t& handled) {
  const char* const argv[] = {"./run", nullptr};
  ::mkdir("supervise", 0700);
  for (;;) {
    const pid_t pid = spawn("./run", argv, [] { return true; });
    write_status(pid);
    const bool ending = wait_for_signal(handled);
    if (ending) ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    if (ending) return 0;
  }
}

constexpr int most_children = 20000;
pid_t children[most_children];

int supervise_all(const char* scan_directory, const char* self, const sigset_t& handled) {
  const char* const argv[] = {self, nullptr};
  DIR* const directory = ::chdir(scan_directory) == 0 ? ::opendir(".") : nullptr;
  if (directory == nullptr) return 111;
  int count = 0;
  while (const dirent* entry = ::readdir(directory))
    if (entry->d_name[0] != '.' && count < most_children)
      children[count++] = spawn(self, argv, [entry] { return ::chdir(entry->d_name) == 0; });
  ::closedir(directory);
  while (!wait_for_signal(handled)) continue;
  for (int i = 0; i < count; ++i) ::kill(children[i], SIGTERM);
  while (::wait(nullptr) > 0) continue;
  return 0;
}

}  // namespace
}  // namespace s6::bench

int main(int argc, char** argv) {
  const sigset_t handled = s6::bench::signal_set({SIGTERM, SIGCHLD});
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  return argc > 1 ? s6::bench::supervise_all(argv[1], argv[0], handled) : s6::bench::supervise(handled);
}
