// s6-svscan: services with loggers, the pipe between them, removal and return.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

// A service that writes a line to its stdout whenever its gate is opened: "1", then "2", then "3".
constexpr const char* talkative =
    "say up\ngate talk\nnotify 1 1\\n\ngate talk\nnotify 1 2\\n\ngate talk\nnotify 1 3\\n\nsleep";

// The pipe between two supervisors; fails if it is not the same, or not a pipe.
std::string common_pipe(pid_t service, pid_t logger) {
  const std::string pipe = fd_target(service, 1);
  CHECK(pipe.starts_with("pipe:"));
  CHECK(fd_target(logger, 0) == pipe);
  return pipe;
}

// Makes these supervisors older than a second, the time between two starts.
void wait_until_old(std::initializer_list<pid_t> pids) {
  for (const pid_t pid : pids) {
    const double born = start_time(pid);
    eventually("it is old", [&] {
      timespec now;
      clock_gettime(CLOCK_BOOTTIME, &now);
      return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 > born + 1.03;
    });
  }
}

TEST_SUITE_BEGIN("svscan");

TEST_CASE("service and logger are the two ends of one pipe, which s6-svscan holds, too") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative), b = scan.service("b", talkative), c = scan.service("c");
  ServiceDir log_of_a = logger_of(a), log_of_b = logger_of(b);
  Scanner scanner(scan);
  for (ServiceDir* dir : {&a, &b, &c}) dir->expect("up");
  const std::string pipe_of_a = common_pipe(scanner.supervisor("a"), scanner.supervisor("a/log"));
  const std::string pipe_of_b = common_pipe(scanner.supervisor("b"), scanner.supervisor("b/log"));
  CHECK(pipe_of_a != pipe_of_b);
  for (const std::string& pipe : {pipe_of_a, pipe_of_b}) {
    CHECK(count_fds(scanner.pid(), pipe) == 2);
    for (const std::string& name : scanner.supervised()) {
      CAPTURE(name);
      CHECK(count_fds(scanner.supervisor(name), pipe) == (name[0] == (pipe == pipe_of_a ? 'a' : 'b') ? 1 : 0));
    }
  }
  CHECK(fd_target(scanner.supervisor("a"), 0) == fd_target(scanner.pid(), 0));
  CHECK(fd_target(scanner.supervisor("a/log"), 1) == fd_target(scanner.pid(), 1));
  a.open_gate("talk");
  log_of_a.expect("1");
  b.open_gate("talk");
  b.open_gate("talk");
  log_of_b.expect("1");
  log_of_b.expect("2");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a pair whose entry is removed runs on until it is pruned; its pipe lives as long as both do") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative), b = scan.service("b");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  b.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  const std::string pipe = common_pipe(service, logger);
  scan.unlink("a");
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervisor("a") == service);
  CHECK(scanner.supervisor("a/log") == logger);
  CHECK(count_fds(scanner.pid(), pipe) == 2);
  a.open_gate("talk");
  log.expect("1");
  SUBCASE("pruned") {
    scanner.send("n");
    scanner.wait_reaped(service);
    scanner.wait_reaped(logger);
  }
  SUBCASE("the logger's supervisor is killed") {
    kill_supervisor(logger);
    scanner.wait_reaped(logger);
    scanner.settle();
    CHECK(scanner.supervised() == Names{"a", "b"});
  }
  SUBCASE("the service's supervisor is killed: the logger comes to the end of its input") {
    kill_supervisor(service);
    scanner.wait_reaped(service);
    scanner.settle();
    CHECK(alive(logger));
    scanner.send("n");
    scanner.wait_reaped(logger);
  }
  CHECK(count_fds(scanner.pid(), pipe) == 0);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("pruning goes by the last scan") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  scan.unlink("a");
  SUBCASE("n alone does nothing, a alone does nothing, n after a prunes") {
    for (const char* command : {"n", "a"}) {
      scanner.send(command);
      scanner.settle();
      CHECK(scanner.supervisor("a") == service);
      CHECK(scanner.supervisor("a/log") == logger);
    }
    scanner.send("n");
  }
  // A prune waits for the scan that came with it, in whatever order.
  SUBCASE("an") {
    scanner.send("an");
  }
  SUBCASE("na") {
    scanner.send("na");
  }
  SUBCASE("h") {
    scanner.send("h");
  }
  SUBCASE("HUP") {
    scanner.signal(SIGHUP);
  }
  SUBCASE("Na") {
    scanner.send("Na");
  }
  wait_dead(service);
  wait_dead(logger);
}

TEST_CASE("without a scan directory entry a dead supervisor is not started again; with one it is") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a");
  Scanner scanner(scan);
  const pid_t gone = scanner.supervisor("a");
  scan.unlink("a");
  const ServiceDir b = scan.idle("b");
  scanner.send("a");
  const pid_t stays = scanner.supervisor("b");
  kill_supervisor(gone);
  kill_supervisor(stays);  // started and killed later than the other one
  (void)scanner.next_supervisor("b", stays);
  scanner.settle();
  CHECK(scanner.supervised() == Names{"b"});
}

TEST_CASE("two services on one log directory: both run, and there is one logger") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative), b = scan.service("b", talkative);
  ServiceDir log = logger_of(a);
  fs::create_directory_symlink(a / "log", b / "log");
  Scanner scanner(scan);
  a.expect("up");
  b.expect("up");
  if (on_real("a-shared-log-has-one-logger")) {
    scanner.expect_message("/log: fatal: ");  // a second supervisor, that finds the first
    return;
  }
  scanner.settle();
  CHECK(scanner.supervised().size() == 3);
  CHECK(scanner.count_messages("warning: ") == 1);
  for (int i = 0; i < 3; ++i) {
    scanner.send("a");
    scanner.settle();
  }
  CHECK(scanner.supervised().size() == 3);
  CHECK(scanner.count_messages("warning: ") == 1);
  // When the first one goes, the second one gets it.
  const std::string first = scanner.supervises("a/log") ? "a" : "b";
  ServiceDir& second = first == "a" ? b : a;
  const pid_t pid = scanner.supervisor(second.name());
  CHECK(fd_target(pid, 1) == fd_target(scanner.pid(), 1));
  scan.unlink(first);
  scanner.send("an");
  scanner.wait_gone(first);
  scanner.settle();
  kill_supervisor(pid);
  second.expect("up");
  second.open_gate("talk");
  log.expect("1");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("the same directory as a service and as another one's logger has one supervisor") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  if (skip_on_real("a-shared-log-has-one-logger")) return;
  scan.link(log, "b");
  Scanner scanner(scan);
  a.expect("up");
  scanner.expect_message("warning: ");
  scanner.settle();
  CHECK(scanner.supervised().size() == 2);
  for (int i = 0; i < 3; ++i) {
    scanner.send("h");
    scanner.settle();
  }
  CHECK(scanner.supervised().size() == 2);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a log that is made later gets a logger at once; the service writes to it when its supervisor is replaced") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "record\nsay up\ngate talk\nnotify 1 1\\n\nsleep");
  Scanner scanner(scan);
  a.expect("up");
  const pid_t service = scanner.supervisor("a");
  const std::string old_output = fd_target(service, 1);
  ServiceDir log = logger_of(a);
  scanner.send("a");
  scanner.settle();
  if (on_real("log-may-come-and-go")) {
    CHECK(scanner.supervised() == Names{"a"});
    return;
  }
  const pid_t logger = scanner.supervisor("a/log");
  CHECK(scanner.supervisor("a") == service);
  CHECK(fd_target(service, 1) == old_output);
  // A new run is not enough.
  a.send("t");
  a.expect("up");
  CHECK(recorded(a / "run.record", "fd-1") == old_output);
  kill_supervisor(service);
  a.expect("up");
  (void)common_pipe(scanner.supervisor("a"), logger);
  a.open_gate("talk");
  log.expect("1");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a log that is removed: a warning, and its logger leaves when it is pruned and has read everything") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  fs::rename(a / "log", a / "no-log");
  for (int i = 0; i < 3; ++i) {
    scanner.send("a");
    scanner.settle();
  }
  CHECK(alive(service));
  CHECK(alive(logger));
  CHECK_DIFFERS("log-may-come-and-go", scanner.count_messages("warning: ") == 1);
  scanner.send("n");
  scanner.settle();
  CHECK(alive(logger));  // the service still writes to it
  a.open_gate("talk");
  log.expect("1");
  kill_supervisor(service);
  if (on_real("log-may-come-and-go")) return;
  wait_dead(logger);
  (void)scanner.next_supervisor("a", service);
  a.expect("up");
  CHECK(scanner.supervised() == Names{"a"});
}

TEST_SUITE_END();

// --- what takes time -----------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("svscan-timing");

TEST_CASE("either half of a pair can be killed; it comes back to the same pipe, and nothing that was written is lost") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  const std::string pipe = common_pipe(service, logger);
  a.open_gate("talk");
  log.expect("1");
  kill_supervisor(logger);
  a.open_gate("talk");  // nobody reads now
  const pid_t new_logger = scanner.next_supervisor("a/log", logger);
  log.expect("2");
  CHECK(scanner.supervisor("a") == service);
  a.open_gate("talk");
  log.expect("3");
  CHECK(common_pipe(service, new_logger) == pipe);

  kill_supervisor(service);
  a.expect("up");
  const pid_t new_service = scanner.supervisor("a");
  CHECK(new_service != service);
  CHECK(scanner.supervisor("a/log") == new_logger);
  CHECK(common_pipe(new_service, new_logger) == pipe);
  a.open_gate("talk");
  log.expect("1");
  CHECK(count_fds(scanner.pid(), pipe) == 2);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("starts of one supervisor are at least a second apart") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a");
  Scanner scanner(scan);
  pid_t pid = scanner.supervisor("a");
  for (int i = 0; i < 3; ++i) {
    CAPTURE(i);
    const double started = start_time(pid);
    kill_supervisor(pid);
    pid = scanner.next_supervisor("a", pid);
    CHECK(start_time(pid) - started >= 0.97);
  }
}

TEST_CASE("a supervisor that has lived for more than a second is started again at once") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a");
  Scanner scanner(scan);
  pid_t pid = scanner.supervisor("a");
  double shortest = 10;
  for (int i = 0; i < 3 && shortest > 0.5; ++i) {
    wait_until_old({pid});
    timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    kill_supervisor(pid);
    pid = scanner.next_supervisor("a", pid);
    shortest =
        std::min(shortest, start_time(pid) - static_cast<double>(now.tv_sec) - static_cast<double>(now.tv_nsec) / 1e9);
  }
  CHECK(shortest < 5);
  CHECK_DIFFERS("restarts-count-from-the-last-start", shortest < 0.9);
}

TEST_CASE(
    "a service that is removed and comes back while it is dying is started again by the same supervisor's successor") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "trap TERM\nsay up\ngate die\nexit 0");
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  scan.unlink("a");
  scanner.send("an");
  a.expect("got TERM");
  scanner.settle();
  scan.link(a);
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervised() == Names{"a"});
  CHECK(scanner.supervisor("a") == pid);
  a.open_gate("die");
  a.expect("up");
  CHECK(scanner.supervisor("a") != pid);
}

TEST_CASE("a pair that comes back while its logger lingers gets a new pipe when the logger has gone") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log(a / "log");
  log.run("say up\ngate die\nexit 0");  // does not care for the end of its input
  Scanner scanner(scan);
  a.expect("up");
  log.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  const std::string pipe = common_pipe(service, logger);
  scan.unlink("a");
  scanner.send("an");
  scanner.wait_reaped(service);
  scanner.settle();
  CHECK(alive(logger));
  scan.link(a);
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervisor("a/log") == logger);
  log.run_sh("exec cat >voice");
  log.open_gate("die");
  a.expect("up");
  const std::string new_pipe = common_pipe(scanner.supervisor("a"), scanner.next_supervisor("a/log", logger));
  CHECK(new_pipe != "");
  a.open_gate("talk");
  log.expect("1");
  CHECK(count_fds(scanner.pid(), new_pipe) == 2);
  CHECK(scanner.supervised() == Names{"a", "a/log"});
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a pair that comes back while its service lingers gets a new pipe when the service has gone") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", "trap TERM\ntrap HUP\nsay up\ngate die\nexit 0");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t service = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  const std::string pipe = common_pipe(service, logger);
  scan.unlink("a");
  scanner.send("aN");  // the logger goes at once, the service takes its time
  a.expect("got TERM");
  scanner.wait_reaped(logger);
  CHECK(count_fds(scanner.pid(), pipe) == 0);
  scan.link(a);
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervisor("a") == service);
  scanner.send("N");
  scanner.settle();
  if (on_real("a-pair-that-comes-back-is-wanted-at-once")) {
    a.expect("got TERM");
  } else {  // a second TERM would have come to the supervisor before the command
    a.send("h");
    a.expect("got HUP");
  }
  a.run(talkative);
  a.open_gate("die");
  a.expect("up");
  const pid_t new_service = scanner.supervisor("a");
  CHECK(new_service != service);
  const pid_t new_logger = scanner.supervisor("a/log");
  (void)common_pipe(new_service, new_logger);
  a.open_gate("talk");
  log.expect("1");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a pair that is removed and comes back again and again is never without its pipe") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  for (int i = 0; i < 4; ++i) {
    CAPTURE(i);
    a.expect("up");
    a.open_gate("talk");
    log.expect("1");
    scan.unlink("a");
    scanner.send("an");
    scanner.settle();
    if (i % 2 == 0) {  // else it comes back while it dies
      scanner.wait_gone("a");
      scanner.wait_gone("a/log");
      scanner.settle();
    }
    scan.link(a);
    scanner.send("a");
  }
  a.expect("up");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("what a change of loggers means for a service that runs is said") {
  if (skip_on_real("changes-of-loggers-are-told")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  const ServiceDir log = idle_logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  (void)scanner.supervisor("a/log");

  SUBCASE("another one") {
    fs::rename(a / "log", a / "old");
    (void)idle_logger_of(a);
    scanner.send("a");
    scanner.expect_message("a has another logger now, and writes to the old one until its supervisor is restarted");
  }
  SUBCASE("one that is an entry, too") {
    scan.link(log.path(), "l");
    scanner.send("a");
    scanner.expect_message("l is skipped: it is the logger of another service");
  }
  SUBCASE("one that has died while the service was not wanted") {
    scan.unlink("a");
    scanner.send("a");
    scanner.settle();
    const pid_t logger = scanner.supervisor("a/log");
    kill_supervisor(logger);
    scanner.wait_reaped(logger);
    scan.link(a);
    scanner.send("a");
    scanner.expect_message("a writes to a pipe that its logger has left");
  }
}

TEST_CASE("the supervisors of a pair that comes after hundreds of descriptors have their pipe and no others") {
  Scene scene;
  ScanDir scan(scene);
  constexpr int pairs = 130;
  for (int i = 0; i < pairs; ++i) (void)idle_logger_of(scan.idle("idle" + std::to_string(i)));
  Scanner scanner(scan);
  eventually("all supervisors are there", [&] { return scanner.supervised().size() == 2 * pairs; });
  ServiceDir a = scan.service("a", talkative);
  ServiceDir log = logger_of(a);
  scanner.send("a");
  a.expect("up");
  (void)common_pipe(scanner.supervisor("a"), scanner.supervisor("a/log"));
  for (const char* const name : {"a", "a/log"})
    for (const int fd : open_fds(scanner.supervisor(name))) CHECK(fd < 16);
  a.open_gate("talk");
  log.expect("1");
}

TEST_CASE("a running service whose logger does not fit goes on without, and that is said") {
  if (skip_on_real("changes-of-loggers-are-told")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  for (const char* const name : {"b", "c", "d"}) (void)scan.idle(name);
  Scanner scanner(scan, {"-C", "4"});
  a.expect("up");
  (void)idle_logger_of(a);
  scanner.send("a");
  scanner.expect_message("a runs without its logger: too many services");
  CHECK(scanner.supervises("a"));
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
