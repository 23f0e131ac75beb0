// The attacker has a service of his own: ./run gives up root for him, and from then on does what it likes.
#include "attacker.hpp"
#include "common/sys.hpp"
#include "tests/process/scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// ./run becomes the attacker and follows the script, or is this shell command of his.
std::string become_attacker() {
  return "exec " + client("s6-applyuidgid") + " -u " + std::to_string(attacker_user) + " -g " +
         std::to_string(attacker_group) + " -G '' ";
}
ServiceDir& run_as_attacker(ServiceDir& dir, std::string_view script) {
  scripted(dir / "hostile", script);
  return dir.run_sh(become_attacker() + "./hostile");
}
ServiceDir& shell_as_attacker(ServiceDir& dir, std::string_view command) {
  write_file(dir / "hostile", "#!/bin/sh\n" + std::string(command) + "\n", 0755);
  return dir.run_sh(become_attacker() + "./hostile");
}

// The service of somebody who does nothing, as the measure of what a supervisor looks like.
void check_it_obeys(Supervisor& supervisor) {
  const pid_t service = supervisor.service();
  supervisor.send("d");
  supervisor.events().until('D');
  CHECK_FALSE(alive(service));
  CHECK(flags(supervisor.status()) == "R");
  supervisor.send("x");
  CHECK(supervisor.wait() == exited(0));
}

TEST_SUITE_BEGIN("service");

TEST_CASE("a service has no descriptor but the three that its supervisor was given, and what it asked for") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "7").file("lock-fd", "9");
  run_as_attacker(dir, "record record\nsay up\nsleep");
  REQUIRE(chmod(dir.path().c_str(), 0777) == 0);  // for its record
  Supervisor supervisor(dir);
  dir.expect("up");
  CHECK(recorded(dir / "record", "fds") == "0 1 2 7 9");
  check_it_obeys(supervisor);
}

TEST_CASE("a service can neither signal nor trace nor look into its supervisor") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  shell_as_attacker(dir,
                    "for each in kill\\ -KILL\\ $PPID kill\\ -TERM\\ -$PPID ls\\ /proc/$PPID/fd/ "
                    "cat\\ /proc/$PPID/mem cat\\ /proc/$PPID/environ; do\n"
                    "  $each >/dev/null 2>&1 && echo \"done: $each\" >voice\n"
                    "done\n"
                    "echo tried >voice\n"
                    "exec sleep 1000");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("tried");
  check_it_obeys(supervisor);
}

TEST_CASE(
    "bytes without end on the notification descriptor neither make a service ready nor keep its supervisor busy") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "7");
  shell_as_attacker(dir, "exec cat /dev/zero >&7");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.settle();
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "W");
  CHECK(supervisor.quiet());
  check_it_obeys(supervisor);
}

TEST_CASE("a newline that somebody left of an earlier life writes does not make a later one ready") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  scene.allow_orphans();
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "7").file("down", "");
  shell_as_attacker(dir, "( read go <go; echo >&7; echo wrote >voice ) &\nexit 0");
  REQUIRE(mkfifo((dir / "go").c_str(), 0666) == 0);
  REQUIRE(chmod((dir / "go").c_str(), 0666) == 0);
  const UniqueFd go(open((dir / "go").c_str(), O_RDWR | O_CLOEXEC));
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("udD");
  run_as_attacker(dir, "sleep");
  supervisor.send("o");
  supervisor.expect("u");
  REQUIRE(write(go.get(), "\n", 1) == 1);
  // Nobody reads there any more, so that the write may have killed it.
  eventually("the one that is left has ended", [&] {
    reap_dead_children();
    return descendants(getpid()).size() == 2;  // supervisor and service
  });
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(flags(supervisor.status()) == "");
  check_it_obeys(supervisor);
}

TEST_CASE("a service that changes or fills the descriptors it shares with its supervisor does not stop it") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  // Nobody reads there.
  ServiceDir dir = scene.service();
  shell_as_attacker(dir,
                    "dd if=/dev/zero oflag=nonblock bs=4096 count=100 >&2 2>/dev/null\n"
                    "echo full >voice\n"
                    "trap '' TERM\n"
                    "exec sleep 1000");
  dir.file("finish", "no program", 0755).file("timeout-kill", "1");
  Supervisor supervisor(dir, {.fds = {{2, pipe->write_end.get()}}});
  supervisor.expect("su");
  dir.expect("full");
  // What it would warn of now: a kill of the service, and a finish that cannot be executed.
  check_it_obeys(supervisor);
}

TEST_CASE("a service cannot read what it and others write to their logger") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ScanDir scan(scene);
  ServiceDir service = scan.apart("talker");
  shell_as_attacker(service,
                    "cat </proc/self/fd/1 >stolen 2>/dev/null && echo stolen >voice\n"
                    "cat </proc/$$/fd/1 >/dev/null 2>&1 && echo stolen >voice\n"
                    "echo a line for the logger\n"
                    "echo tried >voice\n"
                    "exec sleep 1000");
  ServiceDir logger = logger_of(service);
  scan.link(service);
  Scanner scanner(scan);
  service.expect("tried");
  logger.voice().wait_for("a line for the logger");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a service that ends its own session, group and name is still the one that is stopped") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  // Renamed, stopped and with every signal ignored that can be.
  shell_as_attacker(dir,
                    "trap '' TERM INT HUP QUIT USR1 USR2 ALRM CONT\n"
                    "printf supervise >/proc/self/comm\n"
                    "echo up >voice\n"
                    "kill -STOP $$\n"
                    "while :; do sleep 1000; done");
  dir.file("timeout-kill", "1").file("flag-timeout-killpg", "");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  check_it_obeys(supervisor);
}

TEST_CASE("a service that dies at once, for ever, does not make its supervisor spin") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "7");
  shell_as_attacker(dir, "echo >&7; kill -KILL $$");
  Supervisor supervisor(dir);
  supervisor.expect("suUdD");
  supervisor.expect("uUdD");
  const std::vector<Death> deaths = dir.deaths();
  REQUIRE(deaths.size() == 2);
  // A second from readiness on.
  CHECK(milliseconds_between(deaths[0].stamp, deaths[1].stamp) > 900);
  supervisor.send("dx");
  CHECK(supervisor.wait() == exited(0));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
