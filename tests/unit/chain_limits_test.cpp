#include "chain/limits.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace s6;
using namespace s6::chain;

namespace {

std::string text(const LimitValue& value) {
  switch (value.kind) {
    case LimitValue::Kind::keep: return "-";
    case LimitValue::Kind::number: return value.number == sys::unlimited ? "unlimited" : std::to_string(value.number);
    case LimitValue::Kind::current_soft: return "soft";
    case LimitValue::Kind::current_hard: return "hard";
  }
  return "?";
}

// "nofile 10 20", resource, soft and hard.
std::string text(const LimitRequest& limit) {
  return std::string(resources[limit.resource].name) + " " + text(limit.change.soft) + " " + text(limit.change.hard);
}
std::string one(std::string_view words) {
  const auto limit = parse_limit(words);
  return limit ? text(*limit) : "refused";
}
std::string ulimit(std::string_view words) {
  UlimitReader reader(words);
  std::string all;
  while (const auto limit = reader.next()) all += text(*limit) + "; ";
  return reader.ok() ? all : "refused";
}

constexpr LimitValue number(std::uint64_t value) {
  return {LimitValue::Kind::number, value};
}

}  // namespace

TEST_SUITE("limits") {
  TEST_CASE("every resource has a name and a letter of its own") {
    for (std::size_t i = 0; i < resource_count; ++i) {
      CHECK(resource_called(resources[i].name) == i);
      for (const char letter : resources[i].ulimit_letter) CHECK(resource_of_ulimit(letter) == i);
    }
    CHECK(!resource_called("none"));
    CHECK(!resource_called(""));
    CHECK(!resource_of_ulimit('Z'));
    CHECK(resource_count == RLIM_NLIMITS);
  }
  TEST_CASE("limits by name") {
    CHECK(one("nofile=1024") == "nofile 1024 1024");
    CHECK(one("nofile=1024:4096") == "nofile 1024 4096");
    CHECK(one("nofile=1024:") == "nofile 1024 -");
    CHECK(one("nofile=:4096") == "nofile - 4096");
    CHECK(one("core=unlimited") == "core unlimited unlimited");
    CHECK(one("as=0:infinity") == "as 0 unlimited");
    for (const char* wrong :
         {"", "nofile", "nofile=", "nofile=:", "nofile=x", "nofile=1:x", "nofile=-1", "nofile=1k", "none=1", "=1",
          "NOFILE=1", "nofile=1:2:3", "nofile=18446744073709551615", "nofile=18446744073709551616", "nofile=soft"}) {
      CAPTURE(wrong);
      CHECK(one(wrong) == "refused");
    }
  }
  TEST_CASE("after a word that is none nothing more is read") {
    UlimitReader reader("-n x -n 5");
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.ok());
    CHECK_FALSE(reader.next());
  }
  TEST_CASE("limits as a shell's ulimit takes them") {
    CHECK(ulimit("") == "");
    CHECK(ulimit("  ") == "");
    CHECK(ulimit("-n 1024") == "nofile 1024 1024; ");
    CHECK(ulimit(" -n\t1024 -u 30 ") == "nofile 1024 1024; nproc 30 30; ");
    CHECK(ulimit("-Sn 10 -Hn 20") == "nofile 10 -; nofile - 20; ");
    CHECK(ulimit("-S -n 10 -u 5") == "nofile 10 -; nproc 5 -; ");
    CHECK(ulimit("-H -n 10 -Su 5 -s unlimited") == "nofile - 10; nproc 5 -; stack - unlimited; ");
    CHECK(ulimit("-SH -n 10") == "nofile 10 10; ");
    CHECK(ulimit("-p 7") == "nproc 7 7; ");
    CHECK(ulimit("-c 2 -v 3 -t 4") == "core 1024 1024; as 3072 3072; cpu 4 4; ");
    CHECK(ulimit("-n hard -c soft") == "nofile hard hard; core soft soft; ");
    for (const char* wrong : {"-n", "1024", "-n x", "-Z 5", "-n 1 2", "-nu 5", "-", "-S -n", "-n -u 5", "n 5",
                              "-v 18446744073709551615", "--n 5"}) {
      CAPTURE(wrong);
      CHECK(ulimit(wrong) == "refused");
    }
  }
  TEST_CASE("what becomes of the limits in force") {
    using sys::ResourceLimit;
    constexpr ResourceLimit now{100, 200};
    constexpr LimitValue keep{}, soft{LimitValue::Kind::current_soft}, hard{LimitValue::Kind::current_hard};
    CHECK(changed(now, {}) == now);
    CHECK(changed(now, {number(1), number(2)}) == ResourceLimit{1, 2});
    CHECK(changed(now, {number(150), keep}) == ResourceLimit{150, 200});
    CHECK(changed(now, {keep, number(150)}) == ResourceLimit{100, 150});
    CHECK(changed(now, {keep, number(50)}) == ResourceLimit{50, 50});
    CHECK(changed(now, {hard, keep}) == ResourceLimit{200, 200});
    CHECK(changed(now, {soft, soft}) == ResourceLimit{100, 100});
  }
  TEST_CASE("of several requests for one resource each half is the last that was said") {
    CHECK(merged({number(1), number(2)}, {number(3), {}}) == LimitChange{number(3), number(2)});
    CHECK(merged({number(1), number(2)}, {{}, number(4)}) == LimitChange{number(1), number(4)});
    CHECK(merged({}, {}) == LimitChange{});
  }
  TEST_CASE("nothing but the number of processes gets smaller before the last step") {
    using sys::ResourceLimit;
    CHECK(before_last_step(RLIMIT_NOFILE, {100, 200}, {3, 3}) == ResourceLimit{100, 200});
    CHECK(before_last_step(RLIMIT_NOFILE, {100, 200}, {150, 300}) == ResourceLimit{150, 300});
    CHECK(before_last_step(RLIMIT_NPROC, {100, 200}, {3, 3}) == ResourceLimit{3, 3});
  }
}
