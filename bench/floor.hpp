#pragma once
// For the floors bare.cpp and contract.cpp: what both do, in as few system calls as it takes.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <initializer_list>
#include <span>

#include "common/status.hpp"
#include "common/tai.hpp"

namespace s6::bench {

inline sigset_t signal_set(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  return set;
}

// Without a blocked signal. `prepare` is called in the child, whose memory is its parent's until the exec; without an
// exec it is dead at once, which is all that the parent learns.
template <class Prepare>
pid_t spawn(const char* program, const char* const* argv, Prepare prepare) {
  const sigset_t none = signal_set({});
  const pid_t pid = ::vfork();
  if (pid != 0) return pid;
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (prepare()) ::execve(program, const_cast<char* const*>(argv), environ);
  ::_exit(127);
}

// Asks the kernel: common/sys.hpp says why that costs less than the vdso, for who asks so seldom.
inline Tai64n stamp_now() {
  timespec now{};
  // With 32 bits the C library knows which of the two calls there are takes this structure.
  if constexpr (sizeof(long) == 8)
    ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  else
    ::clock_gettime(CLOCK_REALTIME, &now);
  return tai::from_unix(now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec));
}

// open() of musl would set close-on-exec once more, with a call of its own.
inline int open_file(const char* path, int flags) {
  return ::openat(AT_FDCWD, path, flags | O_CLOEXEC, 0644);
}

// A new file in place of the old one, whole at any time. Returns its descriptor.
inline int replace_file(const char* path, const char* temporary, int access, std::span<const std::byte> content) {
  const int flags = access | O_CREAT | O_EXCL;
  int fd = open_file(temporary, flags);
  if (fd < 0 && ::unlink(temporary) == 0) fd = open_file(temporary, flags);  // an earlier life has left it
  if (::write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size())) ::_exit(111);
  if (::rename(temporary, path) != 0) ::_exit(111);
  return fd;
}

inline void replace_status(const Status& status) {
  ::close(replace_file("supervise/status", "supervise/status.new", O_WRONLY, wire::encode(status)));
}

}  // namespace s6::bench
