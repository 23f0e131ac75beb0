// The attacker may see whether a service runs, or read its logs: he can open files for reading that are also locks.
#include <sys/file.h>

#include "attacker.hpp"
#include "tests/process/logging.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Waits for a reader's lock on a file, and keeps it. Both kinds: one goes with the process, one with the descriptor.
void take_readers_lock(const std::string& path, int command) {
  const int fd = open(path.c_str(), O_RDONLY);
  must(fd >= 0, "open a lock for reading");
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  must(fcntl(fd, command, &lock) == 0, "lock it as a reader");
}

TEST_SUITE_BEGIN("locks");

TEST_CASE("who may see the status cannot keep a supervisor away by a lock on supervise/lock") {
  if (!is_root()) SKIP_TEST("needs root");
  for (const int command : {F_SETLKW, F_OFD_SETLKW}) {
    Scene scene;
    ServiceDir dir = scene.service();
    dir.run("sleep");
    {
      Supervisor first(dir);
      first.expect("su");
      REQUIRE(run({client("s6-svperms"), "-o", dir.path()}).exit == exited(0));
      first.send("xd");
      first.expect("dDx");
      CHECK(first.wait() == exited(0));
    }
    const std::string lock = dir / "supervise/lock";
    const Attack attack([] { pause(); }, [&] { take_readers_lock(lock, command); });
    CHECK_FALSE(dir.supervised());
    Supervisor supervisor(dir);
    supervisor.expect("su");
    CHECK(dir.supervised());
    CHECK(mode_of(lock) == "0644");
    CHECK(run({client("s6-svok"), dir.path()}).exit == exited(0));
    // Still only one.
    const Ran second = run(Start{.argv = {test::supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
    CHECK(second.exit == exited(100));
    CHECK(contains(second.err, std::to_string(supervisor.pid())));
  }
}

TEST_CASE("of many supervisors that find a reader's lock, one stays") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  REQUIRE(mkdir((dir / "supervise").c_str(), 0711) == 0);
  write_file(dir / "supervise/lock", "");
  const Attack attack([] { pause(); }, [&] { take_readers_lock(dir / "supervise/lock", F_SETLK); });
  std::vector<Process> many;
  for (int i = 0; i < 8; ++i)
    many.emplace_back(Start{.argv = {supervisor("s6-supervise"), "test"}, .cwd = scene.path()});
  const auto running = [&] { return std::ranges::count_if(many, [](Process& each) { return each.running(); }); };
  eventually("one is left", [&] { return running() == 1; });
  eventually("it holds the lock", [&] { return dir.supervised(); });
  for (Process& each : many)
    if (!each.running()) CHECK(each.wait() == exited(100));
}

TEST_CASE("who may see the status can neither open nor lock what belongs to the supervisor alone") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("lock-fd", "9");
  fs::create_directory(dir / "supervise");
  write_file(dir / "supervise/service-lock", "", 0644);  // as s6 makes it
  Supervisor supervisor(dir);
  supervisor.expect("su");
  REQUIRE(run({client("s6-svperms"), "-o", dir.path()}).exit == exited(0));
  const auto refused = [&](const char* name, int access) {
    return refusal([&] { return open((dir / name).c_str(), access | O_NONBLOCK); });
  };
  CHECK(refused("supervise/service-lock", O_RDONLY) == EACCES);
  CHECK(refused("supervise/control", O_RDONLY) == EACCES);
  CHECK(refused("supervise/control", O_WRONLY) == EACCES);
  CHECK(refused("supervise", O_RDONLY) == EACCES);
  CHECK(refused("supervise/lock", O_WRONLY) == EACCES);
  CHECK(refused("supervise/status", O_WRONLY) == EACCES);
  CHECK(refused("supervise/death_tally", O_WRONLY) == EACCES);
  CHECK(refused("supervise/status", O_RDONLY) == 0);
}

TEST_CASE("who may read the logs cannot keep the next logger away") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("lock", "", 0644);  // as s6 makes it
  CHECK(log_fed(scene, {"./d"}, "a\n").exit == exited(0));
  REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
  const std::string lock = dir / "lock";
  CHECK(refusal([&] { return open(lock.c_str(), O_RDONLY); }) == EACCES);
  CHECK(log_fed(scene, {"./d"}, "b\n").exit == exited(0));
  CHECK(dir.logged() == "a\nb\n");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
