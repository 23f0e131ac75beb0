#include "svscan/requests.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace s6::svscan;

namespace {
Requests all_of(std::string_view commands) {
  Requests requests;
  for (const char c : commands) CHECK(requests.add(c));
  return requests;
}
}  // namespace

TEST_SUITE("svscan requests") {
  TEST_CASE("every command asks for its own thing") {
    CHECK(all_of("z").reap);
    CHECK(all_of("a").scan);
    CHECK(all_of("n").prune == Farewell::drain);
    CHECK(all_of("N").prune == Farewell::terminate);
    CHECK(all_of("h").scan);
    CHECK(all_of("h").prune == Farewell::drain);
    for (const char* c : {"t", "i"}) {
      CHECK(all_of(c).kill == Farewell::drain);
      CHECK(all_of(c).leave == Leave::when_all_are_dead);
    }
    CHECK(all_of("q").kill == Farewell::terminate);
    CHECK(all_of("b").kill == Farewell::none);
    CHECK(all_of("b").leave == Leave::at_once);
  }
  TEST_CASE("any other byte is none") {
    const std::string_view commands = "zanNhtiqb";
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      Requests requests;
      CHECK(requests.add(c) == (commands.find(c) != std::string_view::npos));
    }
  }
  TEST_CASE("the last of t, q and b decides about the waiting, none takes a kill back") {
    CHECK(all_of("tb").kill == Farewell::drain);
    CHECK(all_of("tb").leave == Leave::at_once);
    CHECK(all_of("bt").leave == Leave::when_all_are_dead);
    CHECK(all_of("qt").kill == Farewell::terminate);
    CHECK(all_of("tq").kill == Farewell::terminate);
  }
  TEST_CASE("scans and prunes, wherever they stand, change nothing about leaving") {
    for (const std::string_view leave : {"t", "q", "i"})
      for (const std::string_view other : {"a", "n", "N", "h", "z", "an", "na", "aN"}) {
        const Requests alone = all_of(leave);
        for (const auto& both : {std::string(leave) + std::string(other), std::string(other) + std::string(leave)}) {
          CAPTURE(both);
          CHECK(all_of(both).kill == alone.kill);
          CHECK(all_of(both).leave == alone.leave);
        }
      }
  }
  TEST_CASE("of two prunes the harder one stays") {
    CHECK(all_of("Nn").prune == Farewell::terminate);
    CHECK(all_of("nN").prune == Farewell::terminate);
    CHECK(all_of("Nh").prune == Farewell::terminate);
  }
}
