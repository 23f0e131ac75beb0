// What is searched for here must be found exactly where the C library finds it.
#include "log/matcher.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace s6;
using namespace s6::log;

namespace {

bool is_sequence(std::string_view regex) {
  return ByteSequence().read(regex);
}

std::string required(std::string_view regex) {
  return std::string(required_literal(regex).view());
}

void check_like_library(const char* regex, const std::string& line) {
  Pattern reference;
  Matcher matcher;
  const bool valid = reference.compile(regex);
  CAPTURE(std::string(regex));
  CAPTURE(line);
  REQUIRE(matcher.compile(regex) == valid);
  if (!valid) return;
  const auto verdict = matcher.search(line);
  REQUIRE(verdict ==
          (reference.found_in(line.c_str(), Begins::at_the_start) ? Matcher::Verdict::yes : Matcher::Verdict::no));
}

}  // namespace

TEST_SUITE("log matcher") {
  TEST_CASE("which expressions are sequences of bytes") {
    for (const char* regex : {"", "a", "ERROR", ".", "^", "$", "^$", "^a", "a$", "^abc$", "a.c", "WARN[0-9]{2}",
                              "[abc]", "[^abc]", "\\.", "a\\+b", "x{3}y", "[a-zA-Z_]"}) {
      CAPTURE(regex);
      CHECK(is_sequence(regex));
    }
    for (const char* regex :
         {"a*",  "a+",  "a?", "a|b", "(a)", "a{2,}", "a{1,2}", "a{0}", "[[:digit:]]", "[]a]",     "[a-]",
          "\\b", "\\1", "a^", "$a",  "^*",  "a{",    "[",      "\\",   "a{2}*",       "\xc3\xa9", "a{99}"}) {
      CAPTURE(regex);
      CHECK_FALSE(is_sequence(regex));
    }
  }
  TEST_CASE("what every match must contain") {
    CHECK(required("abc*d") == "ab");
    CHECK(required("abc+d") == "ab");
    CHECK(required("(x|y)abc") == "abc");
    CHECK(required("[abc]def") == "def");
    CHECK(required("[]abc]d[^]x]") == "d");
    CHECK(required("[[:alpha:]]ef") == "ef");
    CHECK(required("a|b") == "");
    CHECK(required(std::string(70, 'a') + "(b)") == std::string(64, 'a'));
    CHECK(required("[[.a.]][[=b=]]cd*e[^x") == "c");
    CHECK(required("ab{2") == "");
    CHECK(required("ab\\") == "");
    CHECK(required("ab\\.c\\bx") == "ab.c");
    CHECK(required("^long.*longer$") == "longer");
    CHECK(required("ab{2}") == "a");
    CHECK(required("[ab]?{22}") == "");
    CHECK(required("(ab){12,345}c") == "c");
  }
  TEST_CASE("a few lines") {
    for (const char* regex : {"", "b", "abc", "^a", "c$", "^abc$", "^$", "a.c", "[b-d]", "[^a]", "b{2}", "a+b",
                              "(a|c)b", "x*", "ab?c", "\\.", "a|^c", "[[:alpha:]]b"})
      for (const char* line : {"", "a", "abc", "xabc", "abcx", "abbc", "a.c", "ccc", "aXc", "\xff",
                               "a\xff"
                               "c"})
        check_like_library(regex, line);
  }
  TEST_CASE("random expressions on random lines") {
    std::mt19937 random(1);
    const std::string_view pieces[] = {"a", "b", "c",   ".", "[ab]", "[^a]", "\\.", "^",     "$",   "*",
                                       "+", "?", "{2}", "(", ")",    "|",    "ab",  "[a-c]", "abc", "[[:digit:]]"};
    for (int i = 0; i < 20'000; ++i) {
      std::string regex, line;
      for (auto n = random() % 5 + 1; n > 0; --n) regex += pieces[random() % std::size(pieces)];
      for (auto n = random() % 8; n > 0; --n) line += "abc.1"[random() % 5];
      check_like_library(regex.c_str(), line);
    }
  }
  TEST_CASE("a literal is found by its rarest byte") {
    const Literal literal("eeZee");
    CHECK(literal.find("eeZee") == 0);
    CHECK(literal.find("eeeZee") == 1);
    CHECK(literal.find("ZeeZeeZee") == 1);
    CHECK(literal.find("ZeeZeeZee", 2) == 4);
    CHECK(literal.find("eeZe") == std::string_view::npos);
    CHECK(literal.find("eZeeZe") == std::string_view::npos);
    CHECK(literal.find("") == std::string_view::npos);
  }
}
