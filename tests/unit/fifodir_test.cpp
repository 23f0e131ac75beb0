#include "common/fifodir.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>

#include "common/sys.hpp"
#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;

TEST_SUITE("fifodir") {
  TEST_CASE("a subscriber hears, in a directory of the asked mode, and leaves nothing behind") {
    const Scratch dir;
    const std::string event = dir.path("event");
    REQUIRE(fifodir::make(event.c_str(), fifodir::restricted_mode));
    CHECK(fifodir::make(event.c_str(), fifodir::public_mode).error().code == EEXIST);
    struct stat st = {};
    REQUIRE(::stat(event.c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == fifodir::restricted_mode);
    CHECK(st.st_gid == ::getegid());
    {
      fifodir::Subscription subscription;
      REQUIRE(subscription.subscribe(event.c_str()));
      REQUIRE(fifodir::notify(event.c_str(), "dD"));
      REQUIRE(fifodir::notify(event.c_str(), "u"));
      char buffer[8];
      CHECK(subscription.read(buffer) == "dDu");
      CHECK(subscription.read(buffer).empty());
      CHECK(subscription.is_published());
    }
    CHECK(std::filesystem::is_empty(event));
  }
  TEST_CASE("the removal of a subscription is noticed") {
    const Scratch dir;
    const std::string event = dir.path("event");
    REQUIRE(fifodir::make(event.c_str(), fifodir::restricted_mode));
    fifodir::Subscription subscription;
    REQUIRE(subscription.subscribe(event.c_str()));
    auto watcher = sys::file_watcher();
    REQUIRE(watcher);
    REQUIRE(subscription.watch_removal(watcher->get()));
    REQUIRE(fifodir::notify(event.c_str(), "d"));
    std::byte drained[256];
    CHECK_FALSE(sys::read(watcher->get(), drained));
    std::filesystem::remove_all(event);
    CHECK_FALSE(subscription.is_published());
    CHECK(sys::read(watcher->get(), drained));
  }
  TEST_CASE("a fifodir can be of the kernel's group, and changed later") {
    const Scratch dir;
    const std::string event = dir.path("event");
    REQUIRE(fifodir::make(event.c_str(), fifodir::public_mode, std::nullopt));
    const auto mode_of_event = [&event] {
      struct stat st = {};
      REQUIRE(::stat(event.c_str(), &st) == 0);
      return st.st_mode & 07777;
    };
    CHECK(mode_of_event() == fifodir::public_mode);
    REQUIRE(fifodir::grant(event.c_str(), fifodir::restricted_mode, ::getegid()));
    CHECK(mode_of_event() == fifodir::restricted_mode);
  }
  TEST_CASE("there is no subscription to a directory without a name") {
    fifodir::Subscription subscription;
    CHECK(subscription.subscribe("").error().code == ENOENT);
    CHECK_FALSE(subscription.active());
  }
  TEST_CASE("there is no subscription whose path is too long") {
    const Scratch dir;
    const std::string path = dir.path() + std::string(path_size - 40 - dir.path().size(), '/');
    fifodir::Subscription subscription;
    CHECK(subscription.subscribe(path.c_str()).error().code == ENAMETOOLONG);
    CHECK(std::filesystem::is_empty(dir.path()));
  }
  TEST_CASE("links to a fifodir are followed if they are one's own or root's") {
    const Scratch dir;
    const std::string event = dir.path("event"), link = dir.path("link");
    REQUIRE(fifodir::make(event.c_str(), fifodir::public_mode));
    std::filesystem::create_symlink("event", link);
    CHECK(fifodir::open(link.c_str(), O_RDONLY));
    CHECK(while_refused(fstat_calls, EIO, [&] { return fifodir::open(link.c_str(), O_RDONLY).error().code == EIO; }));
    if (::geteuid() != 0) return;
    constexpr uid_t stranger = 12345;
    REQUIRE(::lchown(link.c_str(), stranger, stranger) == 0);
    CHECK(fifodir::open(link.c_str(), O_RDONLY).error().code == EPERM);
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    CHECK(in_child(
        [&] { return ::setgid(stranger) == 0 && ::setuid(stranger) == 0 && fifodir::open(link.c_str(), O_PATH); }));
    // It may lead to what belongs to its owner, of whom nobody is made to believe anything.
    REQUIRE(::lchown(event.c_str(), stranger, stranger) == 0);
    CHECK(fifodir::open(link.c_str(), O_RDONLY));
  }
  TEST_CASE("what is in the way of a fifodir") {
    const Scratch dir;
    std::filesystem::create_symlink("loop", dir.path("loop"));
    CHECK(fifodir::open(dir.path("loop/event").c_str(), O_RDONLY).error().code == ELOOP);
    CHECK(fifodir::open(dir.path("loop").c_str(), O_RDONLY).error().code == ELOOP);
    dir.file("file");
    CHECK(fifodir::open(dir.path("file").c_str(), O_RDONLY).error().code == ENOTDIR);
    CHECK(fifodir::grant(dir.path("missing").c_str(), 0755, {}).error().code == ENOENT);
    const std::string event = dir.path("event");
    CHECK(while_refused(fstat_calls, EIO, [&] { return fifodir::make(event.c_str(), 0755, {}).error().code == EIO; }));
    REQUIRE(std::filesystem::remove(event));
    CHECK(while_refused({{SYS_fchown}}, EPERM, [&] {
      const auto made = fifodir::make(event.c_str(), 0755);
      return made.error().code == EPERM && made.error().path == event;
    }));
  }
  TEST_CASE("only a FIFO that surely has no reader is removed") {
    const Scratch dir;
    const std::string event = dir.path("event");
    REQUIRE(fifodir::make(event.c_str(), fifodir::public_mode));
    fifodir::Subscription subscription;
    REQUIRE(subscription.subscribe(event.c_str()));
    const auto subscribers = [&event] {
      return std::distance(std::filesystem::directory_iterator(event), std::filesystem::directory_iterator());
    };
    const auto notify = [&event] { return static_cast<bool>(fifodir::notify(event.c_str(), "u")); };
    constexpr uint32_t opened_for_writing = O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
    CHECK(while_refused({{SYS_openat, 2, opened_for_writing}}, EACCES, notify));
    CHECK(while_refused(fstat_calls, EIO, notify));
    CHECK(while_refused({{SYS_write}}, EAGAIN, notify));
    CHECK(subscribers() == 1);
    char buffer[8];
    CHECK(subscription.read(buffer).empty());
    // Its reader has gone between the two calls.
    CHECK(while_refused({{SYS_write}}, EPIPE, notify));
    CHECK(subscribers() == 0);
  }
  TEST_CASE("a half-made FIFO is only removed when it is old, and when that can be seen") {
    const Scratch dir;
    const std::string event = dir.path("event");
    REQUIRE(fifodir::make(event.c_str(), fifodir::public_mode));
    const auto name = fifo_name::make(tai::from_unix(1000, 0), 1);
    const std::string half_made = std::string("event/.") + name.data();
    const auto is_there = [&] { return std::filesystem::exists(dir.path(half_made)); };
    const auto clean = [&] { return static_cast<bool>(fifodir::clean(event.c_str())); };
    dir.fifo(half_made);
    CHECK(clean());
    CHECK(is_there());
    std::filesystem::last_write_time(dir.path(half_made),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    CHECK(while_refused(stat_calls, EIO, clean));
    CHECK(is_there());
    CHECK(clean());
    CHECK_FALSE(is_there());
  }
}
