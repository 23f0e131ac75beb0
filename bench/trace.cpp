#include "trace.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

namespace s6::bench {
namespace {

constexpr std::array stat_like_calls{
#ifdef SYS_stat
    SYS_stat,       SYS_lstat,     SYS_access,
#endif
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
    SYS_statx,      SYS_faccessat,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
};

// The libraries differ in the types of ptrace's parameters.
long trace(int request, pid_t pid, unsigned long address, unsigned long data) {
  return ::syscall(SYS_ptrace, request, pid, address, data);
}

constexpr unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr unsigned long options_for_trees = options | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;

// SIGCHLD wakes us for each stop of a traced process; it is blocked and taken with sigtimedwait.
class BlockedSigchld {
 public:
  BlockedSigchld() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
  }
  ~BlockedSigchld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSigchld(const BlockedSigchld&) = delete;
  BlockedSigchld& operator=(const BlockedSigchld&) = delete;
  // false: nothing came for 20 ms.
  [[nodiscard]] bool wait() const {
    const timespec time{0, 20'000'000};
    return ::sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

class Tracer {
 public:
  // A child made by start() with `traced`.
  void follow_from_exec(pid_t pid) {
    main_ = pid;
    counting_ = false;
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) fail("a program that should be traced did not start");
    known_.insert(pid);
    if (trace(PTRACE_SETOPTIONS, pid, 0, options_for_trees) != 0) fail_errno("PTRACE_SETOPTIONS");
    resume(pid, 0);
  }

  void attach(pid_t pid) {
    main_ = pid;
    counting_ = true;
    if (trace(PTRACE_SEIZE, pid, 0, options) != 0) fail_errno("PTRACE_SEIZE");
    known_.insert(pid);
    resume(pid, stop(pid));
  }

  void detach() { trace(PTRACE_DETACH, main_, 0, static_cast<unsigned long>(stop(main_))); }

  // Until all processes have ended, helpers that outlive the first one, too, or `done` is true while nothing happens.
  void loop(const std::function<bool()>& done) {
    const Clock::time_point deadline = Clock::now() + patience;
    while (Clock::now() < deadline) {
      handle_all();
      if (known_.empty()) return;
      if (!signals_.wait() && done()) return;
    }
    fail("waited too long for a traced program");
  }

  [[nodiscard]] int main_status() const { return main_status_; }
  [[nodiscard]] Calls calls() const { return calls_; }

 private:
  void handle_all() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0) handle(pid, status);
  }

  void handle(pid_t pid, int status) {
    if (!WIFSTOPPED(status)) {
      known_.erase(pid);
      if (pid == main_) main_status_ = status;
    } else {
      resume(pid, signal_to_deliver(pid, status));
    }
  }

  int signal_to_deliver(pid_t pid, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      count(pid);
      return 0;
    }
    // A new process stops once because it is traced; stops of the kernel's own making carry an event.
    const bool is_new = known_.insert(pid).second;
    if (status >> 16 != 0 || signal == SIGTRAP || (is_new && signal == SIGSTOP)) return 0;
    return signal;
  }

  void count(pid_t pid) {
    __ptrace_syscall_info info{};
    if (trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, reinterpret_cast<unsigned long>(&info)) <= 0) return;
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    const long number = static_cast<long>(info.entry.nr);
    counting_ = counting_ || number == SYS_execve;
    if (!counting_) return;
    ++calls_.all;
    if (std::ranges::find(stat_like_calls, number) != stat_like_calls.end()) ++calls_.stat_like;
  }

  void resume(pid_t pid, int signal) { trace(PTRACE_SYSCALL, pid, 0, static_cast<unsigned long>(signal)); }

  // Returns the signal that the process was about to get, or 0. Whatever it stops for, it then stops no more for our
  // sake.
  int stop(pid_t pid) {
    if (trace(PTRACE_INTERRUPT, pid, 0, 0) != 0) fail_errno("PTRACE_INTERRUPT");
    const Clock::time_point deadline = Clock::now() + patience;
    while (Clock::now() < deadline) {
      int status = 0;
      const pid_t stopped = ::waitpid(pid, &status, WNOHANG | __WALL);
      if (stopped == pid && WIFSTOPPED(status)) return signal_to_deliver(pid, status);
      if (stopped != 0) fail("a process ended while it was traced");
      (void)signals_.wait();
    }
    fail("a traced process does not stop");
  }

  BlockedSigchld signals_;
  std::set<pid_t> known_;
  pid_t main_ = -1;
  int main_status_ = -1;
  bool counting_ = false;
  Calls calls_;
};

}  // namespace

Calls count_calls(Command command) {
  command.traced = true;
  Tracer tracer;
  tracer.follow_from_exec(start(command));
  tracer.loop([] { return false; });
  if (tracer.main_status() != 0) fail(command.argv[0] + " failed while its system calls were counted");
  return tracer.calls();
}

Calls count_calls_until(Command command, const std::function<bool()>& done) {
  command.traced = true;
  Tracer tracer;
  tracer.follow_from_exec(start(command));
  tracer.loop(done);
  kill_descendants();
  return tracer.calls();
}

Calls count_calls_of(pid_t pid, const std::function<void()>& begin, const std::function<bool()>& done) {
  Tracer tracer;
  tracer.attach(pid);
  begin();
  tracer.loop(done);
  tracer.detach();
  return tracer.calls();
}

}  // namespace s6::bench
