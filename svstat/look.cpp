#include "svstat/look.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/tally_reader.hpp"

namespace s6::svstat {
namespace {

Result<sys::LockState> look_at_lock(const char* path) noexcept {
  auto fd = sys::open_foreign(path, O_RDONLY);
  if (!fd) return fd.error();
  return sys::test_lock(fd->get());
}

bool is_missing(const Error& error) noexcept {
  return error.code == ENOENT || error.code == ENOTDIR;
}

// The letter of proc(5); '\0' if it cannot be told.
char process_state(pid_t pid) noexcept {
  const TextBuffer<32> path{"/proc/", to_text(pid), "/stat"};
  std::array<char, 64> text;  // "PID (NAME) STATE ...", the name of 15 bytes at most
  const auto size = sys::read_file(path.c_str(), std::as_writable_bytes(std::span(text)));
  if (!size) return '\0';
  const std::string_view line(text.data(), *size);
  const std::size_t name_end = line.rfind(')');
  return name_end == std::string_view::npos || name_end + 2 >= line.size() ? '\0' : line[name_end + 2];
}

bool is_stopped(pid_t pid) noexcept {
  const char state = pid > 0 ? process_state(pid) : '\0';
  return state == 'T' || state == 't';
}

Answer is_there(const char* path) noexcept {
  const auto found = sys::access(path, F_OK);
  if (found) return Answer::yes;
  return is_missing(found.error()) ? Answer::no : Answer::unknown;
}

// The pid is one of the supervisor's pid namespace. Where that is another one than ours, the kernel does not tell its
// own pid either.
Answer process_of(const Observation& seen) noexcept {
  const Keeper& supervisor = seen.supervisor;
  const bool is_comparable = supervisor.state == Keeper::State::missing || supervisor.pid > 0;
  if (!seen.status || seen.status->pid <= 0 || !is_comparable) return Answer::unknown;
  const auto signalled = sys::kill(seen.status->pid, 0);
  if (!signalled && signalled.error().code == ESRCH) return Answer::no;
  // A living supervisor reaps it at once.
  if (supervisor.state != Keeper::State::running && process_state(seen.status->pid) == 'Z') return Answer::no;
  return Answer::yes;
}

void read_status(const char* directory, Observation& seen) noexcept {
  const auto status = service_dir::read_status(directory);
  seen.status = status ? std::optional(*status) : std::nullopt;
  seen.status_error = status ? 0 : status.error().code;
  if (seen.status_error == ENOTDIR) seen.status_error = ENOENT;
}

void read_tally(const char* directory, Observation& seen) noexcept {
  const PathBuffer path = service_dir::below(directory, service_dir::death_tally);
  TallyReader tally;
  const auto opened = path.ok() ? tally.open(path.c_str(), 1) : Result<void>(Error{ENAMETOOLONG});
  seen.has_tally = static_cast<bool>(opened);
  if (!opened) {
    seen.tally_error = is_missing(opened.error()) ? ENOENT : opened.error().code;
    return;
  }
  seen.deaths = static_cast<std::uint32_t>(tally.total());
  if (seen.deaths == 0) return;
  const auto last = tally.next();
  if (last) seen.last_death = *last;
}

}  // namespace

Keeper look_at_keeper(const char* directory, std::string_view subdirectory) noexcept {
  using enum Keeper::State;
  const PathBuffer path{directory, "/", subdirectory, "/lock"};
  const auto lock = path.ok() ? look_at_lock(path.c_str()) : Result<sys::LockState>(Error{ENAMETOOLONG});
  if (!lock && is_missing(lock.error())) return {.state = missing};
  if (!lock) return {.state = unknown, .error = lock.error().code};
  if (!lock->locked) return {.state = missing};
  if (is_stopped(lock->holder)) return {.state = stopped, .pid = lock->holder};
  const auto heard = service_dir::send_control(directory, subdirectory, {});
  const bool listens = heard.outcome == service_dir::Delivery::sent || heard.outcome == service_dir::Delivery::failed;
  return {.state = listens ? running : deaf, .pid = lock->holder};
}

Observation look_at_service(const char* directory) noexcept {
  Observation seen;
  seen.supervisor = look_at_keeper(directory, service_dir::supervise);
  read_status(directory, seen);
  seen.process = process_of(seen);
  seen.down_file = is_there(service_dir::below(directory, service_dir::down).c_str());
  seen.notifies = is_there(service_dir::below(directory, "notification-fd").c_str());
  read_tally(directory, seen);
  return seen;
}

bool needs_second_look(const Observation& seen) noexcept {
  return seen.process == Answer::no && seen.supervisor.answers();
}

void look_again(const char* directory, Observation& seen) noexcept {
  const auto before = seen.status;
  seen = look_at_service(directory);
  const bool is_waiting = process_state(seen.supervisor.pid) == 'S';
  if (needs_second_look(seen) && (seen.status != before || !is_waiting)) seen.process = Answer::unknown;
}

}  // namespace s6::svstat
