// s6-svlink and s6-svunlink: services that come to, and leave, a running s6-svscan.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "fabricated.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Start svlink(const Words& words) {
  Start start{.argv = {client("s6-svlink")}};
  start.argv.insert(start.argv.end(), words.begin(), words.end());
  return start;
}

Start svunlink(const Words& words) {
  Start start{.argv = {client("s6-svunlink")}};
  start.argv.insert(start.argv.end(), words.begin(), words.end());
  return start;
}

Start as(uid_t user, Start start) {
  start.user = user;
  return start;
}

std::string said_by(const Ran& ran) {
  return ran.err.substr(0, ran.err.find(':'));
}

std::size_t count_entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

// Those of the real programs are removed by a helper, a moment after the client has ended.
void check_no_subscription(const fs::path& service) {
  const auto empty = [&] { return count_entries(service / "event") == 0; };
  if (on_real("svwait-removes-its-fifos-itself")) eventually("the subscription is removed", empty);
  CHECK(empty());
}

// .s6-svscan/control of an s6-svscan that is frozen: what it will read when it goes on.
class Commands {
 public:
  explicit Commands(const ScanDir& scan) : fd_(open(scan.own("control").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    REQUIRE(fd_);
  }
  [[nodiscard]] std::string take() {
    std::array<char, 256> buffer;
    std::string text;
    for (ssize_t size; (size = read(fd_.get(), buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
  }
  // Commands that do nothing, until there is no room for one more.
  void fill() {
    REQUIRE(fcntl(fd_.get(), F_SETPIPE_SZ, 4096) >= 0);
    while (write(fd_.get(), "z", 1) == 1) continue;
  }

 private:
  UniqueFd fd_;
};

// A service that does not end before its gate is opened.
constexpr const char* slow = "trap TERM\nsay up\ngate end";

TEST_SUITE_BEGIN("clients");

// --- command lines --------------------------------------------------------------------------------------------------
TEST_CASE("svlink: wrong usage") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  const std::string s = scan.path(), d = a.path();
  for (const Words& words : {Words{}, Words{s}, Words{"-x", s, d}, Words{"-t"}, Words{"-t", "abc", s, d},
                             Words{"-t", "-1", s, d}, Words{"-t", "4294967296", s, d}, Words{"", d}, Words{s, ""},
                             Words{s, d, ""}, Words{s, d, ".x"}, Words{s, d, "/x"}, Words{s, "/"}, Words{s, "."}}) {
    const Ran ran = run(svlink(words));
    CAPTURE(ran.err);
    CHECK(ran.exit == exited(100));
    CHECK(said_by(ran) == "s6-svlink");
  }
  CHECK(!is_there(scan / "a"));
  CHECK(!is_there(a / "event"));
  CHECK(run(svlink({"-P", "-df", "--", s, d + "//", "b", "more"})).exit == exited(0));
  CHECK(is_there(scan / "b"));
}

TEST_CASE("svunlink: wrong usage") {
  Scene scene;
  ScanDir scan(scene);
  const std::string s = scan.path();
  for (const Words& words :
       {Words{}, Words{s}, Words{"-x", s, "a"}, Words{"-t"}, Words{"-t", "abc", s, "a"}, Words{"-t", "-1", s, "a"},
        Words{"-t", "4294967296", s, "a"}, Words{s, ""}, Words{s, ".x"}, Words{s, "/x"}}) {
    const Ran ran = run(svunlink(words));
    CAPTURE(ran.err);
    CHECK(ran.exit == exited(100));
    CHECK(said_by(ran) == "s6-svunlink");
  }
}

// --- what is in the way ---------------------------------------------------------------------------------------------
TEST_CASE("svlink: without an s6-svscan it does nothing") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  const auto ran = [&](const fs::path& scan_directory) {
    const Ran result = run(svlink({"-D", scan_directory, a.path()}));
    CHECK(said_by(result) == "s6-svlink");
    return result.exit;
  };
  CHECK(ran(scene.path() / "missing") == exited(111));
  CHECK(ran(scan.path()) == exited(111));
  fs::create_directory(scan.own(""));
  write_file(scan.own("lock"), "");
  CHECK(ran(scan.path()) == exited(1));
  CHECK(!is_there(scan / "a"));
  CHECK(!is_there(a / "down"));
  CHECK(!is_there(a / "event"));
}

TEST_CASE("svlink: a directory that is no service's, or a name that cannot be, changes nothing") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  int code = 111;
  std::string name = "a";
  SUBCASE("no run") {
    a.remove("run");
  }
  SUBCASE("a run that is not executable") {
    a.remove("run").file("run", "", 0655);
    code = 100;
  }
  SUBCASE("a log that is a file") {
    a.file("log", "");
    code = 100;
  }
  SUBCASE("a log without run") {
    fs::create_directory(a / "log");
  }
  SUBCASE("a log with a run that is not executable") {
    logger_of(a).file("run", "", 0644);
    code = 100;
  }
  SUBCASE("no such directory") {
    fs::rename(a.path(), scene.path() / "moved");
  }
  SUBCASE("a name of two components") {
    name = "x/y";
  }
  SUBCASE("the lock of its supervisor cannot be looked at") {
    a.file("supervise", "");
  }
  const Ran ran = run(svlink({"-D", scan.path(), a.path(), name}));
  CAPTURE(ran.err);
  CHECK(ran.exit == exited(code));
  CHECK(said_by(ran) == "s6-svlink");
  CHECK(!is_there(scan / "a"));
  CHECK(is_there(a / "event") == (name == "x/y"));
}

TEST_CASE("svlink: a service and a logger of which one is supervised") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  const ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  fs::path supervised = a.path();
  SUBCASE("the service") {}
  SUBCASE("the logger") {
    supervised = log.path();
  }
  fs::create_directory(supervised / "supervise");
  const LockHolder holder({supervised});
  CHECK(run(svlink({scan.path(), a.path()})).exit == exited(111));
  CHECK(!is_there(scan / "a"));
}

TEST_CASE("svlink: what it has made before a failure is gone after it") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  scanner.settle();  // its first scan is over: it does not see what is there from now on
  SUBCASE("event of the logger is a file") {
    log.file("event", "");
  }
  SUBCASE("the name is taken") {
    scan.link(a.path(), "a");
  }
  SUBCASE("the name is taken by a file") {
    write_file(scan / "a", "mine");
  }
  const bool taken = is_there(scan / "a");
  const Ran ran = run(svlink({"-D", scan.path(), a.path()}));
  CAPTURE(ran.err);
  CHECK(ran.exit == exited(111));
  CHECK(is_there(scan / "a") == taken);
  CHECK(!is_there(a / "supervise"));
  check_no_subscription(a.path());
  CHECK_DIFFERS("svlink-removes-what-it-has-made", !is_there(a / "down") && !is_there(log / "down"));
}

TEST_CASE("svlink: a down file that was there before outlives a failure") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  a.file("down", "mine");
  Scanner scanner(scan);
  scanner.process().freeze();
  CHECK(run(svlink({"-D", "-t", "100", scan.path(), a.path()})).exit == exited(99));
  // The real one sometimes runs out of time before it makes its own.
  if (!skip_on_real("svlink-keeps-what-was-there")) CHECK(read_file(a / "down") == "mine");
  scanner.process().thaw();
}

TEST_CASE("svlink, svunlink: another user's tree") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a"), b = scan.service("b");
  Scanner scanner(scan);
  scanner.supervisor("b");
  const Ran link = run(as(nobody, svlink({scan.path(), a.path()})));
  CHECK(link.exit == exited(111));
  CHECK(contains(link.err, "s6-svlink: fatal: "));
  CHECK(contains(link.err, "ermission denied"));
  const Ran unlink = run(as(nobody, svunlink({scan.path(), "b"})));
  CHECK(unlink.exit == exited(111));
  CHECK(contains(unlink.err, "s6-svunlink: fatal: "));
  CHECK(contains(unlink.err, "ermission denied"));
  CHECK(run(as(nobody, svunlink({"-X", scan.path(), "b"}))).exit ==
        exited(expected("svunlink-fails-when-the-entry-stays", 111, 0)));
  CHECK(is_there(scan / "b"));
  CHECK(!is_there(scan / "a"));
}

TEST_CASE("svlink, svunlink: directories without rights") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a"), b = scan.service("b");
  scene.give_to(nobody);
  Scanner scanner(scan, {}, Start{.user = nobody});
  scanner.supervisor("b");
  chmod(a.path().c_str(), 0555);
  CHECK(run(as(nobody, svlink({scan.path(), a.path()}))).exit == exited(111));  // no event/ can be made
  CHECK(run(as(nobody, svlink({"-d", scan.path(), a.path()}))).exit == exited(111));
  CHECK(!is_there(scan / "a"));
  chmod(a.path().c_str(), 0755);
  chmod(scan.path().c_str(), 0555);
  CHECK(run(as(nobody, svlink({scan.path(), a.path()}))).exit == exited(111));
  check_no_subscription(a.path());
  CHECK(run(as(nobody, svunlink({"-t", "300", scan.path(), "b"}))).exit ==
        exited(expected("svunlink-fails-when-the-entry-stays", 111, 0)));
  check_no_subscription(b.path());
  CHECK(is_there(scan / "b"));
  chmod(scan.path().c_str(), 0755);
  chmod((b / "event").c_str(), 0500);
  CHECK(run(as(nobody, svunlink({scan.path(), "b"}))).exit == exited(0));  // nobody can hear its supervisor leave
  CHECK(!is_there(scan / "b"));
  scanner.wait_gone("b");
}

// --- svlink ---------------------------------------------------------------------------------------------------------
TEST_CASE("svlink: a service gets a link, an event directory and a supervisor") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  Start relative = svlink({"scan", "services/a/"});
  relative.cwd = scene.path();
  const Ran first = run(relative);
  CHECK(first.exit == exited(0));
  CHECK(first.err.empty());
  CHECK(a.supervised());
  CHECK(fs::read_symlink(scan / "a") == fs::canonical(a.path()));
  CHECK(mode_of(a / "event") == "3730");
  CHECK(!is_there(a / "down"));
  a.expect("up");
  check_no_subscription(a.path());
  const pid_t supervisor = scanner.supervisor("a");

  const Ran again = run(relative);
  CHECK(again.exit == exited(0));
  CHECK(contains(again.err, "s6-svlink: warning: "));
  CHECK(run(svlink({scan.path(), a.path(), "second"})).exit == exited(0));
  CHECK(fs::read_symlink(scan / "second") == a.path());
  scanner.settle();
  CHECK(scanner.supervised().size() == 1);
  CHECK(alive(supervisor));
}

TEST_CASE("svlink: the mode of an event directory is only changed by force") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  auto mode_after = [&, number = 0](const Words& options, const char* before) mutable {
    const ServiceDir dir = scan.apart("s" + std::to_string(++number));
    if (*before != '\0') {
      fs::create_directory(dir / "event");
      chmod((dir / "event").c_str(), static_cast<mode_t>(std::stoul(before, nullptr, 8)));
    }
    Words words = options;
    words.insert(words.end(), {scan.path(), dir.path()});
    CHECK(run(svlink(words)).exit == exited(0));
    return mode_of(dir / "event");
  };
  CHECK(mode_after({"-P"}, "") == "1733");
  CHECK(mode_after({}, "700") == "0700");
  CHECK(mode_after({"-P"}, "3730") == "3730");
  CHECK(mode_after({"-f"}, "700") == "3730");
  CHECK(mode_after({"-fP"}, "3730") == "1733");
}

TEST_CASE("svlink -d: the service is down at first, -D: it stays so") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a"), b = scan.apart("b");
  ServiceDir log_of_a = logger_of(a), log_of_b = logger_of(b);
  Scanner scanner(scan);
  CHECK(run(svlink({"-d", scan.path(), a.path()})).exit == exited(0));
  CHECK(run(svlink({"-D", scan.path(), b.path()})).exit == exited(0));
  for (ServiceDir* dir : {&a, &log_of_a, &b, &log_of_b}) {
    CHECK(dir->supervised());
    eventually("there is a status", [&] { return !read_file(*dir / "supervise/status").empty(); });
    CHECK(dir->status().pid == 0);
    CHECK(!dir->status().want_up);
  }
  CHECK(!is_there(a / "down"));
  CHECK(is_there(b / "down"));
  CHECK(is_there(log_of_b / "down"));
  CHECK_DIFFERS("svlink-removes-the-down-file-of-the-logger", !is_there(log_of_a / "down"));
}

TEST_CASE("svlink: service and logger come and go, time and again") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  for (int i = 0; i < 5; ++i) {
    CHECK(run(svlink({scan.path(), a.path()})).exit == exited(0));
    CHECK(a.supervised());
    CHECK(log.supervised());
    a.expect("up");
    const std::string pipe = fd_target(scanner.supervisor("a"), 1);
    CHECK(pipe.starts_with("pipe:"));
    CHECK(fd_target(scanner.supervisor("a/log"), 0) == pipe);
    CHECK(run(svunlink({scan.path(), "a"})).exit == exited(0));
    CHECK(!is_there(scan / "a"));
    scanner.wait_gone("a");
    scanner.wait_gone("a/log");
  }
  const bool clean = count_entries(a / "event") == 0 && count_entries(log / "event") == 0;
  CHECK_DIFFERS("svunlink-leaves-no-fifo", clean);
}

TEST_CASE("svlink: an s6-svscan that does not answer") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  scanner.process().freeze();
  const auto start = Clock::now();
  const Ran ran = run(svlink({"-D", "-t", "300", scan.path(), a.path()}));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
  CHECK(ran.exit == exited(99));
  CHECK(contains(ran.err, "s6-svlink: fatal: "));
  CHECK(!is_there(scan / "a"));
  CHECK(!is_there(a / "down"));
  check_no_subscription(a.path());
  Commands commands(scan);
  const std::string sent = commands.take();
  CHECK(sent.starts_with("a"));
  CHECK_DIFFERS("svlink-tells-svscan-of-a-failure", sent == "aan");
  scanner.send(sent);
  scanner.process().thaw();
  scanner.settle();
  CHECK(scanner.supervised().empty());
  CHECK(!is_there(a / "supervise"));
}

TEST_CASE("svlink: a supervisor that cannot start takes the other one with it") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  ServiceDir log = logger_of(a);
  fs::create_symlink("/nonexistent/directory", log / "supervise");
  Scanner scanner(scan);
  CHECK(run(svlink({"-t", "500", scan.path(), a.path()})).exit == exited(99));
  CHECK(!is_there(scan / "a"));
  eventually("nothing is supervised", [&] { return scanner.supervised().empty(); });
}

TEST_CASE("svlink, svunlink: the time limit also holds for a full FIFO") {
  if (skip_on_real("svlink-limits-the-time-to-send")) return;
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a"), b = scan.service("b");
  Scanner scanner(scan);
  scanner.supervisor("b");
  scanner.process().freeze();
  Commands commands(scan);
  commands.fill();
  const Ran link = run(svlink({"-D", "-t", "200", scan.path(), a.path()}));
  CHECK(link.exit == exited(99));
  CHECK(contains(link.err, "s6-svlink: fatal: "));
  CHECK(!is_there(scan / "a"));
  CHECK(!is_there(a / "down"));
  CHECK(run(svlink({"-t", "200", scan.path(), b.path(), "c"})).exit == exited(99));
  CHECK(!is_there(scan / "c"));
  for (const char* option : {"-t", "-Xt"}) CHECK(run(svunlink({option, "200", scan.path(), "b"})).exit == exited(99));
  CHECK(count_entries(a / "event") == 0);
  CHECK(count_entries(b / "event") == 0);
  (void)commands.take();
  scanner.process().thaw();
}

TEST_CASE("svlink: a signal also ends the wait for a full FIFO, and nothing is left") {
  if (skip_on_real("svlink-limits-the-time-to-send")) return;
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  scanner.process().freeze();
  Commands commands(scan);
  commands.fill();
  Process link(svlink({"-D", scan.path(), a.path()}));
  eventually("it has made the link", [&] { return is_there(scan / "a"); });
  CHECK(outcome(link) == "waiting");
  link.signal(SIGTERM);
  CHECK(link.wait() == killed(SIGTERM));
  CHECK(!is_there(scan / "a"));
  CHECK(!is_there(a / "down"));
  CHECK(count_entries(a / "event") == 0);
  (void)commands.take();
  scanner.process().thaw();
}

TEST_CASE("svlink: who cannot hear any more gives up, and nothing is left") {
  if (skip_on_real("svlink-interrupted-is-a-failure")) return;
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  scanner.process().freeze();
  Process link(svlink({scan.path(), a.path()}));
  eventually("it has made the link", [&] { return is_there(scan / "a"); });
  CHECK(outcome(link) == "waiting");
  for (const auto& entry : fs::directory_iterator(a / "event")) fs::remove(entry);
  CHECK(link.wait() == exited(111));
  CHECK(!is_there(scan / "a"));
  scanner.process().thaw();
}

TEST_CASE("svlink, svunlink: a signal ends a wait, and removes the subscriptions") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a"), b = scan.service("b");
  Scanner scanner(scan);
  scanner.supervisor("b");
  scanner.process().freeze();
  Process link(svlink({scan.path(), a.path()}));
  Process unlink(svunlink({scan.path(), "b"}));
  eventually("both have done their work", [&] { return is_there(scan / "a") && !is_there(scan / "b"); });
  CHECK(outcome(link) == "waiting");
  CHECK(outcome(unlink) == "waiting");
  link.signal(SIGTERM);
  unlink.signal(SIGTERM);
  CHECK(link.wait() == killed(SIGTERM));
  CHECK(unlink.wait() == killed(SIGTERM));
  check_no_subscription(a.path());
  CHECK_DIFFERS("svlink-interrupted-is-a-failure", !is_there(scan / "a"));
  scanner.process().thaw();
}

// --- svunlink -------------------------------------------------------------------------------------------------------
TEST_CASE("svunlink: waits until the supervisor leaves") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t supervisor = scanner.supervisor("a");
  Process unlink(svunlink({scan.path(), "a"}));
  a.expect("got TERM");
  CHECK(!is_there(scan / "a"));
  CHECK(outcome(unlink) == "waiting");
  CHECK(alive(supervisor));
  a.open_gate("end");
  CHECK(unlink.wait() == exited(0));
  CHECK(unlink.err().empty());
  wait_dead(supervisor);
  scanner.wait_gone("a");
}

TEST_CASE("svunlink: a supervisor that takes too long") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow);
  Scanner scanner(scan);
  a.expect("up");
  const auto start = Clock::now();
  const Ran ran = run(svunlink({"-t", "300", scan.path(), "a"}));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
  CHECK(ran.exit == exited(expected("svunlink-tells-of-a-timeout", 99, 0)));
  CHECK(ran.err.empty() == expected("svunlink-tells-of-a-timeout", false, true));
  CHECK(!is_there(scan / "a"));
  a.expect("got TERM");
  a.open_gate("end");
  scanner.wait_gone("a");
}

TEST_CASE("svunlink -X: does not wait") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t supervisor = scanner.supervisor("a");
  CHECK(run(svunlink({"-X", scan.path(), "a"})).exit == exited(0));
  CHECK(!is_there(scan / "a"));
  a.expect("got TERM");
  CHECK(alive(supervisor));
  a.open_gate("end");
  scanner.wait_gone("a");
}

TEST_CASE("svunlink: what is not there needs no removal") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.service("a");
  for (const char* option : {"-t0", "-X"}) {
    CHECK(run(svunlink({option, scene.path() / "missing", "a"})).exit == exited(0));
    CHECK(run(svunlink({option, scan.path(), "missing"})).exit == exited(0));
  }
  CHECK(run(svunlink({scan.path(), "a"})).exit == exited(0));  // without a scanner, without a supervisor
  CHECK(!is_there(scan / "a"));
  scan.link("/nonexistent/directory", "dangling");
  CHECK(run(svunlink({scan.path(), "dangling"})).exit == exited(0));
  CHECK(!is_there(scan / "dangling"));
  Scanner scanner(scan);
  CHECK(run(svunlink({scan.path(), "missing"})).exit == exited(0));
}

TEST_CASE("svunlink: a directory is not taken out") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a(scan / "a");
  a.run("say up\nsleep");
  Scanner scanner(scan);
  a.expect("up");
  const Ran ran = run(svunlink({"-t", "300", scan.path(), "a"}));
  CHECK(ran.exit == exited(expected("svunlink-fails-when-the-entry-stays", 111, 0)));
  CHECK(scanner.supervises("a"));
}

TEST_CASE("svunlink: a logger that is not as it should be") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  a.expect("up");
  scanner.settle();
  SUBCASE("log is a file") {
    a.file("log", "");
  }
  SUBCASE("only the service is supervised") {
    fs::create_directories(a / "log");
  }
  CHECK(run(svunlink({scan.path(), "a"})).exit == exited(111));
  CHECK(is_there(scan / "a"));
  CHECK(run(svunlink({"-X", scan.path(), "a"})).exit == exited(0));
  CHECK(!is_there(scan / "a"));
  scanner.wait_gone("a");
}

TEST_CASE("svunlink: a service that has another link keeps its supervisor") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  scan.link(a, "b");
  Scanner scanner(scan);
  a.expect("up");
  const int code = expected("svunlink-tells-of-a-timeout", 99, 0);
  CHECK(run(svunlink({"-t", "300", scan.path(), "a"})).exit == exited(code));
  CHECK(!is_there(scan / "a"));
  scanner.settle();
  CHECK(scanner.supervised().size() == 1);
  CHECK(a.supervised());
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
