#pragma once
// The one door to the kernel: each system call is wrapped once, and only sys.cpp knows errno and EINTR.
//
// Every descriptor is born close-on-exec. Paths are borrowed, and an Error points at the path it was given. EINTR is
// retried everywhere except in poll (which answers "nothing ready") and close (never repeated).
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/nanoseconds.hpp"
#include "common/result.hpp"
#include "common/tai.hpp"
#include "common/text.hpp"
#include "common/unique_fd.hpp"
#include "common/wait_status.hpp"

namespace s6::sys {

// --- files ---------------------------------------------------------------------------------------------------------
inline constexpr int cwd = -100;  // AT_FDCWD: paths relative to the working directory

Result<UniqueFd> open(const char* path, int flags, mode_t mode = 0666) noexcept;
Result<UniqueFd> open_at(int dir, const char* path, int flags, mode_t mode = 0666) noexcept;
// Opens what somebody who is not trusted may have put there: no link in its place is followed, the other end of a FIFO
// is not waited for, and a terminal does not become that of this process. Look at what it is before using it.
Result<UniqueFd> open_foreign(const char* path, int access) noexcept;
Result<UniqueFd> open_foreign_at(int dir, const char* path, int access) noexcept;
// Reads until `buffer` is full or the file ends, in one call: of a regular file, Linux gives as much as there is.
Result<std::size_t> read_file(const char* path, std::span<std::byte> buffer) noexcept;
Result<std::size_t> read(int fd, std::span<std::byte> buffer) noexcept;  // one read; EAGAIN is an error here
Result<std::size_t> write(int fd, std::span<const std::byte> bytes) noexcept;
Result<std::size_t> read_at(int fd, std::span<std::byte> buffer, off_t offset) noexcept;
Result<std::size_t> write_at(int fd, std::span<const std::byte> bytes, off_t offset) noexcept;
// Writes everything, however many calls it takes.
Result<void> write_all(int fd, std::span<const std::byte> bytes) noexcept;
Result<struct stat> stat(const char* path) noexcept;   // follows links
Result<struct stat> lstat(const char* path) noexcept;  // does not
Result<struct stat> stat_at(int dir, const char* path, int flags) noexcept;
Result<struct stat> fstat(int fd) noexcept;
Result<void> truncate(int fd, off_t size) noexcept;
Result<void> sync(int fd) noexcept;  // fsync: also true for what cannot be synchronised, as a pipe
Result<void> mkdir(const char* path, mode_t mode) noexcept;
Result<void> mkfifo(const char* path, mode_t mode) noexcept;
Result<void> mkfifo_at(int dir, const char* path, mode_t mode) noexcept;
Result<void> rename(const char* from, const char* to) noexcept;
Result<void> rename_at(int dir, const char* from, const char* to) noexcept;  // both in `dir`
Result<void> link_at(int dir, const char* from, const char* to) noexcept;    // both in `dir`
Result<void> unlink(const char* path) noexcept;
Result<void> unlink_at(int dir, const char* path) noexcept;
Result<void> rmdir(const char* path) noexcept;
Result<std::size_t> readlink(const char* path, std::span<char> text) noexcept;  // not terminated
Result<void> symlink(const char* target, const char* link) noexcept;
// The absolute path without links.
Result<void> real_path(const char* path, PathBuffer& resolved) noexcept;
Result<void> chdir(const char* path) noexcept;
Result<void> chdir(int directory) noexcept;
Result<std::size_t> getcwd(std::span<char> text) noexcept;  // terminated; the length without the terminator
Result<void> chmod(const char* path, mode_t mode) noexcept;
Result<void> chmod(int fd, mode_t mode) noexcept;
Result<void> chmod_at(int dir, const char* path, mode_t mode) noexcept;
Result<void> chgrp(const char* path, gid_t group) noexcept;
Result<void> chgrp(int fd, gid_t group) noexcept;
Result<void> chown(const char* path, uid_t user, gid_t group) noexcept;   // follows links
Result<void> lchown(const char* path, uid_t user, gid_t group) noexcept;  // does not
Result<void> access(const char* path, int mode) noexcept;                 // F_OK, X_OK with the real uid, as access(2)
[[nodiscard]] bool is_mounted_noexec(const char* path) noexcept;          // false also where that cannot be told
mode_t umask(mode_t mask) noexcept;
uid_t effective_user() noexcept;
gid_t effective_group() noexcept;
Result<void> chroot(const char* path) noexcept;

// A file mode creation mask for the time of a scope.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) noexcept : previous_(umask(mask)) {}
  ~ScopedUmask() { umask(previous_); }
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;

 private:
  mode_t previous_;
};

// The entries of a directory, read without allocating (opendir(3) would). `.` and `..` are left out.
class EntryReader {
 public:
  struct Entry {
    const char* name;    // valid until the next call
    unsigned char type;  // DT_FIFO, DT_DIR, ... or DT_UNKNOWN where the file system does not say
    [[nodiscard]] std::string_view view() const noexcept { return name; }
  };
  // What the kernel tells at a time: room for at least seven of the longest names.
  struct alignas(8) Buffer {
    char records[2048];
  };
  // `buffer` must outlive it.
  explicit EntryReader(Buffer& buffer) noexcept : buffer_(buffer.records) {}
  EntryReader(const EntryReader&) = delete;
  EntryReader& operator=(const EntryReader&) = delete;
  Result<void> open(const char* path) noexcept;
  Result<void> open_at(int dir, const char* path) noexcept;
  // Nothing at the end.
  Result<std::optional<Entry>> next() noexcept;
  void rewind() noexcept;  // next() begins again, with what is there then
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
  const char* path_ = "";
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  char* buffer_;
};

// With a buffer of its own.
class DirectoryReader : public EntryReader {
 public:
  DirectoryReader() noexcept : EntryReader(own_) {}

 private:
  Buffer own_;
};

// --- descriptors ---------------------------------------------------------------------------------------------------
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};
Result<Pipe> pipe() noexcept;
// Descriptors that are not needed any more, closed with as few calls as possible: for who looks at hundreds of files,
// or is about to end anyway. Those that are still here at its end stay open.
class Discarded {
 public:
  void take(UniqueFd fd) noexcept;  // closes them all when there are many
  void close() noexcept;

 private:
  static constexpr std::size_t most = 128;
  int numbers_[most];  // the first count_ of them
  std::size_t count_ = 0;
};
Result<void> dup_onto(int fd, int target) noexcept;  // the copy survives exec
Result<UniqueFd> dup_above(int fd, int least) noexcept;
Result<void> set_blocking(int fd) noexcept;
Result<void> set_nonblocking(int fd) noexcept;  // of a pipe just made, as other flags of the kind are lost
Result<void> set_cloexec(int fd) noexcept;
Result<void> keep_across_exec(int fd) noexcept;
// A process that shares its descriptors with others gets a table of its own with those below `first`. false: it cannot
// (Linux before 5.9), and nothing is changed.
bool leave_descriptors_from(int first) noexcept;
// One more than the number of the highest descriptor that survives exec; at least 3. Those above 65535 are overlooked.
int end_of_inheritable_descriptors() noexcept;
// Closes what exec would close, without one. Looks at the lowest 256 numbers, more than any program here uses.
void close_on_exec_now() noexcept;
[[nodiscard]] bool is_open(int fd) noexcept;
// Opens /dev/null on each of 0, 1, 2 that is closed, so that no file of ours ever becomes somebody's stdout.
Result<void> open_missing_stdio() noexcept;
// Puts /dev/null on 0 and 1 (an empty pipe where there is no /dev/null). What was there is closed in any case.
Result<void> null_stdin_and_stdout() noexcept;
Result<void> null_stdout_and_stderr() noexcept;

// --- locks: POSIX record locks over the whole file, which is what all of s6 uses -----------------------------------
// Takes the lock without waiting; false: another process holds it. The lock goes with the process, and with the first
// descriptor of that file that the process closes: never open it twice.
Result<bool> lock_exclusive(int fd) noexcept;
struct LockState {
  bool locked = false;
  pid_t holder = 0;  // 0 where the kernel does not tell: an open-file-description lock, another pid namespace
};
// Asks who would be in the way of a shared lock. Never takes one.
Result<LockState> test_lock(int fd) noexcept;
// The same kind of lock, but owned by the open file description: inherited across fork and exec. Both conflict with
// each other. false: held by another.
Result<bool> lock_description(int fd) noexcept;
Result<void> lock_description_waiting(int fd) noexcept;  // blocks: only for a child
// A lock of a third kind, flock(2)'s, which needs no right to write and therefore can be had on directories. Goes with
// the last copy of the descriptor. false: held by another.
Result<bool> lock_directory(int fd) noexcept;

enum class Lock : bool { shared, exclusive };
// Takes the lock, owned by the process, and waits for it no longer than `patience`: not at all for 0. false: the time
// is over. Uses SIGALRM and its timer, and puts its handling back.
Result<bool> lock_within(int fd, Lock kind, Nanoseconds patience) noexcept;

// --- time ----------------------------------------------------------------------------------------------------------
using s6::after;
using s6::millisecond;
using s6::Nanoseconds;
using s6::never;
using s6::second;
using s6::WallTime;
// These ask the kernel. The vdso answers ten times as fast, but the first question costs three page faults and the page
// tables of another end of the address space: 12 KiB for each supervisor, which looks at the clock some times in a day.
Nanoseconds monotonic_now() noexcept;  // CLOCK_MONOTONIC, never fails
WallTime wall_now() noexcept;          // CLOCK_REALTIME
Tai64n stamp_now() noexcept;           // the same as a label
namespace frequent {                   // these ask the vdso: for programs that need to know for every line
Nanoseconds monotonic_now() noexcept;
WallTime wall_now() noexcept;
}  // namespace frequent

// --- waiting and signals -------------------------------------------------------------------------------------------
void nap(Nanoseconds time) noexcept;  // does nothing for a while: when even waiting for events fails
// Waits until a descriptor is ready or the deadline (absolute, monotonic) is over. Returns how many are ready; an
// interruption counts as none.
Result<int> poll(std::span<pollfd> fds, Nanoseconds deadline) noexcept;

// Signals taken as bytes: from construction on the given ones are blocked and wait in a descriptor.
class SignalQueue {
 public:
  static Result<SignalQueue> open(std::span<const int> signals) noexcept;  // replaces the signal mask
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  // The next pending signal, 0 when there is none.
  [[nodiscard]] int next() noexcept;

  SignalQueue() noexcept = default;

 private:
  UniqueFd fd_;
};
void block_all_signals_but(std::span<const int> signals) noexcept;  // in addition to those blocked already
void unblock_all_signals() noexcept;
void ignore_signal(int signal) noexcept;
void default_signal(int signal) noexcept;
[[nodiscard]] bool is_ignored(int signal) noexcept;
// Catches the signals and does nothing about them, until an exec, which gives them their defaults back.
void discard_signals(std::span<const int> signals) noexcept;
// Dies of `signal` as if it had never been caught.
[[noreturn]] void die_of(int signal) noexcept;

// --- processes -----------------------------------------------------------------------------------------------------
Result<void> kill(pid_t pid, int signal) noexcept;
Result<void> kill_group(pid_t leader, int signal) noexcept;
struct DeadChild {
  pid_t pid = 0;
  WaitStatus status;
};
// A child that has died, without waiting; pid 0 when there is none.
DeadChild reap() noexcept;
DeadChild wait_for_child() noexcept;       // blocks until one dies; pid 0 when there are no children
DeadChild wait_for(pid_t child) noexcept;  // blocks until this one dies; pid 0 when it is no child
// A copy of this process, which returns from here, too, with 0. Programs are started by spawn() in spawn.hpp.
Result<pid_t> fork() noexcept;
void forget_children() noexcept;  // no child of this process ever becomes, or stays, a zombie
// A descriptor that becomes readable when the process ends (Linux 5.3).
Result<UniqueFd> pidfd(pid_t pid) noexcept;
Result<UniqueFd> epoll_create() noexcept;
Result<void> epoll_add(int epoll, int fd, std::uint64_t tag) noexcept;
std::optional<std::uint64_t> epoll_next(int epoll) noexcept;  // without waiting
// A descriptor that becomes readable when one of the files given to watch_links() loses a name, or changes otherwise in
// its attributes. What is read from it only wakes: look at the files.
Result<UniqueFd> file_watcher() noexcept;
Result<void> watch_links(int watcher, const char* path) noexcept;
// The same for a directory that gets, loses or renames an entry. Nothing is told of what happens below its entries.
Result<void> watch_entries(int watcher, const char* directory) noexcept;
// And for what becomes of the file's content and of its name, and for what becomes of the names in a directory and
// the content behind them. Both answer with a number by which Changes speaks of them; a file that is watched already
// keeps its number.
Result<int> watch_file(int watcher, const char* path) noexcept;
Result<int> watch_directory(int watcher, const char* path) noexcept;
// Reads what such a watcher has to tell.
class Changes {
 public:
  struct Change {
    int watch;         // -1: some changes were lost
    const char* name;  // in a directory, else empty; valid until the next call
  };
  // Nothing when there is nothing more. Never waits.
  std::optional<Change> next(int watcher) noexcept;

 private:
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  alignas(8) char buffer_[4096];
};
std::uint64_t descriptor_limit() noexcept;  // soft RLIMIT_NOFILE
// Raises the soft limit to `wanted`, or as near to it as the hard limit allows. Children inherit it.
void raise_descriptor_limit(std::uint64_t wanted) noexcept;
void set_descriptor_limit(std::uint64_t soft) noexcept;  // not beyond the hard limit
// The path by which this program was executed, possibly relative to the working directory of that time; empty if the
// kernel does not tell.
const char* executed_as() noexcept;
const char* const* environment() noexcept;  // of this program
// Replaces the program; returns only on failure.
Error exec(const char* path, const char* const* argv) noexcept;
Error exec(const char* path, const char* const* argv, const char* const* environment) noexcept;
std::uint64_t random_bits() noexcept;

// --- the state of this process that an exec keeps ------------------------------------------------------------------
Result<void> new_session() noexcept;
Result<void> new_process_group() noexcept;
[[nodiscard]] bool leads_session() noexcept;
[[nodiscard]] bool leads_process_group() noexcept;
// Makes this process's group the foreground one of the terminal.
Result<void> take_foreground(int terminal) noexcept;

struct WindowSize {
  std::size_t columns = 0;  // 0: it does not know
  std::size_t lines = 0;
};
// Nothing if it is no terminal.
std::optional<WindowSize> window_size(int terminal) noexcept;

// Real, effective and saved, all of them. 2^32-1, which stands for "no change" elsewhere, is refused.
Result<void> set_user(uid_t user) noexcept;
Result<void> set_group(gid_t group) noexcept;
Result<void> set_groups(std::span<const gid_t> groups) noexcept;
// All three, for root, who gives up being it for good. No other groups are kept.
Result<void> become(uid_t user, gid_t group) noexcept;
[[nodiscard]] bool is_user(uid_t user) noexcept;  // real, effective and saved
[[nodiscard]] bool is_group(gid_t group) noexcept;
Result<std::size_t> get_groups(std::span<gid_t> groups) noexcept;

inline constexpr std::uint64_t unlimited = UINT64_MAX;
struct ResourceLimit {
  std::uint64_t soft = unlimited;
  std::uint64_t hard = unlimited;
  friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};
// `resource` is an RLIMIT_ constant of <sys/resource.h>.
Result<ResourceLimit> resource_limit(int resource) noexcept;
Result<void> set_resource_limit(int resource, const ResourceLimit& limit) noexcept;

Result<void> set_nice(int value) noexcept;
Result<void> set_io_priority(int io_class, int level) noexcept;  // see ioprio_set(2)
Result<void> set_scheduler(int policy, int priority) noexcept;   // SCHED_ constants
Result<int> lowest_priority(int policy) noexcept;                // that the policy knows
Result<void> keep_capabilities_across_user_change() noexcept;    // until the next exec
Result<void> set_securebits(std::uint32_t bits) noexcept;
Result<void> set_no_new_privileges() noexcept;

// Zeroed memory that is only charged where it is touched, for tables sized at start. Never given back.
Result<void*> reserve(std::size_t bytes) noexcept;
// The same memory, larger, possibly elsewhere.
Result<void*> enlarge(void* reserved, std::size_t bytes, std::size_t more_bytes) noexcept;

}  // namespace s6::sys
