// s6-log: processors.
#include "logging.hpp"

namespace s6::test {
namespace {

void rotate(RunningLog& log, const LogDir& dir, const std::string& text) {
  log.write(text);
  dir.await(text);
  log.signal(SIGALRM);
}

TEST_SUITE_BEGIN("log");

TEST_CASE("log: a processor makes the archive") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"?sed s/^/P:/", "./d"});
  rotate(log, dir, "a\nb\n");
  dir.await("P:a\nP:b\n");
  log.write("c\n");
  CHECK(log.end() == exited(0));
  CHECK(dir.archive() == "P:a\nP:b\n");
  CHECK(dir.current() == "c\n");
  CHECK(mode_of(dir / dir.archives(".s").at(0)) == "0744");
  CHECK(dir.names().size() == 4);
}

TEST_CASE("log: also execlineb's") {
  if (access("/usr/bin/execlineb", X_OK) != 0) SKIP_TEST("needs execline");
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"!sed s/^/P:/", "./d"});
  rotate(log, dir, "a\n");
  dir.await("P:a\n");
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: a processor works in its directory, and keeps a state from one run to the next") {
  Scene scene;
  const LogDir dir(scene.path() / "b");
  RunningLog log(scene, {"./a", "?cat >/dev/null; cat <&4 >&5; echo st >&5; pwd", "./b"});
  for (const std::size_t run : {1U, 2U}) {
    log.write("x\n");
    eventually("the line", [&] { return dir.current() == "x\n"; });
    log.signal(SIGALRM);
    dir.await_archives(run);
  }
  CHECK(log.end() == exited(0));
  CHECK(dir.archive() == dir.path().string() + "\n");
  CHECK(read_file(dir / "state") == "st\nst\n");
}

TEST_CASE("log: also if it is the only directory") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"?cat; echo st >&5 || true", "./d"});
  rotate(log, dir, "a\n");
  dir.await_archives(1);
  CHECK(log.end() == exited(0));
  // Which number it is that 2.11 closes depends on what else is open.
  if (skip_on_real("log-a-processor-can-write-its-state")) return;
  CHECK(read_file(dir / "state") == "st\n");
}

TEST_CASE("log: a processor gets five descriptors and no signal blocked") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene,
                 {"./other", "?cat >/dev/null; ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status", "./d"});
  log.write("a\n");
  dir.await("a\n");
  log.signal(SIGALRM);
  dir.await_archives(1);
  CHECK(log.end() == exited(0));
  const std::string archive = dir.archive();
  CHECK(contains(archive, "SigBlk:\t0000000000000000\n"));
  CHECK(contains(archive, "SigIgn:\t0000000000000000\n"));
  // ls has one more, for the directory that it reads.
  CHECK(archive.starts_with("0\n1\n2\n3\n4\n5\nSig"));
}

TEST_CASE("log: a processor that fails is run again") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const std::string runs = (scene.path() / "runs").string();
  RunningLog log(scene,
                 {"r20", "?echo run >>" + runs + "; echo junk; test $(wc -l <" + runs + ") -ge 3 && cat", "./d"});
  rotate(log, dir, "a\n");
  dir.await("junk\na\n");
  CHECK(log.end() == exited(0));
  CHECK(read_file(runs) == "run\nrun\nrun\n");
  CHECK(dir.archives().size() == 1);
  const std::string err = log.err();
  const auto first = err.find("warning: processor failed in ./d");
  REQUIRE(first != std::string::npos);
  CHECK(err.find("warning: processor failed in ./d", first + 1) != std::string::npos);
}

TEST_CASE("log: a processor that is killed is run again") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"r20", "?test -e ../killed || { echo >../killed; kill -9 $$; }; cat", "./d"});
  rotate(log, dir, "a\n");
  dir.await_archives(1);
  CHECK(log.end() == exited(0));
  CHECK(contains(log.err(), "warning: processor crashed in ./d"));
  CHECK(dir.archive() == "a\n");
}

TEST_CASE("log: the end of the input waits for the processor") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  ServiceDir gates = scene.service("gates");
  scripted(gates / "wait-for-it", "say started\ngate go\nexit 0");
  RunningLog log(scene, {"?../gates/wait-for-it </dev/null; cat", "./d"});
  rotate(log, dir, "a\n");
  gates.expect("started");
  log.end_input();
  gates.open_gate("go");
  CHECK(log.wait() == exited(0));
  CHECK(dir.archive() == "a\n");
  CHECK(mode_of(dir / "current") == "0744");
  CHECK_FALSE(is_there(dir / "previous"));
}

TEST_CASE("log: lines are written while a processor runs") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  ServiceDir gates = scene.service("gates");
  scripted(gates / "wait-for-it", "say started\ngate go\nexit 0");
  RunningLog log(scene, {"?../gates/wait-for-it </dev/null; cat", "./d"});
  rotate(log, dir, "a\n");
  gates.expect("started");
  log.write("b\n");
  check_happens_only_with_ours("log-writes-while-a-processor-runs", [&] { return dir.current() == "b\n"; });
  gates.open_gate("go");
  dir.await("a\nb\n");
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: every line once, line by line, when a full file starts a processor") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"n100", "s4096", "l0", "?cat", "./d"});
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += numbered_line(i);
    log.write(numbered_line(i));
    dir.await(text);
  }
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == text);
  CHECK(dir.archives().size() == 1);
}

TEST_CASE("log: every line once in a burst") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const std::string text = numbered_lines(60);
  CHECK(log_fed(scene, {"n100", "s4096", "l0", "?sleep 0.1; cat", "./d"}, text).exit == exited(0));
  CHECK(dir.archives().size() == 1);
  CHECK(dir.logged() == text);
}

TEST_CASE("log: every line once in a long burst through a slow processor") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const std::string text = numbered_lines(6'000);
  RunningLog log(scene, {"n1000", "?gzip -1 | gzip -d", "./d"});
  log.write(text);
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == text);
  CHECK(dir.archives().size() < 10);
}

TEST_CASE("log: the interpreter stays with the processor") {
  if (access("/usr/bin/execlineb", X_OK) != 0) SKIP_TEST("needs execline");
  Scene scene;
  const LogDir a(scene.path() / "a");
  const LogDir b(scene.path() / "b");
  RunningLog log(scene, {"?echo sh-$((1+1))", "./a", "./b"});
  log.write("x\n");
  b.await("x\n");
  a.await("x\n");
  log.signal(SIGALRM);
  a.await("sh-2\n");
  b.await(expected<std::string>("log-interpreter-stays-with-the-processor", "sh-2\n", "sh-$((1+1))\n"));
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: a directory without a state gets one") {
  if (skip_on_real("log-makes-a-missing-state")) return;
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "a\n", 0744);
  RunningLog log(scene, {"?cat", "./d"});
  log.signal(SIGALRM);
  dir.await_archives(1);
  CHECK(log.end() == exited(0));
  CHECK(is_there(dir / "state"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
