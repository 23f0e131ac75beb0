#include "svscan/options.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

using namespace s6;
using namespace s6::svscan;

namespace {

CommandLine parse(std::initializer_list<const char*> words) {
  // Outlives the result, which points into it.
  static std::vector<std::vector<const char*>> kept;
  kept.emplace_back(words);
  return parse_command_line(kept.back());
}
bool accepted(std::initializer_list<const char*> words) {
  const CommandLine line = parse(words);
  return !line.directory_is_missing && line.outcome.problem == options::Problem::none;
}

}  // namespace

TEST_SUITE("svscan options") {
  TEST_CASE("without options the defaults hold") {
    const Settings settings = parse({"scan"}).settings;
    CHECK(std::string(settings.directory) == "scan");
    CHECK(settings.services == 1000);
    CHECK(settings.name_bytes == 251);
    CHECK(settings.period == 0);
    CHECK(settings.notification == -1);
    CHECK(settings.console == -1);
  }
  TEST_CASE("a scan directory is mandatory, words after it do not matter") {
    CHECK(parse({}).directory_is_missing);
    CHECK(parse({"-t", "5"}).directory_is_missing);
    CHECK(accepted({"scan", "-t", "x"}));
    CHECK(accepted({"-"}));
  }
  TEST_CASE("the operand is asked for before the values are looked at") {
    const CommandLine line = parse({"-t", "x"});
    CHECK(line.directory_is_missing);
    CHECK(line.outcome.problem == options::Problem::none);
  }
  TEST_CASE("limits are brought into their range") {
    CHECK(parse({"-C", "0", "s"}).settings.services == 4);
    CHECK(parse({"-C", "200000", "s"}).settings.services == 160000);
    CHECK(parse({"--services-max=10", "s"}).settings.services == 10);
    CHECK(parse({"-L5", "s"}).settings.name_bytes == 11);
    CHECK(parse({"--name-max=5000", "s"}).settings.name_bytes == 1019);
    CHECK(parse({"-t", "010", "s"}).settings.period == 10);
    CHECK(parse({"--timeout=4294967295", "s"}).settings.period == 4294967295);
  }
  TEST_CASE("-c counts pairs, and of -c and -C the last wins") {
    CHECK(parse({"-c", "10", "s"}).settings.services == 20);
    CHECK(parse({"-c", "0", "s"}).settings.services == 4);
    CHECK(parse({"-c", "4294967295", "s"}).settings.services == 160000);
    CHECK(parse({"-c10", "-C", "7", "s"}).settings.services == 7);
    CHECK(parse({"-C", "7", "-c10", "s"}).settings.services == 20);
  }
  TEST_CASE("watching must be asked for, in full") {
    CHECK_FALSE(parse({"s"}).settings.watch);
    CHECK(parse({"--watch", "s"}).settings.watch);
    for (const char* bad : {"--wat", "--watch=1", "--watch=", "-w"}) CHECK_FALSE(accepted({bad, "s"}));
  }
  TEST_CASE("descriptors start at 3") {
    CHECK(parse({"-d", "3", "-X4", "s"}).settings.notification == 3);
    CHECK(parse({"-d", "3", "-X4", "s"}).settings.console == 4);
    for (const char* bad : {"0", "1", "2", "", "x", "-1", "+3", "4294967295"}) {
      CAPTURE(bad);
      CHECK_FALSE(accepted({"-d", bad, "s"}));
      CHECK_FALSE(accepted({"-X", bad, "s"}));
    }
  }
  TEST_CASE("one descriptor cannot serve both for readiness and as the console") {
    CHECK_FALSE(accepted({"-d5", "-X5", "s"}));
    CHECK(accepted({"-d5", "-X6", "s"}));
  }
  TEST_CASE("the console is known even if the rest is wrong") {
    CHECK(parse({"-X", "5", "-d", "1", "s"}).settings.console == 5);
    CHECK(parse({"-X", "5", "-q", "s"}).settings.console == 5);
    CHECK(parse({"-X", "5"}).settings.console == 5);
  }
  TEST_CASE("wrong words are refused") {
    CHECK_FALSE(accepted({"--services-max", "10", "s"}));
    CHECK_FALSE(accepted({"--timeo=10", "s"}));
    CHECK_FALSE(accepted({"--help"}));
    CHECK_FALSE(accepted({"-h", "s"}));
    CHECK_FALSE(accepted({"--=3", "s"}));
    CHECK_FALSE(accepted({"--timeout=", "s"}));
    CHECK_FALSE(accepted({"-t500C5", "s"}));
    CHECK_FALSE(accepted({"-t", "-1", "s"}));
    CHECK_FALSE(accepted({"-t", "4294967296", "s"}));
    CHECK_FALSE(accepted({"-t", "--", "s"}));
    CHECK(accepted({"s", "-t"}));
    CHECK(parse({"-C", "x", "s"}).outcome.culprit == "-C");
    CHECK(parse({"-t"}).outcome.problem == options::Problem::missing_value);
  }
}
