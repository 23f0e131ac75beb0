#pragma once
// Starting a child: the one place that creates processes.
//
// The parent waits until the child has executed its program or failed to, so a program that cannot be executed is an
// Error here and not a death later. The child shares the parent's memory until then (CLONE_VM | CLONE_VFORK): nothing
// is copied, which makes it several times cheaper than fork.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/result.hpp"
#include "common/sys.hpp"

namespace s6 {

struct FdMove {
  int from;
  int to;
};

enum class Session : bool { same, own };              // own: setsid before anything else
enum class Pids : bool { same, own_namespace };       // own: the child is pid 1 of a new pid namespace
enum class LockWait : bool { none, until_acquired };  // see Spawn::lock_wait
enum class Search : bool { none, path };              // path: see exec_path.hpp

struct Spawn {
  // Tried in this order; the next only when one does not exist.
  std::span<const char* const> programs;
  Search search = Search::none;
  const char* const* argv = nullptr;  // null-terminated
  // Put in place all together: a target may be another one's source. The copies survive exec. At most max_moves.
  std::span<const FdMove> moves = {};
  int directory = -1;  // the child's working directory; -1: the parent's
  Session session = Session::same;
  Pids pids = Pids::same;
  // A descriptor (as numbered in the child, after the moves) on which the child first waits for an
  // open-file-description lock. Such a child is a full fork, so that the parent need not wait with it; if it cannot
  // execute its program afterwards it says so itself and exits 127 (not found) or 126.
  LockWait lock_wait = LockWait::none;
  int lock_fd = -1;
  // For a parent with thousands of descriptors, as a start would take the longer the more it has: the child gets only
  // those below this number, and what moves put there, of which there may be one. 0: all. Where the system cannot do it
  // (Linux before 5.9) it gets all of them, too.
  int descriptors_below = 0;
  // The child's soft limit on descriptors, for parents that raised their own.
  std::optional<std::uint64_t> descriptor_limit = {};
};
inline constexpr std::size_t max_moves = 4;

// The child gets: an empty signal mask, SIGPIPE at its default, every other disposition and everything else as the
// parent has it, minus close-on-exec descriptors.
Result<pid_t> spawn(const Spawn& request) noexcept;

}  // namespace s6
