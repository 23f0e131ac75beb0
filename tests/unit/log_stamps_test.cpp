#include "log/stamps.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <string>
#include <vector>

#include "log/local_stamps.hpp"

using namespace s6;
using namespace s6::log;

namespace {

void use_utc() {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

// What comes out, given `step` bytes at a time.
std::string local(const std::string& text, std::size_t step = 1000) {
  LocalStamps stamps(Zone::utc);
  std::string out;
  const auto emit = [&out](std::string_view part) { out += part; };
  for (std::size_t at = 0; at < text.size(); at += step) stamps.feed(std::string_view(text).substr(at, step), emit);
  stamps.finish(emit);
  return out;
}

const std::string stamp = "@400000006b02bd0a1ff6c0e1";
const std::string date = "2026-11-22 09:59:01.536264929";

}  // namespace

TEST_SUITE("log stamps") {
  TEST_CASE("both stamps of one reading") {
    use_utc();
    Stamps stamps;
    stamps.set({1'795'341'541, 536'264'929});
    CHECK(stamps.tai64n() == stamp + " ");
    CHECK(stamps.local_time() == date + "  ");
    stamps.set({1'795'341'541, 1});
    CHECK(stamps.tai64n() == "@400000006b02bd0a00000001 ");
    CHECK(stamps.local_time() == "2026-11-22 09:59:01.000000001  ");
    stamps.set({1'795'341'542, 0});
    CHECK(stamps.tai64n() == "@400000006b02bd0b00000000 ");
    CHECK(stamps.local_time() == "2026-11-22 09:59:02.000000000  ");
    stamps.set({0, 0});
    CHECK(stamps.tai64n() == "@400000000000000a00000000 ");
    CHECK(stamps.local_time() == "1970-01-01 00:00:00.000000000  ");
  }
}

TEST_SUITE("tai64nlocal") {
  TEST_CASE("stamps at the beginnings of lines become dates") {
    CHECK(local(stamp + " x\n") == date + " x\n");
    CHECK(local(stamp + "glued\n" + stamp + "\n") == date + "glued\n" + date + "\n");
    CHECK(local("@400000006B02BD0A1FF6C0E1 x\n") == date + " x\n");
    CHECK(local(stamp + " x") == date + " x");
    CHECK(local("@40000000586846a400000000\n") == "2016-12-31 23:59:60.000000000\n");
    CHECK(local("@40000000586846a500000000\n") == "2017-01-01 00:00:00.000000000\n");
    CHECK(local("@400000000000000a00000000\n") == "1970-01-01 00:00:00.000000000\n");
  }
  TEST_CASE("everything else stays") {
    for (const std::string& text : std::vector<std::string>{
             "", " " + stamp + " x\n", stamp.substr(0, 24) + "\n", stamp, "@400000000000000900000000\n",
             "@800000000000000000000000\n", "@7fffffffffffffff00000000 x\n", "x " + stamp + "\n",
             std::string("\n\n@\n") + std::string(100, 'x')})
      CHECK(local(text) == text);
  }
  TEST_CASE("it does not matter how the text comes") {
    const std::string text = stamp + " x\n\n" + stamp + "\n" + stamp.substr(0, 20) + "\nlong " + std::string(90, 'y') +
                             "\n" + stamp + "z" + stamp + "\n" + stamp;
    const std::string whole = local(text);
    for (std::size_t step = 1; step < 60; ++step) CHECK(local(text, step) == whole);
  }
}
