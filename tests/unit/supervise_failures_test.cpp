#include "supervise/failures.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace s6;
using namespace s6::supervise;

namespace {

constexpr Tai64n at(std::uint64_t seconds, std::uint32_t nanoseconds = 0) {
  return {tai::epoch_label + seconds, nanoseconds};
}
constexpr Death exit_with(std::uint8_t code, const Tai64n& stamp = at(1000)) {
  return {stamp, code, 0};
}
constexpr Death killed_by(std::uint8_t signal, const Tai64n& stamp = at(1000)) {
  return {stamp, static_cast<std::uint8_t>(128 + signal), signal};
}

Failures parsed(std::string_view list) {
  const auto result = parse_failures(list);
  CHECK_MESSAGE(result.problem.empty(), std::string(list));
  return result.failures;
}

// "1 2 SIG9": everything in the list.
std::string content(std::string_view list) {
  const Failures failures = parsed(list);
  std::string text;
  for (std::size_t code = 0; code < failures.exit_codes.size(); ++code)
    if (failures.exit_codes[code]) text += std::to_string(code) + " ";
  for (std::size_t signal = 0; signal < failures.signals.size(); ++signal)
    if (failures.signals[signal]) text += "SIG" + std::to_string(signal) + " ";
  return text;
}

std::string problem(std::string_view list) {
  const auto result = parse_failures(list);
  return std::string(result.culprit) + ": " + std::string(result.problem);
}

}  // namespace

TEST_SUITE("list of failures") {
  TEST_CASE("exit codes and ranges") {
    CHECK(content("7") == "7 ");
    CHECK(content("007") == "7 ");
    CHECK(content("0") == "0 ");
    CHECK(content("255") == "255 ");
    CHECK(content("3-5") == "3 4 5 ");
    CHECK(content("5-5") == "5 ");
    CHECK(content("254-255,1,2-3") == "1 2 3 254 255 ");
    CHECK(content("00000000003") == "3 ");
  }
  TEST_CASE("signals by name, with or without SIG, in any case; by number only with SIG") {
    CHECK(content("KILL") == "SIG9 ");
    CHECK(content("SIGKILL") == "SIG9 ");
    CHECK(content("sigkill,Term") == "SIG9 SIG15 ");
    CHECK(content("SIG9") == "SIG9 ");
    CHECK(content("sig64") == "SIG64 ");
    CHECK(content("9") == "9 ");
  }
  TEST_CASE("any of the separators, several of them, and at the end") {
    CHECK(content("1,2;3 4\n5\r6\t7") == "1 2 3 4 5 6 7 ");
    CHECK(content("1, ;\n2") == "1 2 ");
    CHECK(content("1,") == "1 ");
    CHECK(content("1\n") == "1 ");
  }
  TEST_CASE("an empty list has nothing in it") {
    CHECK(content("").empty());
  }
  TEST_CASE("what is no list") {
    for (const char* list : {",1", " 1", "\n", "7x", "1-3-9", "-3", "1-", "1--3", "+1", "1 - 3", "TERM-KILL", "RTMIN",
                             "SIGSIGKILL", "SIG", "x", "4294967296"}) {
      CAPTURE(list);
      CHECK(problem(list).ends_with(": not an exit code, a range of exit codes or a signal"));
    }
    CHECK(problem("256") == "256: exit codes end at 255");
    CHECK(problem("1,1-300") == "1-300: exit codes end at 255");
    CHECK(problem("9-1") == "9-1: the range ends before it begins");
    CHECK(problem("KILL,SIG0") == "SIG0: there is no such signal");
    CHECK(problem("SIG65") == "SIG65: there is no such signal");
    CHECK(problem("SIG4294967295").ends_with("a signal"));
  }
  TEST_CASE("every item is read until one is wrong") {
    CHECK(problem("1,x,y").starts_with("x: "));
  }
  TEST_CASE("a death by signal counts as the signal and as the exit code that a shell sees") {
    CHECK(parsed("KILL").include(killed_by(9)));
    CHECK(parsed("137").include(killed_by(9)));
    CHECK(parsed("128-255").include(killed_by(9)));
    CHECK(!parsed("9").include(killed_by(9)));
    CHECK(!parsed("KILL").include(exit_with(137)));
    CHECK(parsed("137").include(exit_with(137)));
    CHECK(!parsed("").include(exit_with(0)));
  }
  TEST_CASE("a signal that no kernel has, as only a file can name it") {
    CHECK(!parsed("SIG64").include({at(1), 0, 65}));
    CHECK(!parsed("SIG64").include({at(1), 0, 255}));
  }
}

TEST_SUITE("failure limit") {
  TEST_CASE("the count-th death of the kind reaches it, and no other") {
    FailureLimit limit(parsed("3"), at(0), 2);
    CHECK(!limit.reached_by(exit_with(3)));
    CHECK(!limit.reached_by(exit_with(4)));
    CHECK(limit.reached_by(exit_with(3)));
    CHECK(!limit.reached_by(exit_with(3)));
  }
  TEST_CASE("deaths count from the moment on, to the nanosecond") {
    const auto reached = [](const Tai64n& stamp) {
      return FailureLimit(parsed("3"), at(1000, 500), 1).reached_by(exit_with(3, stamp));
    };
    CHECK(!reached(at(999, 999'999'999)));
    CHECK(!reached(at(1000, 499)));
    CHECK(reached(at(1000, 500)));
    CHECK(reached(at(5000)));
  }
}
