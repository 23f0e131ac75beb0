#include "supervise/readiness.hpp"

#include <doctest/doctest.h>

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
}
