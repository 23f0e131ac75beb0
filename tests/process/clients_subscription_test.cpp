// s6-svwait's FIFOs in event/: what they look like, when they go, who may have them, how many there can be.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;

bool is_digit_of_a_stamp(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// ftrig1:@ 24 hexadecimal digits : 6 characters
bool is_fifo_name(std::string_view name) {
  return name.size() == 39 && name.starts_with("ftrig1:@") && name[32] == ':' &&
         std::ranges::all_of(name.substr(8, 24), is_digit_of_a_stamp);
}

// Our client removes its FIFOs before it ends; the real one's helper does when the client is gone.
void check_unsubscribed(const Fabricated& service) {
  if (on_real("svwait-removes-its-fifos-itself")) service.wait_unsubscribed();
  CHECK(service.subscribers().empty());
}

Start svwait(const std::vector<std::string>& options, const std::vector<Fabricated>& services) {
  Start start{.argv = {client("s6-svwait")}};
  start.argv.insert(start.argv.end(), options.begin(), options.end());
  for (const Fabricated& service : services) start.argv.push_back(service.path());
  return start;
}

TEST_SUITE_BEGIN("clients");

// --- what subscribers look like -------------------------------------------------------------------------------------
TEST_CASE("svwait: each service gets a FIFO of the agreed name, and nothing else") {
  Scene scene;
  Waiting wait(scene, {"-u"}, {down(), down()});
  for (const std::size_t number : {0U, 1U}) {
    const auto names = wait.service(number).subscribers();
    REQUIRE(names.size() == 1);
    CHECK(is_fifo_name(names[0]));
    CHECK(fs::is_fifo(wait.service(number) / "event" / names[0]));
  }
}

TEST_CASE("svwait: two clients of a service have two FIFOs, and both get every letter") {
  Scene scene;
  Waiting first(scene, {"-u"}, {down()});
  Process second(svwait({"-u"}, {first.service(0)}));
  eventually("there are two FIFOs", [&] { return first.service(0).subscribers().size() == 2; });
  CHECK(outcome(second) == "waiting");
  CHECK(first.tell(0, "u").outcome() == "exit 0");
  CHECK(outcome(second) == "exit 0");
}

TEST_CASE("svwait: a notifier of any user may write to the FIFO, whatever the client's umask") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  Start start = svwait({"-u"}, services);
  start.umask = 077;
  Process wait = start_waiting(start, services);
  const auto names = services[0].subscribers();
  REQUIRE(names.size() == 1);
  CHECK(mode_of(services[0] / "event" / names[0]) == expected<std::string>("svwait-fifo-mode", "0622", "0600"));
}

TEST_CASE("svwait: the FIFO belongs to the group of the directory") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  REQUIRE(chown((services[0] / "event").c_str(), 0, nobody) == 0);
  REQUIRE(chmod((services[0] / "event").c_str(), 03730) == 0);
  Process wait = start_waiting(svwait({"-u"}, services), services);
  const auto names = services[0].subscribers();
  REQUIRE(names.size() == 1);
  struct stat st {};
  REQUIRE(stat((services[0] / "event" / names[0]).c_str(), &st) == 0);
  CHECK(st.st_gid == nobody);
}

TEST_CASE("svwait: it is one process that does everything itself") {
  Scene scene;
  Waiting wait(scene, {"-u"}, {down(), down()});
  CHECK_DIFFERS("svwait-is-one-process", children(wait.process().pid()).empty());
}

// --- when they go ---------------------------------------------------------------------------------------------------
TEST_CASE("svwait: the FIFOs are gone when it ends") {
  Scene scene;
  Waiting satisfied(scene, {"-u"}, {down(), up()});
  CHECK(satisfied.tell(0, "u").outcome() == "exit 0");
  check_unsubscribed(satisfied.service(0));
  check_unsubscribed(satisfied.service(1));
  Waiting at_once(scene, {"-u"}, {up()});
  CHECK(at_once.outcome() == "exit 0");
  check_unsubscribed(at_once.service(0));
  Waiting failed(scene, {"-u"}, {down()});
  CHECK(failed.tell(0, "O").outcome() == "exit 1");
  check_unsubscribed(failed.service(0));
}

TEST_CASE("svwait: the FIFO is gone after a timeout") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  CHECK(run(svwait({"-u", "-t500"}, {service})).exit == exited(99));
  check_unsubscribed(service);
}

TEST_CASE("svwait: a signal ends it, and removes the FIFO") {
  Scene scene;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGPIPE, SIGQUIT}) {
    CAPTURE(number);
    Waiting wait(scene, {"-u"}, {down()});
    REQUIRE(wait.outcome() == "waiting");
    wait.process().signal(number);
    if (number == SIGPIPE && on_real("svwait-dies-of-a-broken-pipe")) {
      CHECK(wait.outcome() == "waiting");
      continue;
    }
    CHECK(wait.process().wait() == killed(number));
    check_unsubscribed(wait.service(0));
  }
}

TEST_CASE("svwait: a signal that was ignored when it started stays ignored") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  Start start = svwait({"-u"}, services);
  start.ignored = {SIGHUP, SIGINT};
  Process wait = start_waiting(start, services);
  wait.signal(SIGHUP);
  wait.signal(SIGINT);
  CHECK(outcome(wait) == "waiting");
  services[0].notify("u");
  CHECK(outcome(wait) == "exit 0");
}

TEST_CASE("svwait: signals that were blocked when it started end it all the same") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down())};
  Start start = svwait({"-u"}, services);
  start.blocked = {SIGINT};
  Process wait = start_waiting(start, services);
  wait.signal(SIGINT);
  CHECK_DIFFERS("svwait-unblocks-signals", outcome(wait) == "killed by 2");
}

TEST_CASE("svwait: SIGCONT after SIGSTOP goes on waiting") {
  Scene scene;
  Waiting wait(scene, {"-u", "-t", "20000"}, {down()});
  wait.process().freeze();
  wait.process().thaw();
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

TEST_CASE("svwait: a killed client leaves nothing that lasts beyond the next event") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Fabricated view(dir.path() / "view", down());  // its own event/ and status, which nobody notifies
  fs::remove_all(view / "event");
  fs::create_directory_symlink(dir / "event", view / "event");
  {
    Process wait(Start{.argv = {client("s6-svwait"), "-d", dir.path()}});
    eventually("it subscribes", [&] { return view.subscribers().size() == 2; });
    REQUIRE(sleeps(wait));
    wait.signal(SIGKILL);
    CHECK(wait.wait() == killed(SIGKILL));
    if (on_real("svwait-killed-leaves-its-fifo"))
      eventually("its helper removes the FIFO", [&] { return view.subscribers().size() == 1; });
    CHECK(view.subscribers().size() == expected<std::size_t>("svwait-killed-leaves-its-fifo", 2, 1));
  }
  supervisor.send("d");
  supervisor.expect("dD");
  supervisor.settle();
  CHECK(view.subscribers().size() == 1);  // the supervisor's listener, that is the test
}

TEST_CASE("svwait: letters that came before the FIFO was removed count") {
  Scene scene;
  Waiting wait(scene, {"-d"}, {up()});
  wait.process().freeze();
  wait.service(0).notify("d");
  for (const pid_t helper : children(wait.process().pid())) wait_state(helper, 'S');
  fs::remove_all(wait.service(0) / "event");
  wait.process().thaw();
  CHECK(wait.process().wait() == exited(0));
}

TEST_CASE("svwait: the removal of event ends the wait, as no letter can come any more") {
  Scene scene;
  for (const char* option : {"-u", "-U", "-d", "-D", "-r", "-R"}) {
    CAPTURE(std::string(option));
    const bool wants_down = option[1] == 'd' || option[1] == 'D';
    Waiting wait(scene, {option}, {wants_down ? ready() : down()});
    REQUIRE(wait.outcome() == "waiting");
    fs::remove_all(wait.service(0) / "event");
    const std::string end = ending_of_ours("svwait-notices-the-removal-of-its-fifo", wait.process());
    CHECK(end == expected("svwait-notices-the-removal-of-its-fifo", "exit 1", "waiting"));
  }
}

TEST_CASE("svwait: with a removed event the timeout still holds") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", up())};
  Process wait = start_waiting(svwait({"-d", "-t500"}, services), services);
  fs::remove_all(services[0] / "event");
  CHECK(wait.wait() == exited(expected("svwait-notices-the-removal-of-its-fifo", 1, 99)));
}

TEST_CASE("svwait: the removal of one event does not end the wait for the others") {
  if (skip_on_real("svwait-notices-the-removal-of-its-fifo")) return;
  Scene scene;
  Waiting wait(scene, {"-a", "-u"}, {down(), down()});
  fs::remove_all(wait.service(0) / "event");
  eventually("it says so", [&] { return contains(wait.process().err(), (wait.service(0) / "event").string()); });
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(1, "u").outcome() == "exit 1");
}

TEST_CASE("svwait: a changed mode of the FIFO is no removal") {
  Scene scene;
  Waiting wait(scene, {"-u"}, {down()});
  const fs::path fifo = wait.service(0) / "event" / wait.service(0).subscribers().at(0);
  REQUIRE(chmod(fifo.c_str(), 0600) == 0);
  CHECK(wait.outcome() == "waiting");
  CHECK(wait.tell(0, "u").outcome() == "exit 0");
}

// --- users ----------------------------------------------------------------------------------------------------------
struct Access {
  std::string event;
  std::string supervise;
  int code;
};
void check_access(const Access& access, const Fabricated& service, gid_t group) {
  CAPTURE(access.event);
  CAPTURE(access.supervise);
  REQUIRE(chown((service / "event").c_str(), 0, group) == 0);
  REQUIRE(chown((service / "supervise").c_str(), 0, group) == 0);
  REQUIRE(chmod((service / "event").c_str(), static_cast<mode_t>(std::stoul(access.event, nullptr, 8))) == 0);
  REQUIRE(chmod((service / "supervise").c_str(), static_cast<mode_t>(std::stoul(access.supervise, nullptr, 8))) == 0);
  Start start = svwait({"-u"}, {service});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(access.code));
  if (access.code != 0) CHECK(contains(ran.err, "Permission denied"));
  service.wait_unsubscribed();
}

TEST_CASE("svwait: who may wait is decided by the modes of event and supervise") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  check_access({"3730", "0700", 111}, service, 0);
  check_access({"3730", "0711", 111}, service, 0);
  check_access({"1733", "0700", 111}, service, 0);
  check_access({"1733", "0711", 0}, service, 0);
  check_access({"3730", "0710", 0}, service, nobody);
}

TEST_CASE("svwait: a caller who may not look at the lock believes the status") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", up())};
  const LockHolder supervisors({services[0].path()});
  REQUIRE(chmod((services[0] / "event").c_str(), 01733) == 0);
  REQUIRE(chmod((services[0] / "supervise").c_str(), 0711) == 0);
  REQUIRE(chmod((services[0] / "supervise/lock").c_str(), 0600) == 0);
  Start start = svwait({"-d"}, services);
  start.user = nobody;
  Process wait = start_waiting(start, services);
  CHECK(outcome(wait) == "waiting");
  services[0].notify("d");
  CHECK(outcome(wait) == "exit 0");
}

TEST_CASE("svwait: another user's wait sees the letters of root's supervisor") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", up())};
  const LockHolder supervisors({services[0].path()});
  REQUIRE(chmod((services[0] / "event").c_str(), 01733) == 0);
  REQUIRE(chmod((services[0] / "supervise").c_str(), 0711) == 0);
  Start start = svwait({"-d"}, services);
  start.user = nobody;
  Process wait = start_waiting(start, services);
  CHECK(outcome(wait) == "waiting");
  services[0].notify("d");
  CHECK(outcome(wait) == "exit 0");
  check_unsubscribed(services[0]);
}

TEST_CASE("svwait: root and a third user see the letters of a user's supervisor") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  dir.make_event();
  scene.give_to(nobody);
  const std::string where = dir.path();
  Supervisor supervisor(dir, {.user = nobody});
  supervisor.expect("su");
  REQUIRE(chmod((dir / "event").c_str(), 01733) == 0);
  REQUIRE(chmod((dir / "supervise").c_str(), 0711) == 0);
  const auto fifos = [&dir] {
    return std::ranges::distance(fs::directory_iterator(dir / "event"), fs::directory_iterator());
  };
  Process of_root(Start{.argv = {client("s6-svwait"), "-d", where}});
  Process of_third(Start{.argv = {client("s6-svwait"), "-d", where}, .user = nobody - 1});
  eventually("both subscribe", [&] { return fifos() == 3; });
  CHECK(outcome(of_root) == "waiting");
  CHECK(outcome(of_third) == "waiting");
  supervisor.send("d");
  supervisor.expect("dD");
  supervisor.settle();
  CHECK(outcome(of_root) == expected("svwait-fifo-mode", "exit 0", "waiting"));
  CHECK(outcome(of_third) == expected("svwait-fifo-mode", "exit 0", "waiting"));
}

// --- many services --------------------------------------------------------------------------------------------------
// s6-svwait -u on `first`, named `count` times, and on `last`: each is a service of its own to the client.
Start svwait_on_many(const Fabricated& first, std::size_t count, const Fabricated& last) {
  Start start{.argv = {client("s6-svwait"), "-u"}};
  start.argv.insert(start.argv.end(), count, first.path());
  start.argv.push_back(last.path());
  return start;
}

TEST_CASE("svwait: 300 services fit below a limit of 400 descriptors") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down()),
                                         Fabricated(scene.path() / "b", down())};
  const LockHolder supervisors({services[0].path(), services[1].path()});
  Start start = svwait_on_many(services[0], 299, services[1]);
  start.limits = {{RLIMIT_NOFILE, 400}};
  Process wait = start_waiting(start, services);
  if (on_real("svwait-needs-one-descriptor")) {
    CHECK(outcome(wait) == "exit 111");
  } else {
    CHECK(services[0].subscribers().size() == 299);
    services[0].notify("u");
    CHECK(outcome(wait) == "waiting");
    services[1].notify("u");
    CHECK(outcome(wait) == "exit 0");
  }
  for (const Fabricated& service : services) check_unsubscribed(service);
}

TEST_CASE("svwait: the soft limit on descriptors is no limit, as long as the hard one is higher") {
  Scene scene;
  const std::vector<Fabricated> services{Fabricated(scene.path() / "a", down()),
                                         Fabricated(scene.path() / "b", down())};
  Start start = svwait_on_many(services[0], 99, services[1]);
  start.in_child = [] {
    const rlimit limit{30, 1000};
    setrlimit(RLIMIT_NOFILE, &limit);
  };
  Process wait = start_waiting(start, services);
  if (on_real("svwait-needs-one-descriptor")) {
    CHECK(outcome(wait) == "exit 111");
    return;
  }
  services[0].notify("u");
  CHECK(outcome(wait) == "waiting");
  services[1].notify("u");
  CHECK(outcome(wait) == "exit 0");
}

TEST_CASE("svwait: more services than there can be descriptors are a system error that leaves nothing behind") {
  Scene scene;
  const Fabricated first(scene.path() / "a", down());
  const Fabricated last(scene.path() / "b", down());
  Start start = svwait_on_many(first, 40, last);
  start.limits = {{RLIMIT_NOFILE, 20}};
  CHECK(run(start).exit == exited(111));
  check_unsubscribed(first);
  check_unsubscribed(last);
}

TEST_CASE("svwait: more than a thousand services") {
  Scene scene;
  const Fabricated first(scene.path() / "a", up());
  const Fabricated last(scene.path() / "b", up());
  Start start = svwait_on_many(first, 1000, last);
  start.in_child = [] {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    setrlimit(RLIMIT_NOFILE, &limit);
  };
  CHECK(run(start).exit == exited(expected("svwait-waits-for-any-number", 0, 111)));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
