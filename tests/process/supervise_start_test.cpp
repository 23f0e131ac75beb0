// s6-supervise: what it makes, accepts and refuses when it starts.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/service_dir.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Starts it where it is expected to refuse.
Ran start_and_end(const Scene& scene, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), supervisor("s6-supervise"));
  return run(Start{.argv = std::move(arguments), .cwd = scene.path()});
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("1: a service is started at once and wanted up") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Status status = supervisor.status();
  CHECK(status.pid > 0);
  CHECK(status.wait_status == 0);
  CHECK(flags(status) == "W");
  CHECK(status.changed >= status.ready_since);
}

TEST_CASE("2: a service with a down file is not started") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  const Status status = supervisor.status();
  CHECK(status.pid == 0);
  CHECK(status.wait_status == 0);
  CHECK(flags(status) == expected("not-started-marker", "PR", "R"));
  CHECK(status.changed == status.ready_since);
}

TEST_CASE("a down file may be of any type, but a dangling link is none") {
  Scene scene;
  SUBCASE("directory") {
    ServiceDir dir = scene.service();
    dir.run("sleep");
    fs::create_directory(dir / "down");
    Supervisor supervisor(dir);
    supervisor.expect("s");
    supervisor.settle();
    CHECK(supervisor.quiet());
  }
  SUBCASE("dangling link") {
    ServiceDir dir = scene.service();
    dir.run("sleep");
    fs::create_symlink("nowhere", dir / "down");
    Supervisor supervisor(dir);
    supervisor.expect("su");
  }
}

TEST_CASE("a down file of which nothing can be said is 111, and nothing is started") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  std::filesystem::create_symlink("down", dir / "down");
  const Ran ran = run({.argv = {supervisor("s6-supervise"), dir.name()}, .cwd = scene.path()});
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "unable to access "));
  CHECK(dir.voice().quiet());
}

TEST_CASE("37: a second supervisor on the same directory leaves with 100 and disturbs nothing") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const ino_t status = inode_of(dir / "supervise/status");
  CHECK(start_and_end(scene, {"test"}).exit == exited(100));
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(inode_of(dir / "supervise/status") == status);
  CHECK(dir.supervised());
}

TEST_CASE("38: after a KILL the next supervisor starts a second copy of the service") {
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  Events events(dir / "event");
  pid_t first = 0;
  {
    Supervisor supervisor(dir);
    supervisor.expect("su");
    events.expect("su");
    first = supervisor.service();
    supervisor.process().signal(SIGKILL);
    CHECK(supervisor.wait() == killed(SIGKILL));
  }
  CHECK(alive(first));
  CHECK_FALSE(dir.supervised());
  Supervisor supervisor(dir);
  supervisor.expect("su");
  events.expect("su");
  CHECK(supervisor.service() != first);
  CHECK(alive(first));
}

TEST_CASE("39: without an argument it exits 100") {
  Scene scene;
  const Ran ran = start_and_end(scene, {});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "usage"));
}

TEST_CASE("39: a directory that cannot be entered is 111, and options are directory names") {
  Scene scene;
  write_file(scene.path() / "file", "");
  for (const std::string argument : {"missing", "", "file", "-h", "--", "--help"}) {
    CAPTURE(argument);
    const Ran ran = start_and_end(scene, {argument});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, "fatal"));
  }
}

TEST_CASE("39: something else in the place of event or supervise is 100") {
  Scene scene;
  for (const std::string name : {"event", "supervise"}) {
    CAPTURE(name);
    ServiceDir dir = scene.service(name);
    dir.file(name, "");
    CHECK(start_and_end(scene, {name}).exit == exited(100));
  }
}

TEST_CASE("39: something else in the place of a file in supervise") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  fs::create_directory(dir / "supervise");
  SUBCASE("control a regular file: 100") {
    dir.file("supervise/control", "");
    CHECK(start_and_end(scene, {"test"}).exit == exited(100));
  }
  SUBCASE("control a directory: 100") {
    fs::create_directory(dir / "supervise/control");
    CHECK(start_and_end(scene, {"test"}).exit == exited(100));
  }
  SUBCASE("lock a directory: 111") {
    fs::create_directory(dir / "supervise/lock");
    CHECK(start_and_end(scene, {"test"}).exit == exited(111));
  }
  SUBCASE("death_tally a directory: 111") {
    fs::create_directory(dir / "supervise/death_tally");
    CHECK(start_and_end(scene, {"test"}).exit == exited(111));
  }
  SUBCASE("status a directory: it runs and warns") {
    fs::create_directory(dir / "supervise/status");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    supervisor.expect_message("warning");
  }
}

TEST_CASE("while another one is just starting it leaves") {
  if (programs().supervisors_kind != Kind::ours) return;  // the real one does not look
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  std::filesystem::create_directory(dir / "supervise");
  const UniqueFd turn(open((dir / "supervise").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(flock(turn.get(), LOCK_EX) == 0);
  const Ran ran = run({.argv = {supervisor("s6-supervise"), dir.name()}, .cwd = scene.path()});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "another s6-supervise is just starting here"));
  CHECK(dir.voice().quiet());
}

TEST_CASE("nothing is touched when the lock is held by another") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  fs::create_directory(dir / "supervise");
  dir.file("supervise/lock", "");
  // A child holds the lock: a process cannot be in the way of itself, but of its children.
  const UniqueFd lock(open((dir / "supervise/lock").c_str(), O_RDWR | O_CLOEXEC));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  REQUIRE(fcntl(lock.get(), F_SETLK, &whole) == 0);
  CHECK(start_and_end(scene, {"test"}).exit == exited(100));
  CHECK_FALSE(is_there(dir / "supervise/control"));
  CHECK_FALSE(is_there(dir / "supervise/status"));
  CHECK_FALSE(is_there(dir / "supervise/death_tally"));
}

TEST_CASE("40: a dangling link in the place of supervise or event is a directory that is to be made") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  fs::create_directory(scene.path() / "volatile");
  for (const std::string name : {"supervise", "event"}) fs::create_symlink("../volatile/" + name, dir / name);
  {
    Process process(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
    eventually("it is up", [&] { return is_there(dir / "supervise/status") && dir.status().pid > 0; });
  }
  CHECK(mode_of(scene.path() / "volatile/supervise") == "0700");
  CHECK(mode_of(scene.path() / "volatile/event") == "3730");
}

TEST_CASE("40: a link in the place of supervise that leads to a directory is accepted") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  fs::create_directory(scene.path() / "there");
  fs::create_symlink("../there", dir / "supervise");
  Process process(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
  eventually("it runs or gives up", [&] { return !process.running() || is_there(scene.path() / "there/status"); });
  CHECK_DIFFERS("link-to-a-directory-is-accepted", process.running());
  if (!process.running()) CHECK(process.wait() == exited(111));
}

TEST_CASE("40: a link whose target cannot be made is 111") {
  Scene scene;
  ServiceDir dir = scene.service();
  SUBCASE("parent missing") {
    fs::create_symlink("missing/there", dir / "supervise");
  }
  SUBCASE("to a file") {
    dir.file("there", "");
    fs::create_symlink("there", dir / "supervise");
  }
  const Exit exit = start_and_end(scene, {"test"}).exit;
  CHECK(exit.code >= 100);
  CHECK(exit.code <= 111);
}

TEST_CASE("modes of what it makes, whatever the umask") {
  Scene scene;
  for (const mode_t mask : {mode_t{022}, mode_t{077}, mode_t{0}}) {
    CAPTURE(mask);
    const std::string name = "umask-" + std::to_string(mask);
    ServiceDir dir = scene.service(name);
    dir.run("say up\nsleep");
    Process process(Start{.argv = {supervisor("s6-supervise"), name}, .cwd = scene.path(), .umask = mask});
    dir.expect("up");
    CHECK(mode_of(dir / "event") == "3730");
    CHECK(mode_of(dir / "supervise") == "0700");
    CHECK(mode_of(dir / "supervise/lock") == "0644");
    CHECK(mode_of(dir / "supervise/control") == "0600");
    const std::string subject_to_umask = mask == 022 ? "0644" : mask == 077 ? "0600" : "0666";
    eventually("the first statuses are written", [&] { return dir.status().pid > 0; });
    CHECK(mode_of(dir / "supervise/status") == subject_to_umask);
    CHECK(mode_of(dir / "supervise/death_tally") == subject_to_umask);
    dir.send("D");
    wait_drained(dir);
    eventually("the down file is made", [&] { return is_there(dir / "down"); });
    CHECK(mode_of(dir / "down") == subject_to_umask);
  }
}

TEST_CASE("event belongs to the supervisor's group, supervise to the parent's if that is setgid") {
  if (!is_root()) SKIP_TEST("needs root to use other groups");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  REQUIRE(chown(dir.path().c_str(), 0, 12345) == 0);
  REQUIRE(chmod(dir.path().c_str(), 02755) == 0);
  Process process(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
  dir.expect("up");
  struct stat event;
  struct stat supervise;
  REQUIRE(stat((dir / "event").c_str(), &event) == 0);
  REQUIRE(stat((dir / "supervise").c_str(), &supervise) == 0);
  CHECK(event.st_gid == getegid());
  CHECK(mode_of(dir / "event") == "3730");
  CHECK(supervise.st_gid == 12345);
  CHECK(mode_of(dir / "supervise") == "2700");
}

TEST_CASE("existing directories and an existing fifo are left as they are") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say up\nsleep");
  for (const std::string name : {"event", "supervise"}) {
    fs::create_directory(dir / name);
    REQUIRE(chmod((dir / name).c_str(), 0755) == 0);
  }
  REQUIRE(mkfifo((dir / "supervise/control").c_str(), 0600) == 0);
  REQUIRE(chmod((dir / "supervise/control").c_str(), 0622) == 0);
  Process process(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
  dir.expect("up");
  CHECK(mode_of(dir / "event") == "0755");
  CHECK(mode_of(dir / "supervise") == "0755");
  CHECK(mode_of(dir / "supervise/control") == "0622");
}

TEST_CASE("the lock is a POSIX record lock of the supervisor's") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  auto lock = service_dir::test_supervisor(dir.path().c_str());
  REQUIRE(lock);
  CHECK(lock->locked);
  CHECK(lock->holder == supervisor.pid());
  const UniqueFd file(open((dir / "supervise/lock").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(flock(file.get(), LOCK_EX | LOCK_NB) == 0);
  CHECK(run({client("s6-svok"), dir.path()}).exit == exited(0));
  // It goes with the supervisor, not with the service.
  const pid_t service = supervisor.service();
  supervisor.process().signal(SIGQUIT);
  CHECK(supervisor.wait() == exited(0));
  CHECK(alive(service));
  CHECK(run({client("s6-svok"), dir.path()}).exit == exited(1));
  kill(service, SIGKILL);
}

TEST_CASE("at its end everything stays but nobody listens") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("dx");
  supervisor.expect("dDx");
  CHECK(supervisor.wait() == exited(0));
  for (const std::string name : {"lock", "control", "status", "death_tally"}) CHECK(is_there(dir / "supervise" / name));
  CHECK_FALSE(dir.supervised());
  CHECK(open((dir / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK) < 0);
  CHECK(errno == ENXIO);
  CHECK(flags(dir.status()) == "R");
}

TEST_CASE("arguments after the first are ignored, and the name is used as it was given") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("say %a\nsleep");
  Supervisor supervisor(dir, Start{.argv = {test::supervisor("s6-supervise"), "./test//", "-x", "other"}});
  supervisor.expect("su");
  dir.expect("./test//");
}

TEST_CASE("57: started with 0, 1 and 2 closed it has them on /dev/null, and so has the service") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("record\nsay up\nsleep");
  Supervisor supervisor(dir, Start{.closed = {0, 1, 2}});
  supervisor.expect("su");
  dir.expect("up");
  for (const int fd : {0, 1, 2}) CHECK(fd_target(supervisor.pid(), fd) == "/dev/null");
  CHECK(recorded(dir / "run.record", "fds") == "0 1 2");
  CHECK(recorded(dir / "run.record", "fd-1") == "/dev/null");
}

TEST_CASE("its messages name the program, the service and the level") {
  Scene scene;
  ServiceDir dir = scene.service();
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.expect_message("s6-supervise test: warning: ");
  CHECK(supervisor.process().err().starts_with("s6-supervise test"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
