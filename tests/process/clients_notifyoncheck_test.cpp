// s6-notifyoncheck: the service it becomes, the checks it runs beside it, and what becomes of them.
#include <sys/wait.h>

#include <initializer_list>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

std::string name_of(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/comm");
}

// A service whose ./run becomes ./daemon (which sleeps until it is killed) by way of s6-notifyoncheck.
class Checked {
 public:
  explicit Checked(const Scene& scene) : dir_(scene.service()), checks_(make_data(dir_) / "voice") {
    dir_.file("notification-fd", "3\n").file("down", "");
    daemon("sleep");
    options("");
  }
  // `environment` is put before the command in the shell script ./run.
  Checked& options(const std::string& text, const std::string& environment = "") {
    dir_.run_sh(environment + "\nexec " + client("s6-notifyoncheck") + " " + text + " ./daemon -a b");
    return *this;
  }
  Checked& daemon(std::string_view script) {
    scripted(dir_ / "daemon", script);
    return *this;
  }
  Checked& check(std::string_view script) {
    scripted(dir_ / "data/check", script);
    return *this;
  }
  Checked& check_sh(std::string_view body) {
    fs::remove(dir_ / "data/check");
    write_file(dir_ / "data/check", "#!/bin/sh\n" + std::string(body) + "\n", 0755);
    return *this;
  }

  ServiceDir& dir() { return dir_; }
  Voice& checks() { return checks_; }
  [[nodiscard]] fs::path operator/(std::string_view file) const { return dir_ / file; }

 private:
  static fs::path make_data(const ServiceDir& dir) {
    fs::create_directory(dir / "data");
    return dir / "data";
  }

  ServiceDir dir_;
  Voice checks_;  // what ./data/check says
};

// Its supervisor, told to start it.
class Started {
 public:
  explicit Started(Checked& checked) : dir_(checked.dir()), supervisor_(dir_) {
    supervisor_.expect("s");
    supervisor_.send("o");
    supervisor_.expect("u");
  }
  Supervisor& operator*() { return supervisor_; }
  Supervisor* operator->() { return &supervisor_; }
  [[nodiscard]] pid_t daemon() const { return supervisor_.service(); }

  // The daemon runs, what is left of s6-notifyoncheck is gone, and so is its FIFO; only ours is there.
  void wait_checks_over(Here here = Here::now()) const {
    eventually(
        "nobody checks any more",
        [&] {
          return name_of(daemon()) == "daemon\n" && children(daemon()).empty() &&
                 descendants(supervisor_.pid()).size() == 1;
        },
        here);
    eventually(
        "nobody else is subscribed",
        [&] { return std::distance(fs::directory_iterator(dir_ / "event"), fs::directory_iterator()) == 1; }, here);
  }
  void stop(Here here = Here::now()) {
    supervisor_.send("k");
    (void)supervisor_.events().until('D', here);
  }

 private:
  ServiceDir& dir_;
  Supervisor supervisor_;
};

std::size_t lines_with(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

pid_t number(const std::string& text) {
  return static_cast<pid_t>(std::stol(text));
}

// After a double fork the runner adopts the checking process.
pid_t adopted(Here here = Here::now()) {
  pid_t found = 0;
  eventually(
      "s6-notifyoncheck is adopted",
      [&] {
        for (const pid_t pid : all_children(getpid()))
          if (name_of(pid).starts_with("s6-notifyonchec")) found = pid;
        return found != 0;
      },
      here);
  return found;
}
Exit end_of(pid_t pid, Here here = Here::now()) {
  wait_dead(pid, here);
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) fail(here, "it is no child of the runner");
  return WIFSIGNALED(status) ? killed(WTERMSIG(status)) : exited(WEXITSTATUS(status));
}

TEST_SUITE_BEGIN("clients");

// --- success ---------------------------------------------------------------------------------------------------------
TEST_CASE("notifyoncheck: a check that succeeds makes the service ready") {
  Scene scene;
  Checked service(scene);
  service.check("exit 0");
  Started started(service);
  started->expect("U");
  CHECK(flags(started->status()) == "R");
  started.wait_checks_over();
  started.stop();
}

TEST_CASE("notifyoncheck: checks go on until one succeeds") {
  Scene scene;
  Checked service(scene);
  service.options("-w 10 -n 0").check_sh("echo check > data/voice; test -e ready");
  Started started(service);
  for (int i = 0; i < 9; ++i) service.checks().expect("check");  // more than the usual number
  CHECK(started->quiet());
  service.dir().file("ready", "");
  started->expect("U");
  started.wait_checks_over();
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: the daemon takes the place of run, and is not given the notification descriptor") {
  Scene scene;
  Checked service(scene);
  service.daemon("record record\nsay recorded\nsleep").check("gate go\nexit 0");
  REQUIRE(mkfifo((service / "data/go").c_str(), 0666) == 0);
  const UniqueFd gate(open((service / "data/go").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  Started started(service);
  service.dir().expect("recorded");
  const fs::path record = service / "record";
  CHECK(recorded(record, "pid") == std::to_string(started.daemon()));
  CHECK(recorded(record, "args") == "-a b");
  CHECK(recorded(record, "argv0") == "./daemon");
  CHECK(recorded(record, "fds") == "0 1 2");
  CHECK(recorded(record, "blocked") == "0000000000000000");
  CHECK(recorded(record, "ignored") == "0000000000000000");
  REQUIRE(write(gate.get(), "x", 1) == 1);
  started->expect("U");
  started.wait_checks_over();
  started.stop();
}

TEST_CASE("notifyoncheck: a check runs in the service directory, without arguments, with the notification descriptor") {
  Scene scene;
  Checked service(scene);
  service.check("record record\nexit 0");
  Started started(service);
  started->expect("U");
  const fs::path record = service / "record";
  CHECK(recorded(record, "cwd") == service.dir().path());
  CHECK(recorded(record, "argv0") == "./data/check");
  CHECK(recorded(record, "args").empty());
  CHECK(recorded(record, "fd-3").starts_with("pipe:"));
  CHECK(recorded(record, "fds") == "0 1 2 3");
  CHECK(recorded(record, "blocked") == "0000000000000000");
  // Signals 32 and 33 are the libc's own.
  CHECK((std::stoull(recorded(record, "ignored"), nullptr, 16) & 0x7fffffff) == 0);
  started.stop();
}

TEST_CASE("notifyoncheck: -3 names the descriptor") {
  Scene scene;
  Checked service(scene);
  service.options("-3 5", "exec 5>&3 3>&-").check("exit 0");
  Started started(service);
  started->expect("U");
  started.stop();
}

TEST_CASE("notifyoncheck: -c is a script for execlineb") {
  if (!is_there("/usr/bin/execlineb") && !is_there("/bin/execlineb")) SKIP_TEST("needs execline");
  Scene scene;
  Checked service(scene);
  service.options("-c 'test -e run' -n 1");
  Started started(service);
  started->expect("U");
  started.stop();
}

TEST_CASE("notifyoncheck: where PATH has no execlineb a -c check fails, and is told to need it") {
  Scene scene;
  Checked service(scene);
  service.options("-c true -n 2 -w 1", "PATH=/nonexistent");
  Started started(service);
  started->expect_message("execlineb");
  started.wait_checks_over();
  CHECK(started->quiet());
  CHECK_DIFFERS("notifyoncheck-looks-for-execlineb",
                lines_with(started->process().err(), "s6-notifyoncheck: warning: ") == 2);
  started.stop();
}

TEST_CASE("notifyoncheck: long options") {
  Scene scene;
  Checked service(scene);
  service
      .options(
          "--doublefork --notification-fd=3 --initial-sleep=1 --global-timeout=60000 --local-timeout=60000 "
          "--waiting-time=1 --tries=3")
      .check("exit 0");
  Started started(service);
  if (on_real("notifyoncheck-long-options")) {
    started->expect("dD");
  } else {
    started->expect("U");
    started.stop();
  }
}

// --- failure ---------------------------------------------------------------------------------------------------------
TEST_CASE("notifyoncheck: after so many failures nobody checks any more") {
  Scene scene;
  Checked service(scene);
  service.options("-n 3 -w 10").check("say check\nexit 1");
  Started started(service);
  started.wait_checks_over();
  for (int i = 0; i < 3; ++i) service.checks().expect("check");
  CHECK(service.checks().quiet());
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: seven failures are the limit if nothing else is said") {
  Scene scene;
  Checked service(scene);
  service.options("-w 1").check("say check\nexit 1");
  Started started(service);
  started.wait_checks_over();
  for (int i = 0; i < 7; ++i) service.checks().expect("check");
  CHECK(service.checks().quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: a check that dies of a signal has failed") {
  Scene scene;
  Checked service(scene);
  service.options("-n 2 -w 1").check("say check\ndie USR1");
  Started started(service);
  started.wait_checks_over();
  for (int i = 0; i < 2; ++i) service.checks().expect("check");
  CHECK(service.checks().quiet());
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: a check that cannot be started has failed, and is named") {
  Scene scene;
  Checked service(scene);
  service.options("-n 2 -w 1");
  Started started(service);
  started.wait_checks_over();
  CHECK_DIFFERS("notifyoncheck-names-a-check-it-cannot-start",
                lines_with(started->process().err(), "unable to execute ./data/check: ") == 2);
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: the death of the service ends the checks") {
  Scene scene;
  Checked service(scene);
  service.check("say %p\nsleep");
  Started started(service);
  const pid_t check = number(service.checks().next());
  started->send("d");
  started->expect("dD");
  wait_dead(check);
  eventually("nobody checks any more", [&] { return descendants(started->pid()).empty(); });
}

TEST_CASE("notifyoncheck: the death of the service ends the wait for the next check") {
  Scene scene;
  Checked service(scene);
  service.options("-w 100000 -d").check("say check\nexit 1");
  Started started(service);
  service.checks().expect("check");
  const pid_t checking = adopted();
  started->send("d");
  started->expect("dD");
  CHECK(end_of(checking) == exited(2));
}

TEST_CASE("notifyoncheck: a program that is missing is 127, and ends the checks") {
  Scene scene;
  Checked service(scene);
  service.check("exit 1");
  service.dir().run_sh("exec " + client("s6-notifyoncheck") + " ./missing").finish("say finish %a\nwrite down no");
  Supervisor supervisor(service.dir());
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("ud");
  CHECK(service.dir().voice().next().starts_with("finish 127 0 "));
  supervisor.expect("D");
  CHECK(contains(supervisor.process().err(), "./missing"));
  eventually("nobody checks any more", [&] { return descendants(supervisor.pid()).empty(); });
}

TEST_CASE("notifyoncheck: with nobody to read the notification there is nothing to check for") {
  Scene scene;
  Checked service(scene);
  service.options("-d -w 10 -n 0").check("say check\nexit 1");
  Started started(service);
  const pid_t daemon = started.daemon();
  service.checks().expect("check");
  const pid_t checking = adopted();
  started->process().signal(SIGKILL);
  check_happens_only_with_ours("notifyoncheck-ends-with-its-supervisor", [&] { return !alive(checking); });
  if (!on_real("notifyoncheck-ends-with-its-supervisor")) CHECK(end_of(checking) == exited(2));
  kill(daemon, SIGKILL);
  kill(checking, SIGKILL);
}

// --- timeouts --------------------------------------------------------------------------------------------------------
TEST_CASE("notifyoncheck: a check that takes too long is killed before the next one starts") {
  Scene scene;
  Checked service(scene);
  service.options("-t 50 -w 10 -n 2").check("say %p\nsleep");
  Started started(service);
  const pid_t first = number(service.checks().next());
  const pid_t second = number(service.checks().next());
  CHECK_DIFFERS("notifyoncheck-kills-a-late-check", !alive(first));
  kill(first, SIGKILL);  // does nothing with ours
  if (on_real("notifyoncheck-kills-a-late-check")) kill(second, SIGKILL);
  started.wait_checks_over();
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: a late check takes its children with it") {
  if (skip_on_real("notifyoncheck-kills-for-sure")) return;
  Scene scene;
  Checked service(scene);
  service.options("-t 300 -n 1").check("fork\nsay parent\nsleep");
  Started started(service);
  std::string said = service.checks().next();
  if (said == "parent") said = service.checks().next();
  REQUIRE(said.starts_with("child "));
  wait_dead(number(said.substr(6)));
  started.wait_checks_over();
  started.stop();
}

TEST_CASE("notifyoncheck: a check that ends in time is not late") {
  Scene scene;
  Checked service(scene);
  service.options("-t 15000 -n 1").check("exit 0");
  Started started(service);
  started->expect("U");
  started.stop();
}

TEST_CASE("notifyoncheck: the global timeout ends the checks, and kills the one that runs") {
  Scene scene;
  Checked service(scene);
  service.options("-d -T 1000").check("say %p\nsleep");
  Started started(service);
  const pid_t checking = adopted();
  const pid_t check = number(service.checks().next());
  CHECK(end_of(checking) == exited(3));
  wait_dead(check);
  CHECK(started->quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: the global timeout counts the waiting, too") {
  Scene scene;
  Checked service(scene);
  service
      .options("-d -s 100000 -T 1000")  // time to start: the real one has a helper
      .check("say check\nexit 0");
  Started started(service);
  const pid_t checking = adopted();
  CHECK(end_of(checking) == exited(3));
  CHECK(service.checks().quiet());
  started.stop();
}

TEST_CASE("notifyoncheck: without a waiting time checks follow each other at once, but do not spin") {
  if (skip_on_real("notifyoncheck-never-spins")) return;
  Scene scene;
  Checked service(scene);
  service.options("-d -w 0 -n 31").check("exit 1");
  const auto start = Clock::now();
  Started started(service);
  const pid_t checking = adopted();
  CHECK(end_of(checking) == exited(1));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
  started.stop();
}

// --- the process that checks -----------------------------------------------------------------------------------------
TEST_CASE("notifyoncheck: it tells by its exit code how it ended") {
  Scene scene;
  Checked service(scene);
  service.options("-d -s 300").check("exit 0");
  {
    Started started(service);
    CHECK(end_of(adopted()) == exited(0));
    started->expect("U");
    started.stop();
    started->send("x");
    CHECK(started->wait() == exited(0));
  }
  service.options("-d -s 300 -n 1").check("exit 1");
  Started started(service);
  CHECK(end_of(adopted()) == exited(1));
  started.stop();
}

TEST_CASE("notifyoncheck: after a double fork the daemon has no child, not even a dead one") {
  Scene scene;
  Checked service(scene);
  service.options("-d").check("gate go\nexit 0").daemon("say daemon\nsleep");
  REQUIRE(mkfifo((service / "data/go").c_str(), 0666) == 0);
  const UniqueFd gate(open((service / "data/go").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  Started started(service);
  service.dir().expect("daemon");
  const std::string daemon = std::to_string(started.daemon());
  const fs::path its_children = "/proc/" + daemon + "/task/" + daemon + "/children";
  const pid_t checking = adopted();
  CHECK(read_file(its_children).empty());
  CHECK(write(gate.get(), "+", 1) == 1);
  started->expect("U");
  CHECK(end_of(checking) == exited(0));
  CHECK(read_file(its_children).empty());
  started.stop();
}

TEST_CASE("notifyoncheck: ended by a signal, it leaves neither its FIFO nor a check") {
  Scene scene;
  Checked service(scene);
  service.options("-d").check("say %p\nsleep");
  Started started(service);
  const pid_t check = number(service.checks().next());
  const pid_t checking = adopted();
  kill(checking, SIGTERM);
  CHECK(end_of(checking) == killed(SIGTERM));
  check_happens_only_with_ours("notifyoncheck-kills-for-sure", [&] { return !alive(check); });
  kill(check, SIGKILL);
  started.wait_checks_over();
  started.stop();
}

// --- what it refuses -------------------------------------------------------------------------------------------------
// Runs in a directory that has a supervisor, with descriptor 3 open.
Ran in_service(const Fabricated& service, std::vector<std::string> arguments, std::optional<uid_t> user = {}) {
  arguments.insert(arguments.begin(), client("s6-notifyoncheck"));
  const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return run(Start{.argv = std::move(arguments), .cwd = service.path(), .fds = {{3, null.get()}}, .user = user});
}

TEST_CASE("notifyoncheck: wrong uses exit 100 with the usage, and start nothing") {
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const LockHolder supervisor({service.path()});
  write_file(service / "notification-fd", "3\n");
  for (const std::vector<std::string>& arguments : std::initializer_list<std::vector<std::string>>{
           {}, {"-d"}, {"-x", "true"}, {"-n", "x", "true"}, {"-3", "-1", "true"}, {"-t"}, {"-w", "", "true"}}) {
    const Ran ran = in_service(service, arguments);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "s6-notifyoncheck: "));
    CHECK(service.subscribers().empty());
  }
}

TEST_CASE("notifyoncheck: a descriptor that is not there is a system error, one that is no number a wrong use") {
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const LockHolder supervisor({service.path()});
  const Ran none = in_service(service, {"true"});
  CHECK(none.exit == exited(111));
  CHECK(contains(none.err, "notification-fd"));
  write_file(service / "notification-fd", "three\n");
  CHECK(in_service(service, {"true"}).exit == exited(100));
  write_file(service / "notification-fd", "4\n");
  CHECK(in_service(service, {"true"}).exit == exited(111));
  CHECK(in_service(service, {"-3", "4", "true"}).exit == exited(111));
}

TEST_CASE("notifyoncheck: outside of a supervised service directory it refuses to work") {
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  write_file(service / "notification-fd", "3\n");
  const Ran ran = in_service(service, {"true"});
  CHECK(ran.exit == exited(100));
  CHECK(ran.err.starts_with("s6-notifyoncheck: fatal: "));
}

TEST_CASE("notifyoncheck: without event/ it cannot learn of the service's death, and refuses to start it") {
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const LockHolder supervisor({service.path()});
  write_file(service / "notification-fd", "3\n");
  fs::remove(service / "event");
  if (skip_on_real("notifyoncheck-gives-up-without-events")) return;
  const Ran ran = in_service(service, {"/bin/echo", "ran"});
  CHECK(ran.exit == exited(111));
  CHECK(ran.out.empty());
}

TEST_CASE("notifyoncheck: without the right to look or to subscribe it says where and starts nothing") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const LockHolder supervisor({service.path()});
  write_file(service / "notification-fd", "3\n");
  fs::permissions(service / "supervise", fs::perms(0700));
  const Ran look = in_service(service, {"/bin/echo", "ran"}, nobody);
  CHECK(look.exit == exited(111));
  CHECK(look.out.empty());
  CHECK(look.err.starts_with("s6-notifyoncheck: fatal: "));
  CHECK_DIFFERS("notifyoncheck-names-what-it-may-not-open", contains(look.err, "supervise/lock"));
  if (skip_on_real("notifyoncheck-gives-up-without-events")) return;
  fs::permissions(service / "supervise", fs::perms(0711));
  const Ran subscribe = in_service(service, {"/bin/echo", "ran"}, nobody);
  CHECK(subscribe.exit == exited(111));
  CHECK(subscribe.out.empty());
  CHECK(contains(subscribe.err, "unable to subscribe to event: "));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("clients-timing");

TEST_CASE("notifyoncheck: a check that ignores SIGTERM is killed all the same") {
  if (skip_on_real("notifyoncheck-kills-for-sure")) return;
  Scene scene;
  Checked service(scene);
  service.options("-t 50 -n 1").check("ignore TERM\nsay %p\nsleep");
  Started started(service);
  const pid_t check = number(service.checks().next());
  wait_dead(check);
  started.wait_checks_over();
  started.stop();
}

TEST_CASE("notifyoncheck: a stubborn check does not outlive its service for long") {
  if (skip_on_real("notifyoncheck-kills-for-sure")) return;
  Scene scene;
  Checked service(scene);
  service.check("ignore TERM\nsay %p\nsleep");
  Started started(service);
  const pid_t check = number(service.checks().next());
  started->send("d");
  started->expect("dD");
  wait_dead(check);
}

TEST_CASE("notifyoncheck: a second passes between two checks if nothing else is said") {
  Scene scene;
  Checked service(scene);
  service.options("-d -n 2").check("exit 1");
  const auto start = Clock::now();
  Started started(service);
  CHECK(end_of(adopted()) == exited(1));
  CHECK(Clock::now() - start >= std::chrono::seconds(1));
  started.stop();
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
