// s6-supervise: what run and finish are given, readiness notification, the service lock, pid namespaces.
#include <sched.h>
#include <sys/wait.h>

#include <algorithm>

#include "common/sys.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// How many pipes a process holds open beyond its stdio.
auto pipes_of(pid_t pid) {
  return std::ranges::count_if(open_fds(pid),
                               [pid](int fd) { return fd > 2 && fd_target(pid, fd).starts_with("pipe:"); });
}

// Is there a lock on the file, of whatever process?
bool is_locked(const fs::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  const auto state = sys::test_lock(fd.get());
  return state && state->locked;
}

bool can_make_pid_namespaces() {
  const pid_t pid = fork();
  if (pid == 0) _exit(unshare(CLONE_NEWPID) == 0 ? 0 : 1);
  int status = -1;
  waitpid(pid, &status, 0);
  return status == 0;
}

// The set of signals in a mask of /proc/PID/status.
bool has_signal(const std::string& mask, int number) {
  return (std::stoull(mask, nullptr, 16) >> (number - 1) & 1) != 0;
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("run gets its name, its directory, three descriptors, a session of its own") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const auto seen = [&](std::string_view key) { return recorded(dir / "run.record", key); };
  const std::string pid = std::to_string(supervisor.service());
  CHECK(seen("argv0") == expected("run-is-called-dot-slash-run", "./run", "run"));
  CHECK(seen("args") == "test");
  CHECK(seen("cwd") == dir.path().string());
  CHECK(seen("fds") == "0 1 2");
  CHECK(seen("fd-0") == "/dev/null");
  for (const int fd : {1, 2}) CHECK(seen("fd-" + std::to_string(fd)) == fd_target(supervisor.pid(), fd));
  CHECK(seen("pid") == pid);
  CHECK(seen("pgid") == pid);
  CHECK(seen("sid") == pid);
  CHECK(seen("ppid") == std::to_string(supervisor.pid()));
  CHECK(seen("blocked") == "0000000000000000");
  CHECK(seen("ignored") == "0000000000000000");
}

TEST_CASE("the supervisor's umask, environment, limits and open descriptors pass to run and finish") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep").finish("record");
  const UniqueFd inherited(open("/dev/null", O_RDWR | O_CLOEXEC));
  Supervisor supervisor(dir, Start{.env = {"COLOUR=dark green", "SHELL"},
                                   .fds = {{17, inherited.get()}},
                                   .umask = 027,
                                   .limits = {{RLIMIT_NOFILE, 100}}});
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  supervisor.expect("dD");
  for (const std::string who : {"run.record", "finish.record"}) {
    CAPTURE(who);
    // The real 2.11 calls both without the slash, ours with it: the records lie in the same place.
    CHECK(recorded(dir / who, "umask") == "27");
    CHECK(recorded(dir / who, "env-COLOUR") == "dark green");
    CHECK_FALSE(contains(read_file(dir / who), "\nenv-SHELL "));
    CHECK(recorded(dir / who, "limit-nofile") == "100");
    CHECK(recorded(dir / who, "fds") == "0 1 2 17");
  }
}

TEST_CASE("finish gets what run got, but its own session and neither notification nor lock") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep").finish("record\nexit 0").file("notification-fd", "9").file("lock-fd", "8");
  fs::create_directory(dir / "supervise");
  dir.file("supervise/service-lock", "");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const std::string run_pid = std::to_string(supervisor.service());
  supervisor.send("d");
  supervisor.expect("dD");
  const auto seen = [&](std::string_view key) { return recorded(dir / "finish.record", key); };
  CHECK(seen("fds") == "0 1 2");
  CHECK(seen("pid") != run_pid);
  CHECK(seen("sid") == seen("pid"));
  CHECK(seen("pgid") == seen("pid"));
  CHECK(seen("cwd") == dir.path().string());
  CHECK(seen("blocked") == "0000000000000000");
}

TEST_CASE("the signal mask of the child is empty, ignored signals stay ignored except PIPE") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep");
  Supervisor supervisor(dir, Start{.ignored = {SIGPIPE, SIGUSR1, SIGTTOU}, .blocked = {SIGUSR2, SIGTERM, SIGPIPE}});
  supervisor.expect("su");
  dir.expect("up");
  CHECK(recorded(dir / "run.record", "blocked") == "0000000000000000");
  const std::string ignored = recorded(dir / "run.record", "ignored");
  CHECK(has_signal(ignored, SIGUSR1));
  CHECK(has_signal(ignored, SIGTTOU));
  CHECK_FALSE(has_signal(ignored, SIGPIPE));
}

TEST_CASE("a shell script's $0 is ./run") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run_sh("echo \"$0 $# $1\" > voice; exec sleep 1000");
  Supervisor supervisor(dir);
  dir.expect("./run 1 test");
}

TEST_CASE("a run without a session file is still a session leader: nosetsid has no effect") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say %g %p\nsleep").file("nosetsid", "");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const std::string pid = std::to_string(supervisor.service());
  dir.expect(pid + " " + pid);
}

TEST_CASE("a service is ready when a newline comes on its notification descriptor") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("ignore PIPE\nsay up\ngate ready\nnotify 3 \\n\ngate again\nnotify 3 x\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const Status before = supervisor.status();
  CHECK(flags(before) == "W");
  CHECK(pipes_of(supervisor.pid()) == 1);
  dir.open_gate("ready");
  supervisor.expect("U");
  const Status ready = supervisor.status();
  CHECK(flags(ready) == "WR");
  CHECK(ready.changed == before.changed);
  CHECK(ready.ready_since >= ready.changed);
  eventually("the pipe is closed", [&] { return pipes_of(supervisor.pid()) == 0; });
  dir.open_gate("again");
  dir.expect("notify: Broken pipe");
}

TEST_CASE("any number can be the notification descriptor") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (const int fd : {1, 2, 3, 4, 5, 6, 7, 9, 63}) {
    CAPTURE(fd);
    dir.file("notification-fd", std::to_string(fd) + "\nignored");
    dir.run("notify " + std::to_string(fd) + " ready\\n\nrecord\nsay up\nsleep");
    supervisor.send("o");
    supervisor.expect("uU");
    dir.expect("up");
    CHECK(recorded(dir / "run.record", "fds") == (fd < 3 ? "0 1 2" : "0 1 2 " + std::to_string(fd)));
    CHECK(recorded(dir / "run.record", "fd-" + std::to_string(fd)).starts_with("pipe:"));
    supervisor.send("k");
    supervisor.expect("dD");
  }
}

TEST_CASE("numbers may have leading zeros, and only the first eleven bytes count") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\nsleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (const std::string text : {"3", "0003", "00000000003", "000000000032"}) {
    CAPTURE(text);
    dir.file("notification-fd", text);
    supervisor.send("o");
    supervisor.expect("uU");
    supervisor.send("k");
    supervisor.expect("dD");
  }
}

TEST_CASE("the last descriptor that the limit allows can be the notification descriptor") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 63 \\n\nsleep").file("notification-fd", "63");
  Supervisor supervisor(dir, Start{.limits = {{RLIMIT_NOFILE, 64}}});
  supervisor.expect("suU");
}

TEST_CASE("only a newline makes ready, wherever it is in what was written") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "3");
  dir.run("notify 3 " + std::string(600, 'x') + "\\n" + std::string(20, 'y') + "\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("suU");
}

TEST_CASE("47: half a notification does not stop the supervisor") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nnotify 3 abc\nsay half\ngate rest\nnotify 3 def\\n\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("half");
  supervisor.send("d");
  check_happens_only_with_ours("half-a-notification-does-not-freeze", [&] { return !dir.voice().quiet(); });
  dir.open_gate("rest");
  supervisor.expect("U");
  dir.expect("got TERM");
  supervisor.send("k");
  supervisor.expect("dD");
}

TEST_CASE("48: a notification descriptor that is closed without a newline is forgotten") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("gate close\nnotify 3 abc\nclose 3\nsay closed\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.open_gate("close");
  dir.expect("closed");
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(flags(supervisor.status()) == "W");
  CHECK(pipes_of(supervisor.pid()) == 0);
}

TEST_CASE("49: only the first newline counts") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\\n\\n\nsay ready\nsleep").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("suU");
  dir.expect("ready");
  supervisor.settle();
  CHECK(supervisor.quiet());
}

TEST_CASE("52: readiness is seen before a death that came with it") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\ngate end\nnotify 3 \\n\nexit 0").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const pid_t pid = supervisor.service();
  supervisor.send("O");
  supervisor.settle();
  supervisor.process().freeze();
  dir.open_gate("end");
  wait_dead(pid);
  supervisor.process().thaw();
  supervisor.expect("UdD");
}

TEST_CASE("at the death of run nobody else can notify any more") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("fork\ngate end\nexit 0").file("notification-fd", "3");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t background = std::stoi(dir.voice().next().substr(6));
  supervisor.send("O");
  dir.open_gate("end");
  supervisor.expect("dD");
  CHECK(alive(background));
  CHECK(fd_target(background, 3).starts_with("pipe:"));
  CHECK(pipes_of(supervisor.pid()) == 0);
}

TEST_CASE("a notification-fd that is no number is a warning, and the service is started without") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (const std::string text : {"", "x", "-1", " 3", "3 ", "3\r\n", "+3", "4294967295", "4294967299"}) {
    CAPTURE(text);
    const std::size_t before = supervisor.process().err().size();
    dir.file("notification-fd", text);
    supervisor.send("o");
    supervisor.expect("u");
    dir.expect("up");
    CHECK(recorded(dir / "run.record", "fds") == "0 1 2");
    CHECK(contains(supervisor.process().err().substr(before), "warning"));
    supervisor.send("k");
    supervisor.expect("dD");
  }
}

TEST_CASE("notification-fd 0 is refused with a warning, and the service is started without") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep").file("notification-fd", "0");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  CHECK_DIFFERS("notification-fd-zero-is-refused",
                recorded(dir / "run.record", "fd-0") == "/dev/null" && contains(supervisor.process().err(), "warning"));
}

TEST_CASE("a notification-fd beyond the limit of descriptors is refused, and the service is started without") {
  Scene scene;
  for (const std::string number : {"64", "65"}) {
    CAPTURE(number);
    ServiceDir dir = scene.service(number);
    dir.run("record\nsay up\nsleep").file("notification-fd", number);
    Supervisor supervisor(dir, Start{.limits = {{RLIMIT_NOFILE, 64}}});
    supervisor.expect("s");
    supervisor.settle();
    CHECK_DIFFERS("notification-fd-beyond-the-limit-is-refused", supervisor.events().take() == "u");
    supervisor.expect_message(on_real("notification-fd-beyond-the-limit-is-refused") ? "unable" : "warning");
  }
}

TEST_CASE("a failed start leaves no descriptor behind") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "3").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.settle();
  const auto before = open_fds(supervisor.pid());
  supervisor.send("oooooooooo");
  supervisor.settle();
  CHECK_DIFFERS("failed-starts-leak-nothing", open_fds(supervisor.pid()) == before);
}

TEST_CASE("a service whose notification-fd is its lock-fd is not started, and not tried again") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("notification-fd", "7").file("lock-fd", "7");
  fs::create_directory(dir / "supervise");
  dir.file("supervise/service-lock", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.settle();
  CHECK(supervisor.quiet());
  supervisor.expect_message("warning");
  dir.remove("lock-fd");
  supervisor.send("u");
  supervisor.expect("u");
}

TEST_CASE("a lock-fd makes supervise/service-lock") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep").file("lock-fd", "9");
  Supervisor supervisor(dir, Start{.umask = 027});
  supervisor.expect("s");
  supervisor.settle();
  CHECK_DIFFERS("lock-file-is-made",
                supervisor.events().take() == "u" && mode_of(dir / "supervise/service-lock") == "0600");
}

TEST_CASE("the service holds the service lock, wherever lock-fd puts it, as long as it lives") {
  Scene scene;
  for (const std::string number : {"3", "9"}) {
    CAPTURE(number);
    ServiceDir dir = scene.service(number);
    dir.run("record\nsay up\nsleep").file("lock-fd", number).file("down", "");
    fs::create_directory(dir / "supervise");
    dir.file("supervise/service-lock", "");
    Supervisor supervisor(dir);
    supervisor.expect("s");
    supervisor.send("o");
    supervisor.expect("u");
    dir.expect("up");
    CHECK_DIFFERS("service-lock-is-held", is_locked(dir / "supervise/service-lock"));
    if (!on_real("service-lock-is-held")) {
      CHECK(recorded(dir / "run.record", "fds") == "0 1 2 " + number);
      CHECK(contains(recorded(dir / "run.record", "fd-" + number), "service-lock"));
    }
    supervisor.send("k");
    supervisor.expect("dD");
    CHECK_FALSE(is_locked(dir / "supervise/service-lock"));
  }
}

TEST_CASE("after the death of a supervisor a second instance waits for the service lock of the first") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("say %p\nsleep").file("lock-fd", "9");
  fs::create_directory(dir / "supervise");
  dir.file("supervise/service-lock", "");
  pid_t first = 0;
  {
    Supervisor supervisor(dir);
    supervisor.expect("su");
    first = supervisor.service();
    dir.expect(std::to_string(first));
    supervisor.process().signal(SIGKILL);
    supervisor.wait();
  }
  Supervisor supervisor(dir);
  supervisor.expect("su");  // it counts as up while it waits
  const pid_t second = supervisor.service();
  supervisor.settle();
  if (on_real("service-lock-is-held")) {
    dir.expect(std::to_string(second));
    CHECK(alive(first));
    return;
  }
  CHECK(dir.voice().quiet());
  supervisor.expect_message("warning");
  SUBCASE("until that is gone") {
    kill(first, SIGKILL);
    dir.expect(std::to_string(second));
  }
  SUBCASE("or until it is stopped itself") {
    supervisor.send("d");
    supervisor.expect("dD");
    CHECK(alive(first));
  }
}

TEST_CASE("a lock-fd of 0 or beyond the limit is a warning and means no lock") {
  Scene scene;
  for (const std::string number : {"0", "64"}) {
    CAPTURE(number);
    ServiceDir dir = scene.service(number);
    dir.run("record\nsay up\nsleep").file("lock-fd", number);
    Supervisor supervisor(dir, Start{.limits = {{RLIMIT_NOFILE, 64}}});
    supervisor.expect("s");
    supervisor.expect_message("warning");
    supervisor.settle();
    CHECK_DIFFERS("bad-lock-fd-is-no-lock", supervisor.events().take() == "u");
    if (on_real("bad-lock-fd-is-no-lock")) continue;
    dir.expect("up");
    CHECK(recorded(dir / "run.record", "fds") == "0 1 2");
  }
}

TEST_CASE("a lock-fd that is no number is a warning and means no lock") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep").file("lock-fd", "bogus");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.expect_message("warning");
  dir.expect("up");
  CHECK(recorded(dir / "run.record", "fds") == "0 1 2");
}

TEST_CASE("56: flag-newpidns makes run pid 1 of its own namespace") {
  if (!can_make_pid_namespaces()) SKIP_TEST("needs the right to make pid namespaces");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say %p\nsleep").finish("say finish %p").file("flag-newpidns", "");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t outer = supervisor.service();
  CHECK(outer > 1);
  CHECK(alive(outer));
  CHECK(dir.voice().next() == expected("new-pid-namespace", std::string("1"), std::to_string(outer)));
  supervisor.send("Ok");
  supervisor.expect("d");
  const std::string finish = dir.voice().next();
  CHECK(finish != "finish 1");
  supervisor.expect("D");
}

TEST_CASE("56: flag-newpidns without the right to is a failed start") {
  if (!is_root()) SKIP_TEST("needs root to become a user without rights");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("flag-newpidns", "").make_event();
  scene.give_to(nobody);
  Supervisor supervisor(dir, Start{.user = nobody});
  supervisor.expect("s");
  supervisor.settle();
  CHECK_DIFFERS("new-pid-namespace", supervisor.quiet());
  if (!on_real("new-pid-namespace")) supervisor.expect_message("not permitted");
}

TEST_CASE("58: a supervisor started with SIGCHLD ignored sees deaths") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  Supervisor supervisor(dir, Start{.ignored = {SIGCHLD}});
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("Ok");
  std::string events;
  check_happens_only_with_ours("deaths-seen-with-sigchld-ignored",
                               [&] { return contains(events += supervisor.events().take(), "D"); });
}

TEST_CASE("children that it inherited are reaped and nothing else") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  // A child of before the exec, which dies when the pipe is closed.
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  Supervisor supervisor(dir, Start{.in_child = [&] {
                          if (fork() != 0) return;
                          pipe->write_end.reset();
                          char byte;
                          (void)!read(pipe->read_end.get(), &byte, 1);
                          _exit(7);
                        }});
  supervisor.expect("su");
  const std::vector<pid_t> both = children(supervisor.pid());
  CHECK(both.size() == 2);
  pipe->write_end.reset();
  eventually("the inherited child is gone", [&] { return children(supervisor.pid()).size() == 1; });
  supervisor.settle();
  for (const pid_t pid : both) CHECK((process_state(pid) == '-') == (pid != supervisor.service()));
  CHECK(supervisor.quiet());
}

TEST_CASE("any number of children that are not its own dies at once, and the service is not forgotten") {
  constexpr int children_count = 200;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  auto gate = sys::pipe();
  REQUIRE(gate);
  Start how;
  how.in_child = [&gate] {
    for (int i = 0; i < children_count; ++i) {
      if (fork() != 0) continue;
      char byte;
      gate->write_end.reset();
      (void)!::read(gate->read_end.get(), &byte, 1);
      _exit(0);
    }
  };
  Supervisor supervisor(dir, how);
  supervisor.expect("su");
  dir.expect("up");
  CHECK(all_children(supervisor.pid()).size() == children_count + 1);
  supervisor.process().freeze();
  gate->write_end.reset();
  eventually("all of them are dead", [&] { return children(supervisor.pid()).size() == 1; });
  kill(supervisor.service(), SIGKILL);
  supervisor.process().thaw();
  supervisor.expect("dDu");
  dir.expect("up");
  eventually("none is left", [&] { return all_children(supervisor.pid()).size() == 1; });
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
