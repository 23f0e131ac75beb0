#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "families.hpp"

namespace s6::bench {
namespace {

constexpr int starts = 100;

pid_t by_vfork(char* const* argv) {
  const pid_t pid = ::vfork();
  if (pid != 0) return pid;
  ::execve(argv[0], argv, environ);
  ::_exit(127);
}

pid_t by_posix_spawn(char* const* argv) {
  pid_t pid = -1;
  return ::posix_spawn(&pid, argv[0], nullptr, nullptr, argv, environ) == 0 ? pid : -1;
}

void sample_starts(const Sink& sink, const char* id, pid_t (*spawn)(char* const*)) {
  std::string program = bench_program("bench-nothing");
  char* const argv[] = {program.data(), nullptr};
  for (int i = 0; i < starts; ++i) {
    const Stopwatch stopwatch;
    const pid_t pid = spawn(argv);
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid || status != 0) fail_errno("cannot start " + program);
    sink(id, stopwatch.milliseconds());
  }
}

void sample(const Candidate&, const Sink& sink) {
  sample_starts(sink, "vfork", by_vfork);
  sample_starts(sink, "posix-spawn", by_posix_spawn);
}

}  // namespace

Family floor_family() {
  return {.name = "floor",
          .figures = {{"vfork", "an empty static program: vfork + exec + exit + wait, ms"},
                      {"posix-spawn", "an empty static program: posix_spawn of the system's libc + exit + wait, ms"}},
          .rounds = 10,
          .make = without_state(sample, {Candidate::Kind::bare})};
}

}  // namespace s6::bench
