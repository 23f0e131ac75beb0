// s6-svc -w: sending, then waiting for what it brings about.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;
using Words = std::vector<std::string>;

Start svc(const Words& words) {
  Start start{.argv = {client("s6-svc")}};
  start.argv.insert(start.argv.end(), words.begin(), words.end());
  return start;
}

// s6-svc on one fabricated service whose control the test reads.
class Sending {
 public:
  Sending(const Scene& scene, const Words& options, const Status& status)
      : services_{Fabricated(scene.path() / ("service-" + std::to_string(++count_)), status)},
        supervisor_({services_[0].path()}),
        control_(services_[0].path()),
        process_((write_file(services_[0] / "notification-fd", "3\n"), start_waiting(command(options), services_))) {}

  Sending& tell(std::string_view letters) {
    services_[0].notify(letters);
    (void)sleeps(process_);
    return *this;
  }
  std::string outcome() { return test::outcome(process_); }
  Fabricated& service() { return services_[0]; }
  LockHolder& supervisor() { return supervisor_; }
  Control& control() { return control_; }
  Process& process() { return process_; }

 private:
  [[nodiscard]] Start command(const Words& options) const {
    Start start = svc(options);
    start.argv.push_back(services_[0].path());
    return start;
  }

  static inline int count_ = 0;
  std::vector<Fabricated> services_;
  LockHolder supervisor_;
  Control control_;
  Process process_;
};

TEST_SUITE_BEGIN("clients");

// --- letters --------------------------------------------------------------------------------------------------------
TEST_CASE("svc -w: it subscribes, sends, and waits") {
  Scene scene;
  Sending send(scene, {"-d", "-wD"}, ready());
  CHECK(send.control().take() == "d");
  CHECK(send.service().subscribers().size() == 1);
  CHECK(send.outcome() == "waiting");
  CHECK(send.tell("d").outcome() == "waiting");
  CHECK(send.tell("D").outcome() == "exit 0");
  send.service().wait_unsubscribed();
}

TEST_CASE("svc -w: what is waited for") {
  Scene scene;
  CHECK(Sending(scene, {"-u", "-wu"}, down()).tell("u").outcome() == "exit 0");
  CHECK(Sending(scene, {"-u", "-wU"}, down()).tell("u").outcome() == "waiting");
  CHECK(Sending(scene, {"-u", "-wU"}, down()).tell("u").tell("U").outcome() == "exit 0");
  CHECK(Sending(scene, {"-d", "-wd"}, ready()).tell("d").outcome() == "exit 0");
  CHECK(Sending(scene, {"-d", "-wD"}, ready()).tell("dD").outcome() == "exit 0");
}

TEST_CASE("svc -w: a state that holds already ends it at once, and the commands are sent all the same") {
  Scene scene;
  Sending up_already(scene, {"-u", "-wu"}, up());
  CHECK(up_already.outcome() == "exit 0");
  CHECK(up_already.control().next() == "u");
  Sending down_already(scene, {"-d", "-wD"}, down());
  CHECK(down_already.outcome() == "exit 0");
  CHECK(down_already.control().next() == "d");
}

TEST_CASE("svc -w: a restart that was ordered is waited for with its finish") {
  Scene scene;
  Sending without_finish(scene, {"-r", "-wr"}, ready());
  CHECK(without_finish.tell("d").tell("u").outcome() == "waiting");
  CHECK(without_finish.tell("d").tell("D").tell("u").outcome() == "exit 0");
  Sending with_ready(scene, {"-r", "-wR"}, ready());
  CHECK(with_ready.tell("d").tell("D").tell("u").outcome() == "waiting");
  CHECK(with_ready.tell("U").outcome() == "exit 0");
}

TEST_CASE("svc -w: a restart that was not ordered is waited for without its finish") {
  Scene scene;
  Sending wait(scene, {"-wr"}, ready());
  CHECK(wait.tell("d").tell("u").outcome() == "exit 0");
  CHECK(wait.control().take().empty());
}

TEST_CASE("svc -w: without commands it only waits") {
  Scene scene;
  Sending wait(scene, {"-wd"}, ready());
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell("d").outcome() == "exit 0");
  CHECK(wait.control().take().empty());
}

TEST_CASE("svc -w: a permanent failure, or a supervisor that leaves, ends it with 1") {
  Scene scene;
  CHECK(Sending(scene, {"-u", "-wu"}, down()).tell("O").outcome() == "exit 1");
  CHECK(Sending(scene, {"-u", "-wU"}, down()).tell("u").tell("x").outcome() == "exit 1");
  CHECK(Sending(scene, {"-u", "-wu"}, down()).tell("x").outcome() == "exit 1");
  CHECK(Sending(scene, {"-d", "-wD"}, ready()).tell("d").tell("x").outcome() == "exit 1");
  CHECK(Sending(scene, {"-d", "-wd"}, ready()).tell("x").outcome() == "exit 1");
  CHECK(Sending(scene, {"-wu"}, down()).tell("O").outcome() == "exit 1");
  CHECK(Sending(scene, {"-d", "-wD"}, ready()).tell("dOD").outcome() == "exit 0");
}

TEST_CASE("svc -w: a whole restart in one write is a restart") {
  Scene scene;
  Sending send(scene, {"-r", "-wR"}, ready());
  send.tell("dDuU");
  CHECK(send.outcome() == expected("svwait-keeps-letters-between-phases", "exit 0", "waiting"));
}

TEST_CASE("svc -w: a signal ends it, and removes the FIFO") {
  Scene scene;
  Sending send(scene, {"-d", "-wD"}, ready());
  REQUIRE(send.outcome() == "waiting");
  send.process().signal(SIGTERM);
  CHECK(send.process().wait() == killed(SIGTERM));
  if (on_real("svwait-removes-its-fifos-itself")) send.service().wait_unsubscribed();
  CHECK(send.service().subscribers().empty());
}

TEST_CASE("svc -w: the removal of event ends it") {
  Scene scene;
  Sending send(scene, {"-d", "-wD"}, ready());
  REQUIRE(send.outcome() == "waiting");
  fs::remove_all(send.service() / "event");
  const std::string end = ending_of_ours("svwait-notices-the-removal-of-its-fifo", send.process());
  CHECK(end == expected("svwait-notices-the-removal-of-its-fifo", "exit 1", "waiting"));
}

// --- timeouts -------------------------------------------------------------------------------------------------------
TEST_CASE("svc -w: what takes too long ends with 99, not before its time") {
  Scene scene;
  const Fabricated service(scene.path() / "a", ready());
  Control control(service.path());
  const auto start = Clock::now();
  CHECK(run(svc({"-d", "-wd", "-T500", service.path()})).exit == exited(99));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(500));
  CHECK(control.take() == "d");
  CHECK(run(svc({"-wd", "-T500", service.path()})).exit == exited(99));
  service.wait_unsubscribed();
}

TEST_CASE("svc -w: a wait for what the command does not bring takes its time") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK(run(svc({"-wd", "-T500", "-u", dir.path()})).exit == exited(99));
}

TEST_CASE("svc -w: the time also ends the wait for room in a full FIFO") {
  Scene scene;
  const Fabricated service(scene.path() / "a", ready());
  Control control(service.path());
  control.leave_room_for(1);
  CHECK(run(svc({"-du", "-wd", "-T500", service.path()})).exit == exited(99));
  // The real one leaves a process behind that still wants to send, and does when there is room.
  CHECK(control.size() == control.capacity() - 1);
  std::string read = control.take();
  if (on_real("svc-gives-up-sending-in-time")) {
    if (!contains(read, "d")) read += control.next();
    CHECK(read.ends_with("~du"));
  } else {
    CHECK(descendants(getpid()).empty());
    CHECK(!contains(read, "d"));
  }
}

// --- readiness ------------------------------------------------------------------------------------------------------
TEST_CASE("svc -w: without a notification-fd nobody waits for readiness") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  Control control(services[0].path());
  for (const char* option : {"-wU", "-wR"}) {
    CAPTURE(std::string(option));
    Process send = start_waiting(svc({"-u", option, services[0].path()}), services);
    CHECK(control.next() == "u");
    CHECK(outcome(send) == "waiting");
    services[0].notify("u");
    CHECK(outcome(send) == "exit 0");
    CHECK(send.err().starts_with("s6-svc: warning: "));
    CHECK(contains(send.err(), "notification-fd"));
    services[0].wait_unsubscribed();
  }
}

// --- what is in the way ---------------------------------------------------------------------------------------------
TEST_CASE("svc -w: a service that is not supervised is a system error") {
  Scene scene;
  fs::create_directory(scene.path() / "a");
  CHECK(run(svc({"-u", "-wu", scene.path() / "a"})).exit == exited(111));
  CHECK(run(svc({"-wu", scene.path() / "a"})).exit == exited(111));
  CHECK(run(svc({"-u", "-wu", scene.path() / "missing"})).exit == exited(111));
}

TEST_CASE("svc -w: commands that cannot be sent are not waited for") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  const Ran ran = run(svc({"-u", "-wu", "-T500", service.path()}));
  CHECK(ran.exit == exited(expected("svc-waits-only-for-what-it-has-sent", 111, 99)));
  service.wait_unsubscribed();
}

TEST_CASE("svc -w: PATH does not matter") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  Start start = svc({"-u", "-wu", service.path()});
  start.env = {"PATH=/nonexistent"};
  CHECK(run(start).exit == exited(0));
}

// --- several directories --------------------------------------------------------------------------------------------
TEST_CASE("svc -w: all services are waited for") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down()),
                                         Fabricated(scene.path() / "b", down())};
  Control first(services[0].path());
  Control second(services[1].path());
  const Start command = svc({"-u", "-wu", services[0].path(), services[1].path()});
  if (on_real("svc-takes-several-directories")) {
    Process send = start_waiting(command, {services[0]});
    services[0].notify("u");
    CHECK(outcome(send) == "exit 0");
    CHECK(second.take().empty());
    return;
  }
  Process send = start_waiting(command, services);
  CHECK(first.take() == "u");
  CHECK(second.take() == "u");
  services[0].notify("u");
  CHECK(outcome(send) == "waiting");
  services[1].notify("u");
  CHECK(outcome(send) == "exit 0");
  Process fails = start_waiting(svc({"-u", "-wu", services[0].path(), services[1].path()}), services);
  services[0].notify("x");
  services[1].notify("O");
  CHECK(outcome(fails) == "exit 2");
}

// --- real supervisors -----------------------------------------------------------------------------------------------
TEST_CASE("svc -w: -wD waits for the end of finish, -wd for that of run") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("say finish\ngate end");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK(run(svc({"-d", "-wd", dir.path()})).exit == exited(0));
  dir.expect("finish");
  CHECK(flags(supervisor.status()) == "F");
  CHECK(run(svc({"-d", "-wD", "-T500", dir.path()})).exit == exited(99));
  Process send(svc({"-d", "-wD", dir.path()}));
  CHECK(outcome(send) == "waiting");
  dir.open_gate("end");
  CHECK(send.wait() == exited(0));
  CHECK(supervisor.status().pid == 0);
}

TEST_CASE("svc -w: -wU waits for the notification, -wu does not") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\ngate ready\nnotify 5 \\n\nsleep").file("notification-fd", "5\n").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(run(svc({"-u", "-wu", dir.path()})).exit == exited(0));
  CHECK(!supervisor.status().ready);
  Process send(svc({"-u", "-wU", dir.path()}));
  CHECK(outcome(send) == "waiting");
  dir.open_gate("ready");
  CHECK(send.wait() == exited(0));
  CHECK(supervisor.status().ready);
}

TEST_CASE("svc -w: -wR waits for another process that is ready") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nnotify 5 \\n\nsleep").file("notification-fd", "5\n");
  Supervisor supervisor(dir);
  supervisor.expect("suU");
  const pid_t before = supervisor.service();
  supervisor.process().freeze();
  Process send(svc({"-r", "-wR", dir.path()}));
  CHECK(outcome(send) == "waiting");
  supervisor.process().thaw();
  if (on_real("svwait-keeps-letters-between-phases")) {
    supervisor.expect("dDuU");  // it may miss some of them, and then waits for another restart
    return;
  }
  CHECK(send.wait() == exited(0));
  const Status after = supervisor.status();
  CHECK(after.pid != before);
  CHECK(after.ready);
}

TEST_CASE("svc -w: a service that fails for good ends -wu with 1, and -wD with 0") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").finish("exit 125").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(run(svc({"-u", "-wU", dir.path()})).exit == exited(0));  // without notification-fd: up, if only for a moment
  supervisor.expect("udOD");
  dir.file("notification-fd", "5\n");
  CHECK(run(svc({"-o", "-wU", dir.path()})).exit == exited(1));
  supervisor.expect("udOD");
}

TEST_CASE("svc -w: -xd -wD: the last D counts, not the x after it") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK(run(svc({"-xd", "-wD", dir.path()})).exit == exited(0));
  supervisor.expect("dDx");
}

TEST_CASE("svc -w: commands to a stopped supervisor take effect when it goes on") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.process().freeze();
  Process send(svc({"-d", "-wD", dir.path()}));
  CHECK(outcome(send) == "waiting");
  supervisor.process().thaw();
  CHECK(send.wait() == exited(0));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("clients-timing");

TEST_CASE("svc -w: a supervisor that is killed ends the wait") {
  if (skip_on_real("svwait-watches-supervisors")) return;
  Scene scene;
  Sending up_wait(scene, {"-u", "-wu"}, down());
  Sending down_wait(scene, {"-d", "-wD"}, ready());
  CHECK(up_wait.outcome() == "waiting");
  CHECK(down_wait.outcome() == "waiting");
  up_wait.supervisor().kill();
  down_wait.supervisor().kill();
  CHECK(up_wait.process().wait() == exited(1));
  CHECK(down_wait.process().wait() == exited(1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
