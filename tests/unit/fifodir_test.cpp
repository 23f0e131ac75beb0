#include "common/fifodir.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "common/sys.hpp"
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
}
