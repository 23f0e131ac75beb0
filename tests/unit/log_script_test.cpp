#include "log/script.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "log/options.hpp"

using namespace s6;
using namespace s6::log;

namespace {

// A script and the memory it lives in.
struct Parsed {
  explicit Parsed(std::vector<const char*> given)
      : words(std::move(given)),
        selections(std::make_unique<Selection[]>(words.size())),
        actions(words.size()),
        blocks(words.size()),
        directories(words.size()),
        parser({{selections.get(), words.size()}, actions, blocks, directories}),
        ok(parser.parse(words)) {}

  // What becomes of a line: the prefixes of the actions that get it.
  std::string fate(const std::string& line) {
    std::array<bool, 16> acts{};
    choose(parser.script().blocks, line, acts);
    std::string result;
    for (std::size_t i = 0; i < parser.script().blocks.size(); ++i)
      for (const Action& action : parser.script().blocks[i].actions)
        if (acts[i]) result += action.layout.prefix;
    return result;
  }

  std::vector<const char*> words;
  std::unique_ptr<Selection[]> selections;
  std::vector<Action> actions;
  std::vector<Block> blocks;
  std::vector<Directory> directories;
  ScriptParser parser;
  bool ok;
};

using Kind = ScriptProblem::Kind;

Kind problem(std::vector<const char*> words) {
  Parsed parsed(std::move(words));
  CHECK(parsed.ok == (parsed.parser.problem().kind == Kind::none));
  return parsed.parser.problem().kind;
}

}  // namespace

TEST_SUITE("log script") {
  TEST_CASE("what is no directive") {
    for (const char* word : {"", "x", "x5", "n", "nx", "n12x", "n-1", "s", "S", "l", "r", "R", "E", "^", "n4294967296",
                             "S18446744073709551616", "+(", "-["}) {
      CAPTURE(word);
      CHECK(problem({word, "1"}) == Kind::unrecognized);
    }
    for (const char* word : {"tt", "T2", "11", "1x", "2 ", "ff", "="}) {
      CAPTURE(word);
      CHECK(problem({word, "1"}) == Kind::bad_syntax);
    }
    for (const char* word : {"p", "!", "?", "t", "T", "n0", "S18446744073709551615", "+", "-", "f", "=x"})
      CHECK(problem({word, "1"}) == Kind::none);
  }
  TEST_CASE("a bad expression is explained") {
    Parsed parsed({"+(", "1"});
    CHECK(parsed.parser.problem().detail.size() > 0);
    CHECK(std::string(parsed.parser.problem().directive) == "+(");
  }
  TEST_CASE("there must be an action") {
    CHECK(problem({"n1", "+a", "t"}) == Kind::no_action);
    Parsed parsed({"1", "+a"});
    CHECK(parsed.ok);
    CHECK(parsed.parser.has_idle_selections());
    CHECK(parsed.parser.script().blocks.size() == 1);
  }
  TEST_CASE("tolerance and file size") {
    CHECK(problem({"s4096", "l2048", "1"}) == Kind::none);
    CHECK(problem({"s4096", "l2049", "1"}) == Kind::conflict);
    CHECK(problem({"l49999", "1"}) == Kind::none);
    CHECK(problem({"l50000", "1"}) == Kind::conflict);
    CHECK(problem({"l49999", "s4096", "1"}) == Kind::none);
    Parsed parsed({"s1", "./a", "s4294967295", "./b"});
    CHECK(parsed.directories[0].size.file_size == 4096);
    CHECK(parsed.directories[1].size.file_size == 268'435'455);
  }
  TEST_CASE("controls hold for what comes later, stamps for the next action only") {
    Parsed parsed({"./a", "n1", "S2", "r3", "R4", "E5", "^6", "pP", "t", "T", "./b", "2", "p", "=s", "1"});
    REQUIRE(parsed.ok);
    const auto& [a, b] = std::tie(parsed.directories[0], parsed.directories[1]);
    CHECK(a.quota.archives == 10);
    CHECK(a.quota.bytes == 0);
    CHECK(a.retry_ms == 2000);
    CHECK(a.period_s == 0);
    CHECK(b.quota.archives == 1);
    CHECK(b.quota.bytes == 2);
    CHECK(b.retry_ms == 3);
    CHECK(b.period_s == 4);
    CHECK(parsed.actions[0].layout.is_plain());
    CHECK(parsed.actions[1].layout.tai64n);
    CHECK(parsed.actions[1].layout.local_time);
    CHECK_FALSE(parsed.actions[2].layout.tai64n);
    CHECK(parsed.actions[2].layout.prefix == "P");
    CHECK(parsed.actions[2].size == 5);
    CHECK(parsed.actions[3].size == 6);
    CHECK(std::string(parsed.actions[3].path) == "s");
    CHECK(parsed.actions[4].layout.is_plain());
  }
  TEST_CASE("the interpreter stays with the processor") {
    Parsed parsed({"?one", "./a", "1", "./b", "!two", "./c", "!", "./d"});
    REQUIRE(parsed.ok);
    using By = Processor::By;
    const std::array<By, 4> by = {By::shell, By::shell, By::execline, By::none};
    for (std::size_t i = 0; i < by.size(); ++i) CHECK(parsed.directories[i].processor.by == by[i]);
    CHECK(std::string(parsed.directories[1].processor.command) == "one");
    CHECK(std::string(parsed.directories[2].processor.command) == "two");
  }
  TEST_CASE("selections: being selected carries over") {
    Parsed all({"pA", "1", "pB", "1"});
    CHECK(all.fate("x") == "AB");
    CHECK(all.parser.script().blocks.size() == 1);
    Parsed otherwise({"-", "+an", "pA", "1", "f", "pB", "1"});
    CHECK(otherwise.fate("apple") == "B");
    CHECK(otherwise.fate("banana") == "A");
    Parsed carried({"-", "+an", "pA", "1", "+ch", "pB", "1", "f", "pC", "1"});
    CHECK(carried.fate("apple") == "C");
    CHECK(carried.fate("banana") == "AB");
    CHECK(carried.fate("cherry") == "B");
    Parsed none({"-", "pA", "1"});
    CHECK(none.fate("x") == "");
  }
  TEST_CASE("how much is warned of, the last option wins") {
    const auto verbosity = [](std::vector<const char*> words) {
      Options settings;
      CHECK(options::parse(option_table, settings, words).problem == options::Problem::none);
      return settings.verbosity;
    };
    CHECK(verbosity({}) == 1);
    CHECK(verbosity({"-q"}) == 0);
    CHECK(verbosity({"-qq"}) == 0);
    CHECK(verbosity({"-qqv"}) == 1);
    CHECK(verbosity({"-v"}) == 2);
  }
}
