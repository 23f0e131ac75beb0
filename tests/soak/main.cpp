// soak: a tree of many services, disturbed in every way for a while (suite "disturbed"), and very many services that
// come up, answer and go down (suite "many"). Prints what it did and counted; exit code 0 if all of it was right.
//
//   S6_SOAK_SEED       of what it does (1)
//   S6_SOAK_SERVICES   how many; one in four of a disturbed tree has a logger (200)
//   S6_SOAK_SECONDS    how long they are disturbed (60)
//   S6_SOAK_LOGGED     "many": 1 gives each service a logger (0)
//
// The programs under test are those beside this one, unless the S6_TEST_... variables of the process tests name others.
// All of it happens in a pid and a mount namespace, on a tmpfs: when it ends, in whatever way, the kernel takes away
// all processes, files and mounts. A deadline ends it in any case. Needs root; without it, exit code 77.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "process.hpp"
#include "programs.hpp"
#include "tests/soak/parameters.hpp"

namespace {

namespace fs = std::filesystem;
using namespace s6;

void find_programs_beside() {
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  for (const char* name : {"S6_TEST_SUPERVISORS", "S6_TEST_CLIENTS"}) setenv(name, here.c_str(), 0);
}

// As far as the right to do so goes: tests that need more find out.
void raise_limits() {
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_NPROC}) {
    rlimit limit{};
    if (getrlimit(resource, &limit) < 0) continue;
    const rlimit wanted{std::max<rlim_t>(limit.rlim_max, 1'000'000), std::max<rlim_t>(limit.rlim_max, 1'000'000)};
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &wanted) < 0) (void)setrlimit(resource, &limit);
  }
}

int run_inside(int argc, char** argv, const std::string& scratch) {
  if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      mount("proc", "/proc", "proc", 0, nullptr) < 0 ||
      mount("soak", scratch.c_str(), "tmpfs", 0, "nr_inodes=0,mode=0711") < 0) {
    perror("soak: mount");
    return 77;
  }
  setenv("TMPDIR", scratch.c_str(), 1);
  raise_limits();
  doctest::Context context(argc, argv);
  context.setOption("no-path-filenames", true);
  if (const int problem = test::find_programs(); problem != 0) return problem;
  test::set_up_runner();
  alarm(0);  // that of the process tests
  const int result = context.run();
  test::tear_down_runner();
  return result;
}

// The exit code of `child`. Killing it kills all of its namespace.
int watch(pid_t child, const sigset_t& awaited) {
  const timespec most{soak::longest_run().count(), 0};
  siginfo_t info;
  int number = 0;
  do number = sigtimedwait(&awaited, &info, &most);
  while (number < 0 && errno == EINTR);
  if (number != SIGCHLD) kill(child, SIGKILL);
  if (number < 0) fprintf(stderr, "soak: not done after %ld seconds, killed\n", static_cast<long>(most.tv_sec));
  if (number > 0 && number != SIGCHLD) fprintf(stderr, "soak: interrupted by %s\n", strsignal(number));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  find_programs_beside();
  if (geteuid() != 0 || unshare(CLONE_NEWPID) < 0) {
    fputs("soak: needs root and the right to make namespaces\n", stderr);
    return 77;
  }
  const char* parent = getenv("TMPDIR");
  std::string scratch = std::string(parent != nullptr ? parent : "/tmp") + "/s6-soak-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr) {
    perror("soak: mkdtemp");
    return 111;
  }
  sigset_t awaited, before;
  sigemptyset(&awaited);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) sigaddset(&awaited, number);
  sigprocmask(SIG_BLOCK, &awaited, &before);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    const int result = run_inside(argc, argv, scratch);
    fflush(nullptr);
    _exit(result);
  }
  const int result = child < 0 ? 111 : watch(child, awaited);
  rmdir(scratch.c_str());
  return result;
}
