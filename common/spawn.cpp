#include "common/spawn.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/cli.hpp"
#include "common/exec_path.hpp"

#ifdef __SANITIZE_ADDRESS__
#define S6_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define S6_ADDRESS_SANITIZER
#endif
#endif
#ifdef S6_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace s6 {
namespace {

enum class Descriptors : bool { own, shared };

// What parent and child share. The child writes the error; while it can, the parent does not run.
struct Shared {
  const Spawn& request;
  volatile Descriptors descriptors = Descriptors::own;  // of the child
  volatile int failed_with = 0;
  const char* volatile doing = "";
  const char* volatile path = "";
};

int fail(Shared& shared, const Error& error) noexcept {
  shared.doing = error.doing;
  shared.path = error.path;
  shared.failed_with = error.code;
  return 127;
}

// Puts every descriptor in its place. A target that is still wanted as another one's source is saved first.
Result<void> place_descriptors(std::span<const FdMove> requested) noexcept {
  std::array<FdMove, max_moves> moves{};
  const std::size_t count = std::min(requested.size(), moves.size());
  std::copy_n(requested.begin(), count, moves.begin());
  for (std::size_t i = 0; i < count; ++i) {
    if (moves[i].from == moves[i].to) {
      if (auto kept = sys::keep_across_exec(moves[i].to); !kept) return kept.error();
      continue;
    }
    for (std::size_t later = i + 1; later < count; ++later) {
      if (moves[later].from != moves[i].to) continue;
      auto saved = sys::dup_above(moves[later].from, 0);
      if (!saved) return saved.error();
      moves[later].from = saved->release();
    }
    if (auto moved = sys::dup_onto(moves[i].from, moves[i].to); !moved) return moved.error();
  }
  return {};
}

Error exec_first(const Spawn& request) noexcept {
  Error error{ENOENT, "execute", ""};
  for (const char* program : request.programs) {
    error = request.search == Search::path ? exec_in_path(program, request.argv) : sys::exec(program, request.argv);
    if (error.code != ENOENT && error.code != ENOTDIR) break;
  }
  return error;
}

// The child, step by step; only returns when a step failed.
Error become_program(const Spawn& request) noexcept {
  if (request.session == Session::own) ::setsid();  // cannot fail: a new child leads no process group
  sys::default_signal(SIGPIPE);
  if (request.descriptor_limit) sys::set_descriptor_limit(*request.descriptor_limit);
  if (request.directory >= 0)
    if (auto changed = sys::chdir(request.directory); !changed) return changed.error();
  if (auto placed = place_descriptors(request.moves); !placed) return placed.error();
  // Signals come last but for the wait: until here nothing can interrupt the child half-way.
  sys::unblock_all_signals();
  if (request.lock_wait == LockWait::until_acquired) {
    // It may wait for hours: it must not pass for its parent, as a reader of the parent's FIFO would.
    sys::close_on_exec_now();
    if (auto locked = sys::lock_description_waiting(request.lock_fd); !locked) return locked.error();
  }
  return exec_first(request);
}

[[gnu::noinline]] int run_child(Shared& shared) noexcept {
  if (shared.descriptors == Descriptors::shared) {
    if (!sys::leave_descriptors_from(shared.request.descriptors_below))
      return fail(shared, {ENOSYS, "leave descriptors behind", ""});
    shared.descriptors = Descriptors::own;
  }
  return fail(shared, become_program(shared.request));
}

Result<pid_t> fork_and_wait_in_the_child(const Spawn& request, int clone_flags) noexcept {
  // A raw clone without CLONE_VM is fork; the flag for a pid namespace fits in.
  alignas(16) std::byte stack[16384];
  struct Start {
    static int run(void* argument) noexcept {
      const Spawn& spawn = *static_cast<const Spawn*>(argument);
      const Error error = become_program(spawn);
      cli::say(cli::Level::fatal, error);
      return error.code == ENOENT ? 127 : 126;
    }
  };
  const pid_t pid = ::clone(&Start::run, stack + sizeof stack, clone_flags, const_cast<Spawn*>(&request));
  if (pid < 0) return Error{errno, "create a process", ""};
  return pid;
}

// AddressSanitizer marks the gaps between variables, and a child that executes its program never takes its marks back:
// whoever uses this memory next would stumble over them. (It looks after vfork itself.)
void forget_redzones([[maybe_unused]] std::span<const std::byte> stack) noexcept {
#ifdef S6_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(stack.data(), stack.size());
#endif
}

Result<pid_t> outcome(pid_t pid, const Shared& shared) noexcept {
  if (pid < 0) return Error{errno, "create a process", ""};
  if (shared.failed_with == 0) return pid;
  // Collect the child that failed, so that nobody mistakes its death for that of a service.
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return Error{shared.failed_with, shared.doing, shared.path};
}

// The child goes on below this very frame while the parent waits: on pages that the parent's other calls use as well.
// A stack of its own would stay touched as long as a supervisor lives.
[[gnu::noinline]] Result<pid_t> spawn_on_this_stack(const Spawn& request) noexcept {
  Shared shared{.request = request};
  const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork): the child does nothing but this
  if (pid == 0) ::_exit(run_child(shared));
  return outcome(pid, shared);
}

// vfork knows no flags.
[[gnu::noinline]] Result<pid_t> spawn_by_clone(Shared& shared, int flags) noexcept {
  alignas(16) std::byte stack[8192 + 2 * path_size];
  struct Start {
    static int run(void* argument) noexcept { return run_child(*static_cast<Shared*>(argument)); }
  };
  const pid_t pid = ::clone(&Start::run, stack + sizeof stack, SIGCHLD | CLONE_VM | CLONE_VFORK | flags, &shared);
  forget_redzones(stack);
  return outcome(pid, shared);
}

Result<pid_t> spawn_in_own_pid_namespace(const Spawn& request) noexcept {
  Shared shared{.request = request};
  return spawn_by_clone(shared, CLONE_NEWPID);
}

// For as long as it lives, another descriptor is in the place of one of the parent's own.
class Lent {
 public:
  explicit Lent(const FdMove& move) noexcept : place_(move.to) {
    auto own = sys::dup_above(move.to, 0);
    if (!own || !sys::dup_onto(move.from, move.to)) return;
    own_ = std::move(*own);
  }
  ~Lent() {
    if (own_) (void)sys::dup_onto(own_.get(), place_);
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  [[nodiscard]] bool is_done() const noexcept { return static_cast<bool>(own_); }

 private:
  UniqueFd own_;
  int place_;
};

// Parent and child share the table of descriptors until the child takes a copy of its beginning. So what is moved is
// put in its place by the parent. Nothing: the system cannot do this.
std::optional<Result<pid_t>> spawn_with_few_descriptors(const Spawn& request) noexcept {
  std::optional<Lent> lent;
  if (!request.moves.empty() && !lent.emplace(request.moves[0]).is_done()) return std::nullopt;
  Spawn in_place = request;
  in_place.moves = {};
  Shared shared{.request = in_place, .descriptors = Descriptors::shared};
  const Result<pid_t> started = spawn_by_clone(shared, CLONE_FILES);
  return shared.descriptors == Descriptors::own ? std::optional(started) : std::nullopt;
}

}  // namespace

Result<pid_t> spawn(const Spawn& request) noexcept {
  const bool own_namespace = request.pids == Pids::own_namespace;
  if (request.lock_wait == LockWait::until_acquired)
    return fork_and_wait_in_the_child(request, SIGCHLD | (own_namespace ? CLONE_NEWPID : 0));
  if (request.descriptors_below > 0 && !own_namespace && request.moves.size() <= 1)
    if (const auto started = spawn_with_few_descriptors(request)) return *started;
  return own_namespace ? spawn_in_own_pid_namespace(request) : spawn_on_this_stack(request);
}

}  // namespace s6
