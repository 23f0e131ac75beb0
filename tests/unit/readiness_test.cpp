#include "supervise/readiness.hpp"

#include <doctest/doctest.h>
#include <errno.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using namespace s6::supervise;

TEST_SUITE("readiness") {
  TEST_CASE("the next check comes a waiting time after the end of the last") {
    CHECK(next_check(0, 5 * second, 1000) == 6 * second);
    CHECK(next_check(second, second, 4294967295) == second + 4294967295 * millisecond);
  }
  TEST_CASE("without a waiting time it comes at once, but checks do not follow each other faster than every 10 ms") {
    CHECK(next_check(0, 50 * millisecond, 0) == 50 * millisecond);
    CHECK(next_check(0, 2 * millisecond, 0) == 10 * millisecond);
    CHECK(next_check(0, 2 * millisecond, 3) == 10 * millisecond);
    CHECK(next_check(0, 2 * millisecond, 9) == 11 * millisecond);
  }
  TEST_CASE("a timeout of 0 is none") {
    CHECK(deadline_after(second, 0) == never);
    CHECK(deadline_after(second, 1) == second + millisecond);
  }
  TEST_CASE("a readiness that cannot be told is no success; that of a service that nobody listens to is not wanted") {
    const Scratch dir;
    dir.directory("data");
    dir.directory("event");
    std::ofstream(dir.path("data/check")) << "#!/bin/sh\n";
    REQUIRE(::chmod(dir.path("data/check").c_str(), 0755) == 0);
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    const int notification = pipe->write_end.get();
    const auto checked = [&](const Refusals& calls, int code) {
      CheckOutcome outcome{};
      for (const CheckOutcome possible : {CheckOutcome::ready, CheckOutcome::unwanted, CheckOutcome::failed})
        if (in_child([&] {
              fifodir::Subscription events;
              if (!sys::chdir(dir.path().c_str()) || !events.subscribe("event") || !refuse(calls, code)) return false;
              return CheckLoop({.initial_sleep = 0}, events, notification).run() == possible;
            }))
          outcome = possible;
      return outcome;
    };
    CHECK(checked({}, 0) == CheckOutcome::ready);
    const uint32_t descriptor = static_cast<uint32_t>(notification);
    CHECK(checked({{SYS_write, 0, descriptor}}, EPIPE) == CheckOutcome::unwanted);
    CHECK(checked({{SYS_write, 0, descriptor}}, EIO) == CheckOutcome::failed);
    CHECK(checked({{SYS_signalfd4}}, EMFILE) == CheckOutcome::failed);
    CHECK(checked({{SYS_ppoll}}, ENOMEM) == CheckOutcome::failed);
    CHECK(std::filesystem::is_empty(dir.path("event")));
  }
}
