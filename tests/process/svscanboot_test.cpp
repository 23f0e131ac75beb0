// s6-svscanboot: the tree that keeps the log of itself. The logger is a stand-in beside links to the programs, so that
// its behaviour is the test's and not that of some s6-log.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Says that it is ready, and adds what it reads to LOGDIR/current; the last word of its command line is LOGDIR. With a
// FIFO LOGDIR/gate it first waits until somebody opens that for writing.
constexpr std::string_view stand_in =
    "#!/bin/sh\n"
    "for dir; do :; done\n"
    "echo \"$@\" >\"$dir/arguments\"\n"
    "id -u >\"$dir/user\"\n"
    "if test -p \"$dir/gate\"; then read line <\"$dir/gate\"; fi\n"
    "echo >&3\n"
    "exec cat >>\"$dir/current\" 3>&-\n";

class Boot {
 public:
  explicit Boot(const Scene& scene) : scan(scene), logs(scene.path() / "logs"), bin_(scene.path() / "bin") {
    fs::create_directory(bin_);
    for (const char* name : {"s6-svscan", "s6-supervise", "s6-svscanboot"})
      fs::create_symlink(supervisor(name), bin_ / name);
    write_file(bin_ / "s6-log", stand_in, 0755);
  }
  [[nodiscard]] std::string program() const { return bin_ / "s6-svscanboot"; }
  [[nodiscard]] Start start(std::vector<std::string> options = {}) const {
    Start start{.argv = {program(), "-D", logs}, .cwd = scan.path().parent_path()};
    start.argv.insert(start.argv.end(), options.begin(), options.end());
    start.argv.push_back(scan.path());
    return start;
  }
  [[nodiscard]] fs::path logger(std::string_view file = "") const { return scan / "s6-svscan-log" / file; }
  [[nodiscard]] std::string log() const { return read_file(logs / "current"); }
  void expect_log(const std::string& part, Here here = Here::now()) const {
    eventually(
        "the log has: " + part, [&] { return contains(log(), part); }, here);
  }
  [[nodiscard]] bool listens() const { return send(""); }
  bool send(const char* bytes) const {
    const auto sent = service_dir::send_control(scan.path().c_str(), ".s6-svscan", bytes);
    return sent.outcome == service_dir::Delivery::sent;
  }
  void wait_for_commands(Here here = Here::now()) const {
    eventually(
        "it accepts commands", [&] { return listens(); }, here);
  }
  // The stand-in that reads the log now. There is none before this is true.
  pid_t wait_for_logger(const Process& tree, Here here = Here::now()) const {
    pid_t found = 0;
    eventually(
        "the logger runs",
        [&] {
          for (const pid_t pid : descendants(tree.pid()))
            if (command_line(pid) == std::vector<std::string>{"cat"}) found = pid;
          return found != 0;
        },
        here);
    return found;
  }

  ScanDir scan;
  fs::path logs;

 private:
  fs::path bin_;
};

bool is_missing() {
  return skip_on_real("svscanboot-exists");
}

bool is_refusal(const Ran& ran) {
  return ran.out.empty() && ran.err.starts_with("s6-svscanboot");
}

TEST_SUITE_BEGIN("svscan");

TEST_CASE("what the tree says is logged by a service of its own") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  ServiceDir a = boot.scan.service("a", "say up\nnotify 1 this is stdout\\n\nnotify 2 this is stderr\\n\nsleep");
  Process tree(boot.start());
  a.expect("up");
  boot.expect_log("this is stdout\nthis is stderr\n");
  boot.send("x");  // no command: the scanner complains
  boot.expect_log("s6-svscan: warning: ");
  CHECK(read_file(boot.logs / "arguments") == "-bpd3 -- t " + boot.logs.string() + "\n");
  CHECK(mode_of(boot.logger()) == "0755");
  CHECK(mode_of(boot.logger("run")) == "0755");
  CHECK(mode_of(boot.logger("fifo")) == "0600");
  CHECK(read_file(boot.logger("notification-fd")) == "3\n");
  CHECK(mode_of(boot.logs) == "2750");
  CHECK(tree.err().empty());  // nothing went to the console
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("the descriptors of the tree: the log, and the console for its logger alone") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  write_file(scene.path() / "console", "");
  ServiceDir a = boot.scan.service("a", "record\nsay up\nsleep");
  Process tree(boot.start({"-c", scene.path() / "console"}));
  a.expect("up");
  const std::string fifo = boot.logger("fifo");
  CHECK(recorded(a / "run.record", "fds") == "0 1 2");
  CHECK(recorded(a / "run.record", "fd-0") == "/dev/null");
  CHECK(recorded(a / "run.record", "fd-1") == fifo);
  CHECK(recorded(a / "run.record", "fd-2") == fifo);
  const pid_t logger = boot.wait_for_logger(tree);
  eventually("it has these and no others", [&] { return open_fds(logger) == std::vector<int>{0, 1, 2}; });
  CHECK(fd_target(logger, 0) == fifo);
  CHECK(fd_target(logger, 1) == boot.logs / "current");
  CHECK(fd_target(logger, 2) == scene.path() / "console");
  // Reading only: if it had it open for writing, too, it would never see the end.
  CHECK(contains(read_file("/proc/" + std::to_string(logger) + "/fdinfo/0"), "flags:\t0100000\n"));
  CHECK(count_fds(tree.pid(), scene.path() / "console") == 1);
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("nothing is lost, and nobody waits, before the logger reads") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  fs::create_directory(boot.logs);
  REQUIRE(mkfifo((boot.logs / "gate").c_str(), 0600) == 0);
  ServiceDir a = boot.scan.service("a", "notify 2 early bird\\n\nsay up\nsleep");
  Process tree(boot.start());
  a.expect("up");  // so it was not killed for writing
  boot.send("x");
  eventually("the logger waits at the gate", [&] { return is_there(boot.logs / "user"); });
  CHECK(boot.log().empty());
  { const UniqueFd gate(open((boot.logs / "gate").c_str(), O_WRONLY | O_CLOEXEC)); }
  boot.expect_log("early bird\n");
  boot.expect_log("s6-svscan: warning: ");
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("nothing is lost while the logger is started again") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  ServiceDir a = boot.scan.service("a", "say up\ngate speak\nnotify 2 in between\\n\nsay spoken\nsleep");
  Process tree(boot.start());
  a.expect("up");
  const pid_t logger = boot.wait_for_logger(tree);
  REQUIRE(mkfifo((boot.logs / "gate").c_str(), 0600) == 0);
  kill(logger, SIGKILL);
  wait_dead(logger);
  a.open_gate("speak");
  a.expect("spoken");
  CHECK(boot.log().empty());
  { const UniqueFd gate(open((boot.logs / "gate").c_str(), O_WRONLY | O_CLOEXEC)); }
  boot.expect_log("in between\n");
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("all that was said before the end is in the log") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  ServiceDir a = boot.scan.service("a");
  a.finish("notify 2 last words\\n");
  Process tree(boot.start());
  a.expect("up");
  (void)boot.wait_for_logger(tree);
  boot.send("t");
  CHECK(tree.wait() == exited(0));
  CHECK(contains(boot.log(), "last words\n"));
}

TEST_CASE("a tree that runs already is left alone") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  ServiceDir a = boot.scan.service("a", "say up\ngate speak\nnotify 2 still logged\\n\nsleep");
  Process tree(boot.start());
  a.expect("up");
  (void)boot.wait_for_logger(tree);
  const auto state = [&] {
    std::vector<ino_t> inodes;
    for (const char* name : {"", "run", "fifo", "notification-fd"}) inodes.push_back(inode_of(boot.logger(name)));
    return inodes;
  };
  const auto before = state();
  const fs::file_time_type changed = fs::last_write_time(boot.logger());
  const fs::path other_logs = scene.path() / "other-logs";
  Start second = boot.start({"-D", other_logs, "-o", "t n3"});
  const Ran ran = run(second);
  CHECK(ran.exit == exited(100));
  CHECK(is_refusal(ran));
  CHECK(contains(ran.err, "already running"));
  CHECK(contains(ran.err, boot.scan.path().string()));
  CHECK(state() == before);
  CHECK(fs::last_write_time(boot.logger()) == changed);
  CHECK_FALSE(is_there(other_logs));
  a.open_gate("speak");
  boot.expect_log("still logged\n");
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("a killed scanner is replaced, and what has survived still has its log") {
  if (is_missing()) return;
  Scene scene;
  scene.allow_orphans();
  Boot boot(scene);
  ServiceDir a = boot.scan.service("a", "say up\ngate speak\nnotify 2 survivor\\n\nsleep");
  Process first(boot.start());
  a.expect("up");
  (void)boot.wait_for_logger(first);
  first.signal(SIGKILL);
  CHECK(first.wait() == killed(SIGKILL));
  Process second(boot.start());
  boot.wait_for_commands();
  a.open_gate("speak");
  boot.expect_log("survivor\n");
  boot.send("x");
  boot.expect_log("s6-svscan: warning: ");
}

TEST_CASE("leftovers of a crash are no obstacle") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  fs::create_directories(boot.logger("supervise"));
  write_file(boot.logger("down"), "");
  write_file(boot.logger("run"), "#!/bin/sh\nexit 100\n", 0755);
  write_file(boot.logger("run.new"), "half", 0600);
  write_file(boot.logger("fifo"), "not one");
  write_file(boot.logger("supervise/lock"), "");
  fs::create_directory(boot.scan.own(""));
  write_file(boot.scan.own("lock"), "");
  ServiceDir a = boot.scan.service("a", "notify 2 all the same\\n\nsleep");
  Process tree(boot.start());
  boot.expect_log("all the same\n");
  CHECK(mode_of(boot.logger("fifo")) == "0600");
  CHECK_FALSE(is_there(boot.logger("down")));
  CHECK_FALSE(is_there(boot.logger("run.new")));
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("a missing scan directory is made, with those above it") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  Start start = boot.start();
  start.argv.back() = "run/deep/scan";  // relative
  Process tree(start);
  const fs::path scan = scene.path() / "run/deep/scan";
  eventually("it runs", [&] {
    return service_dir::send_control(scan.c_str(), ".s6-svscan", "t").outcome == service_dir::Delivery::sent;
  });
  CHECK(tree.wait() == exited(0));
  CHECK(mode_of(scan) == "0755");
  CHECK(is_there(scan / "s6-svscan-log/run"));
}

TEST_CASE("what cannot be made is named") {
  if (is_missing()) return;
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  Scene scene;
  Boot boot(scene);
  const auto refused = [&](Start start, const fs::path& culprit) {
    const Ran ran = run(std::move(start));
    CAPTURE(ran.err);
    CHECK(ran.exit == exited(111));
    CHECK(is_refusal(ran));
    CHECK(contains(ran.err, culprit.string()));
  };
  const auto as_nobody = [](Start start) {
    start.user = nobody;
    return start;
  };
  refused(as_nobody(boot.start()), boot.scan.path());  // a directory without rights in it
  CHECK_FALSE(is_there(boot.scan.own("")));
  Start start = boot.start();
  start.argv.back() = scene.path() / "missing/scan";
  refused(as_nobody(start), scene.path() / "missing");
  start.argv.back() = scene.path() / "bin/s6-log";  // a file
  refused(start, scene.path() / "bin/s6-log");
  start.argv.back() = scene.path() / "bin/s6-log/below";
  refused(start, scene.path() / "bin/s6-log/below");

  write_file(boot.scan / "s6-svscan-log", "");
  refused(boot.start(), "s6-svscan-log");
  fs::remove(boot.scan / "s6-svscan-log");
  refused(boot.start({"-D", scene.path() / "bin/s6-log"}), scene.path() / "bin/s6-log");
  refused(boot.start({"-D", scene.path() / "bin/s6-log/logs"}), scene.path() / "bin/s6-log/logs");
  refused(boot.start({"-c", scene.path() / "no-console"}), scene.path() / "no-console");
  refused(boot.start({"-l", "no-such-user-here"}), "no-such-user-here");
  CHECK_FALSE(is_there(boot.logger()));
  fs::remove(scene.path() / "bin/s6-svscan");
  fs::create_symlink(scene.path() / "bin/s6-log/nothing", scene.path() / "bin/s6-svscan");
  refused(boot.start(), "s6-svscan");  // told on the console, not into the FIFO that nobody reads
}

TEST_CASE("what the scanner says before anybody can read it goes to the console, too") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  fs::create_directory(boot.scan.own(""));
  write_file(boot.scan.own("control"), "no FIFO");
  const Ran ran = run(boot.start());
  CHECK(ran.exit == exited(100));
  CHECK(ran.err.starts_with("s6-svscan: fatal: "));
  CHECK(contains(ran.err, "control"));
}

TEST_CASE("wrong command lines change nothing") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{{"-Z"},
                                                                                       {"-d", "2"},
                                                                                       {"-d", "17"},
                                                                                       {"-d", "x"},
                                                                                       {"-C", "-1"},
                                                                                       {"-L", ""},
                                                                                       {"-t", "1s"},
                                                                                       {"-m", "0800"},
                                                                                       {"-m", "10000"},
                                                                                       {"-o", "t \"n"},
                                                                                       {"-X", "3"},
                                                                                       {"--user=x"},
                                                                                       {"--console"},
                                                                                       {"-u", "-D", "relative"}}) {
    CAPTURE(options[0]);
    CAPTURE(options.back());
    Start start = boot.start(options);
    start.env = {"XDG_RUNTIME_DIR"};
    const Ran ran = run(start);
    CHECK(ran.exit == exited(100));
    CHECK(is_refusal(ran));
  }
  CHECK(run({boot.program()}).exit == exited(100));
  CHECK(run({boot.program(), ""}).exit == exited(100));
  CHECK_FALSE(is_there(boot.logger()));
  CHECK_FALSE(is_there(boot.scan.own("")));
  CHECK_FALSE(is_there(boot.logs));
}

TEST_CASE("the options reach the logger and the scanner") {
  if (is_missing()) return;
  Scene scene;
  Boot boot(scene);
  auto ready = sys::pipe();
  REQUIRE(ready);
  Start start = boot.start({"--catchall-options=n20 s1000 \"p two words: \" it's", "--catchall-mode=0700", "-d3",
                            "-C50", "--name-max=40", "--timeout=86400000", "--user", "--catchall-directory=my logs"});
  start.env = {"XDG_RUNTIME_DIR=" + scene.path().string()};
  start.fds = {{3, ready->write_end.get()}};
  Process tree(start);
  ready->write_end.reset();
  REQUIRE(wait_readable(ready->read_end.get()));
  char bytes[8];
  CHECK(read(ready->read_end.get(), bytes, sizeof bytes) == 1);
  CHECK(command_line(tree.pid()) == std::vector<std::string>{"s6-svscan", "-X", "4", "-d", "3", "-C", "50", "-L", "40",
                                                             "-t", "86400000", "--", boot.scan.path()});
  const fs::path logs = scene.path() / "my logs";
  CHECK(mode_of(logs) == "0700");
  eventually("the logger runs", [&] { return is_there(logs / "user"); });
  CHECK(read_file(logs / "arguments") == "-bpd3 -- n20 s1000 p two words:  it's " + logs.string() + "\n");
  boot.send("t");
  CHECK(tree.wait() == exited(0));
}

TEST_CASE("the log may belong to another user") {
  if (is_missing()) return;
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  if (!is_there("/usr/bin/s6-setuidgid")) SKIP_TEST("needs some s6-setuidgid");
  Scene scene;
  Boot boot(scene);
  fs::create_symlink("/usr/bin/s6-setuidgid", scene.path() / "bin/s6-setuidgid");
  fs::permissions(scene.path(), fs::perms(0755));
  Process tree(boot.start({"-l", "nobody"}));
  eventually("the logger runs", [&] { return !read_file(boot.logs / "user").empty(); });
  CHECK(read_file(boot.logs / "user") == std::to_string(nobody) + "\n");
  boot.send("x");
  boot.expect_log("s6-svscan: warning: ");
  boot.send("t");
  CHECK(tree.wait() == exited(0));

  Start other = boot.start({"-l", "no-such-user-here"});
  other.argv.back() = scene.path() / "own";
  other.argv[2] = scene.path() / "own-logs";
  other.user = nobody;
  scene.give_to(nobody);
  Process own(other);
  eventually("it runs", [&] {
    return service_dir::send_control((scene.path() / "own").c_str(), ".s6-svscan", "t").outcome ==
           service_dir::Delivery::sent;
  });
  CHECK(own.wait() == exited(0));
  CHECK(contains(own.err(), "-l"));
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
