#include "common/signal_name.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <initializer_list>
#include <string>
#include <string_view>

using namespace s6;

TEST_SUITE("signal name") {
  TEST_CASE("names in any case, with or without SIG, or numbers") {
    for (const char* text : {"TERM", "term", "SIGTERM", "sigTerm", "15", "SIG15", "015"}) {
      CAPTURE(text);
      CHECK(parse_signal(text) == SIGTERM);
    }
    CHECK(parse_signal("0") == 0);
    CHECK(parse_signal("99") == 99);
  }
  TEST_CASE("nothing else") {
    for (const char* text : {"", "SIG", " TERM", "TERM ", "TERMX", "TER{", "RTMIN", "SIGSIGTERM", "-1", "4294967295"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_signal(text).has_value());
    }
  }
  TEST_CASE("every name that is printed is understood") {
    int named = 0;
    for (int number = 1; number < 32; ++number) {
      const std::string_view name = signal_name(number);
      if (name.empty()) continue;
      ++named;
      CHECK(parse_signal(name) == number);
    }
    CHECK(named == 31);
  }
  TEST_CASE("of two names the POSIX one is printed") {
    CHECK(signal_name(SIGABRT) == "ABRT");
    CHECK(signal_name(SIGCHLD) == "CHLD");
    CHECK(signal_name(SIGPOLL) == "POLL");
    CHECK(parse_signal("IOT") == SIGABRT);
    CHECK(parse_signal("CLD") == SIGCHLD);
    CHECK(parse_signal("IO") == SIGPOLL);
  }
  TEST_CASE("no name for nothing, real-time and unknown signals") {
    for (const int number : {0, 32, 40, 64, 200, -1}) CHECK(signal_name(number).empty());
  }
}
