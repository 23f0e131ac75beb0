// s6-supervise: what it costs while nothing happens, and what it says when ./run cannot be executed.
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <sstream>

#include "harness.hpp"

namespace s6::test {
namespace {

// Is the process in a call that waits for descriptors without any time limit?
bool waits_for_ever(pid_t pid) {
  std::istringstream call(read_file("/proc/" + std::to_string(pid) + "/syscall"));
  long number = -1;
  std::string fds, count, timeout;
  call >> number >> fds >> count >> timeout;
  if (number == SYS_ppoll) return timeout == "0x0";
#ifdef SYS_poll
  if (number == SYS_poll) return timeout.ends_with("ffffffff");
#endif
  return false;
}

// Kilobytes of a line of /proc/PID/status.
long memory(pid_t pid, std::string_view key) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  const auto at = status.find(std::string(key) + ":");
  return at == std::string::npos ? -1 : std::stol(status.substr(at + key.size() + 1));
}

// A dynamically linked program that asks for a dynamic loader which does not exist: this one, changed.
std::string with_another_loader() {
  std::string program = read_file("/bin/sh");
  constexpr std::string_view loader = "/ld-linux", musl = "/ld-musl";
  auto at = program.find(loader);
  if (at == std::string::npos) at = program.find(musl);
  REQUIRE(at != std::string::npos);
  program[at + 1] = 'X';
  return program;
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("an idle supervisor waits without a time limit, up and down") {
  if (skip_on_real("idle-wait-has-no-limit")) return;
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  if (read_file("/proc/" + std::to_string(supervisor.pid()) + "/syscall").empty())
    SKIP_TEST("this kernel does not show the system calls of other processes");
  eventually("it waits for ever while the service is up", [&] { return waits_for_ever(supervisor.pid()); });
  supervisor.send("d");
  supervisor.expect("dD");
  eventually("it waits for ever while the service is down", [&] { return waits_for_ever(supervisor.pid()); });
}

TEST_CASE("twenty thousand commands and a hundred deaths take no more memory") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("exit 0").file("max-death-tally", "5");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  auto stress = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      supervisor.send("uOpc~O");
      supervisor.send("k");
      supervisor.expect("dD");
      supervisor.send("u");
      supervisor.expect("u");
      supervisor.send(std::string(200, '~'));
      supervisor.settle();
    }
  };
  stress(5);
  const long data = memory(supervisor.pid(), "VmData"), stack = memory(supervisor.pid(), "VmStk");
  REQUIRE(data >= 0);
  stress(95);
  CHECK(memory(supervisor.pid(), "VmData") == data);
  CHECK(memory(supervisor.pid(), "VmStk") == stack);
  CHECK(open_fds(supervisor.pid()).size() <= 7);
}

TEST_CASE("when run cannot be executed the supervisor says what is wrong with it") {
  struct Mistake {
    const char* what;
    std::function<void(ServiceDir&)> make;
    const char* ours;
  };
  const Mistake mistakes[] = {
      {"missing", [](ServiceDir&) {}, "no such file"},
      {"not executable", [](ServiceDir& dir) { dir.file("run", "#!/bin/sh\n", 0644); }, "chmod +x ./run"},
      {"directory", [](ServiceDir& dir) { std::filesystem::create_directory(dir / "run"); }, "is a directory"},
      {"no #! line", [](ServiceDir& dir) { dir.file("run", "echo hello\n", 0755); }, "does not begin with a #! line"},
      {"empty", [](ServiceDir& dir) { dir.file("run", "", 0755); }, "is empty"},
      {"no interpreter", [](ServiceDir& dir) { dir.file("run", "#!/no/such/shell -e\n", 0755); },
       "interpreter /no/such/shell does not exist"},
      {"DOS line ends", [](ServiceDir& dir) { dir.file("run", "#!/bin/sh\r\nexit 0\r\n", 0755); }, "carriage return"},
      {"dangling link", [](ServiceDir& dir) { std::filesystem::create_symlink("nowhere", dir / "run"); },
       "link to nothing"},
      {"FIFO", [](ServiceDir& dir) { REQUIRE(mkfifo((dir / "run").c_str(), 0755) == 0); }, "not a regular file"},
      {"empty #! line", [](ServiceDir& dir) { dir.file("run", "#! \nexit\n", 0755); }, "names no interpreter"},
      {"interpreter not executable", [](ServiceDir& dir) { dir.file("run", "#!/etc/passwd\n", 0755); },
       "/etc/passwd may not be executed"},
      {"no program",
       [](ServiceDir& dir) {
         dir.file("run",
                  "\x7f"
                  "ELF",
                  0755);
       },
       "another kind of machine"},
      {"no loader", [](ServiceDir& dir) { dir.file("run", with_another_loader(), 0755); }, "dynamic loader"},
  };
  Scene scene;
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.what);
    ServiceDir dir = scene.service(mistake.what);
    mistake.make(dir);
    Supervisor supervisor(dir);
    supervisor.expect("s");
    supervisor.settle();
    CHECK(supervisor.quiet());
    CHECK_DIFFERS("failed-start-is-explained", contains(supervisor.process().err(), mistake.ours));
  }
}

TEST_CASE("when run is on a file system mounted noexec the supervisor says so") {
  if (!is_root()) SKIP_TEST("needs root to mount");
  Scene scene;
  ServiceDir dir = scene.service();
  std::filesystem::create_directory(dir / "mounted");
  std::filesystem::create_symlink("mounted/run", dir / "run");
  const std::string mounted = dir / "mounted";
  // In a mount namespace of its own, which ends with it.
  const auto mount_it = [mounted] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (mount("tmpfs", mounted.c_str(), "tmpfs", MS_NOEXEC, nullptr) != 0) return;
    const UniqueFd run(open((mounted + "/run").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
    (void)!write(run.get(), "#!/bin/sh\n", 10);
  };
  Supervisor supervisor(dir, Start{.in_child = mount_it});
  supervisor.expect("s");
  supervisor.settle();
  CHECK_DIFFERS("failed-start-is-explained", contains(supervisor.process().err(), "mounted noexec"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
