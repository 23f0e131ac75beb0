// s6-supervise: the throttle, timeout-kill, timeout-finish. These tests have to wait for seconds, so they are a suite
// of their own, which ctest can run beside the others. Times are lower bounds; nothing here fails because a machine is
// slow.
#include "harness.hpp"

namespace s6::test {
namespace {
using std::chrono::milliseconds;

// Timers of the programs may round, and stamps are not taken at the very moment.
constexpr milliseconds tolerance{2};
constexpr double throttle = 1000 - static_cast<double>(tolerance.count());

// Time since it was made, on the clock that timers run on.
class Stopwatch {
 public:
  [[nodiscard]] bool shows(milliseconds least) const { return Clock::now() - start_ >= least - tolerance; }

 private:
  Clock::time_point start_ = Clock::now();
};

// Only for a time that is itself the stimulus.
void let_pass(milliseconds time) {
  const Stopwatch watch;
  while (!watch.shows(time)) wait_readable(-1, Clock::now() + milliseconds(10));
}

TEST_SUITE_BEGIN("supervise-timing");

TEST_CASE("5: a service that dies is started again, a second after it was down") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate end\nexit 1");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  for (int i = 0; i < 2; ++i) {
    dir.open_gate("end");
    supervisor.expect("dDu");
    CHECK(pause_before(supervisor.status()) >= throttle);
  }
}

TEST_CASE("6: however long it was up, and counted from the end of finish") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("delay 1100\nexit 1").finish("delay 300");
  Supervisor supervisor(dir);
  supervisor.expect("sudD");
  const Status down = supervisor.status();
  dir.run("sleep");
  supervisor.expect("u");
  CHECK(milliseconds_between(down.changed, down.ready_since) >= 300);
  CHECK(pause_before(supervisor.status()) >= throttle);
}

TEST_CASE("7: a service that was ready for a second is started again at once") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate ready\nnotify 3 \\n\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  double shortest = throttle;
  for (int i = 0; i < 5 && shortest >= 900; ++i) {
    dir.open_gate("ready");
    supervisor.expect("U");
    let_pass(milliseconds(1100));
    supervisor.send("k");
    supervisor.expect("dDu");
    shortest = std::min(shortest, pause_before(supervisor.status()));
  }
  CHECK(shortest < 900);
}

TEST_CASE("8: a service that was ready for less is started again a second after it was ready") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("suU");
  const Status ready = supervisor.status();
  supervisor.send("k");
  supervisor.expect("dDu");
  CHECK(milliseconds_between(ready.ready_since, supervisor.status().changed) >= throttle);
}

TEST_CASE("49: a newline and then an exit: the next start is a second after the newline was seen") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\nexit 0").file("notification-fd", "3").finish("gate end");
  Supervisor supervisor(dir);
  supervisor.expect("suUd");
  const Status finishing = supervisor.status();
  dir.run("sleep");
  dir.open_gate("end");
  supervisor.expect("Du");
  CHECK(milliseconds_between(finishing.ready_since, supervisor.status().changed) >= throttle);
}

TEST_CASE("u, o and U do not wait for the throttle") {
  Scene scene;
  for (const std::string command : {"u", "o", "U"}) {
    CAPTURE(command);
    ServiceDir dir = scene.service(command);
    dir.run("gate end\nexit 1");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    double shortest = throttle;
    for (int i = 0; i < 10 && shortest >= 900; ++i) {
      dir.open_gate("end");
      supervisor.expect("dD");
      supervisor.send(command);
      supervisor.expect("u");
      shortest = pause_before(supervisor.status());
    }
    CHECK(shortest < 900);
  }
}

TEST_CASE("d during the wait for a restart cancels it") {
  Scene scene;
  ServiceDir dir = scene.service("cancelled");
  ServiceDir later = scene.service("later");
  dir.run("exit 1");
  later.run("exit 1");
  Supervisor supervisor(dir);
  supervisor.expect("sudD");
  supervisor.send("d");
  supervisor.settle();
  const std::string before = supervisor.events().take();  // a slow machine may have come that far
  // A service that went down after this one is restarted: so this one's second is over as well.
  Supervisor clock(later);
  clock.expect("sudDu");
  supervisor.settle();
  if (before.empty()) CHECK(supervisor.quiet());
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("53: every command of one write is executed, in order") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.process().freeze();
  supervisor.send("udududu");
  supervisor.process().thaw();
  supervisor.expect("udDu");
  CHECK(flags(supervisor.status()) == "W");
}

TEST_CASE("12: timeout-finish kills finish") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("ignore TERM\nsleep").file("timeout-finish", "500");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Stopwatch watch;
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(watch.shows(milliseconds(500)));
  supervisor.expect_message("warning");
  const Status down = supervisor.status();
  CHECK(milliseconds_between(down.changed, down.ready_since) >= 498);
  CHECK(down.wait_status == SIGTERM);
}

TEST_CASE("13, 14: timeout-finish is 5 s by default, and 0 or too much for a timer means no end") {
  Scene scene;
  ServiceDir by_default = scene.service("default");
  ServiceDir none = scene.service("none");
  ServiceDir endless = scene.service("endless");
  ServiceDir nonsense = scene.service("nonsense");
  none.file("timeout-finish", "0");
  endless.file("timeout-finish", "2147483648");
  nonsense.file("timeout-finish", "soon");
  std::vector<std::unique_ptr<Supervisor>> supervisors;
  for (ServiceDir* dir : {&by_default, &none, &endless, &nonsense}) {
    dir->run("exit 1").finish("gate end").file("down", "");
    supervisors.push_back(std::make_unique<Supervisor>(*dir));
    supervisors.back()->expect("s");
  }
  // Those without an end first: when the default is over, theirs would be too.
  const Stopwatch watch;
  for (const std::size_t i : {1U, 2U, 3U, 0U}) {
    supervisors[i]->send("o");
    supervisors[i]->expect("ud");
  }
  supervisors[3]->expect("D");
  supervisors[0]->expect("D");
  CHECK(watch.shows(milliseconds(5000)));
  for (const std::size_t i : {1U, 2U}) {
    supervisors[i]->settle();
    CHECK(supervisors[i]->quiet());
    CHECK(flags(supervisors[i]->status()) == "F");
  }
  none.open_gate("end");
  endless.open_gate("end");
  for (const std::size_t i : {1U, 2U}) supervisors[i]->expect("D");
}

TEST_CASE("15: timeout-kill kills a service that does not stop") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("ignore TERM\nsay up\nsleep").file("timeout-kill", "500");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const Stopwatch watch;
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(watch.shows(milliseconds(500)));
  CHECK(supervisor.status().wait_status == SIGKILL);
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("timeout-kill works for SIGTERM to the supervisor too") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("ignore TERM\nsay up\nsleep").file("timeout-kill", "300");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const Stopwatch watch;
  supervisor.process().signal(SIGTERM);
  supervisor.expect("dDx");
  CHECK(watch.shows(milliseconds(300)));
  CHECK(supervisor.wait() == exited(0));
  CHECK(dir.status().wait_status == SIGKILL);
}

TEST_CASE("16: u after d does not stop the kill timer") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("ignore TERM\nsay up\nsleep").file("timeout-kill", "500");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const Stopwatch watch;
  supervisor.send("du");
  supervisor.expect("dD");
  CHECK(watch.shows(milliseconds(500)));
  CHECK(supervisor.status().wait_status == SIGKILL);
  supervisor.expect("u");
  CHECK(pause_before(supervisor.status()) >= throttle);
}

TEST_CASE("17: a second d starts the kill timer anew, with what the file says then") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nsay up\nsleep").file("timeout-kill", "600");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  dir.expect("got TERM");
  dir.file("timeout-kill", "900");
  const Stopwatch watch;
  supervisor.send("d");
  dir.expect("got TERM");
  supervisor.expect("dD");
  CHECK(watch.shows(milliseconds(900)));
}

TEST_CASE("the kill timer does not outlive the service") {
  Scene scene;
  ServiceDir dir = scene.service();
  ServiceDir later = scene.service("later");
  for (ServiceDir* each : {&dir, &later}) each->file("timeout-kill", "400");
  dir.run("sleep");
  later.run("ignore TERM\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("d");
  supervisor.expect("dD");
  supervisor.send("u");
  supervisor.expect("u");
  // A timer that was armed later fires: so would have the first.
  Supervisor clock(later);
  later.expect("up");
  clock.expect("su");
  clock.send("d");
  clock.expect("dD");
  supervisor.settle();
  CHECK(supervisor.quiet());
}

TEST_CASE("55: with flag-timeout-killpg the kill timer reaches the group") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("ignore TERM\nfork TERM\nsleep").file("timeout-kill", "300").file("flag-timeout-killpg", "");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t background = std::stoi(dir.voice().next().substr(6));
  supervisor.send("d");
  supervisor.expect("dD");
  check_happens_only_with_ours("kill-timer-reaches-the-group", [&] { return !alive(background); });
}

TEST_CASE("without flag-timeout-killpg the kill timer leaves the rest of the group alone") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("ignore TERM\nfork TERM\nsleep").file("timeout-kill", "300");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t background = std::stoi(dir.voice().next().substr(6));
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(alive(background));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
