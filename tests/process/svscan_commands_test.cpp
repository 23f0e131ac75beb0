// s6-svscan: commands, signals, handlers of signals; and s6-svscanctl, which sends the commands.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct Handled {
  int signal;
  const char* name;
};
constexpr Handled handled_signals[] = {{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},    {SIGTERM, "SIGTERM"},
                                       {SIGQUIT, "SIGQUIT"}, {SIGUSR1, "SIGUSR1"},  {SIGUSR2, "SIGUSR2"},
                                       {SIGPWR, "SIGPWR"},   {SIGWINCH, "SIGWINCH"}};

std::string one_line(const Names& words) {
  std::string text;
  for (const std::string& word : words) text += word + ", ";
  return text;
}

// Watches which signals a process sends, with strace.
class KillLog {
 public:
  KillLog(const Scene& scene, pid_t pid)
      : pid_(pid),
        log_(scene.path() / "kills"),
        strace_(Start{.argv = {"/usr/bin/strace", "-qq", "-e", "trace=kill,tkill,tgkill,pidfd_send_signal,read", "-o",
                               log_, "-p", std::to_string(pid)}}) {
    eventually("strace has attached, or not", [&] { return !strace_.running() || traced(pid); });
    works_ = strace_.running();
    // Attached is not yet watching. A sign without meaning makes the process do something that can be seen.
    if (works_)
      eventually("strace sees what the process does", [&] {
        kill(pid, SIGCHLD);
        return contains(read_file(log_), "read(");
      });
  }
  [[nodiscard]] bool works() const { return works_; }
  // "NAME SIGNAL..." for everyone to whom something was sent, sorted. Ends the watch.
  Names sent(const std::map<pid_t, std::string>& names) {
    if (alive(pid_)) strace_.signal(SIGINT);  // else it ends by itself
    (void)strace_.wait();
    std::map<std::string, std::string> found;
    std::istringstream in(read_file(log_));
    for (std::string line; std::getline(in, line);) {
      int pid = 0;
      std::array<char, 16> signal{};
      if (sscanf(line.c_str(), "kill(%d, %15[A-Z0-9])", &pid, signal.data()) != 2) continue;
      found[names.contains(pid) ? names.at(pid) : std::to_string(pid)] += " " + std::string(signal.data());
    }
    Names list;
    for (const auto& [name, signals] : found) list.push_back(name + signals);
    return list;
  }

 private:
  static bool traced(pid_t pid) {
    return !contains(read_file("/proc/" + std::to_string(pid) + "/status"), "TracerPid:\t0\n");
  }

  pid_t pid_;
  fs::path log_;
  Process strace_;
  bool works_ = false;
};

TEST_SUITE_BEGIN("svscan");

// --- commands ------------------------------------------------------------------------------------------------------

TEST_CASE("which supervisors get which signal for which command") {
  if (access("/usr/bin/strace", X_OK) != 0) SKIP_TEST("needs strace");
  Scene scene;
  struct {
    const char* command;
    int signal;  // instead of a command
    bool to_all;
    const char* to_loggers;
  } const table[] = {
      {"t", 0, true, "SIGHUP"},          {"i", 0, true, "SIGHUP"},        {"q", 0, true, "SIGTERM"},
      {"n", 0, false, "SIGHUP"},         {"h", 0, false, "SIGHUP"},       {"N", 0, false, "SIGTERM"},
      {"TERM", SIGTERM, true, "SIGHUP"}, {"INT", SIGINT, true, "SIGHUP"}, {"QUIT", SIGQUIT, true, "SIGTERM"},
      {"HUP", SIGHUP, false, "SIGHUP"},
  };
  int count = 0;
  for (const auto& [command, signal, to_all, to_loggers] : table) {
    CAPTURE(command);
    Scene place;
    ScanDir scan(place);
    for (const char* name : {"a", "gone"}) {
      const ServiceDir dir = scan.idle(name);
      (void)idle_logger_of(dir);
    }
    const ServiceDir catch_all = scan.idle("s6-svscan-log"), alone = scan.idle("alone");
    Scanner scanner(scan);
    std::map<pid_t, std::string> names;
    for (const char* name : {"a", "a/log", "alone", "gone", "gone/log", "s6-svscan-log"})
      names[scanner.supervisor(name)] = name;
    const std::string loggers = std::string(" ") + to_loggers;
    Names wanted{"gone SIGTERM", "gone/log" + loggers};
    if (to_all)
      wanted = {"a SIGTERM",    "a/log" + loggers,    "alone SIGTERM",
                "gone SIGTERM", "gone/log" + loggers, "s6-svscan-log" + loggers};
    scan.unlink("gone");
    scanner.send("a");
    scanner.settle();
    KillLog kills(place, scanner.pid());
    if (!kills.works()) SKIP_TEST("strace may not attach");
    if (signal != 0)
      scanner.signal(signal);
    else
      scanner.send(command);
    for (const auto& [pid, name] : names)
      if (to_all || name.starts_with("gone")) wait_dead(pid);
    if (to_all)
      CHECK(scanner.wait() == exited(0));
    else
      scanner.settle();
    CHECK(one_line(kills.sent(names)) == one_line(wanted));
    ++count;
  }
  CHECK(count == 10);
}

TEST_CASE("an unknown command is told, ignored, and those that follow are executed") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  int count = 0;
  for (const std::string& unknown : {std::string("x"), std::string("\n"), std::string(1, '\0'), std::string("\x80"),
                                     std::string("s6p0"), std::string("A")}) {
    CAPTURE(unknown);
    const std::size_t before = scanner.count_messages("s6-svscan: warning: ");
    ServiceDir dir = scan.service("service-" + std::to_string(++count));
    scanner.send(unknown + "a");
    dir.expect("up");
    CHECK(scanner.count_messages("s6-svscan: warning: ") == before + unknown.size());
  }
  CHECK(contains(scanner.messages(), "x"));
  CHECK(scanner.process().running());
}

TEST_CASE("z and b as commands, CHLD and ABRT as signals: reap, and leave everything as it is") {
  Scene scene;
  scene.allow_orphans();
  for (const bool with_signals : {false, true}) {
    CAPTURE(with_signals);
    ScanDir scan(scene, with_signals ? "signals" : "commands");
    ServiceDir a = scan.apart(with_signals ? "x" : "y");
    ServiceDir log = logger_of(a);
    scan.link(a, "a");
    Scanner scanner(scan);
    a.expect("up");
    const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
    with_signals ? scanner.signal(SIGCHLD) : scanner.send("z");
    scanner.settle();
    CHECK(alive(pid));
    with_signals ? scanner.signal(SIGABRT) : scanner.send("b");
    CHECK(scanner.wait() == exited(0));
    CHECK(alive(pid));
    CHECK(alive(logger));
    CHECK(a.voice().quiet());
    // The service may have been quicker to say so than its supervisor to write it down.
    eventually("it is still up", [&] { return flags(a.status()) == "W"; });
    a.send("xd");
    wait_dead(pid);
    log.send("xd");
    wait_dead(logger);
  }
}

TEST_CASE("of t, q and b the last decides whether to wait; TERM is sent in any case") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "trap TERM\nsay up\ngate die\nexit 0");
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  bool waits = true;
  SUBCASE("tb") {
    scanner.send("tb");
    waits = false;
  }
  SUBCASE("qb") {
    scanner.send("qb");
    waits = false;
  }
  SUBCASE("bt") {
    scanner.send("bt");
  }
  SUBCASE("bq") {
    scanner.send("bq");
  }
  a.expect("got TERM");
  if (!waits) {
    CHECK(scanner.wait() == exited(0));
    CHECK(alive(pid));
  }
  CHECK(scanner.process().running() == waits);
  a.open_gate("die");
  if (waits) CHECK(scanner.wait() == exited(0));
  if (waits) CHECK_FALSE(alive(pid));
  wait_dead(pid);
}

TEST_CASE("a request to terminate is carried out, whatever is asked for at the same time") {
  Scene scene;
  struct {
    const char* bytes;
    std::vector<int> signals;
    bool real_hangs;
  } const table[] = {
      {"at", {}, false},
      {"ta", {}, false},
      {"ht", {}, false},
      {"ant", {}, false},
      {"nt", {}, false},
      {"tz", {}, false},
      {"tt", {}, false},
      {"qt", {}, false},
      {"tq", {}, false},
      {"hq", {}, false},
      {"taa", {}, false},
      {"tx", {}, false},
      {"", {SIGTERM}, false},
      {"", {SIGALRM, SIGTERM}, false},
      {"", {SIGHUP, SIGTERM}, false},
      {"a", {SIGINT}, false},
      {"th", {}, true},
      {"tn", {}, true},
      {"tN", {}, true},
      {"qn", {}, true},
      {"qh", {}, true},
      {"an", {SIGTERM}, true},
      {"h", {SIGTERM}, true},
      {"nanhtNhna", {SIGHUP, SIGQUIT}, true},
  };
  int count = 0;
  for (const auto& [bytes, signals, real_hangs] : table) {
    CAPTURE(bytes);
    CAPTURE(signals.size());
    if (real_hangs && skip_on_real("termination-is-never-lost")) continue;
    const std::string name = std::to_string(++count);
    ScanDir scan(scene, "scan-" + name);
    ServiceDir a = scan.apart("a" + name), gone = scan.apart("gone" + name), added = scan.apart("added" + name);
    ServiceDir log = logger_of(a);
    scan.link(a, "a");
    scan.link(gone, "gone");
    Scanner scanner(scan);
    a.expect("up");
    gone.expect("up");
    const Names running = scanner.supervised();
    std::vector<pid_t> pids;
    for (const char* one : {"a", "a/log", "gone"}) pids.push_back(scanner.supervisor(one));
    // Something for the scan to find, and something for the prune to end.
    scan.unlink("gone");
    scan.link(added, "added");
    scan.link("loop", "loop");
    scanner.process().freeze();
    if (*bytes != '\0') scanner.send(bytes);
    for (const int signal : signals) scanner.signal(signal);
    scanner.process().thaw();
    CHECK(scanner.wait() == exited(0));
    for (const pid_t pid : pids) CHECK_FALSE(alive(pid));
  }
}

TEST_CASE("TERM right after commands in the fifo, without stopping anything") {
  if (skip_on_real("termination-is-never-lost")) return;
  Scene scene;
  for (int i = 0; i < 10; ++i) {
    ScanDir scan(scene, "scan-" + std::to_string(i));
    ServiceDir a = scan.apart("a" + std::to_string(i));
    scan.link(a, "a");
    Scanner scanner(scan);
    a.expect("up");
    scan.unlink("a");
    scanner.send("an");
    scanner.signal(SIGTERM);
    CHECK(scanner.wait() == exited(0));
  }
}

// --- handlers ------------------------------------------------------------------------------------------------------

TEST_CASE("an executable handler takes the place of what the signal means") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  for (const auto& [signal, name] : handled_signals) scan.program(name, "record\nsay %p");
  Scanner scanner(scan, {}, Start{.env = {"MARK=in the environment"}, .umask = 027});
  a.expect("up");
  scanner.settle();
  ScanCounter counter(scan);
  for (const auto& [signal, name] : handled_signals) {
    CAPTURE(name);
    scanner.signal(signal);
    const pid_t pid = std::stoi(scan.voice().next());
    const auto seen = [&](const char* key) { return recorded(scan.own(std::string(name) + ".record"), key); };
    CHECK(seen("argv0") == ".s6-svscan/" + std::string(name));
    CHECK(seen("args").empty());
    CHECK(seen("cwd") == scan.path());
    CHECK(seen("ppid") == std::to_string(scanner.pid()));
    CHECK(seen("env-MARK") == "in the environment");
    CHECK(seen("umask") == "27");
    CHECK(seen("fds") == "0 1 2");
    CHECK(seen("fd-2") == fd_target(scanner.pid(), 2));
    CHECK(seen("blocked") == "0000000000000000");
    CHECK(has_no_ordinary_signal(seen("ignored")));
    scanner.wait_reaped(pid);
    scanner.settle();
    CHECK(scanner.process().running());
  }
  CHECK(counter.count() == 0);
  CHECK(a.voice().quiet());
  CHECK(scanner.messages().empty());
  SUBCASE("commands are not signals") {
    CHECK(scanner.end() == exited(0));
  }
  SUBCASE("ALRM, ABRT and CHLD have no handlers") {
    for (const char* name : {"SIGALRM", "SIGABRT", "SIGCHLD"}) scan.program(name, "say handler");
    ServiceDir b = scan.service("b");
    scanner.signal(SIGCHLD);
    scanner.signal(SIGALRM);
    b.expect("up");
    scanner.send("t");
    CHECK(scanner.wait() == exited(0));
  }
  CHECK(scan.voice().quiet());
}

TEST_CASE("s6-svscan does not wait for a handler") {
  Scene scene;
  ScanDir scan(scene);
  scan.program("SIGUSR1", "say started\nsleep");
  scan.program("SIGUSR2", "say started\ndie KILL");
  Scanner scanner(scan);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGUSR1}) {
    scanner.signal(signal);
    scan.voice().expect("started");
  }
  ServiceDir a = scan.service("a");
  scanner.send("a");
  a.expect("up");
  const std::vector<pid_t> handlers = children(scanner.pid());
  CHECK(scanner.end() == exited(0));  // nor at the end
  for (const pid_t pid : handlers) kill(pid, SIGKILL);
}

TEST_CASE("without a handler USR1, USR2, PWR and WINCH mean nothing") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  a.expect("up");
  scanner.settle();
  ScanCounter counter(scan);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGPWR, SIGWINCH, SIGPIPE}) scanner.signal(signal);
  scanner.settle();
  CHECK(scanner.process().running());
  CHECK(counter.count() == 0);
  CHECK(scanner.messages().empty());
}

TEST_CASE("a handler that cannot be executed leaves the signal its meaning") {
  Scene scene;
  for (const char* kind : {"not executable", "without interpreter", "without shebang", "a directory"}) {
    CAPTURE(kind);
    ScanDir scan(scene, kind);
    fs::create_directory(scan.own(""));
    for (const char* name : {"SIGHUP", "SIGTERM", "SIGUSR1"}) {
      const std::string_view what(kind);
      if (what == "not executable") write_file(scan.own(name), "#!/bin/sh\n", 0644);
      if (what == "without interpreter") write_file(scan.own(name), "#!/no/such/interpreter\n", 0755);
      if (what == "without shebang") write_file(scan.own(name), "touch it-ran\n", 0755);
      if (what == "a directory") fs::create_directory(scan.own(name));
    }
    ServiceDir a = scan.apart("a of " + std::string(kind)), b = scan.apart("b of " + std::string(kind));
    scan.link(a, "a");
    Scanner scanner(scan);
    a.expect("up");
    const pid_t pid = scanner.supervisor("a");
    scan.link(b, "b");
    scan.unlink("a");
    scanner.signal(SIGUSR1);
    scanner.settle();
    scanner.signal(SIGHUP);
    b.expect("up");
    wait_dead(pid);
    scanner.signal(SIGTERM);
    CHECK(scanner.wait() == exited(0));
    CHECK_FALSE(is_there(scan / "it-ran"));
    const std::size_t warnings = scanner.count_messages("s6-svscan: warning: ");
    if (*kind == 'n')
      CHECK_DIFFERS("handlers-that-are-not-executable-are-silent", warnings == 0);
    else if (std::string_view(kind) == "without interpreter")
      CHECK(warnings == 0);
    else
      CHECK(warnings >= 3);
  }
}

TEST_CASE("signals that were blocked or ignored by the caller work") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Start start;
  SUBCASE("blocked") {
    start.blocked = {SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1};
  }
  SUBCASE("ignored") {
    if (skip_on_real("deaths-seen-with-sigchld-ignored")) return;
    start.ignored = {SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1};
  }
  Scanner scanner(scan, {}, start);
  a.expect("up");
  ServiceDir b = scan.service("b");
  scanner.signal(SIGALRM);
  b.expect("up");
  scan.unlink("b");
  scanner.signal(SIGHUP);
  scanner.wait_gone("b");
  scanner.signal(SIGTERM);
  CHECK(scanner.wait() == exited(0));
}

// --- s6-svscanctl --------------------------------------------------------------------------------------------------

Ran control(std::vector<std::string> arguments, std::optional<uid_t> user = {}) {
  arguments.insert(arguments.begin(), client("s6-svscanctl"));
  return run(Start{.argv = std::move(arguments), .user = user});
}

TEST_CASE("s6-svscanctl sends its letters in their order, in one write") {
  Scene scene;
  const fs::path dir = scene.path() / "scan";
  fs::create_directories(dir / ".s6-svscan");
  const fs::path fifo = dir / ".s6-svscan/control";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const UniqueFd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string most(64, 'z');
  const struct {
    std::vector<std::string> arguments;
    std::string bytes;
  } table[] = {
      {{"-zabhitqnN", dir}, "zabhitqnN"},
      {{"-a", "-n", "-aa", "--", dir}, "anaa"},
      {{dir}, ""},
      {{"--", dir}, ""},
      {{"-a", dir, "-t", "-x", "more"}, "a"},
      {{"-" + most, dir}, most},
  };
  for (const auto& [arguments, bytes] : table) {
    CAPTURE(bytes);
    CHECK(control(arguments).exit == exited(0));
    std::array<char, 100> buffer;
    const ssize_t size = read(reader.get(), buffer.data(), buffer.size());
    CHECK(std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))) == bytes);
  }
}

TEST_CASE("s6-svscanctl moves a running s6-svscan") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  ServiceDir a = scan.service("a");
  CHECK(control({scan.path()}).exit == exited(0));
  CHECK(control({"-a", scan.path()}).exit == exited(0));
  a.expect("up");
  scan.unlink("a");
  CHECK(control({"-an", scan.path()}).exit == exited(0));
  scanner.wait_gone("a");
  fs::rename(scan.own("control"), scan.own("aside"));
  CHECK(control({"-t", scan.path()}).exit == exited(100));
  CHECK(scanner.process().running());
  fs::rename(scan.own("aside"), scan.own("control"));
  CHECK(control({"-t", scan.path()}).exit == exited(0));
  CHECK(scanner.wait() == exited(0));
  for (const char* command : {"-t", "--"}) {
    const Ran ran = control({command, scan.path()});
    CHECK(ran.exit == exited(100));
    CHECK(ran.err.starts_with("s6-svscanctl: fatal: "));
  }
}

TEST_CASE("a control fifo that is removed leaves signals, which still work") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  fs::remove(scan.own("control"));
  ServiceDir a = scan.service("a");
  scanner.signal(SIGALRM);
  a.expect("up");
  scanner.signal(SIGTERM);
  CHECK(scanner.wait() == exited(0));
}

TEST_CASE("s6-svscanctl tells wrong use from wrong state and from refusals of the system") {
  Scene scene;
  const auto dir = [&](const char* name) { return (scene.path() / name).string(); };
  const auto check = [&](std::vector<std::string> arguments, int code) {
    std::string text;
    for (const std::string& word : arguments) text += word + " ";
    CAPTURE(text);
    const Ran ran = control(std::move(arguments));
    CHECK(ran.exit == exited(code));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-svscanctl: "));
  };
  fs::create_directories(dir("plain"));
  fs::create_directories(dir("is-file"));
  write_file(dir("is-file/.s6-svscan"), "");
  fs::create_directories(dir("empty/.s6-svscan"));
  fs::create_directories(dir("is-directory/.s6-svscan/control"));
  fs::create_directories(dir("no-reader/.s6-svscan"));
  mkfifo(dir("no-reader/.s6-svscan/control").c_str(), 0600);
  write_file(dir("file"), "");

  check({}, 100);
  check({"-a"}, 100);
  check({"-A", dir("no-reader")}, 100);
  for (const char* old : {"-p", "-r", "-s", "-0", "-6", "-7", "-8", "-x"}) check({old, dir("no-reader")}, 100);
  check({"--all", dir("no-reader")}, 100);
  check({"-" + std::string(65, 'z'), dir("no-reader")}, 100);
  for (const char* command : {"-a", "--"}) {
    check({command, dir("plain")}, 100);
    check({command, dir("is-file")}, 100);
    check({command, dir("empty")}, 100);
    check({command, dir("is-directory")}, 100);
    check({command, dir("no-reader")}, 100);
    check({command, dir("missing")}, 111);
    check({command, dir("file")}, 111);
    check({command, ""}, 111);
  }
}

TEST_CASE("s6-svscanctl writes into nothing but a fifo") {
  Scene scene;
  ScanDir scan(scene);
  fs::create_directory(scan.own(""));
  write_file(scan.own("control"), "something\n");
  const Ran ran = control({"-a", scan.path()});
  CHECK_DIFFERS("control-must-be-a-fifo", ran.exit == exited(100) && read_file(scan.own("control")) == "something\n");
}

TEST_CASE("only who may write to the control fifo can send commands") {
  if (!is_root()) SKIP_TEST("needs root to become another user");
  Scene scene;
  chmod(scene.path().c_str(), 0755);
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  a.expect("up");
  CHECK(control({"-t", scan.path()}, nobody).exit == exited(111));
  CHECK(control({scan.path()}, nobody).exit == exited(111));
  scanner.settle();
  CHECK(scanner.process().running());
}

TEST_CASE("s6-svscanctl waits while the fifo is full") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  scanner.process().freeze();
  for (int i = 0; i < 16; ++i) scanner.send(std::string(4096, 'z'));
  Process process(Start{.argv = {client("s6-svscanctl"), "-t", scan.path()}});
  wait_in_system_call(process.pid(), {SYS_write, SYS_writev, SYS_poll, SYS_ppoll});
  CHECK(process.running());
  scanner.process().thaw();
  CHECK(process.wait() == exited(0));
  CHECK(scanner.wait() == exited(0));
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
