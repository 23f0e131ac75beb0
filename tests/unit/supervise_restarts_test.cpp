// How long a service that died has to wait, when it is given up, and what is done to one that does not stop.
#include "supervise/restarts.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "supervise/stop_schedule.hpp"

using namespace s6;
using namespace s6::supervise;

namespace {

// "TERM" as its number, a wait as milliseconds, a blank between them.
std::string words_of(std::string_view text) {
  auto schedule = StopSchedule::parse(text);
  if (!schedule) return "refused";
  std::string words;
  while (const auto word = schedule->next()) {
    if (!words.empty()) words += ' ';
    words += word->signal != 0 ? "signal " + std::to_string(word->signal) : std::to_string(word->wait / millisecond);
  }
  return words;
}

}  // namespace

TEST_SUITE("restarts") {
  TEST_CASE("without a policy every restart follows the rule of s6, and none is refused") {
    RestartBurst burst;
    for (int i = 0; i < 1000; ++i) {
      const Restart restart = burst.next({}, i);
      CHECK_FALSE(restart.give_up);
      CHECK_FALSE(restart.delay);
    }
  }

  TEST_CASE("the delay grows with each restart of a burst, up to its cap") {
    const RestartPolicy policy{.delay = 100, .delay_step = 30, .delay_cap = 170};
    RestartBurst burst;
    for (const Nanoseconds delay : {100, 130, 160, 170, 170}) CHECK(burst.next(policy, 0).delay == delay);
    burst.reset();
    CHECK(burst.next(policy, 0).delay == 100);
  }

  TEST_CASE("a cap below the delay does not shorten it") {
    RestartBurst burst;
    CHECK(burst.next({.delay = 100, .delay_step = 30, .delay_cap = 50}, 0).delay == 100);
    CHECK(burst.next({.delay = 100, .delay_step = 30, .delay_cap = 50}, 0).delay == 100);
  }

  TEST_CASE("the largest step never overflows") {
    constexpr Nanoseconds most = 2147483647 * millisecond;
    RestartBurst burst;
    for (int i = 0; i < 5000; ++i) {
      const auto delay = burst.next({.delay = most, .delay_step = most}, 0).delay;
      REQUIRE(delay);
      CHECK(*delay >= most);
    }
  }

  TEST_CASE("more restarts than the limit in one period: given up") {
    const RestartPolicy policy{.most = 3, .period = 100};
    RestartBurst burst;
    for (const Nanoseconds now : {0, 50, 100}) CHECK_FALSE(burst.next(policy, now).give_up);
    CHECK(burst.next(policy, 100).give_up);
    CHECK(burst.next(policy, 100).give_up);
    CHECK(burst.count() == 3);
    CHECK_FALSE(burst.next(policy, 101).give_up);  // the period is over
    CHECK(burst.count() == 1);
  }

  TEST_CASE("without a period the burst never ends, but for a start by hand") {
    RestartBurst burst;
    CHECK_FALSE(burst.next({.most = 1}, 0).give_up);
    CHECK(burst.next({.most = 1}, 1'000'000 * second).give_up);
    burst.reset();
    CHECK_FALSE(burst.next({.most = 1}, 1'000'000 * second).give_up);
  }
}

TEST_SUITE("stop schedule") {
  TEST_CASE("numbers are waits, the rest are signals") {
    CHECK(words_of("5000 INT 2000 KILL") ==
          "5000 signal " + std::to_string(SIGINT) + " 2000 signal " + std::to_string(SIGKILL));
    CHECK(words_of(" 1\tsigusr1  0 ") == "1 signal " + std::to_string(SIGUSR1) + " 0");
    CHECK(words_of("SIG9") == "signal 9");
    CHECK(words_of("") == "");
    CHECK(words_of("  ") == "");
  }

  TEST_CASE("a word that is neither makes the whole unusable") {
    for (const char* text : {"5s", "-1", "5000 FOO", "4294967296", "NOSUCH", "5000,KILL"})
      CHECK(words_of(text) == "refused");
  }

  TEST_CASE("so do too many words") {
    std::string text;
    for (std::size_t i = 0; i < StopSchedule::most_words; ++i) text += "1 ";
    CHECK(words_of(text) != "refused");
    CHECK(words_of(text + "1") == "refused");
  }
}
