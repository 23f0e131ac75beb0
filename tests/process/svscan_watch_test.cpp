// s6-svscan --watch: it notices by itself what comes and goes.
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {

TEST_SUITE_BEGIN("svscan");

TEST_CASE("with --watch a new entry is seen without a command, and a removed one is not restarted") {
  if (skip_on_real("svscan-can-watch")) return;
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan, {"--watch"});
  ServiceDir a = scan.service("a"), b = scan.service("b");
  a.expect("up");
  b.expect("up");
  const pid_t supervisor_of_a = scanner.supervisor("a");

  ScanCounter counter(scan);
  scan.unlink("a");
  counter.wait_for(1);
  scanner.settle();
  CHECK(scanner.supervisor("a") == supervisor_of_a);
  scanner.send("n");
  scanner.wait_gone("a");

  scan.rename("b", "c");
  counter.wait_for(2);
  scanner.settle();
  const pid_t supervisor_of_b = scanner.supervisor("b");
  kill_supervisor(supervisor_of_b);
  (void)scanner.next_supervisor("c", supervisor_of_b);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("with --watch many entries are few scans") {
  if (skip_on_real("svscan-can-watch")) return;
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan, {"--watch"});
  scanner.settle();
  ScanCounter counter(scan);
  const auto start = Clock::now();
  const ServiceDir last = scan.idle("200");
  for (int i = 0; i < 200; ++i) scan.link(last, std::to_string(i));
  // Names of one directory: the last that is seen counts. Whoever sees this one has seen the others.
  const ServiceDir end = scan.idle("end");
  (void)scanner.supervisor("end");
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  CHECK(counter.count() <= passed.count() / 100 + 2);
}

TEST_CASE("with --watch nothing happens while nothing changes, nor by what changes within a service") {
  if (skip_on_real("svscan-can-watch")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan, {"--watch"});
  a.expect("up");
  scanner.settle();
  ScanCounter counter(scan);
  a.file("data", "new").file("data", "newer").remove("data");
  a.send("t");
  a.expect("up");
  scanner.settle();
  CHECK(counter.count() == 0);
}

TEST_CASE("where the directory cannot be watched --watch is a warning, and commands are obeyed") {
  if (skip_on_real("svscan-can-watch")) return;
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  Scene scene;
  ScanDir scan(scene);
  for (const char* const call : {"inotify_init1", "inotify_add_watch"}) {
    CAPTURE(call);
    // No Scanner: strace would keep the descriptor open on which that hears that it is ready.
    Process scanner(Start{.argv = {"/usr/bin/strace", "-D", "-qq", "-o", "/dev/null", "-e",
                                   std::string("inject=") + call + ":error=ENOSPC", supervisor("s6-svscan"), "--watch",
                                   scan.path()}});
    eventually("it warns", [&] {
      return contains(scanner.err(), "warning: unable to watch the scan directory: No space left on device");
    });
    ServiceDir a = scan.service(std::string("s-") + call);
    const UniqueFd control(open(scan.own("control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(write(control.get(), "a", 1) == 1);
    a.expect("up");
    CHECK(write(control.get(), "t", 1) == 1);
    CHECK(scanner.wait() == exited(0));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
