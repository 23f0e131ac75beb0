#include "common/environment.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "tests/refusal.hpp"

using namespace s6;

namespace {

std::string text(const Environment& environment) {
  std::string all;
  for (const char* const* entry = environment.block(); *entry != nullptr; ++entry) all += std::string(*entry) + ";";
  return all;
}

}  // namespace

TEST_SUITE("environment") {
  TEST_CASE("variables are set, replaced and removed") {
    Environment environment;
    CHECK(text(environment).empty());
    REQUIRE(environment.set("A", "1"));
    REQUIRE(environment.set("AB", "2"));
    REQUIRE(environment.put("C=3=4"));
    CHECK(text(environment) == "A=1;AB=2;C=3=4;");
    REQUIRE(environment.set("A", ""));
    CHECK(text(environment) == "AB=2;C=3=4;A=;");
    environment.unset("AB");
    environment.unset("none");
    CHECK(text(environment) == "C=3=4;A=;");
    CHECK(environment.get("C") == std::string("3=4"));
    CHECK(environment.get("A") == std::string());
    CHECK(environment.get("AB") == nullptr);
    environment.clear();
    CHECK(text(environment).empty());
    CHECK(environment.get("A") == nullptr);
  }
  TEST_CASE("all that begin with a prefix are removed") {
    Environment environment;
    for (const char* entry : {"RC_A=1", "RC=2", "XRC_=3", "RC_=4"}) REQUIRE(environment.put(entry));
    environment.unset_prefix("RC_");
    CHECK(text(environment) == "RC=2;XRC_=3;");
  }
  TEST_CASE("what a program was given twice is replaced by one") {
    Environment environment;
    REQUIRE(environment.inherit());
    CHECK(environment.get("PATH") != nullptr);
    REQUIRE(environment.set("PATH", "/x"));
    CHECK(environment.get("PATH") == std::string("/x"));
  }
  TEST_CASE("there is room for many, and for long ones") {
    Environment environment;
    for (int i = 0; i < 3000; ++i) REQUIRE(environment.set("V" + std::to_string(i), std::string(10, 'x')));
    REQUIRE(environment.set("LONG", std::string(1 << 20, 'y')));
    CHECK(environment.get("V0") == std::string(10, 'x'));
    CHECK(environment.get("V2999") == std::string(10, 'x'));
    CHECK(environment.get("LONG") == std::string(1 << 20, 'y'));
  }
  TEST_CASE("an entry without a value is none of that name") {
    Environment environment;
    REQUIRE(environment.put("A"));
    CHECK(environment.get("A") == nullptr);
    REQUIRE(environment.put("A="));
    REQUIRE(environment.get("A") != nullptr);
    CHECK(text(environment) == "A=;");
  }
  TEST_CASE("without memory there is no environment") {
    CHECK(while_refused({{SYS_mmap}}, ENOMEM, [] {
      Environment environment;
      return environment.inherit().error().code == ENOMEM && environment.set("A", "1").error().code == ENOMEM &&
             *environment.block() == nullptr;
    }));
  }
}
