// s6-supervise: the files that s6 does not know. Without them nothing is different, so every other test is about that;
// and the real program passes over them.
#include <algorithm>
#include <string>
#include <vector>

#include "harness.hpp"

namespace s6::test {
namespace {

// Leaves `supervisor` with the service running, so that the real one can be ended, too.
void check_passed_over(Supervisor& supervisor) {
  supervisor.expect("dDu");
  CHECK(pause_before(supervisor.status()) >= 990);
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("restart-delay: 0 starts a service again at once") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate end\nexit 1").file("restart-delay", "0\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  if (on_real("extension-files")) {
    dir.open_gate("end");
    return check_passed_over(supervisor);
  }
  // At once is: in at least one of several tries, sooner than without the file.
  bool soon = false;
  for (int i = 0; i < 5; ++i) {
    dir.open_gate("end");
    supervisor.expect("dDu");
    soon = soon || pause_before(supervisor.status()) < 900;
  }
  CHECK(soon);
}

TEST_CASE("restart-delay: a service that waits to be started again can be started, kept down and left") {
  if (skip_on_real("extension-files")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate end\nexit 1").file("restart-delay", "1000000\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const auto die = [&] {
    dir.open_gate("end");
    supervisor.expect("dD");
    CHECK(flags(supervisor.status()) == "WR");
  };
  die();
  supervisor.send("u");
  supervisor.expect("u");
  die();
  supervisor.send("d");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "R");
  supervisor.send("u");
  supervisor.expect("u");
  die();
  supervisor.send("x");
  supervisor.expect("x");
  CHECK(supervisor.wait() == exited(0));
}

TEST_CASE("max-restarts: a service that dies too often is given up as after a permanent failure") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").file("restart-delay", "1\n").file("max-restarts", "2\n");
  Supervisor supervisor(dir);
  if (on_real("extension-files")) {
    supervisor.expect("su");
    return check_passed_over(supervisor);
  }
  supervisor.expect("sudDudDudOD");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "R");
  supervisor.expect_message("giving the service up after 2 restarts");
  // A start by hand is a new beginning, and finish is waited for.
  dir.finish("exit 0");
  supervisor.send("u");
  supervisor.expect("udDudDudOD");
}

TEST_CASE("max-restarts: a service that is told to end has not failed") {
  if (skip_on_real("extension-files")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("restart-delay", "1\n").file("max-restarts", "1\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  for (int i = 0; i < 3; ++i) {
    supervisor.send("d");
    supervisor.expect("dD");
    supervisor.send("u");
    supervisor.expect("u");
  }
}

TEST_CASE("restart files that make no sense are warned about, and the rule of s6 holds") {
  if (skip_on_real("extension-files")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate end\nexit 1").file("restart-delay", "soon\n").file("max-restarts", "-1\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.open_gate("end");
  supervisor.expect("dDu");
  CHECK(pause_before(supervisor.status()) >= 990);
  supervisor.expect_message("invalid restart-delay");
  supervisor.expect_message("invalid max-restarts");
}

TEST_CASE("stop-schedule: what follows the down signal") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\ntrap USR1\ntrap INT\nsay up\nsleep").file("stop-schedule", "1 USR1 1 INT 1 KILL\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  if (on_real("extension-files")) {
    dir.expect("got TERM");
    supervisor.settle();
    CHECK(dir.voice().quiet());
    supervisor.send("k");
    return supervisor.expect("dD");
  }
  // Between two of them there is a millisecond only: too little to be sure that it says anything.
  supervisor.expect("dD");
  CHECK(supervisor.status().wait_status == SIGKILL);
}

TEST_CASE("stop-schedule: the service is not touched after its end") {
  if (skip_on_real("extension-files")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\ntrap USR1\nsay up\nsleep").file("stop-schedule", "0 USR1\n").file("timeout-kill", "1\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  // They may come so close together that it sees both at once.
  std::vector<std::string> told{dir.voice().next(), dir.voice().next()};
  std::ranges::sort(told);
  CHECK(told == std::vector<std::string>{"got TERM", "got USR1"});
  supervisor.settle();
  CHECK(supervisor.quiet());  // timeout-kill is not in force
  supervisor.send("k");
  supervisor.expect("dD");
}

TEST_CASE("stop-schedule: one that makes no sense is warned about, and timeout-kill holds") {
  if (skip_on_real("extension-files")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nsay up\nsleep").file("stop-schedule", "1s KILL\n").file("timeout-kill", "1\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(supervisor.status().wait_status == SIGKILL);
  supervisor.expect_message("invalid stop-schedule");
}

TEST_CASE("flag-stop-group: the signals that end the service go to its process group") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run_sh("sleep 1000000 & echo $! >child; echo up >voice; while :; do wait; done")
      .file("flag-stop-group", "")
      .file("down-signal", "KILL\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const auto child = static_cast<pid_t>(std::stol(read_file(dir / "child")));
  supervisor.send("d");
  supervisor.expect("dD");
  if (on_real("extension-files")) {
    CHECK(alive(child));
    return scene.allow_orphans();
  }
  wait_dead(child);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
