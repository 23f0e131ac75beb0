#include "svwait/options.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "svwait/watch.hpp"

using namespace s6;

namespace {
options::Problem parse(std::vector<const char*> words, svwait::Request& request) {
  request = {};
  return options::parse(svwait::option_table, request, words).problem;
}
}  // namespace

TEST_SUITE("svwait options") {
  TEST_CASE("by default all are to be up, without limit") {
    svwait::Request request;
    CHECK(parse({"dir"}, request) == options::Problem::none);
    CHECK(request.condition.goal == svwait::Goal::up);
    CHECK(request.condition.quorum == svwait::Quorum::all);
    CHECK(request.condition.rest == svwait::Rest::down);
    CHECK(request.timeout == 0);
  }
  TEST_CASE("the last of several wins, values may be glued") {
    svwait::Request request;
    CHECK(parse({"-ud", "-oao", "-Rt200", "-t", "300", "dir"}, request) == options::Problem::none);
    CHECK(request.condition.goal == svwait::Goal::restarted_ready);
    CHECK(request.condition.quorum == svwait::Quorum::any);
    CHECK(request.timeout == 300);
  }
  TEST_CASE("what is refused") {
    svwait::Request request;
    CHECK(parse({"-t", "x"}, request) == options::Problem::refused);
    CHECK(parse({"-t=200"}, request) == options::Problem::refused);
    CHECK(parse({"-t"}, request) == options::Problem::missing_value);
    CHECK(parse({"--timeout=5"}, request) == options::Problem::unknown_option);
  }
  TEST_CASE("a time limit of 0 is none") {
    CHECK(svwait::deadline_after(5, 0) == sys::never);
    CHECK(svwait::deadline_after(5, 4294967295) == 5 + 4294967295 * sys::millisecond);
  }
}
