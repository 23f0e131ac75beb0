// s6-svwait and supervisors: what it makes of those that die, leave or come back, and of what real ones tell.
#include <signal.h>
#include <unistd.h>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;
using Words = std::vector<std::string>;

Start svwait(const Words& options, const fs::path& directory) {
  Start start{.argv = {client("s6-svwait")}};
  start.argv.insert(start.argv.end(), options.begin(), options.end());
  start.argv.push_back(directory);
  return start;
}

// A service whose supervisor was killed: it still runs, and its status still says so. Ended with the object.
class Orphaned {
 public:
  Orphaned(Supervisor& supervisor) : pid_(supervisor.service()) {
    supervisor.process().signal(SIGKILL);
    CHECK(supervisor.wait() == killed(SIGKILL));
  }
  ~Orphaned() { kill(pid_, SIGKILL); }
  Orphaned(const Orphaned&) = delete;
  Orphaned& operator=(const Orphaned&) = delete;
  [[nodiscard]] bool lives() const { return alive(pid_); }

 private:
  pid_t pid_;
};

TEST_SUITE_BEGIN("clients");

// --- what real supervisors tell -------------------------------------------------------------------------------------
TEST_CASE("svwait: a service goes through its states") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\ngate ready\nnotify 5 \\n\nsleep").finish("say finish\ngate end");
  dir.file("notification-fd", "5\n").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  Process up_wait(svwait({"-u"}, dir.path()));
  Process ready_wait(svwait({"-U"}, dir.path()));
  CHECK(outcome(up_wait) == "waiting");
  CHECK(outcome(ready_wait) == "waiting");
  supervisor.send("u");
  CHECK(up_wait.wait() == exited(0));
  dir.expect("up");
  CHECK(outcome(ready_wait) == "waiting");
  dir.open_gate("ready");
  CHECK(ready_wait.wait() == exited(0));
  Process down_wait(svwait({"-d"}, dir.path()));
  Process finished_wait(svwait({"-D"}, dir.path()));
  CHECK(outcome(down_wait) == "waiting");
  CHECK(outcome(finished_wait) == "waiting");
  supervisor.send("d");
  CHECK(down_wait.wait() == exited(0));
  dir.expect("finish");
  CHECK(outcome(finished_wait) == "waiting");
  dir.open_gate("end");
  CHECK(finished_wait.wait() == exited(0));
}

TEST_CASE("svwait: a quick restart of a real service satisfies -r and -R") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 5 \\n\nsay up\ngate stay\nsleep").finish("gate end").file("notification-fd", "5\n");
  Supervisor supervisor(dir);
  supervisor.expect("suU");
  Process up_wait(svwait({"-r"}, dir.path()));
  Process ready_wait(svwait({"-R"}, dir.path()));
  CHECK(outcome(up_wait) == "waiting");
  CHECK(outcome(ready_wait) == "waiting");
  supervisor.send("r");
  supervisor.expect("d");
  CHECK(outcome(up_wait) == "waiting");
  CHECK(outcome(ready_wait) == "waiting");
  dir.open_gate("end");
  CHECK(up_wait.wait() == exited(0));
  CHECK(ready_wait.wait() == exited(0));
}

TEST_CASE("svwait: a real permanent failure") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate go\nexit 1").finish("exit 125").file("notification-fd", "5\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  Process ready_wait(svwait({"-U"}, dir.path()));
  Process finished_wait(svwait({"-D"}, dir.path()));
  CHECK(outcome(ready_wait) == "waiting");
  CHECK(outcome(finished_wait) == "waiting");
  dir.open_gate("go");
  supervisor.expect("dOD");
  CHECK(ready_wait.wait() == exited(1));
  CHECK(finished_wait.wait() == exited(0));
}

TEST_CASE("svwait: a supervisor that is told to leave with its service") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("notification-fd", "5\n");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  Process ready_wait(svwait({"-U"}, dir.path()));
  Process down_wait(svwait({"-d"}, dir.path()));
  Process finished_wait(svwait({"-D"}, dir.path()));
  CHECK(outcome(ready_wait) == "waiting");
  CHECK(outcome(down_wait) == "waiting");
  CHECK(outcome(finished_wait) == "waiting");
  supervisor.send("xd");
  supervisor.expect("dDx");
  CHECK(ready_wait.wait() == exited(1));
  CHECK(down_wait.wait() == exited(0));
  CHECK(finished_wait.wait() == exited(0));
}

TEST_CASE("svwait: -r fails when the supervisor leaves with its service") {
  // The real one loses the x if it comes together with the d, which is a matter of luck.
  if (skip_on_real("svwait-keeps-letters-between-phases")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  Process wait(svwait({"-r"}, dir.path()));
  CHECK(outcome(wait) == "waiting");
  supervisor.send("xd");
  CHECK(wait.wait() == exited(1));
}

// --- supervisors that die -------------------------------------------------------------------------------------------
TEST_CASE("svwait: a lock file that nobody holds does not hide that the service is down") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  write_file(service / "supervise/lock", "");
  CHECK(run(svwait({"-D"}, service.path())).exit == exited(0));
  CHECK(run(svwait({"-d"}, service.path())).exit == exited(0));
}

TEST_CASE("svwait: without a lock file the status is believed") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", up())};
  CHECK(run(svwait({"-u"}, services[0].path())).exit == exited(0));
  Process wait = start_waiting(svwait({"-d"}, services[0].path()), services);
  CHECK(outcome(wait) == "waiting");
  services[0].notify("d");
  CHECK(outcome(wait) == "exit 0");
}

TEST_CASE("svwait: a supervisor that dies and is replaced: the restart alone is no down") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  auto first = std::make_unique<Supervisor>(dir);
  first->expect("su");
  Process wait(svwait({"-d", "-t20000"}, dir.path()));
  CHECK(outcome(wait) == "waiting");
  const Orphaned orphaned(*first);
  Supervisor second(dir);
  second.expect("su");
  second.settle();
  CHECK(outcome(wait) == "waiting");
  CHECK(orphaned.lives());
  second.send("d");
  CHECK(wait.wait() == exited(0));
}

TEST_CASE("svwait: a supervisor that dies and is replaced: -U waits for the new service") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\ngate ready\nnotify 5 \\n\nsleep").file("notification-fd", "5\n");
  auto first = std::make_unique<Supervisor>(dir);
  first->expect("su");
  dir.expect("up");
  Process wait(svwait({"-U", "-t20000"}, dir.path()));
  CHECK(outcome(wait) == "waiting");
  { const Orphaned orphaned(*first); }
  Supervisor second(dir);
  second.expect("su");
  dir.expect("up");
  CHECK(outcome(wait) == "waiting");
  dir.open_gate("ready");
  CHECK(wait.wait() == exited(0));
}

TEST_SUITE_END();

// The grace that a dead supervisor gets for a successor is about two seconds.
TEST_SUITE_BEGIN("clients-timing");

TEST_CASE("svwait: a supervisor that is killed and not replaced ends every wait") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  std::vector<std::unique_ptr<Waiting>> waits;
  for (const auto& [option, status] : {std::pair{"-u", down()}, std::pair{"-U", down()}, std::pair{"-U", up()},
                                       std::pair{"-d", up()}, std::pair{"-d", ready()}, std::pair{"-D", ready()},
                                       std::pair{"-D", finishing()}, std::pair{"-r", ready()}, std::pair{"-R", down()}})
    waits.push_back(std::make_unique<Waiting>(scene, Words{option}, std::vector{status}));
  for (auto& wait : waits) REQUIRE(wait->outcome() == "waiting");
  const auto start = Clock::now();
  for (auto& wait : waits) wait->supervisors().kill();
  for (auto& wait : waits) {
    CHECK(wait->process().wait() == exited(1));
    CHECK(Clock::now() - start >= std::chrono::seconds(1));  // s6-svscan needs that long to replace it
    CHECK(contains(wait->process().err(), wait->service(0).path().string()));
    CHECK(wait->service(0).subscribers().empty());
  }
}

TEST_CASE("svwait: a supervisor that comes before the grace is over is waited for, until it says something") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  for (int tries = 1;; ++tries) {
    Scene scene;
    Waiting wait(scene, {"-d"}, {up()});
    const auto watches_one = [&wait] {
      for (const int fd : open_fds(wait.process().pid()))
        if (contains(fd_target(wait.process().pid(), fd), "pidfd")) return true;
      return false;
    };
    eventually("it watches the supervisor", watches_one);
    wait.supervisors().kill();
    eventually("it has seen the death", [&] { return !watches_one(); });
    const LockHolder successor({wait.service(0).path()});
    eventually("it watches the successor, or was too quick for it",
               [&] { return !wait.process().running() || watches_one(); });
    if (!wait.process().running() && tries < 5) continue;
    CHECK(wait.outcome() == "waiting");
    wait.service(0).write_status(down());
    wait.tell(0, "s");
    CHECK(wait.process().wait() == exited(0));
    return;
  }
}

TEST_CASE("svwait: -a counts supervisors that are gone as failures") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down(), down()});
  wait.tell(0, "u");
  wait.supervisors().kill();  // of all of them
  CHECK(wait.process().wait() == exited(3));
}

TEST_CASE("svwait: what a supervisor said before it was killed counts") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  wait.process().freeze();
  wait.service(0).notify("d");
  wait.supervisors().kill();
  wait.process().thaw();
  CHECK(wait.process().wait() == exited(0));
}

TEST_CASE("svwait: the status of a supervisor that is dead says nothing of up") {
  Scene scene;
  const Fabricated service(scene.path() / "a", ready());
  write_file(service / "supervise/lock", "");
  // All at once: each takes the time of the grace.
  Process up_wait(svwait({"-u"}, service.path()));
  Process ready_wait(svwait({"-U"}, service.path()));
  CHECK(up_wait.wait() == exited(expected("svwait-watches-supervisors", 1, 0)));
  CHECK(ready_wait.wait() == exited(expected("svwait-watches-supervisors", 1, 0)));
  if (skip_on_real("svwait-watches-supervisors")) return;
  Process down_wait(svwait({"-d"}, service.path()));
  Process finished_wait(svwait({"-D"}, service.path()));
  CHECK(down_wait.wait() == exited(1));
  CHECK(finished_wait.wait() == exited(1));
}

TEST_CASE("svwait: a real supervisor that was killed before: its last word is no up") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Orphaned orphaned(supervisor);
  CHECK(run(svwait({"-u"}, dir.path())).exit == exited(expected("svwait-watches-supervisors", 1, 0)));
}

TEST_CASE("svwait: a real supervisor that is killed while -d and -U wait") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  Process down_wait(svwait({"-d"}, dir.path()));
  Process ready_wait(svwait({"-U"}, dir.path()));
  CHECK(outcome(down_wait) == "waiting");
  CHECK(outcome(ready_wait) == "waiting");
  const Orphaned orphaned(supervisor);
  CHECK(down_wait.wait() == exited(1));
  CHECK(ready_wait.wait() == exited(1));
}

TEST_CASE("svwait: the timeout also ends the wait for a successor") {
  Scene scene;
  Waiting wait(scene, {"-d", "-t", "1500"}, {up()});
  REQUIRE(wait.outcome() == "waiting");
  wait.supervisors().kill();
  CHECK(wait.process().wait() == exited(99));
}

TEST_CASE("svwait: a successor without a word keeps the wait alive") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  Waiting abandoned(scene, {"-d"}, {up()});
  wait.supervisors().kill();
  const LockHolder successor({wait.service(0).path()});
  abandoned.supervisors().kill();
  // When the grace of the other is over, so is its own.
  CHECK(abandoned.process().wait() == exited(1));
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(0, "d").outcome() == "exit 0");
}

TEST_CASE("svwait: a successor is watched like the first") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  wait.supervisors().kill();
  LockHolder successor({wait.service(0).path()});
  wait.tell(0, "s").tell(0, "u");
  CHECK(wait.outcome() == "waiting");
  successor.kill();
  CHECK(wait.process().wait() == exited(1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
