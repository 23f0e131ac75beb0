#include "common/sys.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#ifndef SYS_close_range
#define SYS_close_range 436  // Linux 5.9, the same number on all machines
#endif
#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37  // <linux/fcntl.h>, Linux 3.15
#define F_OFD_SETLKW 38
#endif

namespace s6 {

void UniqueFd::reset(int fd) noexcept {
  const int saved = errno;
  if (fd_ >= 0) ::close(fd_);  // never retried: the number is free even after EINTR
  fd_ = fd;
  errno = saved;
}

}  // namespace s6

namespace s6::sys {
namespace {

static_assert(cwd == AT_FDCWD);

// Repeats `call` while it is interrupted.
template <class Call>
auto retry(Call call) noexcept {
  auto r = call();
  while (r < 0 && errno == EINTR) r = call();
  return r;
}

Result<void> check(int r, const char* doing, const char* path = "") noexcept {
  if (r < 0) return Error{errno, doing, path};
  return {};
}

Result<std::size_t> counted(ssize_t r, const char* doing, const char* path = "") noexcept {
  if (r < 0) return Error{errno, doing, path};
  return static_cast<std::size_t>(r);
}

Result<UniqueFd> owned(int fd, const char* doing, const char* path = "") noexcept {
  if (fd < 0) return Error{errno, doing, path};
  return UniqueFd(fd);
}

Result<void> change_flags(int fd, int get, int set, int clear, int add) noexcept {
  const int flags = ::fcntl(fd, get);
  if (flags < 0) return Error{errno, "read the flags of a descriptor", ""};
  return check(::fcntl(fd, set, (flags & ~clear) | add), "set the flags of a descriptor");
}

struct flock whole_file(short type) noexcept {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// true: taken, false: held by another.
Result<bool> try_lock(int fd, int command) noexcept {
  struct flock lock = whole_file(F_WRLCK);
  if (retry([&] { return ::fcntl(fd, command, &lock); }) >= 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return Error{errno, "lock", ""};
}

sigset_t set_of(std::span<const int> signals) noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : signals) sigaddset(&set, s);
  return set;
}

}  // namespace

// --- files ---------------------------------------------------------------------------------------------------------

Result<UniqueFd> open(const char* path, int flags, mode_t mode) noexcept {
  return open_at(cwd, path, flags, mode);
}

Result<UniqueFd> open_at(int dir, const char* path, int flags, mode_t mode) noexcept {
  return owned(retry([&] { return ::openat(dir, path, flags | O_CLOEXEC, mode); }), "open", path);
}

Result<UniqueFd> open_foreign(const char* path, int access) noexcept {
  return open_foreign_at(cwd, path, access);
}

Result<UniqueFd> open_foreign_at(int dir, const char* path, int access) noexcept {
  return open_at(dir, path, access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

Result<std::size_t> read_file(const char* path, std::span<std::byte> buffer) noexcept {
  const auto fd = open(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.error();
  const auto size = read(fd->get(), buffer);
  if (!size) return Error{size.error().code, "read", path};
  return size;
}

Result<std::size_t> read(int fd, std::span<std::byte> buffer) noexcept {
  return counted(retry([&] { return ::read(fd, buffer.data(), buffer.size()); }), "read");
}

Result<std::size_t> read_at(int fd, std::span<std::byte> buffer, off_t offset) noexcept {
  return counted(retry([&] { return ::pread(fd, buffer.data(), buffer.size(), offset); }), "read");
}

Result<std::size_t> write(int fd, std::span<const std::byte> bytes) noexcept {
  return counted(retry([&] { return ::write(fd, bytes.data(), bytes.size()); }), "write");
}

Result<std::size_t> write_at(int fd, std::span<const std::byte> bytes, off_t offset) noexcept {
  return counted(retry([&] { return ::pwrite(fd, bytes.data(), bytes.size(), offset); }), "write");
}

Result<void> write_all(int fd, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    auto n = write(fd, bytes);
    if (!n) return n.error();
    bytes = bytes.subspan(*n);
  }
  return {};
}

// Filled in place: a scan asks for very many, and their 144 bytes would be copied once more.
Result<struct stat> stat_at(int dir, const char* path, int flags) noexcept {
  Result<struct stat> st(std::in_place);
  if (::fstatat(dir, path, &*st, flags) < 0) st = Error{errno, "stat", path};
  return st;
}
Result<struct stat> stat(const char* path) noexcept {
  return stat_at(cwd, path, 0);
}
Result<struct stat> lstat(const char* path) noexcept {
  return stat_at(cwd, path, AT_SYMLINK_NOFOLLOW);
}
Result<struct stat> fstat(int fd) noexcept {
  struct stat st = {};
  if (::fstat(fd, &st) < 0) return Error{errno, "stat", ""};
  return st;
}

Result<void> truncate(int fd, off_t size) noexcept {
  return check(retry([&] { return ::ftruncate(fd, size); }), "truncate");
}
Result<void> sync(int fd) noexcept {
  if (retry([&] { return ::fsync(fd); }) < 0 && errno != EINVAL && errno != EROFS) return Error{errno, "sync", ""};
  return {};
}
Result<void> mkdir(const char* path, mode_t mode) noexcept {
  return check(::mkdir(path, mode), "make the directory", path);
}
Result<void> mkfifo(const char* path, mode_t mode) noexcept {
  return mkfifo_at(cwd, path, mode);
}
Result<void> mkfifo_at(int dir, const char* path, mode_t mode) noexcept {
  return check(::mkfifoat(dir, path, mode), "make the FIFO", path);
}
Result<void> rename(const char* from, const char* to) noexcept {
  return check(::rename(from, to), "rename to", to);
}
Result<void> rename_at(int dir, const char* from, const char* to) noexcept {
  return check(::renameat(dir, from, dir, to), "rename to", to);
}
Result<void> link_at(int dir, const char* from, const char* to) noexcept {
  return check(::linkat(dir, from, dir, to, 0), "make the link", to);
}
Result<void> unlink(const char* path) noexcept {
  return check(::unlink(path), "remove", path);
}
Result<void> rmdir(const char* path) noexcept {
  return check(::rmdir(path), "remove the directory", path);
}
Result<void> unlink_at(int dir, const char* path) noexcept {
  return check(::unlinkat(dir, path, 0), "remove", path);
}
Result<std::size_t> readlink(const char* path, std::span<char> text) noexcept {
  return counted(::readlink(path, text.data(), text.size()), "read the link", path);
}
Result<void> symlink(const char* target, const char* link) noexcept {
  return check(::symlink(target, link), "make the link", link);
}
Result<void> real_path(const char* path, PathBuffer& resolved) noexcept {
  char text[path_size];
  if (::realpath(path, text) == nullptr) return Error{errno, "find", path};
  resolved = {std::string_view(text)};
  return {};
}
Result<void> chdir(const char* path) noexcept {
  return check(::chdir(path), "change directory to", path);
}
Result<void> chdir(int directory) noexcept {
  return check(::fchdir(directory), "change directory");
}
Result<std::size_t> getcwd(std::span<char> text) noexcept {
  // The system call itself: C libraries also know how to allocate the text, and bring their heap along.
  const long size = ::syscall(SYS_getcwd, text.data(), text.size());
  if (size < 0 || text[0] != '/')  // otherwise it lies outside of the root directory
    return Error{size < 0 ? errno : ENOENT, "find the working directory", ""};
  return std::string_view(text.data()).size();
}
Result<void> chmod(const char* path, mode_t mode) noexcept {
  return check(::chmod(path, mode), "change the mode of", path);
}
Result<void> chmod(int fd, mode_t mode) noexcept {
  return check(::fchmod(fd, mode), "change a mode");
}
Result<void> chmod_at(int dir, const char* path, mode_t mode) noexcept {
  return check(::fchmodat(dir, path, mode, 0), "change the mode of", path);
}
Result<void> chgrp(const char* path, gid_t group) noexcept {
  return check(::chown(path, static_cast<uid_t>(-1), group), "change the group of", path);
}
Result<void> chgrp(int fd, gid_t group) noexcept {
  return check(::fchown(fd, static_cast<uid_t>(-1), group), "change a group");
}
Result<void> chown(const char* path, uid_t user, gid_t group) noexcept {
  return check(::chown(path, user, group), "change the owner of", path);
}
Result<void> lchown(const char* path, uid_t user, gid_t group) noexcept {
  return check(::lchown(path, user, group), "change the owner of", path);
}
Result<void> access(const char* path, int mode) noexcept {
  return check(::access(path, mode), "access", path);
}
bool is_mounted_noexec(const char* path) noexcept {
  struct statvfs fs = {};
  return ::statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0;
}
mode_t umask(mode_t mask) noexcept {
  return ::umask(mask);
}
uid_t effective_user() noexcept {
  return ::geteuid();
}
gid_t effective_group() noexcept {
  return ::getegid();
}
Result<void> chroot(const char* path) noexcept {
  return check(::chroot(path), "change the root directory to", path);
}

Result<void> EntryReader::open(const char* path) noexcept {
  return open_at(cwd, path);
}

Result<void> EntryReader::open_at(int dir, const char* path) noexcept {
  auto fd = sys::open_at(dir, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!fd) return fd.error();
  fd_ = std::move(*fd);
  path_ = path;
  return {};
}

Result<std::optional<EntryReader::Entry>> EntryReader::next() noexcept {
  // The kernel's record: d_ino (8), d_off (8), d_reclen (2), d_type (1), d_name; see getdents64(2).
  constexpr std::size_t at_length = 16, at_type = 18, at_name = 19;
  for (;;) {
    if (used_ == filled_) {
      const long n = ::syscall(SYS_getdents64, fd_.get(), buffer_, sizeof(Buffer));
      // A directory that was removed while it was open has no entries.
      if (n == 0 || (n < 0 && errno == ENOENT)) return std::optional<Entry>{};
      if (n < 0) return Error{errno, "read the directory", path_};
      used_ = 0;
      filled_ = static_cast<std::size_t>(n);
    }
    const char* record = buffer_ + used_;
    unsigned short length = 0;
    std::copy_n(record + at_length, sizeof length, reinterpret_cast<char*>(&length));
    used_ += length;
    const Entry entry{record + at_name, static_cast<unsigned char>(record[at_type])};
    if (entry.name[0] == '.' && (entry.view() == "." || entry.view() == "..")) continue;
    return std::optional<Entry>(entry);
  }
}

void EntryReader::rewind() noexcept {
  (void)::lseek(fd_.get(), 0, SEEK_SET);  // of a directory that is open: it cannot fail
  used_ = filled_ = 0;
}

// --- descriptors ---------------------------------------------------------------------------------------------------

Result<Pipe> pipe() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error{errno, "make a pipe", ""};
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<void> dup_onto(int fd, int target) noexcept {
  return check(retry([&] { return ::dup2(fd, target); }), "copy a descriptor");
}
Result<UniqueFd> dup_above(int fd, int least) noexcept {
  return owned(::fcntl(fd, F_DUPFD_CLOEXEC, least), "copy a descriptor");
}
Result<void> set_blocking(int fd) noexcept {
  return change_flags(fd, F_GETFL, F_SETFL, O_NONBLOCK, 0);
}
Result<void> set_nonblocking(int fd) noexcept {
  return check(::fcntl(fd, F_SETFL, O_NONBLOCK), "set the flags of a descriptor");
}
Result<void> set_cloexec(int fd) noexcept {
  return change_flags(fd, F_GETFD, F_SETFD, 0, FD_CLOEXEC);
}
Result<void> keep_across_exec(int fd) noexcept {
  return change_flags(fd, F_GETFD, F_SETFD, FD_CLOEXEC, 0);
}
void close_on_exec_now() noexcept {
  for (int fd = 3; fd < 256; ++fd)
    if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) != 0) ::close(fd);
}
bool is_open(int fd) noexcept {
  return ::fcntl(fd, F_GETFD) >= 0;
}

bool leave_descriptors_from(int first) noexcept {
  constexpr unsigned unshare = 1U << 1;  // CLOSE_RANGE_UNSHARE of <linux/close_range.h>
  return ::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, unshare) == 0;
}

int end_of_inheritable_descriptors() noexcept {
  constexpr std::uint64_t highest = 65536;
  const int end = static_cast<int>(std::min(descriptor_limit(), highest));
  for (int fd = end; --fd > 2;)
    if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) == 0) return fd + 1;
  return 3;
}

void Discarded::take(UniqueFd fd) noexcept {
  numbers_[count_++] = fd.release();
  if (count_ == most) close();  // all there are, so that the next ones have successive numbers, too
}

// Numbers that follow each other go together.
void Discarded::close() noexcept {
  const std::size_t count = std::exchange(count_, 0);
  for (std::size_t first = 0, end = 0; first < count; first = end) {
    for (end = first + 1; end < count && numbers_[end] == numbers_[end - 1] + 1;) ++end;
    if (::syscall(SYS_close_range, numbers_[first], numbers_[end - 1], 0) == 0) continue;
    for (std::size_t i = first; i < end; ++i) ::close(numbers_[i]);  // Linux before 5.9
  }
}

namespace {
// In one call, for what nearly always is so.
bool stdio_is_open() noexcept {
  pollfd fds[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  if (::poll(fds, 3, 0) < 0) return false;  // then each is looked at
  return ((fds[0].revents | fds[1].revents | fds[2].revents) & POLLNVAL) == 0;
}
}  // namespace

Result<void> open_missing_stdio() noexcept {
  if (stdio_is_open()) return {};
  for (int fd = 0; fd <= 2; ++fd) {
    if (is_open(fd)) continue;
    // The lowest free number is this one, as those below are open. Not close-on-exec: children inherit it.
    if (retry([&] { return ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY); }) < 0)
      return Error{errno, "open", "/dev/null"};
  }
  return {};
}

namespace {
Result<void> put_null_on(int first, int last) noexcept {
  for (int fd = first; fd <= last; ++fd) {
    auto null = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
    if (!null) {
      auto empty = pipe();
      if (!empty) {
        ::close(fd);  // better a closed descriptor than a logger that never sees the end of its input
        return null.error();
      }
      null = std::move(fd == 0 ? empty->read_end : empty->write_end);
    }
    if (auto moved = dup_onto(null->get(), fd); !moved) return moved.error();
  }
  return {};
}
}  // namespace

Result<void> null_stdin_and_stdout() noexcept {
  return put_null_on(0, 1);
}
Result<void> null_stdout_and_stderr() noexcept {
  return put_null_on(1, 2);
}

// --- locks ---------------------------------------------------------------------------------------------------------

Result<bool> lock_exclusive(int fd) noexcept {
  return try_lock(fd, F_SETLK);
}

Result<LockState> test_lock(int fd) noexcept {
  struct flock lock = whole_file(F_RDLCK);
  if (retry([&] { return ::fcntl(fd, F_GETLK, &lock); }) < 0) return Error{errno, "test the lock", ""};
  if (lock.l_type == F_UNLCK) return LockState{};
  return LockState{true, std::max<pid_t>(lock.l_pid, 0)};
}

Result<bool> lock_description(int fd) noexcept {
  return try_lock(fd, F_OFD_SETLK);
}

Result<void> lock_description_waiting(int fd) noexcept {
  struct flock lock = whole_file(F_WRLCK);
  return check(retry([&] { return ::fcntl(fd, F_OFD_SETLKW, &lock); }), "lock");
}

Result<bool> lock_directory(int fd) noexcept {
  if (retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return Error{errno, "lock a directory"};
}

namespace {

// A SIGALRM that interrupts system calls. It comes again and again, so that one which comes just before the call is no
// loss.
class AlarmClock {
 public:
  explicit AlarmClock(Nanoseconds first) noexcept {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &action_before_);
    const int alarm[] = {SIGALRM};
    const sigset_t set = set_of(alarm);
    ::sigprocmask(SIG_UNBLOCK, &set, &mask_before_);
    set_timer(first, 10 * millisecond);
  }
  ~AlarmClock() {
    set_timer(0, 0);
    ::sigaction(SIGALRM, &action_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  AlarmClock(const AlarmClock&) = delete;
  AlarmClock& operator=(const AlarmClock&) = delete;

 private:
  static struct timeval to_timeval(Nanoseconds time) noexcept {
    return {static_cast<time_t>(time / second), static_cast<suseconds_t>(time % second / 1000)};
  }
  static void set_timer(Nanoseconds first, Nanoseconds again) noexcept {
    const struct itimerval timer = {.it_interval = to_timeval(again), .it_value = to_timeval(first)};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  struct sigaction action_before_ = {};
  sigset_t mask_before_ = {};
};

}  // namespace

Result<bool> lock_within(int fd, Lock kind, Nanoseconds patience) noexcept {
  struct flock lock = whole_file(kind == Lock::shared ? F_RDLCK : F_WRLCK);
  const auto taken = [&](int command) { return ::fcntl(fd, command, &lock) == 0; };
  if (patience == never) {
    while (!taken(F_SETLKW))
      if (errno != EINTR) return Error{errno, "lock", ""};
    return true;
  }
  if (taken(F_SETLK)) return true;
  if (errno != EAGAIN && errno != EACCES) return Error{errno, "lock", ""};
  if (patience == 0) return false;
  const Nanoseconds deadline = after(monotonic_now(), patience);
  const AlarmClock alarm(patience);
  while (!taken(F_SETLKW)) {
    if (errno != EINTR) return Error{errno, "lock", ""};
    if (monotonic_now() >= deadline) return false;
  }
  return true;
}

// --- time ----------------------------------------------------------------------------------------------------------

namespace {

struct timespec ask_kernel(clockid_t clock) noexcept {
  struct timespec t = {};
  // With 32 bits the C library knows which of the two calls there are takes this structure.
  if constexpr (sizeof(long) == 8)
    ::syscall(SYS_clock_gettime, clock, &t);
  else
    ::clock_gettime(clock, &t);
  return t;
}

struct timespec ask_vdso(clockid_t clock) noexcept {
  struct timespec t = {};
  ::clock_gettime(clock, &t);
  return t;
}

constexpr Nanoseconds to_nanoseconds(const struct timespec& t) noexcept {
  return Nanoseconds{t.tv_sec} * second + t.tv_nsec;
}
constexpr WallTime to_wall_time(const struct timespec& t) noexcept {
  return {t.tv_sec, static_cast<std::uint32_t>(t.tv_nsec)};
}

}  // namespace

Nanoseconds monotonic_now() noexcept {
  return to_nanoseconds(ask_kernel(CLOCK_MONOTONIC));
}
WallTime wall_now() noexcept {
  return to_wall_time(ask_kernel(CLOCK_REALTIME));
}
Nanoseconds frequent::monotonic_now() noexcept {
  return to_nanoseconds(ask_vdso(CLOCK_MONOTONIC));
}
WallTime frequent::wall_now() noexcept {
  return to_wall_time(ask_vdso(CLOCK_REALTIME));
}

Tai64n stamp_now() noexcept {
  const WallTime now = wall_now();
  return tai::from_unix(now.seconds, now.nanoseconds);
}

// --- waiting and signals -------------------------------------------------------------------------------------------

void nap(Nanoseconds time) noexcept {
  const struct timespec wait = {static_cast<time_t>(time / second), static_cast<long>(time % second)};
  ::nanosleep(&wait, nullptr);
}

Result<int> poll(std::span<pollfd> fds, Nanoseconds deadline) noexcept {
  struct timespec wait = {};
  if (deadline != never) {
    const Nanoseconds left = std::max<Nanoseconds>(deadline - monotonic_now(), 0);
    wait.tv_sec = static_cast<time_t>(left / second);
    wait.tv_nsec = static_cast<long>(left % second);
  }
  const int ready = ::ppoll(fds.data(), fds.size(), deadline == never ? nullptr : &wait, nullptr);
  if (ready >= 0) return ready;
  for (pollfd& fd : fds) fd.revents = 0;
  if (errno == EINTR) return 0;
  return Error{errno, "wait for events", ""};
}

Result<SignalQueue> SignalQueue::open(std::span<const int> signals) noexcept {
  const sigset_t set = set_of(signals);
  if (::sigprocmask(SIG_SETMASK, &set, nullptr) < 0) return Error{errno, "block signals", ""};
  auto fd = owned(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "make a signal descriptor");
  if (!fd) return fd.error();
  SignalQueue queue;
  queue.fd_ = std::move(*fd);
  return queue;
}

int SignalQueue::next() noexcept {
  struct signalfd_siginfo info = {};
  const ssize_t n = retry([&] { return ::read(fd_.get(), &info, sizeof info); });
  return n == ssize_t{sizeof info} ? static_cast<int>(info.ssi_signo) : 0;
}

void block_all_signals_but(std::span<const int> signals) noexcept {
  sigset_t set;
  sigfillset(&set);
  for (const int s : signals) sigdelset(&set, s);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

void unblock_all_signals() noexcept {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void ignore_signal(int signal) noexcept {
  ::signal(signal, SIG_IGN);
}
void default_signal(int signal) noexcept {
  ::signal(signal, SIG_DFL);
}

bool is_ignored(int signal) noexcept {
  struct sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void discard_signals(std::span<const int> signals) noexcept {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  for (const int s : signals) ::sigaction(s, &action, nullptr);
}

void die_of(int signal) noexcept {
  default_signal(signal);
  ::kill(::getpid(), signal);
  unblock_all_signals();
  ::_exit(128 + signal);  // only a signal that does not kill comes here
}

// --- processes -----------------------------------------------------------------------------------------------------

Result<void> kill(pid_t pid, int signal) noexcept {
  return check(::kill(pid, signal), "send a signal");
}
Result<void> kill_group(pid_t leader, int signal) noexcept {
  return check(::kill(-leader, signal), "send a signal");
}

namespace {
constexpr pid_t any_child = -1;
DeadChild wait(pid_t child, int options) noexcept {
  int status = 0;
  const pid_t pid = retry([&] { return ::waitpid(child, &status, options); });
  return pid > 0 ? DeadChild{pid, {static_cast<std::uint16_t>(status)}} : DeadChild{};
}
}  // namespace
DeadChild reap() noexcept {
  return wait(any_child, WNOHANG);
}
DeadChild wait_for_child() noexcept {
  return wait(any_child, 0);
}
DeadChild wait_for(pid_t child) noexcept {
  return wait(child, 0);
}

Result<pid_t> fork() noexcept {
  const pid_t pid = ::fork();
  if (pid < 0) return Error{errno, "create a process", ""};
  return pid;
}

void forget_children() noexcept {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  action.sa_flags = SA_NOCLDWAIT;
  ::sigaction(SIGCHLD, &action, nullptr);
  while (reap().pid != 0) {  // those that were quicker
  }
}

Result<UniqueFd> pidfd(pid_t pid) noexcept {
#ifdef SYS_pidfd_open
  constexpr long number = SYS_pidfd_open;
#else
  constexpr long number = 434;  // the same on every architecture, Linux 5.3
#endif
  return owned(static_cast<int>(::syscall(number, pid, 0)), "watch a process");  // always close-on-exec
}

Result<UniqueFd> epoll_create() noexcept {
  return owned(::epoll_create1(EPOLL_CLOEXEC), "make an event queue");
}
Result<void> epoll_add(int epoll, int fd, std::uint64_t tag) noexcept {
  struct epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "watch a descriptor");
}
std::optional<std::uint64_t> epoll_next(int epoll) noexcept {
  struct epoll_event event = {};
  if (retry([&] { return ::epoll_wait(epoll, &event, 1, 0); }) != 1) return std::nullopt;
  const std::uint64_t tag = event.data.u64;  // the structure is packed: no reference to it may be taken
  return tag;
}

Result<UniqueFd> file_watcher() noexcept {
  return owned(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch files");
}
Result<void> watch_links(int watcher, const char* path) noexcept {
  return check(::inotify_add_watch(watcher, path, IN_ATTRIB), "watch", path);
}
Result<void> watch_entries(int watcher, const char* directory) noexcept {
  constexpr std::uint32_t changes = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
  return check(::inotify_add_watch(watcher, directory, changes), "watch", directory);
}

Result<int> watch_file(int watcher, const char* path) noexcept {
  const int watch = ::inotify_add_watch(watcher, path, IN_ATTRIB | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE_SELF);
  if (watch < 0) return Error{errno, "watch", path};
  return watch;
}
Result<int> watch_directory(int watcher, const char* path) noexcept {
  constexpr std::uint32_t names = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF;
  const int watch = ::inotify_add_watch(watcher, path, names | IN_MODIFY | IN_CLOSE_WRITE | IN_ONLYDIR);
  if (watch < 0) return Error{errno, "watch", path};
  return watch;
}
std::optional<Changes::Change> Changes::next(int watcher) noexcept {
  if (used_ == filled_) {
    const ssize_t n = retry([&] { return ::read(watcher, buffer_, sizeof buffer_); });
    if (n <= 0) return std::nullopt;
    used_ = 0;
    filled_ = static_cast<std::size_t>(n);
  }
  inotify_event event;
  std::copy_n(buffer_ + used_, sizeof event, reinterpret_cast<char*>(&event));
  const char* const name = event.len > 0 ? buffer_ + used_ + sizeof event : "";
  used_ += sizeof event + event.len;
  return Change{event.wd, name};
}

std::uint64_t descriptor_limit() noexcept {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;  // the usual default; cannot happen
  return limit.rlim_cur;
}

void set_descriptor_limit(std::uint64_t soft) noexcept {
  const auto limit = resource_limit(RLIMIT_NOFILE);
  if (!limit || limit->soft == soft) return;
  (void)set_resource_limit(RLIMIT_NOFILE, {std::min(soft, limit->hard),
                                           limit->hard});  // who needs more descriptors than there are learns it then
}
void raise_descriptor_limit(std::uint64_t wanted) noexcept {
  if (descriptor_limit() < wanted) set_descriptor_limit(wanted);
}

const char* executed_as() noexcept {
  const auto* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return path != nullptr ? path : "";
}

const char* const* environment() noexcept {
  return environ;
}

Error exec(const char* path, const char* const* argv) noexcept {
  return exec(path, argv, environment());
}

Error exec(const char* path, const char* const* argv, const char* const* environment) noexcept {
  // execve(2) promises not to change the words; its type is older than const.
  ::execve(path, const_cast<char* const*>(argv), const_cast<char* const*>(environment));
  return {errno, "execute", path};
}

std::uint64_t random_bits() noexcept {
  std::uint64_t bits = 0;
  // Uniqueness is all that is asked of it: the pid and the clock do where the kernel has no randomness yet.
  if (::syscall(SYS_getrandom, &bits, sizeof bits, 1 /* GRND_NONBLOCK */) != ssize_t{sizeof bits})
    bits = static_cast<std::uint64_t>(::getpid()) * 0x9e3779b97f4a7c15U ^ static_cast<std::uint64_t>(monotonic_now());
  return bits;
}

// --- the state of this process that an exec keeps ------------------------------------------------------------------

Result<void> new_session() noexcept {
  return check(::setsid(), "start a session");
}
Result<void> new_process_group() noexcept {
  return check(::setpgid(0, 0), "start a process group");
}
bool leads_session() noexcept {
  return ::getsid(0) == ::getpid();
}
bool leads_process_group() noexcept {
  return ::getpgrp() == ::getpid();
}
Result<void> take_foreground(int terminal) noexcept {
  return check(::tcsetpgrp(terminal, ::getpgrp()), "move to the foreground of the terminal");
}

std::optional<WindowSize> window_size(int terminal) noexcept {
  struct winsize size = {};
  if (::ioctl(terminal, TIOCGWINSZ, &size) < 0) return std::nullopt;
  return WindowSize{size.ws_col, size.ws_row};
}

namespace {
constexpr uid_t no_user = static_cast<uid_t>(-1);
constexpr gid_t no_group = static_cast<gid_t>(-1);
}  // namespace

Result<void> set_user(uid_t user) noexcept {
  if (user == no_user) return Error{EINVAL, "set the user", ""};
  return check(::setresuid(user, user, user), "set the user");
}
Result<void> set_group(gid_t group) noexcept {
  if (group == no_group) return Error{EINVAL, "set the group", ""};
  return check(::setresgid(group, group, group), "set the group");
}
Result<void> set_groups(std::span<const gid_t> groups) noexcept {
  return check(::setgroups(groups.size(), groups.data()), "set the supplementary groups");
}
Result<void> become(uid_t user, gid_t group) noexcept {
  if (auto done = set_groups({}); !done) return done;
  if (auto done = set_group(group); !done) return done;
  return set_user(user);
}
bool is_user(uid_t user) noexcept {
  uid_t real = no_user, effective = no_user, saved = no_user;
  return ::getresuid(&real, &effective, &saved) == 0 && real == user && effective == user && saved == user;
}
bool is_group(gid_t group) noexcept {
  gid_t real = no_group, effective = no_group, saved = no_group;
  return ::getresgid(&real, &effective, &saved) == 0 && real == group && effective == group && saved == group;
}
Result<std::size_t> get_groups(std::span<gid_t> groups) noexcept {
  return counted(::getgroups(static_cast<int>(groups.size()), groups.data()), "find the supplementary groups");
}

Result<ResourceLimit> resource_limit(int resource) noexcept {
  struct rlimit limit = {};
  if (::getrlimit(resource, &limit) < 0) return Error{errno, "read the resource limit", ""};
  const auto value = [](rlim_t raw) { return raw == RLIM_INFINITY ? unlimited : raw; };
  return ResourceLimit{value(limit.rlim_cur), value(limit.rlim_max)};
}
Result<void> set_resource_limit(int resource, const ResourceLimit& limit) noexcept {
  // The system call itself: musl would be ready to do the same in each thread, with the code that this takes.
  const std::uint64_t wanted[] = {limit.soft, limit.hard};  // the kernel's struct rlimit64
  return check(static_cast<int>(::syscall(SYS_prlimit64, 0, resource, wanted, nullptr)), "set the resource limit");
}

Result<void> set_nice(int value) noexcept {
  return check(::setpriority(PRIO_PROCESS, 0, value), "set the nice value");
}
Result<void> set_io_priority(int io_class, int level) noexcept {
  constexpr int of_process = 1;    // IOPRIO_WHO_PROCESS
  constexpr int class_shift = 13;  // IOPRIO_CLASS_SHIFT
  const long r = ::syscall(SYS_ioprio_set, of_process, 0, io_class << class_shift | level);
  return check(static_cast<int>(r), "set the I/O priority");
}
Result<void> set_scheduler(int policy, int priority) noexcept {
  // Not by way of the libc: musl has a function of that name that always fails.
  struct sched_param parameters = {};
  parameters.sched_priority = priority;
  const long r = ::syscall(SYS_sched_setscheduler, 0, policy, &parameters);
  return check(static_cast<int>(r), "set the scheduler");
}
Result<int> lowest_priority(int policy) noexcept {
  const int priority = ::sched_get_priority_min(policy);
  if (priority < 0) return Error{errno, "set the scheduler", ""};
  return priority;
}
Result<void> keep_capabilities_across_user_change() noexcept {
  return check(::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L), "keep capabilities");
}
Result<void> set_securebits(std::uint32_t bits) noexcept {
  return check(::prctl(PR_SET_SECUREBITS, static_cast<unsigned long>(bits), 0L, 0L, 0L), "set the securebits");
}
Result<void> set_no_new_privileges() noexcept {
  return check(::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), "set no_new_privs");
}

Result<void*> reserve(std::size_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return Error{errno, "allocate memory", ""};
  return memory;
}

Result<void*> enlarge(void* reserved, std::size_t bytes, std::size_t more_bytes) noexcept {
  void* memory = ::mremap(reserved, bytes, more_bytes, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return Error{errno, "allocate memory", ""};
  return memory;
}

}  // namespace s6::sys
