#include "chain/launch_plan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace s6;
using namespace s6::launch;

namespace {

// A parsed command line and the memory that it points into.
struct Parsed {
  explicit Parsed(std::vector<const char*> given)
      : words(std::move(given)), room(words.size()), line(parse(words, room)) {}
  const Plan* operator->() const { return &line.plan; }

  std::vector<const char*> words;
  std::vector<EnvironmentChange> room;
  CommandLine line;
};

Parsed with(const char* option) {
  return Parsed({option, "prog"});
}
bool refused(const char* option) {
  const Parsed parsed = with(option);
  return parsed.line.outcome.problem == options::Problem::refused && parsed.line.outcome.culprit == option &&
         parsed.line.expected != nullptr;
}
bool unknown(const char* option) {
  return with(option).line.outcome.problem == options::Problem::unknown_option;
}

}  // namespace

TEST_SUITE("launch") {
  TEST_CASE("the program and its arguments are what follows the options") {
    const Parsed parsed({"--session", "--no-new-privs", "prog", "--session", "x"});
    CHECK(parsed.line.outcome.problem == options::Problem::none);
    CHECK(parsed.line.complaint == nullptr);
    REQUIRE(parsed.line.outcome.operands.size() == 3);
    CHECK(parsed.line.outcome.operands[0] == std::string("prog"));
    CHECK(Parsed({"--", "--prog"}).line.outcome.operands.size() == 1);
    CHECK(Parsed({}).line.complaint != nullptr);
    CHECK(Parsed({"--session"}).line.complaint != nullptr);
  }
  TEST_CASE("without options nothing is changed") {
    const Parsed parsed({"prog"});
    CHECK(parsed->user == nullptr);
    CHECK(parsed->umask == std::nullopt);
    CHECK(parsed->output.kind == Output::Kind::same);
    CHECK(parsed->session == Session::same);
    CHECK(parsed->environment.empty());
    CHECK(!parsed->clear_environment);
    CHECK(!parsed->no_new_privileges);
    for (const Plan::Limit& limit : parsed->limits) CHECK(limit.text == nullptr);
  }
  TEST_CASE("texts") {
    CHECK(with("--user=a:b")->user == std::string("a:b"));
    CHECK(with("--group=g")->group == std::string("g"));
    CHECK(with("--groups=")->groups == std::string());
    CHECK(with("--chroot=/r")->chroot == std::string("/r"));
    CHECK(with("--directory=d")->directory == std::string("d"));
    CHECK(with("--cgroup=/c")->cgroup == std::string("/c"));
    CHECK(with("--stdin=f")->input == std::string("f"));
    CHECK(with("--argv0=")->argv0 == std::string());
    CHECK(with("--capabilities=^cap_net_raw")->capabilities == std::string("^cap_net_raw"));
    for (const char* empty : {"--user=", "--group=", "--chroot=", "--directory=", "--cgroup=", "--stdin=", "--stdout=",
                              "--stderr-truncate=", "--env-dir="})
      CHECK(refused(empty));
  }
  TEST_CASE("where output goes") {
    CHECK(with("--stdout=f")->output.kind == Output::Kind::append);
    CHECK(with("--stdout-truncate=f")->output.kind == Output::Kind::truncate);
    CHECK(with("--stderr=f")->error.kind == Output::Kind::append);
    CHECK(with("--stderr-truncate=f")->error.path == std::string("f"));
    CHECK(with("--stderr-to-stdout")->error.kind == Output::Kind::stdout_too);
    const Parsed last({"--stderr=f", "--stderr-to-stdout", "prog"});
    CHECK(last->error.kind == Output::Kind::stdout_too);
    CHECK(last->error.path == nullptr);
  }
  TEST_CASE("masks and modes are octal") {
    CHECK(with("--umask=022")->umask == 022u);
    CHECK(with("--umask=0")->umask == 0u);
    CHECK(with("--umask=777")->umask == 0777u);
    CHECK(with("--file-mode=4755")->file_mode == 04755u);
    for (const char* wrong :
         {"--umask=", "--umask=8", "--umask=1000", "--umask=-1", "--umask=u=rwx", "--file-mode=10000"})
      CHECK(refused(wrong));
  }
  TEST_CASE("the environment is changed in the order of the options") {
    const Parsed parsed({"--env=A=b=c", "--unset-env=RC_*", "--env-dir=d", "--clear-env", "--unset-env=X", "prog"});
    using enum EnvironmentChange::Kind;
    REQUIRE(parsed->environment.size() == 4);
    CHECK(parsed->environment[0].kind == set);
    CHECK(parsed->environment[0].text == "A=b=c");
    CHECK(parsed->environment[1].kind == unset_prefix);
    CHECK(parsed->environment[1].text == "RC_");
    CHECK(parsed->environment[2].kind == directory);
    CHECK(parsed->environment[3].kind == unset);
    CHECK(parsed->environment[3].text == "X");
    CHECK(parsed->clear_environment);
    for (const char* wrong :
         {"--env=", "--env=A", "--env==b", "--unset-env=", "--unset-env=*", "--unset-env=A=b", "--unset-env=A*B*"})
      CHECK(refused(wrong));
  }
  TEST_CASE("limits add up") {
    const Parsed parsed({"--limit=nofile=10:20", "--ulimit=-Sn 15 -c 0", "--limit=core=:5", "prog"});
    const auto& nofile = parsed->limits[*chain::resource_called("nofile")];
    CHECK(nofile.change.soft.number == 15);
    CHECK(nofile.change.hard.number == 20);
    CHECK(nofile.text == std::string("-Sn 15 -c 0"));
    const auto& core = parsed->limits[*chain::resource_called("core")];
    CHECK(core.change.soft.number == 0);
    CHECK(core.change.hard.number == 5);
    CHECK(parsed->limits[*chain::resource_called("as")].text == nullptr);
    for (const char* wrong : {"--limit=", "--limit=nofile", "--limit=bogus=1", "--ulimit=-n", "--ulimit=5"})
      CHECK(refused(wrong));
  }
  TEST_CASE("priorities") {
    CHECK(with("--nice=-5")->nice->value == -5);
    CHECK(with("--nice=+5")->nice->value == 5);
    CHECK(with("--nice=-20")->nice->text == std::string("-20"));
    CHECK(with("--oom-score-adj=-1000")->oom_score_adj->value == -1000);
    CHECK(with("--scheduler=fifo")->scheduler->value == 1);
    CHECK(with("--scheduler=5")->scheduler->value == 5);
    CHECK(Parsed({"--scheduler=rr", "--scheduler-priority=99", "prog"})->scheduler_priority->value == 99);
    CHECK(with("--scheduler-priority=1").line.complaint != nullptr);
    for (const char* wrong : {"--nice=20", "--nice=-21", "--nice=", "--nice=x", "--nice=+-1", "--oom-score-adj=1001",
                              "--oom-score-adj=--1", "--scheduler=x", "--scheduler=-1", "--scheduler-priority=100"})
      CHECK(refused(wrong));
  }
  TEST_CASE("I/O priorities") {
    const auto text = [](std::string_view in) {
      const auto priority = parse_io_priority(in);
      return priority ? std::to_string(priority->io_class) + ":" + std::to_string(priority->level) : "refused";
    };
    CHECK(text("2:7") == "2:7");
    CHECK(text("1:0") == "1:0");
    CHECK(text("best-effort:3") == "2:3");
    CHECK(text("realtime") == "1:4");
    CHECK(text("idle") == "3:0");
    CHECK(text("3:7") == "3:0");
    CHECK(text("0:4") == "0:0");
    for (const char* wrong : {"", ":", "4", "2:8", "2:", "2:-1", "02:1", "-1", "x:1", "2:1:1"})
      CHECK(text(wrong) == "refused");
    CHECK(refused("--ionice=9"));
  }
  TEST_CASE("securebits are a number as in C, or names") {
    CHECK(parse_securebits("0x2f") == 0x2fu);
    CHECK(parse_securebits("0X2F") == 0x2fu);
    CHECK(parse_securebits("47") == 47u);
    CHECK(parse_securebits("057") == 057u);
    CHECK(parse_securebits("0") == 0u);
    CHECK(parse_securebits("noroot") == 1u);
    CHECK(parse_securebits("noroot,noroot-locked,no-cap-ambient-raise-locked") == 0x83u);
    for (const char* wrong : {"", ",", "noroot,", "x", "0x", "08", "-1", "0x100000000", "noroot 1"})
      CHECK(!parse_securebits(wrong));
    CHECK(refused("--securebits=bogus"));
  }
  TEST_CASE("options that do not go together") {
    CHECK(with("--account-env").line.complaint != nullptr);
    CHECK(Parsed({"--user=a:b", "--group=c", "prog"}).line.complaint != nullptr);
    CHECK(Parsed({"--user=a", "--group=c", "--account-env", "prog"}).line.complaint == nullptr);
  }
  TEST_CASE("there are long options only, and they are whole") {
    for (const char* wrong : {"-u", "--use=x", "--user", "--session=1", "--bogus", "--umask"}) CHECK(unknown(wrong));
  }
  TEST_CASE("the help speaks of every option, and fits a terminal") {
    for (const std::string_view name : option_names()) {
      if (name == "help") continue;
      CAPTURE(name);
      CHECK(help_text.find("\n  --" + std::string(name)) != std::string_view::npos);
    }
    CHECK(with("--help")->help);
    std::string_view rest = help_text;
    while (!rest.empty()) {
      const std::string_view line = head(rest, rest.find('\n'));
      CHECK(line.size() <= 120);
      rest.remove_prefix(line.size() + 1);
    }
  }
}
