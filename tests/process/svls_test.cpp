// s6-svls, on trees that run and on service directories that the test has made up; and s6-svstat --json.
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "../json_checker.hpp"
#include "fabricated.hpp"
#include "harness.hpp"
#include "own_root.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Start svls(const fs::path& scan_directory, Words more = {}) {
  Start start{.argv = {client("s6-svls")}};
  start.argv.insert(start.argv.end(), more.begin(), more.end());
  start.argv.push_back(scan_directory);
  return start;
}

// What --json says of all services of a scan directory, or of one.
class Listing {
 public:
  explicit Listing(Start start) {
    start.argv.insert(start.argv.begin() + 1, "--json");
    ran_ = run(std::move(start));
    CAPTURE(ran_.out);
    CAPTURE(ran_.err);
    document_ = Json::parse(ran_.out);
  }
  explicit Listing(const fs::path& scan_directory, Words more = {}) : Listing(svls(scan_directory, std::move(more))) {}

  [[nodiscard]] int exit_code() const { return ran_.exit.code; }
  [[nodiscard]] const Json& scan() const { return document_["scan_directories"][0]; }
  [[nodiscard]] const Json::List& services() const { return scan()["services"].list(); }
  const Json& operator[](std::string_view name) const {
    for (const Json& service : services())
      if (service["name"].string() == name) return service;
    throw std::runtime_error("no service " + std::string(name) + " in " + ran_.out);
  }
  [[nodiscard]] std::string state(std::string_view name) const { return (*this)[name]["state"].string(); }

 private:
  Ran ran_;
  Json document_;
};

void wait_for_state(const ScanDir& scan, std::string_view name, std::string_view state, Here here = Here::now()) {
  eventually(
      std::string(name) + " is " + std::string(state), [&] { return Listing(scan.path()).state(name) == state; }, here);
}

// A scan directory of made-up services. It has no scanner.
struct MadeUp {
  fs::path path;
  explicit MadeUp(const Scene& scene) : path(scene.path() / "made-up") { fs::create_directory(path); }
  [[nodiscard]] Fabricated service(std::string_view name, const Status& status) const {
    return Fabricated(path / name, status);
  }
};

pid_t pid_of_nobody() {
  Process gone({.argv = {"/bin/true"}});
  (void)gone.wait();
  return gone.pid();
}

Status up_as(pid_t pid) {
  Status status = status_of::up();
  status.pid = pid;
  return status;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++found;
  return found;
}

}  // namespace

TEST_SUITE_BEGIN("svls");

// --- trees that run -------------------------------------------------------------------------------------------------

TEST_CASE("a service that is up, with its logger") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  wait_for_state(scan, "a", "up");
  eventually("the logger is up", [&] { return Listing(scan.path())["a"]["logger"]["state"].string() == "up"; });
  const Listing listing(scan.path());
  CHECK(listing.exit_code() == 0);
  CHECK(listing.scan()["scanner"]["state"].string() == "running");
  CHECK(listing.scan()["scanner"]["pid"].number() == scanner.pid());
  const Json& service = listing["a"];
  CHECK(service["pid"].number() == a.status().pid);
  CHECK(service["wanted_up"].boolean());
  CHECK(!service["ready"].boolean());
  CHECK(!service["stale"].boolean());
  CHECK(service["restarts"].number() == 0);
  CHECK(service["last_exit"].is_null());
  CHECK(service["supervisor"]["pid"].number() == scanner.supervisor("a"));
  CHECK(service["unreadable"].list().empty());
  CHECK(service["logger"]["pid"].number() == log.status().pid);
  CHECK(service["logger"]["supervisor"]["pid"].number() == scanner.supervisor("a/log"));
  const Ran table = run(svls(scan.path()));
  CHECK(table.exit == exited(0));
  CHECK(count(table.out, "\n") == 4);
  CHECK(contains(table.out, "\na      "));
  CHECK(contains(table.out, "\n  log  "));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("ready, not ready yet, not wanted, paused") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir ready = scan.service("ready", "notify 3 \\n\nsay up\nsleep");
  ready.file("notification-fd", "3\n");
  ServiceDir starting = scan.service("starting");
  starting.file("notification-fd", "3\n");
  ServiceDir off = scan.service("off");
  off.file("down", "");
  ServiceDir paused = scan.service("paused");
  Scanner scanner(scan);
  wait_for_state(scan, "ready", "ready");
  wait_for_state(scan, "starting", "starting");
  wait_for_state(scan, "paused", "up");
  (void)scanner.supervisor("off");
  wait_for_state(scan, "off", expected("not-started-marker", "not started", "down"));
  paused.send("p");
  wait_for_state(scan, "paused", "paused");
  const Listing listing(scan.path());
  CHECK(listing.exit_code() == 1);
  CHECK(listing["ready"]["ready"].boolean());
  CHECK(listing["ready"]["ready_seconds"].number() >= 0);
  CHECK(listing["ready"]["as_wanted"].boolean());
  CHECK(!listing["starting"]["as_wanted"].boolean());
  CHECK(listing["starting"]["ready_since"].is_null());
  CHECK(listing["off"]["as_wanted"].boolean());
  CHECK(listing["off"]["down_file"].boolean());
  CHECK(!listing["off"]["wanted_up"].boolean());
  CHECK(listing["paused"]["paused"].boolean());
  CHECK(!listing["paused"]["as_wanted"].boolean());
  CHECK(contains(run(svls(scan.path())).out, "down file"));
  CHECK(Listing(scan.path(), {"ready", "off"}).exit_code() == 0);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("deaths are counted, and the last one is told") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir dir = scan.service("crashing");
  Scanner scanner(scan);
  wait_for_state(scan, "crashing", "up");
  for (int deaths = 1; deaths <= 2; ++deaths) {
    const pid_t before = dir.status().pid;
    kill(before, SIGSEGV);
    eventually("it is up again", [&] { return dir.status().is_up() && dir.status().pid != before; });
  }
  const Listing listing(scan.path());
  const Json& service = listing["crashing"];
  CHECK(service["deaths"].number() == 2);
  CHECK(service["restarts"].number() == 2);
  CHECK(service["last_death"]["signal"].string() == "SIGSEGV");
  CHECK(service["last_exit"]["signal_number"].number() == SIGSEGV);
  CHECK(contains(run(svls(scan.path())).out, "2 deaths, last SIGSEGV "));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("finishing, and gone down") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir dir = scan.service("slow");
  dir.finish("gate end");
  dir.file("timeout-finish", "0");
  Scanner scanner(scan);
  wait_for_state(scan, "slow", "up");
  dir.send("d");
  wait_for_state(scan, "slow", "finishing");
  CHECK(!Listing(scan.path())["slow"]["up"].boolean());
  dir.open_gate("end");
  wait_for_state(scan, "slow", "down");
  const Listing listing(scan.path());
  CHECK(listing.exit_code() == 0);
  CHECK(listing["slow"]["last_exit"]["signal"].string() == "SIGTERM");
  CHECK(listing["slow"]["restarts"].number() == 0);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a supervisor that was killed, with its service left behind") {
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  ServiceDir dir = scan.service("orphan");
  Scanner scanner(scan);
  wait_for_state(scan, "orphan", "up");
  const pid_t supervisor = scanner.supervisor("orphan");
  const pid_t service = dir.status().pid;
  scanner.process().freeze();  // it shall not start another one
  CHECK(Listing(scan.path()).scan()["scanner"]["state"].string() == "stopped");
  kill(supervisor, SIGKILL);
  wait_for_state(scan, "orphan", "no supervisor");
  const Listing listing(scan.path());
  CHECK(listing.exit_code() == 1);
  CHECK(listing["orphan"]["stale"].boolean());
  CHECK(listing["orphan"]["supervisor"]["state"].string() == "missing");
  const std::string process = "stale status: it says up, process " + std::to_string(service);
  CHECK(contains(run(svls(scan.path())).out, process + " exists"));
  kill(service, SIGKILL);
  wait_dead(service);
  eventually("the table says so", [&] { return contains(run(svls(scan.path())).out, process + " does not exist"); });
  scanner.process().thaw();
  scanner.next_supervisor("orphan", supervisor);
  wait_for_state(scan, "orphan", "up");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a supervisor that is stopped does not answer, and does not see that its service dies") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir dir = scan.service("a");
  Scanner scanner(scan);
  wait_for_state(scan, "a", "up");
  const pid_t supervisor = scanner.supervisor("a");
  kill(supervisor, SIGSTOP);
  wait_state(supervisor, 'T');
  const Listing stopped(scan.path());
  CHECK(stopped.exit_code() == 1);
  CHECK(stopped.state("a") == "up");
  CHECK(stopped["a"]["supervisor"]["state"].string() == "stopped");
  CHECK(contains(run(svls(scan.path())).out,
                 "supervisor does not answer: process " + std::to_string(supervisor) + " is stopped"));
  const pid_t service = dir.status().pid;
  kill(service, SIGKILL);
  wait_state(service, 'Z');
  CHECK(Listing(scan.path()).state("a") == "stale");
  kill(supervisor, SIGCONT);
  eventually("it is up again", [&] { return dir.status().is_up() && dir.status().pid != service; });
  wait_for_state(scan, "a", "up");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("without the right to look, it says what it could not read") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ScanDir scan(scene);
  ServiceDir shown = scan.service("shown");
  ServiceDir secret = scan.service("secret");
  Scanner scanner(scan);
  wait_for_state(scan, "shown", "up");
  wait_for_state(scan, "secret", "up");
  REQUIRE(chmod((shown / "supervise").c_str(), 0711) == 0);
  Start start = svls(scan.path());
  start.user = nobody;
  const Listing listing(start);
  CHECK(listing.exit_code() == 1);
  CHECK(listing.scan()["scanner"]["state"].string() == "unknown");
  CHECK(listing["shown"]["state"].string() == "up");
  CHECK(listing["shown"]["unreadable"].list().empty());
  CHECK(listing["secret"]["state"].string() == "unknown");
  CHECK(listing["secret"]["pid"].is_null());
  REQUIRE(listing["secret"]["unreadable"].list().size() == 3);
  CHECK(listing["secret"]["unreadable"][1]["file"].string() == "supervise/status");
  CHECK(listing["secret"]["unreadable"][1]["error"].string() == "Permission denied");
  CHECK(contains(run(start).out, "cannot read supervise/status: Permission denied"));
  CHECK(scanner.end() == exited(0));
}

// --- made-up services ----------------------------------------------------------------------------------------------

TEST_CASE("no scanner: 2, and what is there is shown all the same") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", status_of::down());
  CHECK(run(svls(scan.path)).exit == exited(2));
  CHECK(contains(run(svls(scan.path)).out, "no s6-svscan runs here"));
  const Listing listing(scan.path);
  CHECK(listing.exit_code() == 2);
  CHECK(listing.scan()["scanner"]["state"].string() == "missing");
  CHECK(listing.state("a") == "no supervisor");
}

TEST_CASE("what is not there, and wrong command lines") {
  Scene scene;
  const MadeUp scan(scene);
  const Ran missing = run(svls(scan.path / "nothing"));
  CHECK(missing.exit == exited(111));
  CHECK(contains(missing.err, "unable to open "));
  CHECK(run(svls(scan.path, {"-x"})).exit == exited(100));
  CHECK(run(svls(scan.path, {"-l", "many"})).exit == exited(100));
  CHECK(run(svls(scan.path, {"-s", "colour"})).exit == exited(100));
  CHECK(run(svls(scan.path, {"-w", "--json"})).exit == exited(100));
}

TEST_CASE("S6_SCANDIR is the scan directory when none is named") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", status_of::down());
  const Start start{.argv = {client("s6-svls")}, .env = {"S6_SCANDIR=" + scan.path.string()}};
  CHECK(Listing(start).state("a") == "no supervisor");
}

TEST_CASE("without a name it is the first of the usual scan directories that has a scanner") {
  Scene scene;
  const OwnRoot root(scene, {"run", "service"});
  if (!root.possible()) SKIP_TEST("needs mount namespaces");
  fs::create_directory(root.path() / "run/openrc");
  const auto ran = [&](const std::string& environment, Words more = {}) {
    Start start{.argv = {client("s6-svls"), "--json"}, .env = {environment}, .in_child = [&] { root.enter(); }};
    start.argv.insert(start.argv.end(), more.begin(), more.end());
    return run(std::move(start));
  };
  const auto chosen = [&](const std::string& environment = "S6_SCANDIR") {
    const Ran found = ran(environment);
    CAPTURE(found.err);
    return found.exit == exited(0) ? Json::parse(found.out)["scan_directories"][0]["path"].string()
                                   : "exit " + std::to_string(found.exit.code);
  };
  // Directories in which nothing runs do not count.
  ScanDir openrc(scene, "root/run/openrc/s6-scan"), run_service(scene, "root/run/service");
  ScanDir service(scene, "root/service"), other(scene, "root/run/other");
  const Ran none = ran("S6_SCANDIR");
  CHECK(none.exit == exited(2));
  for (const char* part : {"/run/openrc/s6-scan, /run/service or /service", "S6_SCANDIR"})
    CHECK(contains(none.err, part));

  Scanner last(service);
  CHECK(chosen() == "/service");
  Scanner second(run_service);
  CHECK(chosen() == "/run/service");
  Scanner first(openrc);
  CHECK(chosen() == "/run/openrc/s6-scan");
  // Who says where does not want another one, whether a scanner is there or not.
  Scanner named(other);
  CHECK(chosen("S6_SCANDIR=/run/other") == "/run/other");
  CHECK(chosen("S6_SCANDIR=") == "/run/openrc/s6-scan");
  CHECK(named.end() == exited(0));
  CHECK(chosen("S6_SCANDIR=/run/other") == "exit 2");
  // A scanner that was killed leaves its files.
  first.process().signal(SIGKILL);
  CHECK(first.process().wait() == killed(SIGKILL));
  CHECK(chosen() == "/run/service");
  // The names of services do not change what is chosen.
  CHECK(contains(ran("S6_SCANDIR", {"made-up"}).err, "there is no service made-up in /run/service"));
  CHECK(second.end() == exited(0));
  CHECK(chosen() == "/service");
  CHECK(last.end() == exited(0));
}

TEST_CASE("names choose services, a slash makes a scan directory") {
  Scene scene;
  const MadeUp scan(scene);
  for (const char* name : {"c", "a", "b"}) (void)scan.service(name, status_of::down());
  for (const char* name : {".hidden", "not-a-directory"}) write_file(scan.path / name, "");
  fs::create_directory(scan.path / ".hidden-directory");
  fs::create_symlink("not-a-directory", scan.path / "link-to-a-file");
  fs::create_symlink("nowhere", scan.path / "dangling");
  const auto names = [&](const Words& words) {
    std::string found;
    const Listing listing(scan.path, words);
    for (const Json& service : listing.services()) found += service["name"].string() + " ";
    return found;
  };
  CHECK(names({}) == "a b c dangling ");
  CHECK(names({"c", "a"}) == "a c ");
  const Ran ran = run(svls(scan.path, {"c", "made-up"}));
  CHECK(contains(ran.err, "there is no service made-up"));
  const Start here{.argv = {client("s6-svls"), "b", "."}, .cwd = scan.path};
  CHECK(Listing(here).services().size() == 1);
}

TEST_CASE("a status that names a process that does not exist is stale, if its supervisor does not know better") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", up_as(pid_of_nobody()));
  const LockHolder supervisor({a.path()});
  const Control control(a.path());
  wait_state(supervisor.pid(), 'S');
  const Listing listing(scan.path);
  CHECK(listing.state("a") == "stale");
  CHECK(listing["a"]["stale"].boolean());
  CHECK(!listing["a"]["as_wanted"].boolean());
  a.write_status(up_as(supervisor.pid()));
  CHECK(Listing(scan.path).state("a") == "up");
}

TEST_CASE("a supervisor whose control FIFO nobody reads does not answer") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", up_as(getpid()));
  const LockHolder supervisor({a.path()});
  Control control(a.path());
  CHECK(Listing(scan.path)["a"]["supervisor"]["state"].string() == "running");
  CHECK(control.take().empty());
  control.close();
  CHECK(Listing(scan.path)["a"]["supervisor"]["state"].string() == "not listening");
  CHECK(!Listing(scan.path)["a"]["as_wanted"].boolean());
}

TEST_CASE("status files of every age") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated group = scan.service("group", Status{});
  group.write_status(packed_with_group(up_as(getpid())));
  const Fabricated old = scan.service("old", Status{});
  old.write_status(std::string(26, '\0'));
  const LockHolder supervisors({group.path(), old.path()});
  const Listing listing(scan.path);
  CHECK(listing.state("group") == "up");
  CHECK(listing.state("old") == "unknown");
  CHECK(contains(listing["old"]["unreadable"][0]["error"].string(), "26 bytes"));
}

TEST_CASE("names are any bytes") {
  Scene scene;
  const MadeUp scan(scene);
  (void)scan.service("\xff\033[2J", status_of::down());
  (void)scan.service("quo\"te\\", status_of::down());
  const Listing listing(scan.path);
  CHECK(listing.services()[0]["name"].string() == "quo\"te\\");
  CHECK(listing.services()[1]["name_hex"].string() == "ff1b5b324a");
  CHECK(contains(run(svls(scan.path)).out, "\n\\xff\\x1b[2J  "));
  CHECK(contains(run(svls(scan.path, {"--prometheus"})).out, R"(service="quo\"te\\"})"));
}

TEST_CASE("the last lines of each log, wherever it is") {
  Scene scene;
  const MadeUp scan(scene);
  const auto logger = [&](const char* name, const fs::path& directory, const std::string& run) {
    (void)scan.service(name, status_of::down());
    (void)Fabricated(scan.path / name / "log", status_of::down());
    if (!run.empty()) write_file(scan.path / name / "log/run", "#!/bin/sh\nexec s6-log T " + run + "\n");
    if (directory.empty()) return;
    fs::create_directories(directory);
    write_file(directory / "current", "one\ntwo\nthree\n");
  };
  logger("named", scene.path() / "named-log", scene.path() / "named-log");
  logger("beside", scan.path / "beside/log/main", "");
  logger("inside", scan.path / "inside/log", "");
  logger("linked", scene.path() / "linked-log", "\"$DIRECTORY\"");
  fs::create_directory_symlink(scene.path() / "linked-log", scan.path / "linked/log/logdir");
  logger("lost", {}, "\"$DIRECTORY\"");
  const Listing listing(scan.path, {"-l", "2"});
  const auto log = [&](const char* name) -> const Json& { return listing[name]["logger"]["log"]; };
  CHECK(log("named")["file"].string() == (scene.path() / "named-log/current").string());
  CHECK(log("beside")["file"].string().ends_with("/beside/log/main/current"));
  for (const char* name : {"named", "beside", "inside", "linked"}) {
    REQUIRE(log(name)["lines"].list().size() == 2);
    CHECK(log(name)["lines"][0].string() == "two");
    CHECK(log(name)["lines"][1].string() == "three");
  }
  CHECK(log("lost")["file"].is_null());
  const std::string table = run(svls(scan.path, {"-l1"})).out;
  CHECK(count(table, "\n    three\n") == 4);
  CHECK(!contains(table, "two"));
  CHECK(contains(table, "its log was not found"));
  CHECK(Listing(scan.path)["named"]["logger"]["log"].is_null());
}

TEST_CASE("the newest line of a long log is found without reading all of it") {
  Scene scene;
  const MadeUp scan(scene);
  (void)scan.service("a", status_of::down());
  (void)Fabricated(scan.path / "a/log", status_of::down());
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  write_file(scan.path / "a/log/current", text);
  const auto lines = [&](const char* wanted) {
    return Listing(scan.path, {"-l", wanted})["a"]["logger"]["log"]["lines"];
  };
  CHECK(lines("1")[0].string() == "line 19999");
  CHECK(lines("3000").list().size() == 3000);
  CHECK(lines("3000")[0].string() == "line 17000");
  CHECK(lines("20000").list().size() < 20000);
  CHECK(lines("20000")[0].string().starts_with("line "));
}

TEST_CASE("the text exposition format has a sample for all that is known") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", up_as(getpid()));
  const Fabricated never = scan.service("never", status_of::down());
  fs::remove_all(never / "supervise");
  const LockHolder supervisor({a.path()});
  const Control control(a.path());
  const std::string text = run(svls(scan.path, {"--prometheus"})).out;
  const std::string labels = "{scandir=\"" + scan.path.string() + "\",service=\"a\"} ";
  CHECK(contains(text, "\ns6_service_up" + labels + "1\n"));
  CHECK(contains(text, "\ns6_service_ready" + labels + "0\n"));
  CHECK(contains(text, "\ns6_service_supervisor_alive" + labels + "1\n"));
  CHECK(contains(text, "\ns6_scanner_alive{scandir=\"" + scan.path.string() + "\"} 0\n"));
  CHECK(!contains(text, "s6_service_up{scandir=\"" + scan.path.string() + "\",service=\"never\"}"));
  CHECK(contains(text, "service=\"never\"} 0\n"));
  CHECK(count(text, "# HELP ") == count(text, "# TYPE "));
}

TEST_CASE("a thousand services cost a bounded number of system calls each") {
  if (access("/usr/bin/strace", X_OK) != 0 ||
      run({"/usr/bin/strace", "-o", "/dev/null", "/bin/true"}).exit != exited(0))
    SKIP_TEST("needs strace, and the right to use it");
  Scene scene;
  const MadeUp scan(scene);
  constexpr std::size_t services = 1000;
  std::vector<fs::path> paths;
  for (std::size_t i = 0; i < services; ++i) {
    const Fabricated service = scan.service("service-" + std::to_string(i), up_as(getpid()));
    write_file(service / "supervise/death_tally", std::string(14, '\1'));
    if (mkfifo((service / "supervise/control").c_str(), 0600) < 0) FAIL("mkfifo");
    paths.push_back(service.path());
  }
  const LockHolder supervisors(paths);
  std::vector<UniqueFd> readers;
  for (const fs::path& path : paths)
    readers.emplace_back(open((path / "supervise/control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const fs::path trace = scene.path() / "trace";
  Start start = svls(scan.path);
  start.argv.insert(start.argv.begin(), {"/usr/bin/strace", "-o", trace});
  const Ran ran = run(start);
  CHECK(count(ran.out, "\n") == services + 2);
  CHECK(contains(ran.out, "1000 services, 0 not as wanted"));
  constexpr std::size_t for_each = 23, for_all = 300;
  CHECK(count(read_file(trace), "\n") <= services * for_each + for_all);
}

// --- -w -------------------------------------------------------------------------------------------------------------

namespace {

// What was drawn last: tables on a file have an empty line between.
std::string last_drawn(const Process& process) {
  const std::string out = process.out();
  const std::size_t at = out.rfind("\n\n");
  return at == std::string::npos ? out : out.substr(at + 2);
}

void wait_drawn(const Process& process, std::string_view part, Here here = Here::now()) {
  eventually(
      "it draws \"" + std::string(part) + "\"", [&] { return contains(last_drawn(process), part); }, here);
}

}  // namespace

TEST_CASE("-w draws what happens") {
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  wait_for_state(scan, "a", "up");
  Process watching(svls(scan.path(), {"-w"}));
  wait_drawn(watching, "\na        up ");

  a.send("d");
  wait_drawn(watching, "\na        down ");
  a.send("u");
  wait_drawn(watching, "\na        up ");
  write_file(a / "down", "");
  wait_drawn(watching, "down file");

  ServiceDir b = scan.service("b");
  ServiceDir log = logger_of(b);
  scanner.send("a");
  wait_drawn(watching, "\nb        up ");
  wait_drawn(watching, "\n  log    up ");
  log.send("d");
  wait_drawn(watching, "\n  log    down ");

  const pid_t supervisor = scanner.supervisor("a");
  scanner.process().freeze();
  kill(supervisor, SIGKILL);
  wait_drawn(watching, "\na        no supervisor ");
  kill(a.status().pid, SIGKILL);
  scanner.process().thaw();
  scanner.next_supervisor("a", supervisor);
  wait_drawn(watching, "2 services");
  scan.unlink("b");
  wait_drawn(watching, "1 service,");

  CHECK(fs::is_empty(a / "event"));  // it has no FIFO there
  CHECK(scanner.end() == exited(0));
  wait_drawn(watching, "no s6-svscan runs here");
  watching.signal(SIGTERM);
  CHECK(watching.wait() == killed(SIGTERM));
}

TEST_CASE("-w needs no more than the right to read the status") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  wait_for_state(scan, "a", "up");
  REQUIRE(chmod((a / "supervise").c_str(), 0711) == 0);
  Start start = svls(scan.path(), {"-w"});
  start.user = nobody;
  Process watching(start);
  wait_drawn(watching, "\na        up ");
  a.send("d");
  wait_drawn(watching, "\na        down ");
  a.send("u");
  wait_drawn(watching, "\na        up ");
  watching.signal(SIGINT);
  CHECK(watching.wait() == killed(SIGINT));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("-w begins anew when it was told of less than has happened") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", up_as(getpid())), b = scan.service("b", up_as(getpid()));
  const LockHolder supervisors({a.path(), b.path()});
  Process watching(svls(scan.path, {"-w"}));
  wait_drawn(watching, "2 services");
  CHECK(sleeps(watching));
  watching.freeze();
  // More changes than the kernel keeps; those that repeat the one before are not counted.
  const auto most = std::stoul(read_file("/proc/sys/fs/inotify/max_queued_events"));
  for (unsigned long i = 0; i <= most; i += 2) {
    write_file(a / "one", "");
    fs::remove(a / "one");
  }
  fs::remove_all(b.path());
  watching.thaw();
  wait_drawn(watching, "1 service,");
  watching.signal(SIGTERM);
  CHECK(watching.wait() == killed(SIGTERM));
}

TEST_CASE("-w sleeps while nothing happens") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a", up_as(getpid()));
  const LockHolder supervisor({a.path()});
  const Control control(a.path());
  Process watching(svls(scan.path, {"-w"}));
  wait_drawn(watching, "\na        up ");
  CHECK(sleeps(watching));
  const std::string before = watching.out();
  // Looking at it, which touches the control FIFO, is nothing that happens; nor is a command that does nothing.
  (void)Listing(scan.path);
  CHECK(sleeps(watching));
  CHECK(watching.out() == before);
}

// --- terminals ------------------------------------------------------------------------------------------------------

namespace {

// A terminal of this many columns and 24 lines, and what was printed on it.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    int master = -1, terminal = -1;
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(openpty(&master, &terminal, nullptr, nullptr, &size) == 0);
    master_ = UniqueFd(master);
    terminal_ = UniqueFd(terminal);
    REQUIRE(fcntl(master, F_SETFL, O_NONBLOCK) == 0);
  }
  // Does not tell the programs on it.
  void resize(unsigned short lines, unsigned short columns) {
    const winsize size{.ws_row = lines, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
  }
  [[nodiscard]] Start on_it(Start start, const Words& env) const {
    start.env = {"TERM=xterm", "NO_COLOR", "COLUMNS"};
    start.env.insert(start.env.end(), env.begin(), env.end());
    start.fds = {{1, terminal_.get()}};
    return start;
  }
  // Everything so far.
  const std::string& text() {
    std::array<char, 4096> buffer;
    for (ssize_t n; (n = read(master_.get(), buffer.data(), buffer.size())) > 0;)
      text_.append(buffer.data(), static_cast<std::size_t>(n));
    std::erase(text_, '\r');
    return text_;
  }

 private:
  UniqueFd master_;
  UniqueFd terminal_;
  std::string text_;
};

// What is printed on a terminal of this width.
std::string on_terminal(const fs::path& scan_directory, unsigned short columns, const Words& env) {
  Terminal terminal(columns);
  (void)run(terminal.on_it(svls(scan_directory), env));
  return terminal.text();
}

std::size_t widest(const std::string& text) {
  std::size_t width = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) width = std::max(width, line.size());
  return width;
}

}  // namespace

TEST_CASE("a terminal gets colours, unless it is told otherwise, and no line that is wider than it") {
  Scene scene;
  const MadeUp scan(scene);
  const Fabricated a = scan.service("a-service-with-a-long-name", up_as(getpid()));
  const LockHolder supervisor({a.path()});
  CHECK(contains(on_terminal(scan.path, 200, {}), "\033["));
  CHECK(!contains(on_terminal(scan.path, 200, {"NO_COLOR=1"}), "\033"));
  CHECK(!contains(on_terminal(scan.path, 200, {"TERM=dumb"}), "\033"));
  CHECK(!contains(run(svls(scan.path)).out, "\033"));
  CHECK(on_terminal(scan.path, 200, {"NO_COLOR=1"}) == run(svls(scan.path)).out);
  CHECK(widest(on_terminal(scan.path, 60, {"NO_COLOR=1"})) <= 60);
  CHECK(widest(on_terminal(scan.path, 30, {"NO_COLOR=1"})) <= 30);
  CHECK(widest(on_terminal(scan.path, 0, {"NO_COLOR=1", "COLUMNS=50"})) <= 50);
}

TEST_CASE("-w fills the page of a terminal, whatever its size becomes") {
  Scene scene;
  const MadeUp scan(scene);
  std::vector<Fabricated> services;
  for (int i = 0; i < 9; ++i) services.push_back(scan.service("s" + std::to_string(i), up_as(getpid())));
  Terminal terminal(80);
  Process watching(terminal.on_it(svls(scan.path, {"-w"}), {"NO_COLOR=1"}));
  constexpr std::string_view clear = "\033[H\033[2J";
  const auto page = [&] {
    const std::string& text = terminal.text();
    const std::size_t start = text.rfind(clear);
    return start == std::string::npos ? text : text.substr(start + clear.size());
  };
  eventually("all is drawn", [&] { return count(page(), "\n") == 11 && contains(page(), "\ns8 "); });
  terminal.resize(5, 80);
  watching.signal(SIGWINCH);
  // The last line stays empty: a newline there would push the first one out.
  eventually("a part is drawn", [&] { return count(page(), "\n") == 4 && contains(page(), "\n... 8 more lines\n"); });
  terminal.resize(24, 30);
  watching.signal(SIGWINCH);
  eventually("all is drawn, narrow", [&] { return count(page(), "\n") == 11 && widest(page()) <= 30; });
  watching.signal(SIGTERM);
  CHECK(watching.wait() == killed(SIGTERM));
}

// --- s6-svstat ------------------------------------------------------------------------------------------------------

TEST_CASE("s6-svstat --json says the same of one service") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  const Start start{.argv = {client("s6-svstat"), "--json", dir.path()}};
  CHECK(run(start).exit == exited(1));
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Ran ran = run(start);
  CHECK(ran.exit == exited(0));
  const Json service = Json::parse(ran.out);
  CHECK(service["version"].number() == 1);
  CHECK(service["name"].string() == dir.path().string());
  CHECK(service["state"].string() == "up");
  CHECK(service["pid"].number() == supervisor.service());
  CHECK(service["supervisor"]["pid"].number() == supervisor.pid());
}

TEST_CASE("s6-svstat --json looks twice before it says that a status is stale") {
  Scene scene;
  const Fabricated a(scene.path() / "a", up_as(pid_of_nobody()));
  const LockHolder supervisor({a.path()});
  const Control control(a.path());
  wait_state(supervisor.pid(), 'S');
  const Start start{.argv = {client("s6-svstat"), "--json", a.path()}};
  CHECK(Json::parse(run(start).out)["state"].string() == "stale");
}

TEST_SUITE_END();

}  // namespace s6::test
