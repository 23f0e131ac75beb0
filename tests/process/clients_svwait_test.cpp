// s6-svwait: which letters satisfy which option. No supervisor runs: the statuses and letters are the test's own.
#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

using namespace status_of;

TEST_SUITE_BEGIN("clients");

// --- what is there already ------------------------------------------------------------------------------------------
TEST_CASE("svwait: a state that holds already satisfies at once") {
  Scene scene;
  CHECK(Waiting(scene, {"-u"}, {up()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-u"}, {ready()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-U"}, {ready()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {down()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {finishing()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {not_started()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-D"}, {down()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-D"}, {not_started()}).outcome() == "exit 0");
}

TEST_CASE("svwait: a state that does not hold yet is waited for") {
  Scene scene;
  CHECK(Waiting(scene, {"-u"}, {down()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-u"}, {finishing()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-u"}, {not_started()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-U"}, {up()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-U"}, {down()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-d"}, {up()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-d"}, {ready()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-D"}, {up()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-D"}, {finishing()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-r"}, {up()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-r"}, {down()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-R"}, {ready()}).outcome() == "waiting");
}

TEST_CASE("svwait: without an option it waits until all are up") {
  Scene scene;
  Waiting wait(scene, {}, {down(), down()});
  CHECK(wait.tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(1, "u").outcome() == "exit 0");
}

// --- one service ----------------------------------------------------------------------------------------------------
TEST_CASE("svwait: -U is satisfied by U, not by u") {
  Scene scene;
  Waiting wait(scene, {"-U"}, {down()});
  CHECK(wait.tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "U").outcome() == "exit 0");
}

TEST_CASE("svwait: a lone U satisfies -u, -U and the second half of -R") {
  Scene scene;
  CHECK(Waiting(scene, {"-u"}, {down()}).tell(0, "U").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-U"}, {down()}).tell(0, "U").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-R"}, {down()}).tell(0, "U").outcome() == "exit 0");
}

TEST_CASE("svwait: -d is satisfied by d, and by a lone D") {
  Scene scene;
  CHECK(Waiting(scene, {"-d"}, {up()}).tell(0, "d").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {ready()}).tell(0, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: -D is satisfied by D, not by d") {
  Scene scene;
  Waiting wait(scene, {"-D"}, {ready()});
  CHECK(wait.tell(0, "d").outcome() == "waiting");
  CHECK(wait.tell(0, "D").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-D"}, {up()}).tell(0, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: -D during finish waits for its end only") {
  Scene scene;
  CHECK(Waiting(scene, {"-D"}, {finishing()}).tell(0, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: letters of another direction are no satisfaction") {
  Scene scene;
  Waiting down_wait(scene, {"-d"}, {up()});
  CHECK(down_wait.tell(0, "u").tell(0, "U").outcome() == "waiting");
  Waiting up_wait(scene, {"-u"}, {finishing()});
  CHECK(up_wait.tell(0, "d").tell(0, "D").outcome() == "waiting");
}

TEST_CASE("svwait: letters that nobody knows are no news") {
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  CHECK(wait.tell(0, "s").tell(0, "zXo1\n~").tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "~d").outcome() == "exit 0");
}

TEST_CASE("svwait: a nul byte or a byte above 127 between letters hides none of them") {
  if (skip_on_real("svwait-takes-any-byte")) return;
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  CHECK(wait.tell(0, std::string_view("\0\xff\x80", 3)).outcome() == "waiting");
  CHECK(wait.tell(0, std::string_view("\0d", 2)).outcome() == "exit 0");
}

TEST_CASE("svwait: several letters in one write count one after the other") {
  Scene scene;
  CHECK(Waiting(scene, {"-D"}, {ready()}).tell(0, "dD").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-u"}, {down()}).tell(0, "su").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-U"}, {down()}).tell(0, "suU").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-D"}, {ready()}).tell(0, "dDx").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {ready()}).tell(0, "dOD").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-U"}, {down()}).tell(0, "udDudDu").outcome() == "waiting");
}

TEST_CASE("svwait: a stopped client catches up with all that happened") {
  Scene scene;
  Waiting wait(scene, {"-U"}, {down()});
  wait.process().freeze();
  for (const char* letter : {"u", "d", "D", "u", "U"}) wait.service(0).notify(letter);
  wait.process().thaw();
  CHECK(wait.process().wait() == exited(0));
}

TEST_CASE("svwait: a stopped client that waits for down sees the down before the next up") {
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  wait.process().freeze();
  for (const char* letter : {"d", "D", "u", "U"}) wait.service(0).notify(letter);
  wait.process().thaw();
  CHECK(wait.process().wait() == exited(0));
}

TEST_CASE("svwait: thousands of letters are read to the last") {
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  for (int i = 0; i < 100; ++i) wait.tell(0, std::string(200, 'U'));
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(0, std::string(200, 'u') + "d").outcome() == "exit 0");
}

// --- O and x --------------------------------------------------------------------------------------------------------
TEST_CASE("svwait: a permanent failure ends a wait for up with 1") {
  Scene scene;
  for (const char* option : {"-u", "-U", "-r", "-R"}) {
    CAPTURE(std::string(option));
    CHECK(Waiting(scene, {option}, {down()}).tell(0, "O").outcome() == "exit 1");
  }
}

TEST_CASE("svwait: a permanent failure does not end a wait for down") {
  Scene scene;
  Waiting down_wait(scene, {"-d"}, {up()});
  CHECK(down_wait.tell(0, "O").outcome() == "waiting");
  CHECK(down_wait.tell(0, "d").outcome() == "exit 0");
  Waiting finished_wait(scene, {"-D"}, {up()});
  CHECK(finished_wait.tell(0, "d").tell(0, "O").outcome() == "waiting");
  CHECK(finished_wait.tell(0, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: the failure of a service is on fd 2, and nothing on fd 1") {
  Scene scene;
  Waiting wait(scene, {"-u"}, {down()});
  CHECK(wait.tell(0, "O").outcome() == "exit 1");
  CHECK(wait.process().err().starts_with("s6-svwait: "));
  CHECK(wait.process().out().empty());
  CHECK_DIFFERS("svwait-names-the-service", contains(wait.process().err(), wait.service(0).path().string()));
}

TEST_CASE("svwait: a supervisor that leaves ends the wait with 1") {
  Scene scene;
  CHECK(Waiting(scene, {"-u"}, {down()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-U"}, {down()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-U"}, {up()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-d"}, {up()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-d"}, {ready()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-D"}, {ready()}).tell(0, "d").tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-D"}, {finishing()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-r"}, {down()}).tell(0, "x").outcome() == "exit 1");
  CHECK(Waiting(scene, {"-R"}, {down()}).tell(0, "x").outcome() == "exit 1");
}

TEST_CASE("svwait: a supervisor that leaves after its service went down is no failure of -d and -D") {
  Scene scene;
  CHECK(Waiting(scene, {"-d"}, {ready()}).tell(0, "dDx").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-d"}, {up()}).tell(0, "dx").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-D"}, {up()}).tell(0, "Dx").outcome() == "exit 0");
}

// --- several services -----------------------------------------------------------------------------------------------
TEST_CASE("svwait: -a wants all at the same moment") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down()});
  CHECK(wait.tell(0, "u").tell(0, "d").tell(1, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: -o wants one") {
  Scene scene;
  CHECK(Waiting(scene, {"-o", "-u"}, {down(), up()}).outcome() == "exit 0");
  CHECK(Waiting(scene, {"-o", "-D"}, {up(), ready()}).tell(1, "d").outcome() == "waiting");
  CHECK(Waiting(scene, {"-o", "-D"}, {up(), ready()}).tell(1, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: three services that lose their supervisors are three failures") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down(), down()});
  CHECK(wait.tell(0, "x").tell(1, "x").outcome() == "waiting");
  CHECK(wait.tell(2, "x").outcome() == "exit 3");
}

TEST_CASE("svwait: -a goes on for the others after a failure, and counts it") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down()});
  CHECK(wait.tell(0, "O").outcome() == "waiting");
  CHECK(wait.tell(1, "u").outcome() == "exit 1");
}

TEST_CASE("svwait: the D that follows an O does not hide the failure") {
  Scene scene;
  Waiting separate(scene, {"-a", "-u"}, {down(), down()});
  separate.tell(0, "O").tell(0, "D").tell(1, "u");
  CHECK(separate.outcome() == expected("svwait-counts-a-failure-once", "exit 1", "waiting"));
  Waiting together(scene, {"-a", "-u"}, {finishing(), down()});
  together.tell(0, "OD").tell(1, "u");
  CHECK(together.outcome() == expected("svwait-counts-a-failure-once", "exit 1", "waiting"));
}

TEST_CASE("svwait: -a ends when all have failed as supervisors tell it") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {finishing(), finishing(), finishing()});
  wait.tell(0, "OD").tell(1, "OD");
  CHECK(wait.outcome() == "waiting");
  wait.tell(2, "OD");
  CHECK(wait.outcome() == expected("svwait-counts-a-failure-once", "exit 3", "waiting"));
}

TEST_CASE("svwait: a failed service that is started after all counts as up") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {finishing(), down()});
  CHECK(wait.tell(0, "O").tell(0, "D").tell(0, "u").outcome() == "waiting");
  wait.tell(1, "u");
  CHECK(wait.outcome() == expected("svwait-a-start-undoes-a-failure", "exit 0", "exit 1"));
}

TEST_CASE("svwait: -a -d: a supervisor that leaves after its service went down is no failure") {
  Scene scene;
  Waiting wait(scene, {"-a", "-d"}, {up(), up()});
  wait.tell(0, "d").tell(0, "D").tell(0, "x");
  CHECK(wait.outcome() == "waiting");
  wait.tell(1, "d");
  CHECK(wait.outcome() == expected("svwait-leaving-after-down-is-no-failure", "exit 0", "exit 1"));
}

TEST_CASE("svwait: -a -D: a supervisor that leaves after finish is no failure") {
  Scene scene;
  Waiting wait(scene, {"-a", "-D"}, {up(), up()});
  wait.tell(0, "d").tell(0, "D").tell(0, "x").tell(1, "d");
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(1, "D").outcome() == "exit 0");
}

TEST_CASE("svwait: -a -u: a service that is up and loses its supervisor is a failure, ready or not") {
  Scene scene;
  Waiting with_ready(scene, {"-a", "-u"}, {down(), down()});
  with_ready.tell(0, "u").tell(0, "U").tell(0, "x").tell(1, "u");
  CHECK(with_ready.outcome() == "exit 1");
  Waiting only_up(scene, {"-a", "-u"}, {down(), down()});
  only_up.tell(0, "u").tell(0, "x").tell(1, "u");
  CHECK(only_up.outcome() == expected("svwait-leaving-while-up-is-a-failure", "exit 1", "exit 0"));
}

TEST_CASE("svwait: -o keeps waiting for the others after a failure") {
  Scene scene;
  for (const char* letter : {"O", "x"}) {
    CAPTURE(std::string(letter));
    Waiting wait(scene, {"-o", "-u"}, {down(), down()});
    wait.tell(0, letter);
    CHECK(wait.outcome() == expected("svwait-or-outlives-a-failure", "waiting", "exit 1"));
    if (on_real("svwait-or-outlives-a-failure")) continue;
    CHECK(wait.tell(1, "u").outcome() == "exit 0");
  }
}

TEST_CASE("svwait: -o fails when none can be satisfied any more") {
  if (skip_on_real("svwait-or-outlives-a-failure")) return;
  Scene scene;
  Waiting wait(scene, {"-o", "-u"}, {down(), down()});
  CHECK(wait.tell(0, "x").outcome() == "waiting");
  CHECK(wait.tell(1, "O").outcome() == "exit 2");
}

// One directory, named so many times: one letter then speaks of all.
Ran ran_with_failures(const Scene& scene, std::size_t count) {
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  Start start{.argv = {client("s6-svwait"), "-a", "-u"}};
  start.argv.insert(start.argv.end(), count, services[0].path());
  Process wait = start_waiting(start, services);
  REQUIRE(services[0].subscribers().size() == count);
  services[0].notify("x");
  const Exit exit = wait.wait();
  services[0].wait_unsubscribed();
  return {exit, wait.out(), wait.err()};
}

TEST_CASE("svwait: the exit code says how many failed, but at most 98") {
  Scene scene;
  CHECK(ran_with_failures(scene, 98).exit == exited(98));
  CHECK(ran_with_failures(scene, 256).exit == exited(expected("svwait-clamps-its-exit-code", 98, 0)));
}

TEST_CASE("svwait: ninety-nine failures do not look like a timeout") {
  Scene scene;
  CHECK(ran_with_failures(scene, 99).exit == exited(expected("svwait-clamps-its-exit-code", 98, 99)));
}

TEST_CASE("svwait: the same directory twice is two services") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  const std::string dir = services[0].path();
  Process wait = start_waiting({.argv = {client("s6-svwait"), "-u", dir, dir}}, services);
  CHECK(outcome(wait) == "waiting");
  services[0].notify("u");
  CHECK(outcome(wait) == "exit 0");
}

// --- restarts -------------------------------------------------------------------------------------------------------
TEST_CASE("svwait: -r waits for down, then up") {
  Scene scene;
  Waiting wait(scene, {"-r"}, {ready()});
  CHECK(wait.tell(0, "d").tell(0, "D").outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: -r is satisfied with d, finish or no finish") {
  Scene scene;
  CHECK(Waiting(scene, {"-r"}, {up()}).tell(0, "d").tell(0, "u").outcome() == "exit 0");
  CHECK(Waiting(scene, {"-r"}, {finishing()}).tell(0, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: -r is not satisfied by an up without a down") {
  Scene scene;
  CHECK(Waiting(scene, {"-r"}, {up()}).tell(0, "U").tell(0, "u").outcome() == "waiting");
}

TEST_CASE("svwait: -R waits for down, then ready") {
  Scene scene;
  Waiting wait(scene, {"-R"}, {ready()});
  CHECK(wait.tell(0, "d").tell(0, "D").tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "U").outcome() == "exit 0");
}

TEST_CASE("svwait: -r takes a service that is down as having gone down") {
  Scene scene;
  Waiting wait(scene, {"-r"}, {down()});
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: a whole restart in one write satisfies -r and -R") {
  Scene scene;
  for (const char* option : {"-r", "-R"}) {
    CAPTURE(std::string(option));
    Waiting wait(scene, {option}, {ready()});
    wait.tell(0, "dDuU");
    CHECK(wait.outcome() == expected("svwait-keeps-letters-between-phases", "exit 0", "waiting"));
  }
}

TEST_CASE("svwait: a stopped client sees a whole restart") {
  Scene scene;
  Waiting wait(scene, {"-R"}, {ready()});
  wait.process().freeze();
  // The real client's helper collects them for it.
  for (const char* letter : {"d", "D", "u", "U"}) wait.service(0).notify(letter);
  for (const pid_t helper : children(wait.process().pid())) wait_state(helper, 'S');
  wait.process().thaw();
  CHECK(wait.outcome() == expected("svwait-keeps-letters-between-phases", "exit 0", "waiting"));
}

TEST_CASE("svwait: a service that goes down, and its supervisor with it, fails -r at once") {
  Scene scene;
  Waiting wait(scene, {"-r"}, {ready()});
  wait.tell(0, "dDx");
  CHECK(wait.outcome() == expected("svwait-keeps-letters-between-phases", "exit 1", "waiting"));
  CHECK(Waiting(scene, {"-r"}, {ready()}).tell(0, "d").tell(0, "x").outcome() == "exit 1");
}

TEST_CASE("svwait: -r: a permanent failure after down is a failure") {
  Scene scene;
  CHECK(Waiting(scene, {"-r"}, {ready()}).tell(0, "d").tell(0, "O").outcome() == "exit 1");
}

TEST_CASE("svwait: -r: each service may restart in its own time") {
  Scene scene;
  Waiting wait(scene, {"-r"}, {ready(), ready()});
  CHECK(wait.tell(0, "d").tell(0, "D").tell(0, "u").outcome() == "waiting");
  wait.tell(1, "d").tell(1, "D").tell(1, "u");
  CHECK(wait.outcome() == expected("svwait-restarts-service-by-service", "exit 0", "waiting"));
}

TEST_CASE("svwait: -r: services that are down together and come up together satisfy") {
  Scene scene;
  Waiting wait(scene, {"-r"}, {ready(), ready()});
  wait.tell(0, "d").tell(1, "d").tell(0, "D").tell(1, "D").tell(0, "u");
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(1, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: -o -r: all go down, one comes up") {
  Scene scene;
  Waiting wait(scene, {"-o", "-r"}, {ready(), ready()});
  CHECK(wait.tell(0, "d").outcome() == "waiting");
  CHECK(wait.tell(1, "d").outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

// --- supervisors that come back -------------------------------------------------------------------------------------
TEST_CASE("svwait: the start of a new supervisor and its service is no down") {
  Scene scene;
  Waiting wait(scene, {"-d"}, {ready()});
  wait.service(0).write_status([] {
    Status fresh = not_started();
    fresh.want_up = true;
    return fresh;
  }());
  CHECK(wait.tell(0, "s").outcome() == "waiting");
  wait.service(0).write_status(up());
  CHECK(wait.tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "d").outcome() == "exit 0");
}

TEST_CASE("svwait: a new supervisor that starts the service satisfies -u") {
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down()});
  CHECK(wait.tell(0, "x").outcome() == "waiting");
  wait.service(0).write_status(up());
  CHECK(wait.tell(0, "su").outcome() == "waiting");
  wait.tell(1, "u");
  CHECK(wait.outcome() == expected("svwait-a-start-undoes-a-failure", "exit 0", "exit 1"));
}

// --- the status file ------------------------------------------------------------------------------------------------
TEST_CASE("svwait: the 43 bytes of s6 2.13 tell the same") {
  Scene scene;
  auto outcome_of = [&scene, count = 0](const char* option, const Status& status) mutable {
    const std::vector<Fabricated> services{Fabricated(scene.path() / std::to_string(++count), down())};
    services[0].write_status(packed_with_group(status));
    Process wait = start_waiting({.argv = {client("s6-svwait"), option, services[0].path()}}, services);
    return outcome(wait);
  };
  CHECK(outcome_of("-u", up()) == "exit 0");
  CHECK(outcome_of("-U", up()) == "waiting");
  CHECK(outcome_of("-U", ready()) == expected("status-of-2-13-is-understood", "exit 0", "waiting"));
  CHECK(outcome_of("-d", finishing()) == expected("status-of-2-13-is-understood", "exit 0", "waiting"));
  CHECK(outcome_of("-D", down()) == expected("status-of-2-13-is-understood", "exit 0", "waiting"));
}

TEST_CASE("svwait: a status file that is too short, or none, is a system error") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  for (const std::size_t size : {0U, 1U, 26U, 34U}) {
    CAPTURE(size);
    service.write_status(std::string(size, '\0'));
    CHECK(run({client("s6-svwait"), "-u", service.path()}).exit == exited(111));
  }
  std::filesystem::remove(service / "supervise/status");
  const Ran missing = run({client("s6-svwait"), "-u", service.path()});
  CHECK(missing.exit == exited(111));
  CHECK_DIFFERS("svwait-names-the-service", contains(missing.err, service.path().string()));
  service.wait_unsubscribed();
}

TEST_CASE("svwait: a status file of a size that no version wrote is refused") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  service.write_status(packed(up()) + "\1");
  CHECK(run({client("s6-svwait"), "-u", service.path()}).exit == exited(expected("status-sizes-are-exact", 111, 0)));
}

// --- not supervised -------------------------------------------------------------------------------------------------
TEST_CASE("svwait: a directory without supervise is not waited for, and gets no event directory") {
  Scene scene;
  std::filesystem::create_directory(scene.path() / "a");
  const Ran ran = run({client("s6-svwait"), "-u", scene.path() / "a"});
  CHECK(ran.exit == exited(111));
  CHECK(ran.err.starts_with("s6-svwait: fatal: "));
  CHECK_DIFFERS("svwait-makes-no-event-directory", !exists(scene.path() / "a/event"));
}

TEST_CASE("svwait: a directory that is missing, or none, is a system error") {
  Scene scene;
  write_file(scene.path() / "file", "");
  CHECK(run({client("s6-svwait"), "-u", scene.path() / "missing"}).exit == exited(111));
  CHECK(run({client("s6-svwait"), "-u", scene.path() / "file"}).exit == exited(111));
  CHECK(run({client("s6-svwait"), "-u", ""}).exit == exited(111));
}

TEST_CASE("svwait: one directory that is not supervised ends the wait for all, and leaves no FIFO") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  CHECK(run({client("s6-svwait"), "-u", service.path(), scene.path() / "missing"}).exit == exited(111));
  service.wait_unsubscribed();
}

TEST_CASE("svwait: an event directory that is missing is made where there is a supervise") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  std::filesystem::remove(service / "event");
  CHECK(run({client("s6-svwait"), "-u", service.path()}).exit == exited(0));
  CHECK(mode_of(service / "event") == "3730");
}

TEST_CASE("svwait: without service directories there is nothing to wait for") {
  CHECK(run({client("s6-svwait")}).exit == exited(expected("svwait-without-services", 0, 100)));
  CHECK(run({client("s6-svwait"), "-D", "-o"}).exit == exited(expected("svwait-without-services", 0, 100)));
}

// --- timeouts -------------------------------------------------------------------------------------------------------
TEST_CASE("svwait: a wait that takes too long ends with 99, not before its time") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  const auto start = Clock::now();
  const Ran ran = run({client("s6-svwait"), "-d", "-t", "500", service.path()});
  CHECK(ran.exit == exited(99));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(500));
  CHECK(ran.err.starts_with("s6-svwait: fatal: "));
  CHECK(ran.out.empty());
}

TEST_CASE("svwait: letters do not prolong the time") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", up())};
  Process wait = start_waiting({.argv = {client("s6-svwait"), "-D", "-t500", services[0].path()}}, services);
  eventually("time is up", [&] {
    services[0].notify("u");
    return !wait.running();
  });
  CHECK(wait.wait() == exited(99));
}

TEST_CASE("svwait: a timeout of 0 is none") {
  Scene scene;
  CHECK(Waiting(scene, {"-t", "0", "-d"}, {up()}).outcome() == "waiting");
  CHECK(Waiting(scene, {"-t300", "-t0", "-d"}, {up()}).outcome() == "waiting");
}

TEST_CASE("svwait: a state that holds already beats the shortest timeout") {
  if (skip_on_real("svwait-what-holds-beats-the-timeout")) return;
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  CHECK(run({client("s6-svwait"), "-u", "-t", "1", service.path()}).exit == exited(0));
}

TEST_CASE("svwait: where nobody may listen, and no place to listen can be made") {
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  std::filesystem::remove(service / "event");
  Start start{.argv = {client("s6-svwait"), "-d", service.path()}};
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(ran.err.starts_with("s6-svwait: fatal: "));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
