// A child that gets few of its parent's many descriptors.
#include "common/spawn.hpp"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "common/sys.hpp"
#include "tests/refusal.hpp"

namespace s6 {
namespace {

constexpr int kept = 40, left = 150, below = 100;

std::string read_all(int fd) {
  std::string text;
  std::array<std::byte, 256> buffer;
  for (;;) {
    const auto n = sys::read(fd, buffer);
    if (!n || *n == 0) return text;
    text.append(static_cast<const char*>(static_cast<const void*>(buffer.data())), *n);
  }
}

struct Output {
  sys::Pipe pipe;
  UniqueFd kept_one{kept}, left_one{left};

  Output() {
    pipe = std::move(*sys::pipe());
    REQUIRE(::dup2(pipe.write_end.get(), kept) == kept);
    REQUIRE(::dup2(pipe.write_end.get(), left) == left);
  }
  // Of a shell that tells which of the two it has, on descriptor 1.
  Result<pid_t> spawn_shell() const {
    const char* const argv[] = {"sh", "-c", "for n in 40 150; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; exit 5",
                                nullptr};
    const FdMove moves[] = {{pipe.write_end.get(), 1}};
    return spawn({.programs = {argv, 1},
                  .search = Search::path,
                  .argv = argv,
                  .moves = moves,
                  .descriptors_below = below,
                  .descriptor_limit = 1000});
  }
  std::string text() {
    pipe.write_end.reset();
    kept_one.reset();
    left_one.reset();
    return read_all(pipe.read_end.get());
  }
};

int exit_code(pid_t pid) {
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WEXITSTATUS(status);
}

ino_t file_of(int fd) {
  const auto st = sys::fstat(fd);
  REQUIRE(st);
  return st->st_ino;
}

TEST_SUITE("spawn with few descriptors") {
  TEST_CASE("the child has those below and what was moved, the parent keeps all of its own") {
    Output output;
    const ino_t own = file_of(1);
    const auto pid = output.spawn_shell();
    REQUIRE(pid);
    CHECK(exit_code(*pid) == 5);
    CHECK(file_of(1) == own);
    CHECK(sys::is_open(kept));
    CHECK(sys::is_open(left));
    CHECK(output.text() == "40\n");
  }

  TEST_CASE("a program that cannot be executed is an error, and descriptor 1 is as before") {
    Output output;
    const ino_t own = file_of(1);
    const char* const argv[] = {"/nonexistent/program", nullptr};
    const FdMove moves[] = {{output.pipe.write_end.get(), 1}};
    const auto pid = spawn({.programs = {argv, 1}, .argv = argv, .moves = moves, .descriptors_below = below});
    REQUIRE_FALSE(pid);
    CHECK(pid.error().code == ENOENT);
    CHECK(file_of(1) == own);
    CHECK(output.text().empty());
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  }

  TEST_CASE("where that cannot be done the child has all of them") {
    Output output;
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const struct rlimit none_free { 3, before.rlim_max };
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none_free) == 0);
    const auto pid = output.spawn_shell();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(pid);
    CHECK(exit_code(*pid) == 5);
    CHECK(output.text() == "40\n150\n");
  }

  TEST_CASE("nor where the system does not know how to") {
    CHECK(while_refused({{SYS_close_range}}, ENOSYS, [] {
      Output output;
      const auto pid = output.spawn_shell();
      return pid && exit_code(*pid) == 5 && output.text() == "40\n150\n";
    }));
  }

  TEST_CASE("the end of what survives exec") {
    const int end = sys::end_of_inheritable_descriptors();
    const UniqueFd inherited(::dup2(1, end + 50));
    CHECK(sys::end_of_inheritable_descriptors() == end + 51);
    REQUIRE(sys::set_cloexec(inherited.get()));
    CHECK(sys::end_of_inheritable_descriptors() == end);
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (int fd = end; --fd > 2;) ::close(fd);
      ::_exit(sys::end_of_inheritable_descriptors());
    }
    CHECK(exit_code(pid) == 3);
  }
}

}  // namespace
}  // namespace s6
