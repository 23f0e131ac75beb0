#pragma once
// A system that refuses something, for the code that has to live with it.
//
//   CHECK(while_refused({{SYS_getrandom}}, ENOSYS, [] { return sys::random_bits() != 0; }));
//
// What is refused stays so for the rest of a process. So the body runs in a child; nothing it does to memory is seen
// here, and its answer, whether all was as it should be, is all that comes back.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <vector>

// A system call, or only with this value of its argument `index` (the lower 32 bits).
struct Refused {
  long call;
  unsigned index = 0;
  std::optional<uint32_t> value = {};
};

using Refusals = std::vector<Refused>;

// What a C library may make of one function.
inline const Refusals fstat_calls = {
    {SYS_statx, 2, AT_EMPTY_PATH},
#ifdef SYS_newfstatat
    {SYS_newfstatat, 3, AT_EMPTY_PATH},
#endif
#ifdef SYS_fstat
    {SYS_fstat},
#endif
#ifdef SYS_fstat64
    {SYS_fstat64},
#endif
};
inline const Refusals stat_calls = {
    {SYS_statx},
#ifdef SYS_newfstatat
    {SYS_newfstatat},
#endif
#ifdef SYS_fstatat64
    {SYS_fstatat64},
#endif
};
inline const Refusals dup2_calls = {
#ifdef SYS_dup2
    {SYS_dup2},
#endif
    {SYS_dup3},
};

// Lets the calls fail with `code` from now on; with 0 they do nothing and say that they have done it.
inline bool refuse(const Refusals& calls, int code) {
  std::vector<sock_filter> program;
  const auto load = [&program](std::size_t offset) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  };
  // Goes on with the next call unless the loaded word is `value`: past what else belongs to this one.
  const auto expect = [&program](uint32_t value, unsigned char skipped) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped));
  };
  for (const Refused& refused : calls) {
    load(offsetof(seccomp_data, nr));
    expect(static_cast<uint32_t>(refused.call), refused.value ? 3 : 1);
    if (refused.value) {
      const std::size_t lower_half = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
      load(offsetof(seccomp_data, args) + refused.index * sizeof(uint64_t) + lower_half);
      expect(*refused.value, 1);
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(code)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// In a child, whose answer is whether `body` returned true. What it writes to standard error is lost.
template <class Body>
bool in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(2);
    (void)::open("/dev/null", O_WRONLY);
    ::_exit(body() ? 0 : 1);
  }
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class Body>
bool while_refused(const Refusals& calls, int code, Body body) {
  return in_child([&] { return refuse(calls, code) && body(); });
}
