// The rules of s6-svlint, what it prints and its command line.
#include <doctest/doctest.h>
#include <errno.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "../json_checker.hpp"
#include "supervise/lint.hpp"
#include "supervise/svlint_options.hpp"

using namespace s6;
using namespace s6::supervise;
using namespace s6::supervise::lint;

namespace {

using File = std::pair<std::string, std::string>;  // name, content

struct Found {
  std::vector<std::string> list;  // "CODE FILE"
  Findings findings() {
    return {[](void* target, Code code, std::string_view file, std::string_view message) {
              CHECK(!message.empty());
              static_cast<Found*>(target)->list.push_back(std::string(rule_of(code).name) + " " + std::string(file));
            },
            this};
  }
};

// What is found in these files, of which the limit on descriptors is 1024.
std::vector<std::string> found_in(const std::vector<File>& files, bool has_finish = false) {
  Found found;
  Settings service(1024);
  for (const Setting& setting : settings)
    for (const auto& [name, content] : files)
      if (name == setting.file) service.take(setting, content, found.findings());
  service.judge_together(has_finish, found.findings());
  return found.list;
}
std::vector<std::string> found_in(const std::string& name, const std::string& content) {
  return found_in({{name, content}}, true);
}
using Only = std::vector<std::string>;

constexpr mode_t executable = S_IFREG | 0755;

std::optional<Code> code_of(const ProgramFacts& facts) {
  const auto verdict = judge_program(facts);
  return verdict ? std::optional(verdict->code) : std::nullopt;
}

std::string misspelt(std::string_view name) {
  const NameVerdict verdict = judge_service_file(name);
  return verdict.kind == NameVerdict::misspelt ? std::string(verdict.other) : "";
}

struct Printed {
  std::string text;
  int exit_code = -1;
};
// Reports `codes` for the file `path`.
Printed print(const Style& style, const std::vector<Code>& codes, std::string_view path = "a/run",
              std::string_view message = "it is wrong") {
  Printed printed;
  const svstat::Sink sink([](void* to, std::string_view text) { static_cast<std::string*>(to)->append(text); },
                          &printed.text);
  Report report(sink, style);
  for (const Code code : codes) report.add(code, path, message);
  report.end();
  printed.exit_code = report.exit_code();
  return printed;
}

}  // namespace

TEST_SUITE("svlint programs") {
  TEST_CASE("what can be executed is not found fault with") {
    CHECK(!code_of({.mode = executable, .head = "#!/bin/sh\n"}));
    CHECK(!code_of({.mode = executable, .head = "#! /bin/sh -e\necho\r\n"}));
    CHECK(!code_of({.mode = S_IFREG | 0100,
                    .head = "\x7f"
                            "ELF"}));
  }
  TEST_CASE("what cannot, with the reason that execve would have") {
    CHECK(code_of({.mode = S_IFREG | 0644, .head = "#!/bin/sh\n"}) == Code::not_executable);
    CHECK(code_of({.mode = S_IFDIR | 0755}) == Code::not_executable);
    CHECK(code_of({.mode = executable, .noexec = true, .head = "#!/bin/sh\n"}) == Code::noexec);
    CHECK(code_of({.mode = executable, .head = ""}) == Code::no_interpreter);
    CHECK(code_of({.mode = executable, .head = "exec food\n"}) == Code::no_interpreter);
    CHECK(code_of({.mode = executable, .head = "#!\n"}) == Code::no_interpreter);
    CHECK(code_of({.mode = executable, .head = "#!/bin/sh\r\n"}) == Code::carriage_return);
    CHECK(code_of({.mode = executable, .head = "#!/bin/sh -e\r\n"}) == Code::carriage_return);
    CHECK(judge_program({.mode = executable, .head = "#!/x\n", .interpreter_error = EACCES})->exec_error == EACCES);
    CHECK(code_of({.mode = executable, .head = "#!/x\n", .interpreter_error = ENOENT}) == Code::interpreter_missing);
    CHECK(code_of({.mode = executable, .head = "#!sh\n"}) == Code::interpreter_relative);
  }
  TEST_CASE("a #! line may have 255 bytes") {
    std::string line = "#!/bin/sh ";
    line.resize(head_size - 1, 'x');
    CHECK(!code_of({.mode = executable, .head = line + "\n"}));
    CHECK(code_of({.mode = executable, .head = line + "x"}) == Code::interpreter_line_long);
    CHECK(!code_of({.mode = executable, .head = line}));  // the file ends there
  }
}

TEST_SUITE("svlint settings") {
  TEST_CASE("every setting of the supervisor is known, and what is right is not found fault with") {
    CHECK(found_in({{"notification-fd", "3\n"},
                    {"lock-fd", "4"},
                    {"flag-newpidns", "anything\nat all\n"},
                    {"down-signal", "SIGINT\n"},
                    {"reload-signal", "10\n"},
                    {"timeout-kill", "5000\n"},
                    {"flag-timeout-killpg", ""},
                    {"timeout-finish", "7000\n"},
                    {"max-death-tally", "4096\n"},
                    {"restart-delay", "100\n"},
                    {"restart-delay-step", "100\n"},
                    {"restart-delay-cap", "100\n"},
                    {"max-restarts", "3\n"},
                    {"restart-period", "100\n"},
                    {"flag-stop-group", ""}},
                   true) == Only{});
    CHECK(found_in("stop-schedule", " 5000 INT 2000 KILL \r\n") == Only{});
  }
  TEST_CASE("numbers that the supervisor refuses") {
    for (const std::string content : {"", "\n", "x", "3 ", " 3", "3\r\n", "-1", "+1", "0x3", "4294967296", "3\t"}) {
      CAPTURE(content);
      CHECK(found_in("notification-fd", content) == Only{"invalid-value notification-fd"});
      CHECK(found_in("timeout-kill", content) == Only{"invalid-value timeout-kill"});
      CHECK(found_in("max-restarts", content) == Only{"invalid-value max-restarts"});
    }
  }
  TEST_CASE("signals that the supervisor refuses") {
    for (const std::string content : {"", "TERM ", "TERM\r\n", "SIGNONE", "TERM INT", "RTMIN"}) {
      CAPTURE(content);
      CHECK(found_in("down-signal", content) == Only{"invalid-value down-signal"});
      CHECK(found_in("reload-signal", content) == Only{"invalid-value reload-signal"});
    }
  }
  TEST_CASE("schedules that the supervisor refuses") {
    CHECK(found_in("stop-schedule", "5000 NONE\n") == Only{"invalid-value stop-schedule"});
    CHECK(found_in("stop-schedule", "TERM" + std::string(config::schedule_bytes - 5, ' ')) == Only{});
    CHECK(found_in("stop-schedule", "TERM" + std::string(config::schedule_bytes - 4, ' ')) ==
          Only{"invalid-value stop-schedule"});
    CHECK(found_in("stop-schedule", "TERM\n" + std::string(config::schedule_bytes - 4, ' ')) ==
          Only{"invalid-value stop-schedule"});
  }
  TEST_CASE("only so many bytes are read") {
    CHECK(found_in("timeout-kill", "00000005000\n") == Only{});
    CHECK(found_in("timeout-kill", "000000050000\n") == Only{"value-cut timeout-kill"});
    CHECK(found_in("down-signal", "000000000000015\n") == Only{});
    CHECK(found_in("down-signal", "0000000000000155\n") == Only{"value-cut down-signal"});
  }
  TEST_CASE("what follows the first line") {
    CHECK(found_in("timeout-kill", "5000\n \r\n\t\n") == Only{});
    CHECK(found_in("timeout-kill", "5000\n# a comment\n") == Only{"extra-lines timeout-kill"});
  }
  TEST_CASE("descriptors") {
    CHECK(found_in("notification-fd", "0\n") == Only{"fd-range notification-fd"});
    CHECK(found_in("notification-fd", "1\n") == Only{"standard-fd notification-fd"});
    CHECK(found_in("lock-fd", "2\n") == Only{"standard-fd lock-fd"});
    CHECK(found_in("lock-fd", "1023\n") == Only{});
    CHECK(found_in("lock-fd", "1024\n") == Only{"fd-range lock-fd"});
    CHECK(found_in({{"notification-fd", "5"}, {"lock-fd", "5"}}) == Only{"fd-clash lock-fd"});
    CHECK(found_in({{"notification-fd", "0"}, {"lock-fd", "0"}}) ==
          Only{"fd-range notification-fd", "fd-range lock-fd"});  // neither is used
    CHECK(found_in({{"notification-fd", "x"}, {"lock-fd", "x"}}) ==
          Only{"invalid-value notification-fd", "invalid-value lock-fd"});
  }
  TEST_CASE("signals that do not end a service") {
    for (const std::string content : {"0", "65", "99", "2147483647", "STOP", "CONT"}) {
      CAPTURE(content);
      CHECK(found_in("down-signal", content) == Only{"useless-signal down-signal"});
    }
    CHECK(found_in("reload-signal", "CONT") == Only{});
    CHECK(found_in("reload-signal", "0") == Only{"useless-signal reload-signal"});
    CHECK(found_in("down-signal", "KILL") == Only{"kill-signal down-signal"});
    CHECK(found_in("down-signal", "64") == Only{});
  }
  TEST_CASE("times that are no limit") {
    for (const std::string content : {"0", "2147483648", "4294967295"}) {
      CAPTURE(content);
      CHECK(found_in("timeout-kill", content) == Only{"no-time-limit timeout-kill"});
      CHECK(found_in("timeout-finish", content) == Only{"no-time-limit timeout-finish"});
    }
    CHECK(found_in("timeout-kill", "2147483647") == Only{});
  }
  TEST_CASE("settings that do nothing") {
    CHECK(found_in({{"timeout-finish", "100"}}, false) == Only{"no-effect timeout-finish"});
    CHECK(found_in("flag-timeout-killpg", "") == Only{"no-effect flag-timeout-killpg"});
    CHECK(found_in({{"flag-timeout-killpg", ""}, {"timeout-kill", "0"}}) ==
          Only{"no-time-limit timeout-kill", "no-effect flag-timeout-killpg"});
    CHECK(found_in({{"stop-schedule", "TERM"}, {"timeout-kill", "9"}}) == Only{"no-effect timeout-kill"});
    CHECK(found_in({{"stop-schedule", "NONE"}, {"timeout-kill", "9"}}) == Only{"invalid-value stop-schedule"});
    CHECK(found_in({{"stop-schedule", "TERM"}, {"flag-timeout-killpg", ""}}) == Only{"no-effect flag-timeout-killpg"});
    CHECK(found_in({{"stop-schedule", "TERM"}, {"timeout-kill", "9"}, {"flag-timeout-killpg", ""}}) ==
          Only{"no-effect timeout-kill", "no-effect flag-timeout-killpg"});
    CHECK(found_in("restart-delay-step", "1") == Only{"no-effect restart-delay-step"});
    CHECK(found_in("restart-delay-cap", "1") == Only{"no-effect restart-delay-cap"});
    CHECK(found_in({{"restart-delay", "9"}, {"restart-delay-cap", "8"}}) == Only{"no-effect restart-delay-cap"});
    CHECK(found_in({{"restart-delay", "9"}, {"restart-delay-cap", "0"}}) == Only{});
    CHECK(found_in("restart-period", "1") == Only{"no-effect restart-period"});
    CHECK(found_in({{"restart-period", "1"}, {"max-restarts", "0"}}) == Only{"no-effect restart-period"});
    CHECK(found_in("max-death-tally", "4097") == Only{"tally-limit max-death-tally"});
  }
}

TEST_SUITE("svlint names") {
  TEST_CASE("known names are right") {
    for (const Setting& setting : settings) CHECK(judge_service_file(setting.file).kind == NameVerdict::unremarkable);
    for (const std::string_view name : {"run", "finish", "down", "log", "event", "supervise", "data"})
      CHECK(judge_service_file(name).kind == NameVerdict::unremarkable);
    for (const std::string_view name : scanner_programs)
      CHECK(judge_scanner_file(name).kind == NameVerdict::unremarkable);
    CHECK(judge_scanner_file("lock").kind == NameVerdict::unremarkable);
  }
  TEST_CASE("names that are near to a known one") {
    CHECK(misspelt("notification_fd") == "notification-fd");
    CHECK(misspelt("Notification-FD") == "notification-fd");
    CHECK(misspelt("notifcation-fd") == "notification-fd");
    CHECK(misspelt("notification-fds") == "notification-fd");
    CHECK(misspelt("timeout.kill") == "timeout-kill");
    CHECK(misspelt("timeouts-kill") == "timeout-kill");
    CHECK(misspelt("flag-timeout-killgp") == "flag-timeout-killpg");
    CHECK(misspelt("max-restart") == "max-restarts");
    CHECK(misspelt("finsh") == "finish");
    CHECK(misspelt("Run") == "run");
    CHECK(misspelt("logs") == "log");
    CHECK(judge_scanner_file("SIGTREM").kind == NameVerdict::unremarkable);  // two letters of a short name
    CHECK(judge_scanner_file("sigterm").other == "SIGTERM");
    CHECK(judge_scanner_file("SIGUSR3").kind == NameVerdict::misspelt);
  }
  TEST_CASE("names of the service's own files are left alone") {
    for (const std::string_view name : {"env", "README", "root", "run.old", "run~", "notification-fd~", "food.conf",
                                        ".git", "x", "", "a-name-that-is-longer-than-any-that-is-known-to-anybody"}) {
      CAPTURE(name);
      CHECK(judge_service_file(name).kind == NameVerdict::unremarkable);
    }
  }
  TEST_CASE("names of other supervisors") {
    for (const std::string_view name : {"check", "conf", "type", "up", "timeout-up", "nosetsid"}) {
      CAPTURE(name);
      CHECK(judge_service_file(name).kind == NameVerdict::foreign);
    }
  }
}

TEST_SUITE("svlint rights") {
  TEST_CASE("what belongs to root or the runner, and nobody else can write") {
    CHECK(!judge_rights({.owner = 0, .group = 5, .mode = 0755}, 1000, Place::part));
    CHECK(!judge_rights({.owner = 1000, .group = 5, .mode = 0700}, 1000, Place::part));
    CHECK(!judge_rights({.owner = 0, .group = 0, .mode = 0775}, 0, Place::part));  // root's own group
  }
  TEST_CASE("who could take a service over") {
    CHECK(judge_rights({.owner = 1000, .group = 5, .mode = 0755}, 0, Place::part) == Code::foreign_owner);
    CHECK(judge_rights({.owner = 1001, .group = 5, .mode = 0755}, 1000, Place::part) == Code::foreign_owner);
    CHECK(judge_rights({.owner = 0, .group = 0, .mode = 0757}, 0, Place::part) == Code::others_can_write);
    CHECK(judge_rights({.owner = 0, .group = 5, .mode = 0775}, 0, Place::part) == Code::group_can_write);
  }
  TEST_CASE("the sticky bit protects what is in a directory, but not from more being put there") {
    CHECK(!judge_rights({.owner = 0, .group = 0, .mode = 01777}, 0, Place::above));
    CHECK(judge_rights({.owner = 0, .group = 0, .mode = 0777}, 0, Place::above) == Code::others_can_write);
    CHECK(judge_rights({.owner = 0, .group = 0, .mode = 01777}, 0, Place::part) == Code::others_can_write);
    CHECK(judge_rights({.owner = 7, .group = 0, .mode = 01777}, 0, Place::above) == Code::foreign_owner);
  }
  TEST_CASE("ages") {
    CHECK(age_text(-5).view() == "0 seconds");
    CHECK(age_text(1).view() == "1 second");
    CHECK(age_text(119).view() == "1 minute");
    CHECK(age_text(7200).view() == "2 hours");
    CHECK(age_text(86400 * 400).view() == "400 days");
  }
}

TEST_SUITE("svlint report") {
  TEST_CASE("the worst finding decides about the exit code") {
    CHECK(print({}, {}).exit_code == 0);
    CHECK(print({}, {Code::down}).exit_code == 0);
    CHECK(print({}, {Code::down, Code::no_effect}).exit_code == 2);
    CHECK(print({}, {Code::run_missing, Code::no_effect}).exit_code == 1);
  }
  TEST_CASE("a line for each finding") {
    CHECK(print({}, {}).text.empty());
    CHECK(print({}, {Code::run_missing, Code::down}).text ==
          "a/run: error: it is wrong [run-missing]\na/run: hint: it is wrong [down]\n");
    CHECK(print({.quiet = true}, {Code::no_effect, Code::down}).text == "a/run: warning: it is wrong [no-effect]\n");
  }
  TEST_CASE("a terminal obeys no name") {
    CHECK(print({}, {Code::down}, "a\x1b[2J\n").text == "a\\x1b[2J\\x0a: hint: it is wrong [down]\n");
  }
  TEST_CASE("JSON") {
    const auto none = test::Json::parse(print({.json = true}, {}).text);
    CHECK(none["version"].number() == 1);
    CHECK(none["findings"].list().empty());
    CHECK(none["errors"].number() == 0);
    const auto some =
        test::Json::parse(print({.json = true}, {Code::run_missing, Code::no_effect, Code::down}, "a\"\xff").text);
    CHECK(some["findings"].list().size() == 3);
    CHECK(some["findings"][0]["severity"].string() == "error");
    CHECK(some["findings"][0]["code"].string() == "run-missing");
    CHECK(some["findings"][0]["path"].string() == "a\"\xef\xbf\xbd");
    CHECK(some["findings"][0]["path_hex"].string() == "6122ff");
    CHECK(some["findings"][0]["message"].string() == "it is wrong");
    CHECK(some["errors"].number() == 1);
    CHECK(some["warnings"].number() == 1);
    CHECK(some["hints"].number() == 1);
    CHECK(test::Json::parse(print({.json = true}, {Code::down}).text)["findings"][0]["path_hex"].is_null());
    CHECK(test::Json::parse(print({.json = true, .quiet = true}, {Code::down}).text)["hints"].number() == 0);
  }
}

TEST_CASE("s6-svlint's command line") {
  Request request;
  const std::array words{"-qs", "--json", "a", "b"};
  const auto parsed = options::parse(option_table, request, words);
  CHECK(parsed.problem == options::Problem::none);
  CHECK(parsed.operands.size() == 2);
  CHECK(request.style.quiet);
  CHECK(request.style.json);
  CHECK(request.scan);
}
