#include "svc/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace s6;

namespace {

struct Parsed {
  svc::Request request;
  options::Outcome outcome;
  bool accepted() const { return outcome.problem == options::Problem::none && !request.too_many; }
};
Parsed parse(std::vector<const char*> words) {
  Parsed parsed;
  parsed.outcome = svc::parse(words, parsed.request);
  // The operands are looked at through argv, which outlives the parser; here it is the test's own vector.
  parsed.outcome.operands = {};
  return parsed;
}
std::string commands(std::vector<const char*> words) {
  return std::string(parse(std::move(words)).request.commands.view());
}

}  // namespace

TEST_SUITE("svc options") {
  TEST_CASE("commands keep their order, bundled or not") {
    CHECK(commands({"-du", "-x", "dir"}) == "dux");
    CHECK(commands({"-abqhkti12pcyrlodu", "-DUxOQPCK", "dir"}) == "abqhkti12pcyrloduDUxOQPCK");
    CHECK(commands({"dir", "-u"}).empty());
    CHECK(commands({"--", "-u"}).empty());
  }
  TEST_CASE("62 commands fit, 63 do not") {
    const std::string most = "-" + std::string(62, 'u');
    CHECK(parse({most.c_str(), "dir"}).accepted());
    CHECK(commands({most.c_str(), "dir"}).size() == 62);
    CHECK(parse({most.c_str(), "-d", "dir"}).request.too_many);
    CHECK(parse({most.c_str(), "-sTERM", "dir"}).request.too_many);
    CHECK_FALSE(parse({"-u", "dir"}).request.too_many);
  }
  TEST_CASE("-s sends the signals that have a command") {
    CHECK(commands({"-sALRM", "-s", "abrt", "-sSIGIOT", "-sQUIT", "-sHUP", "-sKILL", "-sTERM", "-sINT", "dir"}) ==
          "abbqhkti");
    CHECK(commands({"-sUSR1", "-sUSR2", "-sSTOP", "-sCONT", "-sWINCH", "-s15", "-d", "dir"}) == "12pcytd");
  }
  TEST_CASE("-s refuses all others") {
    for (const char* value :
         {"CHLD", "PIPE", "SEGV", "0", "64", "99", "4294967295", "FOO", "RTMIN", "", " TERM", "-1"}) {
      CAPTURE(value);
      const Parsed parsed = parse({"-s", value, "dir"});
      CHECK(parsed.outcome.problem == options::Problem::refused);
      CHECK(parsed.outcome.culprit == "s");
      CHECK(parsed.request.commands.view().empty());
    }
    CHECK(parse({"-s"}).outcome.problem == options::Problem::missing_value);
  }
  TEST_CASE("-w counts by its first character, the last one wins") {
    CHECK(parse({"-wU", "dir"}).request.wait == svwait::Goal::ready);
    CHECK(parse({"-w", "down", "dir"}).request.wait == svwait::Goal::down);
    CHECK(parse({"-wu", "-wRu", "dir"}).request.wait == svwait::Goal::restarted_ready);
    CHECK(parse({"-dwD", "-T", "00500", "dir"}).request.timeout == 500);
    CHECK_FALSE(parse({"-d", "dir"}).request.wait.has_value());
    for (const char* value : {"", "x", "O", "-", "0"}) CHECK_FALSE(parse({"-w", value, "dir"}).accepted());
  }
  TEST_CASE("-T takes milliseconds") {
    for (const char* value : {"abc", "-1", "", "0x10", " 5", "5000000000"})
      CHECK(parse({"-T", value, "dir"}).outcome.problem == options::Problem::refused);
  }
  TEST_CASE("no long options, no unknown letters") {
    CHECK(parse({"--helpful"}).outcome.problem == options::Problem::unknown_option);
    CHECK(parse({"-z"}).outcome.problem == options::Problem::unknown_option);
    CHECK(parse({"-h", "dir"}).accepted());
  }
  TEST_CASE("with commands a restart waits for the end of finish, without only for that of run") {
    CHECK(parse({"-wr", "-r", "dir"}).request.condition().rest == svwait::Rest::finished);
    CHECK(parse({"-wr", "dir"}).request.condition().rest == svwait::Rest::down);
    CHECK(parse({"-wr", "dir"}).request.condition().quorum == svwait::Quorum::all);
  }
  TEST_CASE("readiness can be given up") {
    svc::Request request;
    for (const auto& [before, after] : {std::pair{svwait::Goal::ready, svwait::Goal::up},
                                        std::pair{svwait::Goal::restarted_ready, svwait::Goal::restarted},
                                        std::pair{svwait::Goal::finished, svwait::Goal::finished}}) {
      request.wait = before;
      CHECK(request.wants_readiness() == (before != after));
      request.forget_readiness();
      CHECK(request.wait == after);
    }
  }
}
