// s6-setlock: becomes a program once it holds the lock on a file.
#include <errno.h>
#include <fcntl.h>

#include <limits>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

struct Request {
  sys::Lock kind = sys::Lock::exclusive;
  bool wait = true;
  std::uint32_t timeout = 0;  // milliseconds, 0: none
  std::optional<int> fd;      // where the program shall find the lock

  [[nodiscard]] sys::Nanoseconds patience() const noexcept {
    if (!wait) return 0;
    return timeout == 0 ? sys::never : timeout * sys::millisecond;
  }
};

bool set_kind(Request& request, char letter, const char*) noexcept {
  request.kind = letter == 'r' ? sys::Lock::shared : sys::Lock::exclusive;
  return true;
}
bool set_wait(Request& request, char letter, const char*) noexcept {
  request.wait = letter == 'N';
  return true;
}
bool set_timeout(Request& request, char, const char* value) noexcept {
  return read_u32(value, request.timeout);
}
bool set_fd(Request& request, char, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (!number || *number > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return false;
  request.fd = static_cast<int>(*number);
  return true;
}

constexpr options::Option<Request> option_table[] = {
    {{'r'}, set_kind, "share the lock with other readers"},
    {{'w'}, set_kind, "lock exclusively; the default"},
    {{'n'}, set_wait, "exit with 1 if the lock is taken"},
    {{'N'}, set_wait, "wait for the lock; the default"},
    {{'t', "ms"}, set_timeout, "wait at most ms milliseconds; 0, the default, is for ever"},
    {{'d', "fd"}, set_fd, "prog has the lock on descriptor fd"},
};

// A shared lock needs no right to write, and so can be on anything that exists.
Result<UniqueFd> open(const char* path, sys::Lock kind) noexcept {
  if (kind == sys::Lock::exclusive) return sys::open(path, O_WRONLY | O_CREAT | O_NONBLOCK);
  auto existing = sys::open(path, O_RDONLY | O_NONBLOCK);
  if (existing || existing.error().code != ENOENT) return existing;
  return sys::open(path, O_RDONLY | O_CREAT | O_NONBLOCK);
}

// The descriptor goes to its place before the lock is taken: to close another one of the same file loses the lock.
Result<int> place(UniqueFd file, std::optional<int> fd) noexcept {
  if (!fd || *fd == file.get()) {
    if (auto kept = sys::keep_across_exec(file.get()); !kept) return kept.error();
    return file.release();
  }
  if (auto moved = sys::dup_onto(file.get(), *fd); !moved) return moved.error();
  return *fd;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-setlock");
  Request request;
  const auto parsed = options::parse(option_table, request, options::words_of(argc, argv));
  const auto usage = options::usage("s6-setlock", option_table, "lockfile prog...");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed,
                          "those of prog, 1 the lock is taken, 126 prog cannot be executed, 127 it is not there");
  if (parsed.operands.size() < 2) cli::die_usage(usage.view(), "a file and a program are needed");

  const char* const path = parsed.operands[0];
  auto file = open(path, request.kind);
  if (!file) cli::die(file.error());
  const auto fd = place(std::move(*file), request.fd);
  if (!fd) cli::die(Error{fd.error().code, "use the descriptor for the lock on", path});
  const auto locked = sys::lock_within(*fd, request.kind, request.patience());
  if (!locked) cli::die(Error{locked.error().code, "lock", path});
  if (!*locked && request.wait) cli::die(cli::negative, {"timed out waiting for the lock on ", path});
  if (!*locked)
    cli::die(cli::negative, {"unable to lock ", path, ": another process has locked it; -N waits for that"});
  exec_or_die(parsed.operands.data() + 1);
}
