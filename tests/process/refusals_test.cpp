// Programs of ours in a system that refuses them something: what no file, limit or right can bring about is refused by
// a filter of system calls. tests/faults does the same to all calls, one after the other, and looks at what is always
// true; here it is looked at what a certain refusal leads to.
#include "../refusal.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <optional>

#include "common/sys.hpp"
#include "fabricated.hpp"
#include "harness.hpp"
#include "instanced.hpp"
#include "logging.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// C libraries do not agree on the calls that they make.
const Refusals unlink_calls = {
#ifdef SYS_unlink
    {SYS_unlink},
#endif
    {SYS_unlinkat, 2, 0}};
const Refusals fork_calls = {
#ifdef SYS_fork
    {SYS_fork},
#endif
    {SYS_clone}};

Start refused(const Refusals& calls, int code, Start start) {
  start.in_child = [calls, code] {
    if (!refuse(calls, code)) _exit(125);
  };
  return start;
}

bool are_theirs() {
  return programs().clients_kind != Kind::ours || programs().supervisors_kind != Kind::ours;
}

// --- clients --------------------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("clients");

TEST_CASE("refused: without a process for the checks s6-notifyoncheck becomes no service") {
  if (are_theirs()) return;
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const LockHolder supervisor({service.path()});
  for (const char* const options : {"-3", "-d3"}) {
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    const Ran ran = run(refused(fork_calls, EAGAIN,
                                Start{.argv = {client("s6-notifyoncheck"), options, "7", "/bin/echo", "service"},
                                      .cwd = service.path(),
                                      .fds = {{7, pipe->write_end.get()}}}));
    CHECK(ran.exit == exited(111));
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, "unable to create a process"));
    CHECK(service.subscribers().empty());
  }
}

TEST_CASE("refused: modes that cannot be changed are told by s6-svperms") {
  if (are_theirs()) return;
  Scene scene;
  const Fabricated service(scene.path() / "a", status_of::up());
  const std::string before = mode_of(service / "event");
  const Ran ran =
      run(refused({{SYS_fchmod}}, EROFS, Start{.argv = {client("s6-svperms"), "-e", service.path().string()}}));
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, (service / "event").string() + ": Read-only file system"));
  CHECK(mode_of(service / "event") == before);
}

TEST_CASE("refused: a down file that cannot be removed is told by s6-svlink") {
  if (are_theirs()) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a");
  Scanner scanner(scan);
  const Ran ran = run(refused(unlink_calls, EROFS,
                              Start{.argv = {client("s6-svlink"), "-d", scan.path().string(), a.path().string()}}));
  CHECK(ran.exit == exited(0));
  CHECK(contains(ran.err, "; the next supervisor will not start the service"));
  CHECK(is_there(a / "down"));
  CHECK(scanner.supervises("a"));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("refused: root that cannot become the owner of instances makes none") {
  if (are_theirs()) return;
  if (!is_root()) SKIP_TEST("needs root, to give it up");
  Scene scene;
  Instanced service(scene);
  service.start();
  REQUIRE(chown((service / "instance").c_str(), nobody, nobody) == 0);
  const Ran ran = run(refused({{SYS_setgroups}}, EPERM, service.command("create", {}, "one")));
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "unable to set the supplementary groups"));
  CHECK_FALSE(service.knows("one"));
  // As its owner it may not make the directory of all instances.
  for (const char* const name : {"instance/.s6-svscan", "instance/.s6-svscan/lock"})
    REQUIRE(chmod((service / name).c_str(), 0755) == 0);
  fs::remove(service / "instances");
  const Ran as_owner = service.ran("create", {}, "one");
  CHECK(as_owner.exit == exited(111));
  CHECK(contains(as_owner.err, (service / "instances").string() + ": Permission denied"));
  service.end();
}

TEST_SUITE_END();

// --- s6-svscan ------------------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("svscan");

// A scanner beside a supervisor that it did not start, and that it cannot watch.
struct BesideAnother {
  Scene scene;
  ScanDir scan{scene};
  ServiceDir a = scan.service("a");
  std::optional<Supervisor> other;
  std::optional<Scanner> scanner;

  explicit BesideAnother(int code) {
    scene.allow_orphans();
    other.emplace(a);
    other->expect("su");
    a.expect("up");
    scanner.emplace(scan, std::vector<std::string>{}, refused({{SYS_pidfd_open}}, code, {}));
  }
  // The scanner's own supervisor comes in its place.
  void end_the_other() {
    other->send("xd");
    CHECK(other->wait() == exited(0));
    a.expect("up");
  }
};

TEST_CASE("refused: a supervisor whose end the kernel does not tell is looked for now and then") {
  if (are_theirs()) return;
  BesideAnother both(ENOSYS);
  both.scanner->expect_message("a has a supervisor that this s6-svscan did not start; trying again now and then");
  both.end_the_other();
  CHECK(both.scanner->end() == exited(0));
}

TEST_CASE("refused: a supervisor that has gone before it could be watched is replaced") {
  if (are_theirs()) return;
  BesideAnother both(ESRCH);
  both.scanner->expect_message("s6-supervise a: fatal: ");
  both.end_the_other();
  CHECK(both.scanner->count_messages("did not start") == 0);
  CHECK(both.scanner->end() == exited(0));
}

TEST_CASE("refused: with few descriptors only some foreign supervisors are watched") {
  if (are_theirs()) return;
  Scene scene;
  scene.allow_orphans();
  ScanDir scan(scene);
  std::vector<fs::path> services;
  for (int i = 0; i < 16; ++i) {
    const ServiceDir dir = scan.idle("s" + std::to_string(i));
    fs::create_directory(dir / "supervise");
    services.push_back(dir.path());
  }
  const LockHolder holder(services);
  Scanner scanner(scan, {}, Start{.limits = {{RLIMIT_NOFILE, 40}}});
  scanner.expect_message("did not start, with pid");
  scanner.expect_message("did not start; trying again now and then");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("refused: without the console's descriptor s6-svscanboot starts nothing") {
  if (are_theirs()) return;
  Scene scene;
  ScanDir scan(scene);
  const std::vector<std::string> command = {supervisor("s6-svscanboot"), "-D", scene.path() / "logs", scan.path()};
  const Ran ran = run(refused(dup2_calls, EBADF, Start{.argv = command}));
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "unable to copy a descriptor"));
  // In the way of a file that it has to make.
  fs::create_directories(scan / "s6-svscan-log/notification-fd.new");
  const Ran second = run(command);
  CHECK(second.exit == exited(111));
  CHECK(contains(second.err, "notification-fd.new"));
}

TEST_SUITE_END();

// --- loggers --------------------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("log");

TEST_CASE("refused: a line for which there is no memory ends s6-tai64n") {
  if (are_theirs()) return;
  Scene scene;
  const Start start = refused({{SYS_mremap}}, ENOMEM, {});
  const Ran ran = fed(scene, {client("s6-tai64n")}, std::string(1'000'000, 'x'), start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "unable to hold a line"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
