// s6-svscan as pid 1 of a pid namespace, as in a container: orphans, signals, and every way in which it can end.
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

constexpr int not_permitted = 125;
constexpr Exit ended_by(int signal) {  // as the process outside of the namespace tells it
  return {128 + signal, 0};
}

// What comes after this in the child is pid 1 of its own pid namespace, where /proc shows that namespace if root may
// have it; the process itself waits for its end.
void become_pid_1() {
  const int namespaces = CLONE_NEWPID | (is_root() ? CLONE_NEWNS : CLONE_NEWUSER);
  if (unshare(namespaces) < 0) _exit(not_permitted);
  const pid_t child = fork();
  if (child < 0) _exit(not_permitted);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!is_root()) return;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount("proc", "/proc", "proc", 0, nullptr) < 0)
      _exit(not_permitted);
    return;
  }
  close_range(3, ~0U, 0);
  int status;
  while (waitpid(child, &status, 0) < 0) continue;
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// A running s6-svscan that is pid 1. Pids seen from here are not those that are seen inside.
class Container {
 public:
  explicit Container(const ScanDir& scan)
      : outer_(Start{.argv = {supervisor("s6-svscan"), scan.path()},
                     .cwd = scan.path().parent_path(),
                     .in_child = become_pid_1}) {
    eventually("it runs", [&] {
      const std::vector<pid_t> found = children(outer_.pid());
      if (!found.empty()) pid_1_ = found.front();
      return !outer_.running() || (pid_1_ != 0 && is_there(scan.own("control")));
    });
    permitted_ = outer_.running() || outer_.wait() != exited(not_permitted);
  }
  [[nodiscard]] bool permitted() const { return permitted_; }
  [[nodiscard]] pid_t pid_1() const { return pid_1_; }
  void signal(int number) const { kill(pid_1_, number); }
  [[nodiscard]] bool running() { return outer_.running(); }
  Exit wait(Here here = Here::now()) { return outer_.wait(here); }
  [[nodiscard]] std::string messages() const { return outer_.err(); }

  // The child of pid 1 that was called so; waits for it.
  [[nodiscard]] pid_t child(const std::vector<std::string>& argv, Here here = Here::now()) const {
    pid_t found = 0;
    eventually(
        "pid 1 has the child " + argv.back(),
        [&] {
          for (const pid_t pid : children(pid_1_))
            if (command_line(pid) == argv) found = pid;
          return found != 0;
        },
        here);
    return found;
  }
  [[nodiscard]] pid_t supervisor_of(const std::string& name, Here here = Here::now()) const {
    return child({"s6-supervise", name}, here);
  }
  [[nodiscard]] std::vector<pid_t> all() const { return descendants(outer_.pid()); }

 private:
  Process outer_;
  pid_t pid_1_ = 0;
  bool permitted_ = false;
};

#define REQUIRE_PERMITTED(container) \
  if (!(container).permitted()) SKIP_TEST("a pid namespace is not permitted")

std::size_t count_zombies(pid_t parent) {
  std::istringstream in(read_file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children"));
  std::size_t count = 0;
  for (pid_t pid; in >> pid;) count += process_state(pid) == 'Z' ? 1U : 0U;
  return count;
}

void wait_all_dead(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) wait_dead(pid);
}

constexpr const char* slow = "trap TERM\nsay up\ngate die\nexit 0";

TEST_SUITE_BEGIN("pid1");

// --- orphans -------------------------------------------------------------------------------------------------------

TEST_CASE("10,000 orphans are reaped, and neither a death of a supervisor nor a command is lost among them") {
  constexpr std::size_t batches = 20;
  Scene scene;
  ScanDir scan(scene);
  std::string script = "say up\ngate go\n";
  for (std::size_t i = 0; i < batches; ++i) script += "orphans 500\nsay 500 more\n";
  ServiceDir a = scan.service("a", script + "sleep");
  ServiceDir b = scan.service("b");
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  b.expect("up");
  const pid_t supervisor_of_b = container.supervisor_of("b");
  if (!is_there("/proc/self/task/" + std::to_string(getpid()) + "/children"))
    SKIP_TEST("the kernel does not tell the children of a process");
  const auto wait_for_all = [&] {
    for (std::size_t i = 0; i < batches; ++i) a.expect("500 more");
  };

  SUBCASE("while they come") {
    a.open_gate("go");
    kill_supervisor(supervisor_of_b);
    b.expect("up");
    wait_for_all();
  }
  SUBCASE("all at once, after it could not reap for a while") {
    container.signal(SIGSTOP);
    wait_state(container.pid_1(), 'T');
    a.open_gate("go");
    wait_for_all();
    eventually("all have died", [&] { return count_zombies(container.pid_1()) == batches * 500; });
    kill_supervisor(supervisor_of_b);
    container.signal(SIGCONT);
    b.expect("up");
  }
  eventually("nothing is left to reap", [&] { return count_zombies(container.pid_1()) == 0; });
  CHECK(container.supervisor_of("b") != supervisor_of_b);
  ServiceDir c = scan.service("c");
  container.signal(SIGALRM);
  c.expect("up");
  eventually("only the supervisors are left", [&] { return children(container.pid_1()).size() == 3; });
  container.signal(SIGTERM);
  CHECK(container.wait() == exited(0));
}

// --- signals -------------------------------------------------------------------------------------------------------

struct Handled {
  int signal;
  const char* name;  // without SIG
};
constexpr Handled handled_signals[] = {{SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGTERM, "TERM"}, {SIGQUIT, "QUIT"},
                                       {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"}, {SIGPWR, "PWR"},   {SIGWINCH, "WINCH"}};

// Signals from the same namespace are dropped where they have no effect but their default.
TEST_CASE("handlers run for signals from outside of the namespace and from inside") {
  Scene scene;
  ScanDir scan(scene);
  std::string script = "say up\n";
  for (const auto& [signal, name] : handled_signals) {
    scan.program(std::string("SIG") + name, std::string("record\nsay ") + name);
    script += std::string("gate next\nkill 1 ") + name + "\n";
  }
  ServiceDir a = scan.service("a", script + "sleep");
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  for (const auto& [signal, name] : handled_signals) {
    CAPTURE(name);
    container.signal(signal);
    scan.voice().expect(name);
    CHECK(recorded(scan.own(std::string("SIG") + name + ".record"), "ppid") == "1");
    a.open_gate("next");
    scan.voice().expect(name);
  }
  CHECK(container.running());
  CHECK(a.voice().quiet());
  eventually("handlers are reaped", [&] { return children(container.pid_1()).size() == 1; });
  kill(container.pid_1(), SIGKILL);
}

TEST_CASE("what has no meaning does nothing, not even KILL from inside") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a",
                              "trap TERM\nsay up\nkill 1 KILL\nkill 1 STOP\nkill 1 XCPU\nkill 1 XFSZ\nkill 1 USR1\n"
                              "kill 1 USR2\nkill 1 PWR\nkill 1 PIPE\nsay survived\ngate die");
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  a.expect("survived");
  for (const int signal : {SIGXFSZ, SIGUSR1, SIGUSR2, SIGPWR, SIGPIPE, SIGWINCH}) container.signal(signal);
  ServiceDir b = scan.service("b");
  container.signal(SIGALRM);
  b.expect("up");
  CHECK(container.messages().empty());
  container.signal(SIGTERM);
  a.expect("got TERM");
  container.signal(SIGTERM);
  container.signal(SIGINT);
  CHECK(container.running());
  a.open_gate("die");
  CHECK(container.wait() == exited(0));
}

// --- the end -------------------------------------------------------------------------------------------------------

TEST_CASE("however it ends, it ends with 0 without finish, and leaves no process") {
  struct Way {
    std::string name;
    std::function<void(const Container&, const ScanDir&)> go;
  };
  std::vector<Way> ways;
  for (const char* option : {"-t", "-q", "-i", "-b"})
    ways.push_back({option, [option](const Container&, const ScanDir& scan) {
                      CHECK(run({client("s6-svscanctl"), option, scan.path()}).exit == exited(0));
                    }});
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGABRT})
    ways.push_back(
        {std::to_string(signal), [signal](const Container& container, const ScanDir&) { container.signal(signal); }});
  Scene scene;
  for (const Way& way : ways) {
    CAPTURE(way.name);
    ScanDir scan(scene, "scan" + way.name);
    ServiceDir a = scan.apart("a" + way.name, "fork TERM HUP\nsay up\nsleep");
    scan.link(a, "a");
    Container container(scan);
    REQUIRE_PERMITTED(container);
    const std::string lines[] = {a.voice().next(), a.voice().next()};  // its own and that of its child, which stays
    const std::vector<pid_t> all = container.all();
    CHECK(all.size() == 4);
    way.go(container, scan);
    CHECK(container.wait() == exited(0));
    wait_all_dead(all);
  }
}

// The gate `end` of a program in .s6-svscan.
UniqueFd end_of(const ScanDir& scan) {
  REQUIRE(mkfifo(scan.own("end").c_str(), 0600) == 0);
  return UniqueFd(open(scan.own("end").c_str(), O_RDWR | O_CLOEXEC));
}

TEST_CASE("killed from outside, it takes all of its namespace with it") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "ignore TERM HUP\nsay up\nsleep");
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  const std::vector<pid_t> all = container.all();
  container.signal(SIGKILL);
  CHECK(container.wait() == ended_by(SIGKILL));
  wait_all_dead(all);
}

TEST_CASE("finish is pid 1, and its end is that of the system") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", slow);
  scan.program("finish", "record\nsay finish [%a] %p\ngate end\nexit 42");
  const UniqueFd gate = end_of(scan);
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  const std::vector<pid_t> all = container.all();
  bool waits = true;
  SUBCASE("t: when nothing else is left") {
    container.signal(SIGTERM);
    a.expect("got TERM");
    CHECK(scan.voice().quiet());
    a.open_gate("die");
  }
  SUBCASE("b: beside all that still runs") {
    waits = false;
    container.signal(SIGABRT);
  }
  scan.voice().expect("finish [] 1");
  CHECK(children(container.pid_1()).size() == (waits ? 0U : 1U));
  const auto seen = [&](const char* key) { return recorded(scan.own("finish.record"), key); };
  CHECK(seen("argv0") == ".s6-svscan/finish");
  CHECK(seen("cwd") == scan.path());
  CHECK(seen("fds") == "0 1 2");
  CHECK(seen("blocked") == "0000000000000000");
  CHECK(has_no_ordinary_signal(seen("ignored")));
  REQUIRE(write(gate.get(), "+", 1) == 1);
  CHECK(container.wait() == exited(42));
  wait_all_dead(all);
}

TEST_CASE("a finish that reboots finds nothing alive but itself") {
  if (!is_root()) SKIP_TEST("needs root, to mount /proc and to reboot");
  struct Ending {
    int signal;
    const char* name;
    const char* how;
    int tells;  // the signal by which the kernel tells the parent of a namespace how it ended
  };
  Scene scene;
  for (const auto& [signal, name, how, tells] : {Ending{SIGINT, "SIGINT", "restart", SIGHUP},
                                                 {SIGPWR, "SIGPWR", "off", SIGINT},
                                                 {SIGUSR1, "SIGUSR1", "halt", SIGINT}}) {
    CAPTURE(name);
    ScanDir scan(scene, name);
    ServiceDir a = scan.apart(std::string("a") + name), b = scan.apart(std::string("b") + name);
    ServiceDir log = logger_of(b);
    scan.link(a, "a");
    scan.link(b, "b");
    fs::create_directory(scan.own(""));
    write_file(scan.own(name), "#!/bin/sh\nexec " + client("s6-svscanctl") + " -t .\n", 0755);
    scripted(scan.own("end"), std::string("reboot ") + how);
    // Whoever told the scanner to end may still be about to end itself.
    write_file(scan.own("finish"),
               "#!/bin/sh\nset --\nfor p in /proc/[0-9]*; do\n"
               "  read -r name <$p/comm && [ \"$name\" != s6-svscanctl ] && set -- \"$@\" $p\n"
               "done\necho $$ $* >alive\nexec .s6-svscan/end\n",
               0755);
    Container container(scan);
    REQUIRE_PERMITTED(container);
    a.expect("up");
    b.expect("up");
    const std::vector<pid_t> all = container.all();
    container.signal(signal);
    CHECK(container.wait() == ended_by(tells));
    CHECK(read_file(scan / "alive") == "1 /proc/1\n");
    wait_all_dead(all);
  }
}

// --- crash ---------------------------------------------------------------------------------------------------------

// From its next wait on, waiting fails for good: nothing else makes a running s6-svscan give up.
class Broken {
 public:
  explicit Broken(const Container& container)
      : strace_(Start{.argv = {"/usr/bin/strace", "-qq", "-o", "/dev/null", "-e", "trace=poll,ppoll", "-e",
                               "inject=poll,ppoll:error=EINVAL", "-p", std::to_string(container.pid_1())}}) {
    const auto as_before = command_line(container.pid_1());
    eventually("it gives up", [&] {
      container.signal(SIGCHLD);  // which wakes it, and means nothing else
      return command_line(container.pid_1()) != as_before;
    });
  }

 private:
  Process strace_;
};

bool strace_works() {
  return access("/usr/bin/strace", X_OK) == 0 &&
         run({"/usr/bin/strace", "-o", "/dev/null", "/bin/true"}).exit == exited(0);
}

TEST_CASE("when it can go on no more crash takes its place as pid 1, and all services run on until that ends") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  scan.program("crash", "record\nsay crash [%a] %p\ngate end\nexit 43");
  scan.program("finish", "say finish\nexit 42");
  const UniqueFd gate = end_of(scan);
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  const std::vector<pid_t> all = container.all();
  Broken broken(container);
  scan.voice().expect("crash [] 1");
  CHECK(recorded(scan.own("crash.record"), "argv0") == ".s6-svscan/crash");
  CHECK(recorded(scan.own("crash.record"), "fds") == "0 1 2");
  CHECK(recorded(scan.own("crash.record"), "blocked") == "0000000000000000");
  CHECK(children(container.pid_1()).size() == 1);
  REQUIRE(write(gate.get(), "+", 1) == 1);
  CHECK(container.wait() == exited(43));
  CHECK(scan.voice().quiet());
  wait_all_dead(all);
}

TEST_CASE("when it can go on no more and there is no crash, that is the end of the system, and an error") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Container container(scan);
  REQUIRE_PERMITTED(container);
  a.expect("up");
  const std::vector<pid_t> all = container.all();
  Broken broken(container);
  CHECK(container.wait() == exited(expected("crash-codes", 127, 111)));
  wait_all_dead(all);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
