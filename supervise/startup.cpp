#include "supervise/startup.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/service_dir.hpp"
#include "supervise/records.hpp"

namespace s6::supervise {
namespace {

constexpr mode_t private_directory = 0700;
constexpr mode_t lock_mode = 0644;
constexpr mode_t control_mode = 0600;
constexpr std::size_t longest_link = 512;  // text of a link to a directory that is to be made

enum class Directory : bool { existed, made };

// Of what is made at the start, or opened for writing.
[[noreturn]] void die_unwritable(const Error& error) noexcept {
  switch (error.code) {
    case EROFS: cli::die(error, "event and supervise may be links to directories that can be written, as on a tmpfs");
    case EACCES: cli::die(error, "only root and the owner of the service directory can supervise it");
    default: cli::die(error);
  }
}

// Makes a directory, or what a dangling link of that name points to (so that the directory can live on a tmpfs that is
// empty after a boot). One that exists is left as it is.
Directory make_directory_or_die(const char* path) noexcept {
  auto made = sys::mkdir(path, private_directory);
  if (made) return Directory::made;
  if (made.error().code != EEXIST) die_unwritable(made.error());
  auto st = sys::stat(path);
  if (st && S_ISDIR(st->st_mode)) return Directory::existed;
  if (st) cli::die(cli::usage_error, {"./", path, " exists and is not a directory; remove it"});
  std::array<char, longest_link> target{};
  auto size = sys::readlink(path, target);
  if (!size) cli::die(size.error());
  if (*size == target.size()) cli::die(Error{ENAMETOOLONG, "follow the link", path});
  target[*size] = '\0';
  if (auto there = sys::mkdir(target.data(), private_directory); !there)
    cli::die(Error{there.error().code, "make the directory to which this link leads:", path},
             "make it, or the directories above it");
  return Directory::made;
}

Directory make_event_directory_or_die() noexcept {
  if (make_directory_or_die(service_dir::event) == Directory::existed) return Directory::existed;
  if (auto r = sys::chgrp(service_dir::event, sys::effective_group()); !r) cli::die(r.error());
  if (auto r = sys::chmod(service_dir::event, fifodir::restricted_mode); !r) cli::die(r.error());
  return Directory::made;
}

// Supervisors that start at the same time look for each other one by one. Nobody else can open this directory. Where it
// cannot be locked, on some network file systems, they do without.
UniqueFd take_turn_or_die() noexcept {
  auto turn = sys::open(service_dir::supervise, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!turn) return UniqueFd();
  if (const auto taken = sys::lock_directory(turn->get()); taken && !*taken)
    cli::die(cli::usage_error, {"another s6-supervise is just starting here; there is nothing to do"});
  return std::move(*turn);
}

UniqueFd open_lock_or_die(int flags) noexcept {
  auto fd = sys::open(service_dir::lock, O_WRONLY | O_CREAT | O_NONBLOCK | flags, lock_mode);
  if (!fd) die_unwritable(fd.error());
  return std::move(*fd);
}

bool lock_or_die(const UniqueFd& lock) noexcept {
  auto locked = sys::lock_exclusive(lock.get());
  if (!locked) cli::die(Error{locked.error().code, "lock", service_dir::lock});
  return *locked;
}

// Whoever may see whether a supervisor runs may read the lock file, and so put a reader's lock on it while there is no
// supervisor. That must not keep one away: the file is left to them, and another takes its place.
UniqueFd take_lock_or_die() noexcept {
  const UniqueFd turn = take_turn_or_die();
  UniqueFd lock = open_lock_or_die(0);
  if (lock_or_die(lock)) return lock;
  const auto other = sys::test_lock(lock.get());  // only writers' locks, as those of supervisors
  if (other && !other->locked) {
    if (auto removed = sys::unlink(service_dir::lock); !removed) cli::die(removed.error());
    lock = open_lock_or_die(O_EXCL);
    if (lock_or_die(lock)) return lock;
  }
  const pid_t holder = other ? other->holder : 0;
  cli::die(cli::usage_error,
           {"another s6-supervise is already running here", holder != 0 ? ", pid " : "",
            holder != 0 ? to_text(holder).view() : std::string_view(), "; s6-svc -xd ends it with its service"});
}

UniqueFd open_control_or_die() noexcept {
  auto made = sys::mkfifo(service_dir::control, control_mode);
  if (!made && made.error().code != EEXIST) die_unwritable(made.error());
  auto fd = sys::open(service_dir::control, O_RDWR | O_NONBLOCK | O_NOCTTY);
  if (!fd && fd.error().code != EISDIR) die_unwritable(fd.error());
  auto st = fd ? sys::fstat(fd->get()) : Result<struct stat>(fd.error());
  if (fd && !st) cli::die(Error{st.error().code, "stat", service_dir::control});
  if (!fd || !S_ISFIFO(st->st_mode))
    cli::die(cli::usage_error, {service_dir::control, " exists and is not a FIFO; remove it"});
  return std::move(*fd);
}

// Signals that arrive as events, and those that are kept from killing: the service of a dead supervisor would be an
// orphan. Terminal stops keep their meaning, and errors of the program itself must show.
sys::SignalQueue take_signals_or_die() noexcept {
  constexpr std::array handled{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD};
  constexpr std::array left_alone{SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS,
                                  SIGILL,  SIGFPE,  SIGTRAP, SIGSYS,  SIGABRT};
  sys::default_signal(SIGCHLD);  // ignored by some parents, and then no death would ever be told
  auto queue = sys::SignalQueue::open(handled);
  if (!queue) cli::die(queue.error());
  sys::block_all_signals_but(left_alone);
  return std::move(*queue);
}

Wish read_wish_or_die() noexcept {
  auto found = sys::access(service_dir::down, F_OK);
  if (found) return Wish::down;
  if (found.error().code == ENOENT) return Wish::up;
  cli::die(found.error());
}

}  // namespace

Startup start_up_or_die() noexcept {
  if (auto r = sys::open_missing_stdio(); !r) cli::die(r.error());
  Startup startup;
  auto event = Directory::existed;
  {
    const sys::ScopedUmask exact_modes(0);
    event = make_event_directory_or_die();
    make_directory_or_die(service_dir::supervise);
    startup.resources.lock = take_lock_or_die();
    startup.resources.control = open_control_or_die();
  }
  startup.resources.signals = take_signals_or_die();
  if (event == Directory::existed)
    if (auto r = fifodir::clean(service_dir::event); !r) cli::warn(r.error());
  if (auto r = clear_tally(); !r) die_unwritable(r.error());
  startup.wish = read_wish_or_die();
  return startup;
}

}  // namespace s6::supervise
