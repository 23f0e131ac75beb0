// s6-svscan: how it ends, what takes its place, what outlives it; the catch-all logger; what it executes.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

// A service that says when it is told to end, but takes its time.
constexpr const char* slow = "trap TERM\nsay up\ngate die\nexit 0";
constexpr const char* talkative = "say up\ngate talk\nnotify 1 1\\n\ngate talk\nnotify 1 2\\n\nsleep";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

UniqueFd file_for_writing(const fs::path& path) {
  return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

// A script that forks and then says `after`: the two lines come in any order. Returns the child's pid.
pid_t child_that_was_left(Voice& voice, std::string_view after) {
  const std::string lines[] = {voice.next(), voice.next()};
  const bool child_first = lines[0].starts_with("child ");
  CHECK(lines[child_first ? 1 : 0] == after);
  return std::stoi(lines[child_first ? 0 : 1].substr(6));
}

// A directory of programs with an s6-svscan of ours and, if it is asked for, a helper as s6-supervise: it follows
// s6-supervise.script in the scan directory and speaks into the FIFO `voice` there.
class Programs {
 public:
  explicit Programs(const Scene& scene) : path_(scene.path() / "bin") {
    fs::create_directory(path_);
    fs::create_symlink(supervisor("s6-svscan"), path_ / "s6-svscan");
  }
  [[nodiscard]] std::string scanner() const { return path_ / "s6-svscan"; }
  [[nodiscard]] fs::path supervise() const { return path_ / "s6-supervise"; }
  void helper_as_supervise(const ScanDir& scan, std::string_view script) const {
    write_file(scan / "s6-supervise.script", script);
    fs::create_symlink(runner_directory() / "test-service", supervise());
  }

 private:
  fs::path path_;
};

TEST_SUITE_BEGIN("svscan");

// --- the end -------------------------------------------------------------------------------------------------------

TEST_CASE("it ends when the last supervisor has, and not before") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow), b = scan.service("b"), gone = scan.service("gone", slow);
  ServiceDir log = logger_of(b);
  Scanner scanner(scan);
  for (ServiceDir* dir : {&a, &b, &gone}) dir->expect("up");
  const pid_t pid_of_a = scanner.supervisor("a"), pid_of_b = scanner.supervisor("b");
  const pid_t pid_of_gone = scanner.supervisor("gone"), logger = scanner.supervisor("b/log");
  scan.unlink("gone");
  scanner.send("a");
  scanner.settle();
  SUBCASE("t") {
    scanner.send("t");
  }
  SUBCASE("q") {
    scanner.send("q");
  }
  SUBCASE("TERM") {
    scanner.signal(SIGTERM);
  }
  a.expect("got TERM");
  gone.expect("got TERM");
  wait_dead(pid_of_b);
  wait_dead(logger);
  a.open_gate("die");
  wait_dead(pid_of_a);
  CHECK(scanner.process().running());  // one is left that is no entry any more
  CHECK(alive(pid_of_gone));
  gone.open_gate("die");
  CHECK(scanner.wait() == exited(0));
  CHECK_FALSE(alive(pid_of_gone));
  CHECK(b.voice().quiet());
}

TEST_CASE("nothing is started any more once it is told to end") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow), b = scan.service("b");
  Scanner scanner(scan);
  a.expect("up");
  b.expect("up");
  const pid_t pid = scanner.supervisor("b");
  kill_supervisor(pid);  // to be started again within a second
  scanner.wait_reaped(pid);
  scanner.send("t");
  a.expect("got TERM");
  a.open_gate("die");
  CHECK(scanner.wait() == exited(0));
  CHECK(b.voice().quiet());
}

TEST_CASE("a process that still holds the pipe to a logger delays the end") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "fork TERM\nsay up\nsleep");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  const pid_t orphan = child_that_was_left(a.voice(), "up");
  const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  const std::string pipe = fd_target(logger, 0);
  SUBCASE("t: the logger waits for the end of its input") {
    scanner.send("t");
    wait_dead(pid);
    CHECK(count_fds(orphan, pipe) == 1);
    eventually("the logger is told", [&] { return count_fds(logger, pipe) == 0; });
    CHECK(alive(logger));
    CHECK(scanner.process().running());
    CHECK(count_fds(scanner.pid(), pipe) == 0);
    kill(orphan, SIGKILL);
    CHECK(scanner.wait() == exited(0));
  }
  SUBCASE("q does not care") {
    scanner.send("q");
    CHECK(scanner.wait() == exited(0));
    CHECK(alive(orphan));
    kill(orphan, SIGKILL);
  }
}

TEST_CASE("finish takes its place when it ends") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  scan.program("finish", "record\nsay finish [%a]\nexit 42");
  Scanner scanner(scan, {}, Start{.env = {"MARK=in the environment"}, .umask = 027});
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  const std::string errors = fd_target(scanner.pid(), 2);
  bool waits = true;
  SUBCASE("t") {
    scanner.send("t");
  }
  SUBCASE("INT") {
    scanner.signal(SIGINT);
  }
  SUBCASE("b") {
    scene.allow_orphans();
    scanner.send("b");
    waits = false;
  }
  CHECK(scanner.wait() == exited(42));
  CHECK(alive(pid) == !waits);
  scan.voice().expect("finish []");
  const auto seen = [&](const char* key) { return recorded(scan.own("finish.record"), key); };
  CHECK(seen("pid") == std::to_string(scanner.pid()));
  CHECK(seen("argv0") == ".s6-svscan/finish");
  CHECK(seen("args").empty());
  CHECK(seen("cwd") == scan.path());
  CHECK(seen("env-MARK") == "in the environment");
  CHECK(seen("umask") == "27");
  CHECK(seen("fds") == "0 1 2");
  CHECK(seen("fd-2") == errors);
  CHECK(seen("blocked") == "0000000000000000");
  CHECK(has_no_ordinary_signal(seen("ignored")));
}

TEST_CASE("a finish that cannot be executed makes way for crash, a missing one or one without interpreter does not") {
  Scene scene;
  ScanDir scan(scene);
  fs::create_directory(scan.own(""));
  const auto crash_that_says = [&] { scan.program("crash", "record\nsay crash [%a]\nexit 43"); };
  Exit wanted = exited(0);
  bool crashes = false;
  SUBCASE("no finish") {
    crash_that_says();
  }
  SUBCASE("finish without its interpreter") {
    crash_that_says();
    write_file(scan.own("finish"), "#!/no/such/interpreter\n", 0755);
  }
  SUBCASE("finish not executable, crash is") {
    crash_that_says();
    write_file(scan.own("finish"), "#!/bin/sh\n", 0644);
    wanted = exited(43);
    crashes = true;
  }
  SUBCASE("finish is a directory, crash is executable") {
    crash_that_says();
    fs::create_directory(scan.own("finish"));
    wanted = exited(43);
    crashes = true;
  }
  SUBCASE("finish not executable, no crash") {
    write_file(scan.own("finish"), "#!/bin/sh\n", 0644);
    wanted = exited(expected("crash-codes", 127, 111));
  }
  SUBCASE("neither is executable") {
    write_file(scan.own("finish"), "#!/bin/sh\n", 0644);
    write_file(scan.own("crash"), "#!/bin/sh\n", 0644);
    wanted = exited(expected("crash-codes", 126, 111));
  }
  Scanner scanner(scan);
  scanner.send("t");
  CHECK(scanner.wait() == wanted);
  CHECK(scanner.messages().empty() == (wanted == exited(0)));
  CHECK(is_there(scan.own("crash.record")) == crashes);
  if (!crashes) return;
  scan.voice().expect("crash []");
  CHECK(recorded(scan.own("crash.record"), "pid") == std::to_string(scanner.pid()));
  CHECK(recorded(scan.own("crash.record"), "argv0") == ".s6-svscan/crash");
  CHECK(recorded(scan.own("crash.record"), "fds") == "0 1 2");
  CHECK(recorded(scan.own("crash.record"), "blocked") == "0000000000000000");
}

TEST_CASE("signals that come while it waits for the last supervisors do not keep finish from running") {
  Scene scene;
  for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGINT, SIGQUIT, SIGPWR, SIGALRM, SIGWINCH, SIGCHLD}) {
    CAPTURE(signal);
    ScanDir scan(scene, "scan-" + std::to_string(signal));
    ServiceDir a = scan.apart("a" + std::to_string(signal), slow);
    scan.link(a, "a");
    scan.program("finish", "say finish\nexit 42");
    Scanner scanner(scan);
    a.expect("up");
    scanner.signal(SIGTERM);
    a.expect("got TERM");
    for (int i = 0; i < 3; ++i) scanner.signal(signal);
    CHECK(scanner.process().running());
    a.open_gate("die");
    if (signal == SIGWINCH || signal == SIGCHLD) {
      CHECK(scanner.wait() == exited(42));
    } else {
      CHECK(scanner.wait() == expected("signals-do-not-keep-finish-from-running", exited(42), killed(signal)));
      if (on_real("signals-do-not-keep-finish-from-running")) continue;
    }
    scan.voice().expect("finish");
  }
}

TEST_CASE("b, or ABRT, cuts the wait for the last supervisors short") {
  if (skip_on_real("the-final-wait-can-be-cut-short")) return;
  Scene scene;
  for (const char* how : {"b", "ABRT"}) {
    CAPTURE(how);
    ScanDir scan(scene, how);
    ServiceDir a = scan.apart(std::string("a") + how, slow);
    scan.link(a, "a");
    Scanner scanner(scan);
    a.expect("up");
    const pid_t pid = scanner.supervisor("a");
    scanner.send("t");
    a.expect("got TERM");
    scanner.send("ahnNzt");  // changes nothing
    *how == 'b' ? scanner.send("b") : scanner.signal(SIGABRT);
    CHECK(scanner.wait() == exited(0));
    CHECK(alive(pid));
    a.open_gate("die");
    wait_dead(pid);
  }
}

TEST_CASE("INT to the whole process group, as from a terminal, ends the tree cleanly") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a"), b = scan.service("b");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan, {}, Start{.in_child = [] { setpgid(0, 0); }});
  a.expect("up");
  b.expect("up");
  std::vector<pid_t> all = descendants(scanner.pid());
  for (const char* name : {"a", "a/log", "b"}) CHECK(getpgid(scanner.supervisor(name)) == scanner.pid());
  REQUIRE(kill(-scanner.pid(), SIGINT) == 0);
  CHECK(scanner.wait() == exited(0));
  for (const pid_t pid : all) wait_dead(pid);
  CHECK(a.voice().quiet());
  CHECK(b.voice().quiet());
}

TEST_CASE("when s6-svscan is killed services and their logging go on") {
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  scanner.signal(SIGKILL);
  CHECK(scanner.wait() == killed(SIGKILL));
  a.open_gate("talk");
  log.expect("1");
  a.send("t");
  a.expect("up");
  a.open_gate("talk");
  log.expect("1");
  a.send("xd");
  wait_dead(pid);
  log.send("xd");
  wait_dead(logger);
}

// --- the catch-all logger ------------------------------------------------------------------------------------------

// s6-svscan-log reads a FIFO, to which the stdout and stderr of s6-svscan lead.
class CatchAll {
 public:
  CatchAll(const Scene& scene, const ScanDir& scan)
      : dir_(scan.path() / "s6-svscan-log"), fifo_(dir_ / "fifo"), console_(scene.path() / "console") {
    dir_.run_sh("exec cat <fifo >voice");
    REQUIRE(mkfifo(fifo_.c_str(), 0600) == 0);
    reader_.reset(open(fifo_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));  // until the logger has it open
    writer_.reset(open(fifo_.c_str(), O_WRONLY | O_CLOEXEC));
    console_fd_ = file_for_writing(console_);
  }
  Start start() { return Start{.fds = {{1, writer_.get()}, {2, writer_.get()}, {7, console_fd_.get()}}}; }
  void let_go() {
    writer_.reset();
    reader_.reset();
  }
  ServiceDir& dir() { return dir_; }
  [[nodiscard]] const fs::path& fifo() const { return fifo_; }
  [[nodiscard]] const fs::path& console() const { return console_; }

 private:
  ServiceDir dir_;
  fs::path fifo_;
  fs::path console_;
  UniqueFd reader_, writer_, console_fd_;
};

TEST_CASE("with -X the catch-all logger has the console as its stderr; all messages of the tree reach it") {
  Scene scene;
  ScanDir scan(scene);
  CatchAll catch_all(scene, scan);
  ServiceDir a = scan.service("a", "notify 2 words of a service\\n\nsay up\nsleep");
  ServiceDir log = logger_of(a);
  scan.program("finish", "record\nnotify 1 one\\n\nnotify 2 two\\n\nexit 42");
  Scanner scanner(scan, {"-X", "7"}, catch_all.start());
  a.expect("up");
  catch_all.dir().voice().wait_for("words of a service");
  catch_all.let_go();
  const pid_t logger = scanner.supervisor("s6-svscan-log");
  CHECK(fd_target(logger, 2) == catch_all.console());
  CHECK(fd_target(logger, 1) == catch_all.fifo());
  for (const char* name : {"a", "a/log"}) {
    CAPTURE(name);
    CHECK(fd_target(scanner.supervisor(name), 2) == catch_all.fifo());
    CHECK(count_fds(scanner.supervisor(name), catch_all.console()) == 0);
  }
  scanner.send("~");
  CHECK(catch_all.dir().voice().next().starts_with("s6-svscan: warning: "));
  SUBCASE("t") {
    scanner.send("t");
  }
  SUBCASE("TERM") {
    scanner.signal(SIGTERM);
  }
  SUBCASE("q") {
    scanner.send("q");
  }
  CHECK(scanner.wait() == exited(42));
  CHECK(read_file(catch_all.console()) == "one\ntwo\n");
  CHECK(recorded(scan.own("finish.record"), "fds") == "0 1 2");
}

TEST_CASE("a crash goes to the console") {
  Scene scene;
  ScanDir scan(scene);
  CatchAll catch_all(scene, scan);
  scan.program("crash", "notify 1 one\\n\nnotify 2 two\\n\nexit 43");
  write_file(scan.own("finish"), "#!/bin/sh\n", 0644);
  Scanner scanner(scan, {"-X7"}, catch_all.start());
  (void)scanner.supervisor("s6-svscan-log");
  eventually("the logger reads", [&] {
    const std::vector<pid_t> all = descendants(scanner.pid());
    return std::ranges::any_of(all, [&](pid_t pid) { return fd_target(pid, 0) == catch_all.fifo(); });
  });
  catch_all.let_go();
  scanner.send("t");
  CHECK(scanner.wait() == exited(43));
  CHECK(contains(read_file(catch_all.console()), "s6-svscan: warning: "));
  CHECK(read_file(catch_all.console()).ends_with("one\ntwo\n"));
}

TEST_CASE("without -X the catch-all logger is a service like others, and finish finds /dev/null") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir log(scan / "s6-svscan-log");
  log.run("say up\nsleep");
  scan.program("finish", "record");
  Scanner scanner(scan);
  log.expect("up");
  const std::string errors = fd_target(scanner.pid(), 2);
  CHECK(fd_target(scanner.supervisor("s6-svscan-log"), 2) == errors);
  scanner.send("q");
  CHECK(scanner.wait() == exited(0));
  CHECK(recorded(scan.own("finish.record"), "fd-1") == "/dev/null");
  CHECK(recorded(scan.own("finish.record"), "fd-2") ==
        expected("the-catch-all-log-loses-its-stderr", std::string("/dev/null"), errors));
}

// --- what it executes ----------------------------------------------------------------------------------------------

TEST_CASE("supervisors are called with the name, and share environment, session and process group") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan, {}, Start{.env = {"MARK=in the environment", "PATH"}, .in_child = [] { setpgid(0, 0); }});
  a.expect("up");
  for (const char* name : {"a", "a/log"}) {
    CAPTURE(name);
    const pid_t pid = scanner.supervisor(name);
    const std::string proc = "/proc/" + std::to_string(pid);
    CHECK(command_line(pid) == Names{"s6-supervise", name});
    CHECK(read_file(proc + "/environ") == read_file("/proc/" + std::to_string(scanner.pid()) + "/environ"));
    CHECK(getsid(pid) == getsid(scanner.pid()));
    CHECK(getpgid(pid) == scanner.pid());
  }
}

TEST_CASE("PATH does not decide which s6-supervise is executed") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  fs::create_directory(scene.path() / "path");
  write_file(scene.path() / "path/s6-supervise", "#!/bin/sh\nexit 0\n", 0755);
  Scanner scanner(scan, {}, Start{.env = {"PATH=" + (scene.path() / "path").string()}});
  a.expect("up");
  CHECK(fs::equivalent("/proc/" + std::to_string(scanner.supervisor("a")) + "/exe", supervisor("s6-supervise")));
}

TEST_CASE("the s6-supervise beside the s6-svscan that was called is executed, in clean surroundings") {
  if (skip_on_real("supervise-is-looked-for-beside")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Programs programs(scene);
  programs.helper_as_supervise(scan, "record\nsay %a\nsleep");
  Voice voice(scan / "voice");
  Start start{.cwd = scene.path(), .env = {"MARK=in the environment"}, .blocked = {SIGUSR1}, .umask = 027};
  SUBCASE("called by an absolute path") {
    start.argv = {programs.scanner()};
  }
  SUBCASE("called by a relative path") {
    start.argv = {"bin/s6-svscan"};
  }
  SUBCASE("called by a path with dots") {
    start.argv = {"./bin/../bin/s6-svscan"};
  }
  Scanner scanner(scan, {}, start);
  voice.expect("a");
  const auto seen = [&](const char* key) { return recorded(scan / "s6-supervise.record", key); };
  CHECK(seen("argv0") == "s6-supervise");
  CHECK(seen("args") == "a");
  CHECK(seen("cwd") == scan.path());
  CHECK(seen("ppid") == std::to_string(scanner.pid()));
  CHECK(seen("pgid") == std::to_string(getpgid(scanner.pid())));
  CHECK(seen("sid") == std::to_string(getsid(scanner.pid())));
  CHECK(seen("env-MARK") == "in the environment");
  CHECK(seen("umask") == "27");
  CHECK(seen("fds") == "0 1 2");
  CHECK(seen("blocked") == "0000000000000000");
  CHECK(has_no_ordinary_signal(seen("ignored")));
}

TEST_CASE("without an s6-supervise where it was called, the one beside the program itself is executed") {
  if (skip_on_real("supervise-is-looked-for-beside")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Programs programs(scene);
  Scanner scanner(scan, {}, Start{.argv = {programs.scanner()}});
  a.expect("up");
  CHECK(fs::equivalent("/proc/" + std::to_string(scanner.supervisor("a")) + "/exe", supervisor("s6-supervise")));
}

TEST_SUITE_END();

// --- what takes time -----------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("svscan-timing");

TEST_CASE("supervisors of an s6-svscan that has gone are taken over by the next one when they end") {
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  pid_t old_service = 0, old_logger = 0;
  {
    Scanner first(scan);
    a.expect("up");
    old_service = first.supervisor("a");
    old_logger = first.supervisor("a/log");
    SUBCASE("it left them") {
      first.send("b");
      CHECK(first.wait() == exited(0));
    }
    SUBCASE("it was killed") {
      first.signal(SIGKILL);
      CHECK(first.wait() == killed(SIGKILL));
    }
  }
  Scanner second(scan);
  second.expect_message("s6-supervise a: fatal: ");
  second.expect_message("s6-supervise a/log: fatal: ");
  second.settle();
  CHECK(a.voice().quiet());
  a.open_gate("talk");
  log.expect("1");
  a.send("xd");
  wait_dead(old_service);
  log.send("xd");
  wait_dead(old_logger);
  a.expect("up");
  const pid_t service = second.supervisor("a"), logger = second.supervisor("a/log");
  CHECK(fd_target(service, 1).starts_with("pipe:"));
  CHECK(fd_target(service, 1) == fd_target(logger, 0));
  a.open_gate("talk");
  log.expect("1");
  CHECK(second.end() == exited(0));
}

TEST_CASE("a supervisor that s6-svscan did not start is told once, waited for, and left alone at the end") {
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  const ServiceDir clock = scan.idle("clock");
  Supervisor other(a);
  other.expect("su");
  a.expect("up");
  Scanner scanner(scan);
  scanner.expect_message("s6-supervise a: fatal: ");
  pid_t pid = scanner.supervisor("clock");
  for (int i = 0; i < 3; ++i) {  // these starts are a second apart
    kill_supervisor(pid);
    pid = scanner.next_supervisor("clock", pid);
  }
  CHECK_DIFFERS("a-foreign-supervisor-is-waited-for", scanner.count_messages("fatal: ") == 1);
  CHECK(other.process().running());
  SUBCASE("it outlives s6-svscan") {
    CHECK(scanner.end() == exited(0));
    CHECK(other.process().running());
    CHECK(a.voice().quiet());
    CHECK(other.quiet());
  }
  SUBCASE("it ends") {
    other.send("xd");
    CHECK(other.wait() == exited(0));
    a.expect("up");
    CHECK(scanner.supervisor("a") != other.pid());
    CHECK(scanner.end() == exited(0));
  }
  SUBCASE("it is killed") {
    other.process().signal(SIGKILL);
    CHECK(other.wait() == killed(SIGKILL));
    a.expect("up");
    CHECK(scanner.end() == exited(0));
  }
}

TEST_CASE("after its supervisor was killed the catch-all logger has the console again") {
  Scene scene;
  ScanDir scan(scene);
  CatchAll catch_all(scene, scan);
  Scanner scanner(scan, {"-X", "7"}, catch_all.start());
  const pid_t first = scanner.supervisor("s6-svscan-log");
  kill_supervisor(first);
  const pid_t second = scanner.next_supervisor("s6-svscan-log", first);
  CHECK(fd_target(second, 2) == catch_all.console());
  CHECK(fd_target(second, 1) == catch_all.fifo());
  scanner.send("~");
  CHECK(catch_all.dir().voice().next().starts_with("s6-svscan: warning: "));
}

TEST_CASE("a supervisor that fails is tried again once a second, whatever it exits with") {
  if (skip_on_real("supervise-is-looked-for-beside")) return;
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.service("a");
  Programs programs(scene);
  Voice voice(scan / "voice");
  programs.helper_as_supervise(scan, "say started\nexit 100");
  const auto start = Clock::now();
  Scanner scanner(scan, {}, Start{.argv = {programs.scanner()}});
  voice.expect("started");
  voice.expect("started");
  CHECK(seconds_since(start) >= 0.97);
  write_file(scan / "s6-supervise.script", "say started\nexit 0");
  voice.expect("started");
  voice.expect("started");
  CHECK(seconds_since(start) >= 2.95);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("an s6-supervise that cannot be executed is told once and tried again ten seconds later") {
  if (skip_on_real("supervise-is-looked-for-beside")) return;
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a"), b = scan.idle("b"), c = scan.idle("c");
  Programs programs(scene);
  write_file(programs.supervise(), "this is no program\n", 0755);
  const auto start = Clock::now();
  Scanner scanner(scan, {}, Start{.argv = {programs.scanner()}});
  scanner.expect_message("s6-svscan: warning: ");
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.count_messages("s6-svscan: warning: ") == 1);
  CHECK(children(scanner.pid()).empty());
  SUBCASE("it still ends") {}
  SUBCASE("and it comes back") {
    fs::remove(programs.supervise());
    fs::create_symlink(supervisor("s6-supervise"), programs.supervise());
    for (const char* name : {"a", "b", "c"}) (void)scanner.supervisor(name);
    CHECK(seconds_since(start) >= 9.95);
    CHECK(scanner.count_messages("s6-svscan: warning: ") == 1);
  }
  CHECK(scanner.end() == exited(0));
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
