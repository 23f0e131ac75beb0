// s6-supervise: defects of the real one that ours must not have, and faults of the system that it must outlive.
#include <sys/wait.h>

#include "harness.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Changes a soft limit of a running process.
bool change_limit(pid_t pid, __rlimit_resource resource, rlim_t value) {
  rlimit limit;
  if (prlimit(pid, resource, nullptr, &limit) != 0) return false;
  limit.rlim_cur = value;
  return prlimit(pid, resource, &limit, nullptr) == 0;
}

// The same for a process of another user, by way of a child who becomes that user: not every root may do it.
bool change_limit_as(uid_t user, pid_t pid, __rlimit_resource resource, rlim_t value) {
  const pid_t child = fork();
  if (child == 0) _exit(setgid(user) == 0 && setuid(user) == 0 && change_limit(pid, resource, value) ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0;
}

// A user of whom there is no other process: limits on processes count per user.
uid_t lonely_user() {
  return 100'000 + static_cast<uid_t>(getpid());
}

// What a process has written so far, to whatever.
long bytes_written(pid_t pid) {
  const std::string io = read_file("/proc/" + std::to_string(pid) + "/io");
  const auto at = io.find("wchar: ");
  return at == std::string::npos ? 0 : std::stol(io.substr(at + 7));
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("after an x that ends it no command is executed") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.process().freeze();  // both bytes in one read
  supervisor.send("xu");
  supervisor.process().thaw();
  CHECK(supervisor.wait() == exited(0));
  const std::string events = supervisor.events().take();
  CHECK(events.back() == 'x');
  CHECK_DIFFERS("leaving-ends-the-commands", events == "x" && dir.status().pid == 0);
}

TEST_CASE("a flood of commands does not delay a death") {
  // How long it delays the real one depends on who is faster.
  if (skip_on_real("a-flood-does-not-delay-a-death")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  supervisor.send("O");
  {
    Process flood(
        Start{.argv = {"/bin/sh", "-c", "exec dd if=/dev/zero of=supervise/control bs=4096"}, .cwd = dir.path()});
    // More than a FIFO holds: the supervisor is reading.
    eventually("the flood has begun", [&] { return bytes_written(flood.pid()) > 65536; });
    kill(pid, SIGKILL);
    supervisor.expect("dD");
  }
  wait_drained(dir);
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("64 KiB of unknown bytes are skipped, and the command after them is executed") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.process().freeze();
  for (int i = 0; i < 15; ++i) supervisor.send(std::string(4096, '~'));
  supervisor.send(std::string(4095, '~') + "d");
  supervisor.process().thaw();
  supervisor.expect("dD");
}

TEST_CASE("the mark of a service that was never started outlives commands") {
  Scene scene;
  for (const std::string command : {"d", "O", "D", "Q", "x"}) {
    CAPTURE(command);
    ServiceDir dir = scene.service(command);
    dir.run("sleep").file("down", "");
    Supervisor supervisor(dir);
    supervisor.expect("s");
    supervisor.send(command);
    if (command == "x")
      CHECK(supervisor.wait() == exited(0));
    else
      supervisor.settle();
    CHECK_DIFFERS("not-started-marker-outlives-commands", flags(dir.status()) == "PR");
  }
}

TEST_CASE("USR1, USR2 and ALRM do not end the supervisor") {
  Scene scene;
  scene.allow_orphans();
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM}) {
    CAPTURE(signal);
    ServiceDir dir = scene.service(std::to_string(signal));
    dir.run("sleep");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    supervisor.process().signal(signal);
    if (on_real("harmless-signals")) {
      CHECK(supervisor.wait() == killed(signal));
      CHECK(supervisor.quiet());
    } else {
      supervisor.settle();
      CHECK(supervisor.process().running());
      CHECK(supervisor.quiet());
      supervisor.send("d");
      supervisor.expect("dD");
    }
  }
}

TEST_CASE("when the disk is full events still come, and the status is true again when there is room") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  // A limit on the size of files stands in for the full disk; the signal that comes with it is ignored.
  Supervisor supervisor(dir, Start{.ignored = {SIGXFSZ}});
  supervisor.expect("su");
  const Status before = supervisor.status();
  for (const rlim_t room : {rlim_t{0}, rlim_t{20}}) {
    CAPTURE(room);
    REQUIRE(change_limit(supervisor.pid(), RLIMIT_FSIZE, room));
    supervisor.send("D");
    if (room == 0) supervisor.expect("dD");
    supervisor.settle();
    CHECK(supervisor.process().running());
    CHECK(supervisor.status() == before);
    CHECK_FALSE(is_there(dir / "supervise/status.new"));
    CHECK_FALSE(is_there(dir / "supervise/death_tally.new"));
    CHECK(is_there(dir / "down"));
  }
  REQUIRE(change_limit(supervisor.pid(), RLIMIT_FSIZE, RLIM_INFINITY));
  check_happens_only_with_ours("status-is-written-again", [&] { return supervisor.service() == 0; });
  supervisor.send("O");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "R");
  CHECK(supervisor.status().wait_status == SIGTERM);
  CHECK(supervisor.quiet());
}

TEST_CASE("a tally never ends with a part of a record, whatever the disk has room for") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").file("down", "");
  Supervisor supervisor(dir, Start{.ignored = {SIGXFSZ}});
  supervisor.expect("s");
  const auto live_and_die = [&] {
    supervisor.send("o");
    supervisor.expect("udD");
  };
  for (int i = 0; i < 30; ++i) live_and_die();  // so that the limit leaves room for a message on fd 2
  REQUIRE(std::filesystem::file_size(dir / "supervise/death_tally") == 420);
  REQUIRE(change_limit(supervisor.pid(), RLIMIT_FSIZE, rlim_t{425}));
  live_and_die();
  CHECK(std::filesystem::file_size(dir / "supervise/death_tally") == 420);
  supervisor.expect_message("death_tally");
  REQUIRE(change_limit(supervisor.pid(), RLIMIT_FSIZE, RLIM_INFINITY));
  dir.run("exit 3");
  live_and_die();
  REQUIRE(dir.deaths().size() == 31);
  CHECK(dir.deaths().back().exit_code == 3);
}

TEST_CASE("supervise without the right to write in it: warnings, and everything else goes on") {
  if (!is_root()) SKIP_TEST("needs root to become another user");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep").make_event();
  scene.give_to(nobody);
  Supervisor supervisor(dir, Start{.user = nobody});
  supervisor.expect("su");
  REQUIRE(chmod((dir / "supervise").c_str(), 0500) == 0);
  supervisor.send("k");
  supervisor.expect("dDu");
  supervisor.expect_message("Permission denied");
  REQUIRE(chmod((dir / "supervise").c_str(), 0700) == 0);
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("supervise may be removed while it runs") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("say finished");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const UniqueFd control(open((dir / "supervise/control").c_str(), O_WRONLY | O_CLOEXEC));
  dir.remove("supervise");
  CHECK(write(control.get(), "Ok", 2) == 2);
  supervisor.expect("dD");
  dir.expect("finished");
  CHECK(write(control.get(), "u", 1) == 1);
  supervisor.expect("u");
  supervisor.expect_message("warning");
  supervisor.process().signal(SIGTERM);
  supervisor.expect("dDx");
  CHECK(supervisor.wait() == exited(0));
  CHECK_FALSE(is_there(dir / "supervise"));
}

TEST_CASE("a service that cannot be forked is not started; a finish that cannot be is left out") {
  if (!is_root()) SKIP_TEST("needs root to become a user without processes");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep").finish("say finish").make_event();
  scene.give_to(lonely_user());
  Supervisor supervisor(dir, Start{.user = lonely_user(), .in_child = [] {
                                     const rlimit limit{1, 1000};
                                     setrlimit(RLIMIT_NPROC, &limit);
                                   }});
  supervisor.expect("s");
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(supervisor.status().want_up);
  supervisor.expect_message("warning");
  REQUIRE(change_limit_as(lonely_user(), supervisor.pid(), RLIMIT_NPROC, 1000));
  supervisor.send("u");
  supervisor.expect("u");
  dir.expect("up");
  REQUIRE(change_limit_as(lonely_user(), supervisor.pid(), RLIMIT_NPROC, 1));
  supervisor.send("Ok");
  supervisor.expect("dD");
  CHECK(dir.voice().quiet());
  CHECK(flags(supervisor.status()) == "R");
  CHECK(signal_of(supervisor.status()) == SIGKILL);
}

TEST_CASE("a directory that cannot be written to is refused with 111") {
  if (!is_root()) SKIP_TEST("needs root to become another user");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  const Ran ran = run(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path(), .user = nobody});
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "Permission denied"));
}

TEST_CASE("configuration files that cannot be read are a warning and their default") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nsay up\nsleep");
  for (const std::string name : {"notification-fd", "down-signal", "timeout-kill", "timeout-finish", "max-death-tally"})
    fs::create_directory(dir / name);
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("d");
  dir.expect("got TERM");
  supervisor.expect_message("down-signal");
  supervisor.expect_message("timeout-kill");
  supervisor.send("k");
  supervisor.expect("dD");
  CHECK(dir.deaths().size() == 1);
}

TEST_CASE("descriptors do not grow with lives") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\nsleep").finish("exit 0").file("notification-fd", "3").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.settle();  // while it notifies it has more open
  const auto before = open_fds(supervisor.pid());
  for (int i = 0; i < 10; ++i) {
    supervisor.send("o");
    supervisor.expect("uU");
    supervisor.send("k");
    supervisor.expect("dD");
  }
  supervisor.settle();
  CHECK(open_fds(supervisor.pid()) == before);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
