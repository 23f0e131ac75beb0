#include <doctest/doctest.h>

#include <string>

#include "svstat/format.hpp"

using namespace s6;
using svstat::SignalStyle;

namespace {

constexpr Tai64n stamp{0x4000000066012345, 0x0a0b0c0d};

std::string shown(const Death& death, SignalStyle style = SignalStyle::name) {
  return std::string(svstat::death_line(death, style).view());
}

}  // namespace

TEST_SUITE("svdt line") {
  TEST_CASE("an exit") {
    CHECK(shown({stamp, 3, 0}) == "@40000000660123450a0b0c0d exitcode 3\n");
    CHECK(shown({stamp, 3, 0}, SignalStyle::number) == "@40000000660123450a0b0c0d exitcode 3\n");
    CHECK(shown({stamp, 0, 0}) == "@40000000660123450a0b0c0d exitcode 0\n");
    CHECK(shown({stamp, 255, 0}) == "@40000000660123450a0b0c0d exitcode 255\n");
  }
  TEST_CASE("a signal, whatever the exit code beside it") {
    CHECK(shown({stamp, 137, 9}) == "@40000000660123450a0b0c0d signal SIGKILL\n");
    CHECK(shown({stamp, 0, 9}) == "@40000000660123450a0b0c0d signal SIGKILL\n");
    CHECK(shown({stamp, 137, 9}, SignalStyle::number) == "@40000000660123450a0b0c0d signal 9\n");
  }
  TEST_CASE("a signal without a name") {
    CHECK(shown({stamp, 168, 40}) == "@40000000660123450a0b0c0d signal SIG??\?\n");
    CHECK(shown({stamp, 168, 40}, SignalStyle::number) == "@40000000660123450a0b0c0d signal 40\n");
  }
}
