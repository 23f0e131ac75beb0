#include "common/spawn.hpp"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;

namespace {

constexpr std::array shell = {"/bin/sh"};

// The exit code of a child that was started, -1 if it was killed.
int exit_code(const Result<pid_t>& child) {
  REQUIRE(child);
  const WaitStatus status = sys::wait_for(*child).status;
  return status.exited() ? status.exit_code() : -1;
}

std::string read_line(int fd) {
  std::array<char, 64> text{};
  const auto size = sys::read(fd, std::as_writable_bytes(std::span(text)));
  return size ? std::string(text.data(), *size) : "nothing";
}

}  // namespace

TEST_SUITE("spawn") {
  TEST_CASE("descriptors can change places") {
    auto first = sys::pipe(), second = sys::pipe();
    REQUIRE(first);
    REQUIRE(second);
    // Out of the way of the numbers that are used here.
    for (UniqueFd* end : {&first->read_end, &first->write_end, &second->read_end, &second->write_end})
      *end = std::move(*sys::dup_above(end->get(), 20));
    // 7 and 8 in the child are what 8 and 7 are here: neither may be overwritten before it has been copied.
    const UniqueFd seven(::dup2(first->write_end.get(), 7)), eight(::dup2(second->write_end.get(), 8));
    const FdMove moves[] = {{8, 7}, {7, 8}};
    const char* const argv[] = {"sh", "-c", "echo seven >&7; echo eight >&8", nullptr};
    CHECK(exit_code(spawn({.programs = shell, .argv = argv, .moves = moves})) == 0);
    CHECK(read_line(first->read_end.get()) == "eight\n");
    CHECK(read_line(second->read_end.get()) == "seven\n");
  }
  TEST_CASE("a child whose descriptors cannot be put in place is no child") {
    const char* const argv[] = {"sh", "-c", "exit 3", nullptr};
    for (const FdMove move : {FdMove{99, 99}, FdMove{99, 7}}) {
      const FdMove moves[] = {move};
      CHECK(spawn({.programs = shell, .argv = argv, .moves = moves}).error().code == EBADF);
    }
    const UniqueFd seven(::open("/dev/null", O_WRONLY)), eight(::open("/dev/null", O_WRONLY));
    const FdMove moves[] = {{seven.get(), eight.get()}, {eight.get(), seven.get()}};
    CHECK(while_refused({{SYS_fcntl, 1, F_DUPFD_CLOEXEC}}, EMFILE, [&] {
      return spawn({.programs = shell, .argv = argv, .moves = moves}).error().code == EMFILE;
    }));
    CHECK_FALSE(sys::wait_for_child().pid);
  }
  TEST_CASE("the working directory has to be one") {
    const char* const argv[] = {"sh", "-c", "exit 3", nullptr};
    const UniqueFd file(::open("/dev/null", O_RDONLY));
    CHECK(spawn({.programs = shell, .argv = argv, .directory = file.get()}).error().code == ENOTDIR);
  }
  TEST_CASE("the next program is tried where one does not exist, whatever is in the way") {
    constexpr std::array programs = {"/no/such/program", "/dev/null/no-directory", "/bin/sh"};
    const char* const argv[] = {"sh", "-c", "exit 3", nullptr};
    CHECK(exit_code(spawn({.programs = programs, .argv = argv})) == 3);
    constexpr std::array unusable = {"/", "/bin/sh"};
    CHECK(spawn({.programs = unusable, .argv = argv}).error().code == EACCES);
  }
  TEST_CASE("a child that waits for a lock says itself what it could not do") {
    const Scratch dir;
    dir.file("lock");
    const UniqueFd lock(::open(dir.path("lock").c_str(), O_RDWR));
    // In a child whose standard error is nowhere.
    const auto code = [](const char* program, int fd) {
      const std::array programs = {program};
      const char* const argv[] = {"sh", "-c", "exit 3", nullptr};
      const auto child =
          spawn({.programs = programs, .argv = argv, .lock_wait = LockWait::until_acquired, .lock_fd = fd});
      return child ? sys::wait_for(*child).status.exit_code() : -1;
    };
    CHECK(in_child([&] { return code("/bin/sh", lock.get()) == 3; }));
    CHECK(in_child([&] { return code("/no/such/program", lock.get()) == 127; }));
    CHECK(in_child([&] { return code("/", lock.get()) == 126; }));
    CHECK(in_child([&] { return code("/bin/sh", 99) == 126; }));
    CHECK(while_refused({{SYS_clone}}, EAGAIN, [&] { return code("/bin/sh", lock.get()) == -1; }));
  }
}
