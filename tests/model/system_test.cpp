// The scanner, a service, its logger, their supervisors and a waiting client together, in every order of steps.
#include <doctest/doctest.h>

#include <string>

#include "tests/model/search.hpp"
#include "tests/model/system.hpp"

using namespace s6::test;
using s6::svwait::Goal;

namespace {

std::string told(const Found& found) {
  std::string text = found.violation;
  for (const std::string& step : found.story) text += "\n  " + step;
  return text;
}

void check(const Scenario& scenario) {
  const Found found = search(System(scenario));
  const std::string name = scenario.name;
  CHECK_MESSAGE(found.violation.empty(), name << ": " << told(found));
  MESSAGE(name << ": " << found.states << " states, " << found.moves << " moves, " << found.ends
               << " ends, the longest way has " << found.longest << " states");
}

struct Wait {
  Goal goal;
  const char* name;
};
constexpr Wait waits[] = {{Goal::up, "-u"},       {Goal::ready, "-U"},     {Goal::down, "-d"},
                          {Goal::finished, "-D"}, {Goal::restarted, "-r"}, {Goal::restarted_ready, "-R"}};

void check_waits(Scenario scenario, const std::string& what) {
  for (const Wait& wait : waits) {
    const std::string name = "wait " + std::string(wait.name) + ", " + what;
    scenario.name = name.c_str();
    scenario.client = wait.goal;
    check(scenario);
  }
}

// The search finds what is wrong on purpose, and nothing else.
void check_defect(Scenario scenario, Defect defect, const std::string& violation) {
  scenario.name = "";
  CHECK(search(System(scenario)).violation.empty());
  scenario.defect = defect;
  CHECK(search(System(scenario)).violation == violation);
}

}  // namespace

TEST_SUITE("the system in every order: clients that wait") {
  TEST_CASE("while the service is told to go down and up, and dies") {
    check_waits({.service_commands = "du", .service_command_count = 2, .deaths = 1}, "d and u, a death");
  }
  TEST_CASE("while its supervisor is told to leave, and finish takes its time") {
    check_waits({.with_finish = true, .service_commands = "durox", .service_command_count = 2}, "d u r o x, finish");
  }
  TEST_CASE("while somebody kills its supervisor") {
    check_waits({.service_commands = "du", .service_command_count = 1, .supervisor_kills = 1}, "supervisor killed");
  }
  TEST_CASE("while the scanner is told to end") {
    check_waits({.service_commands = "d",
                 .service_command_count = 1,
                 .scanner_commands = "tb",
                 .scanner_command_count = 1,
                 .deaths = 1},
                "shutdown");
  }
  TEST_CASE("while the service is taken out of the scan directory") {
    check_waits({.scanner_commands = "h", .scanner_command_count = 2, .entry_changes = 2}, "entry removed");
  }
}

TEST_SUITE("the system in every order: services with loggers") {
  TEST_CASE("shutdown: all end, and every line is read") {
    check({.name = "t q b",
           .with_logger = true,
           .scanner_commands = "tqbah",
           .scanner_command_count = 2,
           .deaths = 1,
           .lines = 2});
    check({.name = "t, finish",
           .with_logger = true,
           .with_finish = true,
           .service_commands = "dx",
           .service_command_count = 1,
           .scanner_commands = "t",
           .scanner_command_count = 1,
           .lines = 2});
  }
  TEST_CASE("deaths of every process: everything comes back, and no line is lost") {
    check({.name = "kills", .with_logger = true, .deaths = 1, .logger_kills = 2, .supervisor_kills = 2, .lines = 2});
    check({.name = "kills and shutdown",
           .with_logger = true,
           .scanner_commands = "tq",
           .scanner_command_count = 1,
           .logger_kills = 1,
           .supervisor_kills = 1,
           .lines = 1});
  }
  TEST_CASE("entries and logs that come and go") {
    check({.name = "entry",
           .with_logger = true,
           .scanner_commands = "ht",
           .scanner_command_count = 2,
           .lines = 1,
           .entry_changes = 2});
    check({.name = "entry, kills",
           .with_logger = true,
           .scanner_commands = "h",
           .scanner_command_count = 2,
           .supervisor_kills = 1,
           .lines = 1,
           .entry_changes = 2});
    check({.name = "log",
           .with_logger = true,
           .scanner_commands = "ht",
           .scanner_command_count = 2,
           .deaths = 1,
           .lines = 1,
           .log_changes = 2});
  }
}

TEST_SUITE("the system in every order: defects are found") {
  TEST_CASE("of supervisors") {
    const Scenario scenario{.service_commands = "d", .service_command_count = 1, .client = Goal::down};
    check_defect(scenario, Defect::event_before_status, "the client waits for what is so");
    check_defect(scenario, Defect::death_is_not_told, "the client waits for what is so");
  }
  TEST_CASE("of clients") {
    const Scenario scenario{.service_commands = "du", .service_command_count = 2, .client = Goal::down};
    check_defect(scenario, Defect::status_before_listening, "the client waits for what is so");
    const Scenario restart{.service_commands = "d", .service_command_count = 1, .deaths = 1, .client = Goal::restarted};
    check_defect(restart, Defect::old_letters_are_news, "the client says that something is so which never was");
  }
  TEST_CASE("of scanners") {
    const Scenario end{
        .with_logger = true, .scanner_commands = "ta", .scanner_command_count = 2, .logger_kills = 0, .lines = 1};
    check_defect(end, Defect::scan_delays_the_end, "the scanner does not end");
    check_defect(end, Defect::pipes_are_kept, "the scanner does not end");
    check_defect(end, Defect::loggers_are_terminated, "lines are lost");
    const Scenario kills{.with_logger = true, .supervisor_kills = 2, .lines = 1};
    check_defect(kills, Defect::pipe_dies_with_logger, "a closed pipe is handed out");
    check_defect(kills, Defect::signal_taken_too_late, "a dead supervisor is not noticed");
  }
}
