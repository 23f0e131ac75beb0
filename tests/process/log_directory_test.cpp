// s6-log: log directories, their rotation, and what is done about what the last logger has left.
#include "logging.hpp"

namespace s6::test {
namespace {

using Names = std::vector<std::string>;

// Archives of long ago, of `size` bytes each; the last digit counts.
void fake_archives(const LogDir& dir, int count, std::size_t size) {
  for (int i = 0; i < count; ++i)
    dir.file("@40000000500000000000000" + std::to_string(i) + ".s", std::string(size, 'o'), 0744);
}

// Writes lines one by one, each when the one before is in its file.
void write_one_by_one(RunningLog& log, const LogDir& dir, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += numbered_line(i);
    log.write(numbered_line(i));
    dir.await(all);
  }
}

TEST_SUITE_BEGIN("log");

TEST_CASE("log: a directory closed in order is continued") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  CHECK(log_fed(scene, {"./d"}, "a\n").exit == exited(0));
  CHECK(log_fed(scene, {"./d/"}, "b\n").exit == exited(0));
  CHECK(dir.names() == Names{"current", "lock", "state"});
  CHECK(dir.current() == "a\nb\n");
  CHECK(mode_of(dir / "current") == "0744");
  CHECK(mode_of(dir / "lock") == expected<std::string>("log-lock-is-private", "0600", "0644"));
  CHECK(mode_of(dir / "state") == "0644");
  CHECK(mode_of(dir.path()) == "0700");
}

TEST_CASE("log: one that was not becomes an archive, and its state is forgotten") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "a\nb\n", 0644);
  dir.file("state", "text", 0644);
  CHECK(log_fed(scene, {"./d"}, "c\n").exit == exited(0));
  REQUIRE(dir.archives(".u").size() == 1);
  CHECK(dir.archive() == "a\nb\n");
  CHECK(mode_of(dir / dir.archives()[0]) == "0644");
  CHECK(dir.current() == "c\n");
  CHECK(read_file(dir / "state").empty());
}

TEST_CASE("log: empty files become no archives") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "", 0644);
  CHECK(log_fed(scene, {"./d"}, "").exit == exited(0));
  CHECK(dir.archives(".u").size() == expected<std::size_t>("log-empty-files-are-no-archives", 0, 1));
}

TEST_CASE("log: a rotation that was interrupted when the processor was done is finished") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "c\n", 0644);
  dir.file("previous", "p\n", 0744);
  dir.file("processed", "x\n", 0744);
  CHECK(log_fed(scene, {"./d"}, "").exit == exited(0));
  REQUIRE(dir.archives().size() == 2);
  CHECK(read_file(dir / dir.archives(".s").at(0)) == "x\n");
  CHECK(read_file(dir / dir.archives(".u").at(0)) == "c\n");
  CHECK(dir.names().size() == 5);
}

TEST_CASE("log: one that was interrupted before keeps what the processor was given") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "c\n", 0644);
  dir.file("previous", "p\n", 0744);
  dir.file("processed", "x\n", 0644);
  CHECK(log_fed(scene, {"./d"}, "").exit == exited(expected("log-recovers-from-any-crash", 0, 111)));
  CHECK(log_fed(scene, {"./d"}, "").exit == exited(0));
  CHECK(dir.archives(".u").size() == 2);
  CHECK(dir.logged() == "p\nc\n");
  CHECK_FALSE(is_there(dir / "processed"));
}

TEST_CASE("log: what is an archive already does not become one again") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  fake_archives(dir, 1, 3);
  dir.file("current", "c\n", 0644);
  std::filesystem::create_hard_link(dir / dir.archives()[0], dir / "previous");
  CHECK(log_fed(scene, {"./d"}, "").exit == exited(0));
  CHECK_FALSE(is_there(dir / "previous"));
  CHECK(dir.archives().size() == 2);
  CHECK(dir.logged() == "oooc\n");
}

TEST_CASE("log: in a directory closed in order nothing else is touched, until a rotation has to save it") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "c\n", 0744);
  dir.file("previous", "p\n", 0644);
  CHECK(log_fed(scene, {"./d"}, "x\n").exit == exited(0));
  CHECK(dir.names() == Names{"current", "lock", "previous"});
  CHECK(dir.current() == "c\nx\n");
  RunningLog log(scene, {"./d"});
  log.signal(SIGALRM);
  const std::string saved = expected("log-saves-what-a-rotation-would-overwrite", "p\nc\nx\n", "c\nx\n");
  dir.await(saved);
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: one logger for a directory") {
  Scene scene;
  RunningLog log(scene, {"./d"});
  const Ran ran = log_fed(scene, {"./d"}, "");
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "fatal: unable to lock ./d/lock: "));
}

TEST_CASE("log: a lock that cannot be opened ends it, and the directory stays as it is") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  std::filesystem::create_directories(dir / "lock");
  const Ran ran = log_fed(scene, {"./d"}, "a\n");
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "fatal: unable to open ./d/lock: Is a directory"));
  CHECK(dir.names() == Names{"lock"});
}

TEST_CASE("log: the same directory twice is refused") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  std::filesystem::create_directory(dir.path());
  std::filesystem::create_symlink("d", scene.path() / "link");
  for (const char* other : {"./d", "./d/", "./link"}) {
    const Ran ran = log_fed(scene, {"./d", other}, "a\n");
    CHECK(ran.exit == exited(expected("log-refuses-a-directory-twice", 100, 0)));
  }
}

TEST_CASE("log: a directory that cannot be made") {
  Scene scene;
  const Ran ran = log_fed(scene, {"./missing/d"}, "a\n");
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "fatal: unable to mkdir ./missing/d: No such file or directory"));
}

TEST_CASE("log: the file mode creation mask") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  Start how;
  how.umask = 077;
  CHECK(log_fed(scene, {"./d"}, "a\n", how).exit == exited(0));
  CHECK(mode_of(dir / "current") == "0700");
  CHECK(mode_of(dir / "lock") == "0600");
  CHECK(mode_of(dir / "state") == "0600");
}

TEST_CASE("log: a file is full at the end of the line that makes it so") {
  Scene scene;
  for (const auto& [tolerance, size, count, lines] :
       {std::tuple{"l0", "s4096", 60, 41U}, std::tuple{"l2000", "s8192", 70, 62U}}) {
    const std::string name = std::string("d") + size;
    const LogDir dir(scene.path() / name);
    RunningLog log(scene, {"-b", size, tolerance, "./" + name});
    write_one_by_one(log, dir, count);
    CHECK(log.end() == exited(0));
    REQUIRE(dir.archives(".s").size() == 1);
    CHECK(dir.archive().size() == lines * 100);
    CHECK(mode_of(dir / dir.archives()[0]) == "0744");
  }
}

TEST_CASE("log: also when lines come in bursts") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const std::string text = numbered_lines(200);
  CHECK(log_fed(scene, {"n100", "s4096", "l0", "./d"}, text).exit == exited(0));
  CHECK(dir.logged() == text);
  CHECK_DIFFERS("log-files-do-not-overshoot", dir.archives().size() == 4 && dir.archive().size() == 4'100);
}

TEST_CASE("log: stamped and selected lines are rotated like others") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const LogDir half(scene.path() / "half");
  CHECK(log_fed(scene, {"n100", "s4096", "t", "./d", "-", "+^[0-9]*[02468] ", "./half"}, numbered_lines(500)).exit ==
        exited(0));
  std::string expected;
  for (int i = 0; i < 500; i += 2) expected += numbered_line(i);
  CHECK(half.logged() == expected);
  CHECK(dir.logged().size() == 500 * 126);
  CHECK(dir.archives().size() >= 4);
}

TEST_CASE("log: the oldest archives go after an archive was made, not before") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  dir.file("current", "", 0744);
  fake_archives(dir, 5, 10);
  CHECK(log_fed(scene, {"n2", "./d"}, "").exit == exited(0));
  CHECK(dir.archives().size() == 5);
  dir.file("current", "x\n", 0644);
  CHECK(log_fed(scene, {"n2", "./d"}, "").exit == exited(0));
  CHECK(dir.archives(".s").size() == 1);
  CHECK(dir.archives(".u").size() == 1);
}

TEST_CASE("log: the total size of archives is limited") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  fake_archives(dir, 5, 1000);
  dir.file("current", "x\n", 0644);
  dir.file("@400000005000000000000009.x", "not mine", 0644);
  dir.file("@short.s", "nor mine", 0644);
  CHECK(log_fed(scene, {"S3000", "n100", "./d"}, "").exit == exited(0));
  CHECK(dir.archives(".u").size() == 1);
  CHECK(dir.archives("0.s").empty());
  CHECK(dir.archives("4.s").size() == 1);
  CHECK(dir.archives().size() == 5);  // two, the new one, and those two that are none
}

TEST_CASE("log: no archives are kept if none are wanted") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  CHECK(log_fed(scene, {"n0", "s4096", "l0", "./d"}, numbered_lines(100)).exit == exited(0));
  CHECK(dir.archives().empty());
}

TEST_CASE("log: an archive that cannot be removed is a warning") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  std::filesystem::create_directories(dir / "@400000005000000000000000.s");
  const Ran ran = log_fed(scene, {"s4096", "S1", "./d"}, numbered_lines(3'000));
  CHECK_DIFFERS("log-outlives-an-archive-it-cannot-remove", ran.exit == exited(0));
  if (on_real("log-outlives-an-archive-it-cannot-remove")) return;
  CHECK(contains(ran.err, "unable to unlink ./d/@400000005000000000000000.s: "));
}

TEST_CASE("log: ALRM rotates, but nothing that is empty") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"./d"});
  log.write("x\n");
  dir.await("x\n");
  log.signal(SIGALRM);
  dir.await_archives(1);
  eventually("a new file", [&] { return is_there(dir / "current") && !is_there(dir / "previous"); });
  log.signal(SIGALRM);
  CHECK(log.end() == exited(0));
  CHECK(dir.archives(".s").size() == 1);
  CHECK(dir.names().size() == 4);
}

TEST_CASE("log: a line and TERM: it ends in order") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"./d"});
  log.write("x\n");
  dir.await("x\n");
  log.signal(SIGTERM);
  CHECK(log.wait() == exited(0));
  CHECK(mode_of(dir / "current") == "0744");
}

TEST_CASE("log: half a line and TERM: the rest is awaited, what follows is left to others") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  auto input = sys::pipe();
  REQUIRE(input);
  Process log(Start{.argv = log_command({"1", "./d"}), .cwd = scene.path(), .fds = {{0, input->read_end.get()}}});
  REQUIRE(::write(input->write_end.get(), "x\npart", 6) == 6);
  dir.await("x\n");
  signal_and_wait(log, SIGTERM);
  REQUIRE(::write(input->write_end.get(), "ial\nafter\n", 10) == 10);
  CHECK(log.wait() == exited(0));
  CHECK(dir.current() == "x\npartial\n");
  char left[20];
  const ssize_t n = ::read(input->read_end.get(), left, sizeof left);
  CHECK(std::string_view(left, n > 0 ? static_cast<std::size_t>(n) : 0) == "after\n");
}

TEST_CASE("log: half a line and TERM: the rest is not awaited for longer than a line may be") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"-l", "100", "./d"});
  log.write("x\n" + std::string(60, 'y'));
  dir.await("x\n");
  signal_and_wait(log.process(), SIGTERM);
  log.write(std::string(60, 'y'));
  CHECK(log.wait() == exited(0));
  CHECK(contains(log.err(), "input line too long, stopping before the end"));
  // How much exactly goes into a line differs between the two.
  const std::string current = dir.current();
  CHECK(current.starts_with("x\n" + std::string(61, 'y')));
  CHECK(current.ends_with("y\n"));
  CHECK(current.size() <= 104);
}

TEST_CASE("log: with -p TERM is ignored, HUP is not") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"-p", "./d"});
  log.signal(SIGTERM);
  log.write("x\n");
  dir.await("x\n");
  log.signal(SIGHUP);
  CHECK(log.wait() == exited(0));
  CHECK(dir.current() == "x\n");
}

TEST_CASE("log: INT kills it, and the file stays as it was") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"./d"});
  log.write("x\n");
  dir.await("x\n");
  log.signal(SIGINT);
  CHECK(log.wait() == killed(SIGINT));
  CHECK(mode_of(dir / "current") == "0644");
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("log-timing");

TEST_CASE("log: half a line and TERM and nothing more: it is logged after a while") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  for (const bool by_default : {true, false}) {
    if (!by_default && skip_on_real("log-options-of-later-versions")) return;
    auto input = sys::pipe();
    REQUIRE(input);
    Words words = {"./d"};
    if (!by_default) words = {"-t", "100", "./d"};
    Process log(Start{.argv = log_command(words), .cwd = scene.path(), .fds = {{0, input->read_end.get()}}});
    const std::string before = dir.logged();
    REQUIRE(::write(input->write_end.get(), "x\npart", 6) == 6);
    dir.await(before + "x\n");
    const auto begin = Clock::now();
    signal_and_wait(log, SIGTERM);
    if (skip_on_real("log-half-a-line-does-not-keep-it")) return;
    CHECK(log.wait() == exited(0));
    CHECK(Clock::now() - begin >= std::chrono::milliseconds(by_default ? 2000 : 100));
    CHECK(dir.logged() == before + "x\npart\n");
  }
}

TEST_CASE("log: R rotates by the clock, but nothing that is empty") {
  if (skip_on_real("log-options-of-later-versions")) return;
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const LogDir idle(scene.path() / "idle");
  RunningLog log(scene, {"R1", "./d", "-", "./idle"});
  log.write("a\n");
  dir.await_archives(1);
  log.write("b\n");
  dir.await_archives(2);
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == "a\nb\n");
  CHECK(idle.archives().empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
