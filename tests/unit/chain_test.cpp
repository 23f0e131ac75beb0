#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "chain/env_dir.hpp"
#include "chain/identity.hpp"
#include "chain/softlimit.hpp"
#include "scratch.hpp"

using namespace s6;
using namespace s6::chain;
using namespace std::string_literals;

namespace {

std::string value(std::string content, const EnvDirOptions& options = {}) {
  return std::string(value_of(content, options));
}

std::string list(std::string_view text) {
  auto groups = std::make_unique<GroupList>();
  if (!groups->parse(text)) return "refused";
  auto out = std::make_unique<GroupListText>();
  append_list(*out, groups->view());
  return std::string(out->view());
}

}  // namespace

TEST_SUITE("chain") {
  TEST_CASE("lists of groups") {
    for (const char* same : {"", "0", "1,2,3", "4294967295"}) CHECK(list(same) == same);
    CHECK(list("007,08") == "7,8");
    for (const char* wrong : {",", "1,", ",1", "1,,2", "x", "5,x", "5x", " 1", "1 ", "-1", "4294967296", "1;2"}) {
      CAPTURE(wrong);
      CHECK(list(wrong) == "refused");
    }
  }
  TEST_CASE("a list has room for as many groups as the kernel takes") {
    std::string text = "1";
    for (std::size_t i = 1; i < GroupList::capacity; ++i) text += ",1";
    auto groups = std::make_unique<GroupList>();
    CHECK(groups->parse(text));
    CHECK(groups->view().size() == GroupList::capacity);
    CHECK(!groups->add(1));
    CHECK(!groups->parse(text + ",1"));
  }
  TEST_CASE("pairs") {
    CHECK(split_pair("a").first == "a");
    CHECK(!split_pair("a").second);
    CHECK(split_pair("a:b").first == "a");
    CHECK(split_pair("a:b").second == "b");
    CHECK(split_pair("a:").second == "");
    CHECK(split_pair(":b:c").first == "");
    CHECK(split_pair(":b:c").second == "b:c");
    CHECK(!split_pair("").second);
  }
  TEST_CASE("the value in a file") {
    CHECK(value("v1 \t\r\nsecond") == "v1");
    CHECK(value("no newline") == "no newline");
    CHECK(value("\n") == "");
    CHECK(value(" \t") == "");
    CHECK(value("\nx") == "");
    CHECK(value(" lead ") == " lead");
    CHECK(value("x\0y"s) == "x\ny");
    CHECK(value("x \0 "s) == "x \n");
    CHECK(value("\0"s, {.nul = 'Z'}) == "Z");
    CHECK(value("a\0\nb\0"s, {.nul = 'Z'}) == "aZ");
    CHECK(value("a \n\n", {.keep_blanks = true}) == "a ");
    CHECK(value("a \n\n", {.whole_file = true}) == "a \n");
    CHECK(value("a \n b", {.whole_file = true}) == "a \n b");
    CHECK(value("a \n\n", {.keep_blanks = true, .whole_file = true}) == "a \n\n");
  }
  TEST_CASE("which files are variables") {
    CHECK(is_variable("A"));
    CHECK(is_variable("a b-c"));
    CHECK(!is_variable(".A"));
    CHECK(!is_variable("A=B"));
  }
  TEST_CASE("a directory of variables") {
    const Scratch scratch;
    scratch.file("A", "1\n2");
    scratch.file("B");
    scratch.file("C", std::string(5000, 'c'));
    Environment environment;
    REQUIRE(environment.set("B", "before"));
    EnvDir dir;
    const std::string path = scratch.path();
    REQUIRE(dir.open(path.c_str()));
    REQUIRE(dir.apply({}, environment));
    CHECK(environment.get("A") == "1"s);
    CHECK(environment.get("B") == nullptr);
    CHECK(environment.get("C") == std::string(limited_size, 'c'));
    EnvDir again;
    REQUIRE(again.open(path.c_str()));
    REQUIRE(again.apply({.unlimited = true}, environment));
    CHECK(environment.get("C") == std::string(5000, 'c'));
  }
  TEST_CASE("a value that no program could get is an error that names the file") {
    const Scratch scratch;
    scratch.file("A", std::string(longest_value + 1, 'x'));
    Environment environment;
    EnvDir dir;
    const std::string path = scratch.path();
    REQUIRE(dir.open(path.c_str()));
    const auto applied = dir.apply({.unlimited = true}, environment);
    REQUIRE(!applied);
    CHECK(applied.error().path == scratch.path("A"));
    EnvDir missing;
    CHECK(!missing.open("/nowhere"));
  }
  TEST_CASE("what s6-softlimit makes of a limit") {
    using sys::ResourceLimit;
    constexpr ResourceLimit now{100, 200};
    static_assert(limited(now, Scope::soft, 50) == ResourceLimit{50, 200});
    static_assert(limited(now, Scope::soft, 300) == ResourceLimit{200, 200});
    static_assert(limited(now, Scope::soft, {}) == ResourceLimit{200, 200});
    static_assert(limited(now, Scope::hard, 150) == ResourceLimit{100, 150});
    static_assert(limited(now, Scope::hard, 50) == ResourceLimit{50, 50});
    static_assert(limited(now, Scope::hard, {}) == ResourceLimit{100, sys::unlimited});
    static_assert(limited(now, Scope::both, 300) == ResourceLimit{300, 300});
    static_assert(limited(now, Scope::both, {}) == ResourceLimit{sys::unlimited, sys::unlimited});
  }
}
