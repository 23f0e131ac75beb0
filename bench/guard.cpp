#include "guard.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>

#include "cgroup.hpp"
#include "process.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

constexpr int failed = 2;

fs::path make_scratch() {
  const char* const place = ::getenv("S6_BENCH_DIR");
  std::string name = std::string(place != nullptr ? place : "/dev/shm") + "/s6-bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail_errno("cannot make a directory like " + name);
  return name;
}

int work_or_fail(const std::function<int(const fs::path& scratch)>& work, const fs::path& scratch) {
  try {
    become_subreaper();
    return work(scratch);
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return failed;
  }
}

// Until the worker has ended or a signal asks for the end.
int wait_for_worker(pid_t worker, const sigset_t& signals) {
  int number = 0;
  while (::sigwait(&signals, &number) == 0 && number == SIGCHLD) {
    int status = 0;
    if (::waitpid(worker, &status, WNOHANG) == worker) return WIFEXITED(status) ? WEXITSTATUS(status) : failed;
  }
  return failed;
}

}  // namespace

int guarded(const std::function<int(const fs::path& scratch)>& work) {
  sigset_t signals;
  sigset_t before;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  become_subreaper();  // of what the worker leaves
  const fs::path scratch = make_scratch();
  const pid_t worker = ::fork();
  if (worker < 0) fail_errno("cannot fork");
  if (worker == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::exit(work_or_fail(work, scratch));
  }
  const int result = wait_for_worker(worker, signals);
  kill_descendants();
  remove_cgroups_of(worker);
  fs::remove_all(scratch);
  return result;
}

}  // namespace s6::bench
