// The attacker may command a service: he can write to supervise/control through its group.
#include <sys/ioctl.h>

#include "attacker.hpp"

namespace s6::test {
namespace {

struct Granted {
  Granted() {
    dir.run("trap USR1\nsay up\nsleep");
    supervisor.emplace(dir);
    supervisor->expect("su");
    dir.expect("up");
    const std::string group = ":" + std::to_string(attacker_group);
    REQUIRE(run({client("s6-svperms"), "-G", group, dir.path()}).exit == exited(0));
    control = dir / "supervise/control";
  }
  Scene scene;
  ServiceDir dir = scene.service();
  std::optional<Supervisor> supervisor;
  std::string control;
};

std::string page_of(std::string_view bytes) {
  std::string page;
  while (page.size() < 4096) page += bytes;
  return page;
}

// Writes these bytes to a FIFO for ever, as fast as it takes them.
void flood(const std::string& fifo, std::string_view bytes) {
  const int fd = open(fifo.c_str(), O_WRONLY);
  must(fd >= 0, "open the control FIFO");
  const std::string page = page_of(bytes);
  for (;;) (void)!write(fd, page.data(), page.size());
}

TEST_SUITE_BEGIN("granted");

TEST_CASE("a user who may command cannot read the commands of others, nor change who else may") {
  if (!is_root()) SKIP_TEST("needs root");
  Granted granted;
  CHECK(refusal([&] { return open(granted.control.c_str(), O_RDONLY | O_NONBLOCK); }) == EACCES);
  CHECK(refusal([&] { return open(granted.control.c_str(), O_RDWR | O_NONBLOCK); }) == EACCES);
  CHECK(refusal([&] { return unlink(granted.control.c_str()); }) == EACCES);
  CHECK(refusal([&] { return chmod(granted.control.c_str(), 0666); }) == EPERM);
  CHECK(refusal([&] {
          const int fd = open(granted.control.c_str(), O_WRONLY | O_NONBLOCK);
          must(fd >= 0, "open the control FIFO");
          return open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_NONBLOCK);
        }) == EACCES);
}

TEST_CASE("a user who holds the control FIFO open, and has filled it, keeps no command of another away") {
  if (!is_root()) SKIP_TEST("needs root");
  Granted granted;
  Supervisor& supervisor = *granted.supervisor;
  // Bytes that are no commands, and commands.
  for (const std::string bytes : {"~", "1"}) {
    CAPTURE(bytes);
    supervisor.process().freeze();
    const Attack holding([] { pause(); },
                         [&] {
                           const int fd = open(granted.control.c_str(), O_WRONLY | O_NONBLOCK);
                           must(fd >= 0, "open the control FIFO");
                           const std::string page = page_of(bytes);
                           while (write(fd, page.data(), page.size()) > 0) continue;
                         });
    Process stop(Start{.argv = {client("s6-svc"), "-wD", "-d", granted.dir.path()}});
    supervisor.process().thaw();
    CHECK(stop.wait() == exited(0));
    CHECK(run({client("s6-svc"), "-wu", "-u", granted.dir.path()}).exit == exited(0));
    supervisor.expect("dDu");
  }
  CHECK(supervisor.process().err().empty());
  supervisor.send("dx");
  CHECK(supervisor.wait() == exited(0));
}

TEST_CASE("deaths are seen, and signals heeded, while commands pour in") {
  if (!is_root()) SKIP_TEST("needs root");
  Granted granted;
  Attack flooding([&] { flood(granted.control, "~"); });
  REQUIRE(kill(granted.supervisor->service(), SIGKILL) == 0);
  granted.supervisor->expect("dDu");
  granted.supervisor->process().signal(SIGTERM);
  granted.supervisor->expect("dDx");
  CHECK(granted.supervisor->wait() == exited(0));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
