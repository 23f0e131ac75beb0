// s6-log: disks that are full, directories that cannot be written, deaths at any moment.
#include <sys/ioctl.h>

#include <map>

#include "logging.hpp"

namespace s6::test {
namespace {

// A limit on the size of files stands in for the full disk; the signal that comes with it is ignored.
Start on_small_disk() {
  return Start{.ignored = {SIGXFSZ}};
}
void limit_files(Process& process, rlim_t bytes) {
  rlimit limit;
  REQUIRE(prlimit(process.pid(), RLIMIT_FSIZE, nullptr, &limit) == 0);
  limit.rlim_cur = bytes;
  REQUIRE(prlimit(process.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
}

std::size_t resident_kilobytes(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  const auto at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::stoul(status.substr(at + 6));
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_SUITE_BEGIN("log");

TEST_CASE("log: while the disk is full lines wait, then each is there once") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"s1000000", "r50", "./d"}, on_small_disk());
  limit_files(log.process(), 65536);
  const std::string text = numbered_lines(15, 8000);
  log.write(text);
  log.expect_message("warning: unable to write to ./d/current: File too large");
  log.signal(SIGTERM);
  CHECK(log.process().running());
  limit_files(log.process(), RLIM_INFINITY);
  CHECK(log.wait() == exited(0));
  CHECK(dir.logged() == text);
  CHECK(mode_of(dir / "current") == "0744");
}

TEST_CASE("log: a full disk is told once, and its end") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"r20", "./d"}, on_small_disk());
  limit_files(log.process(), 20'000);  // that is more than the warnings take
  const std::string text = numbered_lines(300);
  log.write(text);
  if (on_real("log-warns-once-of-a-full-disk")) {
    eventually("many warnings", [&] { return count_of(log.err(), "unable to write") >= 3; });
    return;
  }
  log.expect_message("unable to write to ./d/current");
  log.write("b\n");
  limit_files(log.process(), RLIM_INFINITY);
  log.expect_message("./d/current can be written again");
  dir.await(text + "b\n");
  CHECK(count_of(log.err(), "unable to write") == 1);
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: while nothing can be written memory does not grow, and nothing is lost") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"s200000000", "r50", "./d"}, on_small_disk());
  limit_files(log.process(), 0);
  const std::string text = numbered_lines(40'000);
  const std::size_t before = resident_kilobytes(log.process().pid());
  if (on_real("log-memory-is-bounded")) {
    log.write(text);
    CHECK(resident_kilobytes(log.process().pid()) > before + 2'000);
    return;
  }
  const std::size_t taken = log.write_until_it_blocks(text);
  CHECK(taken < 1'000'000);
  CHECK(resident_kilobytes(log.process().pid()) < before + 1'000);
  limit_files(log.process(), RLIM_INFINITY);
  log.write(std::string_view(text).substr(taken));
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == text);
}

void limit_memory(Process& process, rlim_t bytes) {
  rlimit limit;
  REQUIRE(prlimit(process.pid(), RLIMIT_AS, nullptr, &limit) == 0);
  limit.rlim_cur = bytes;
  REQUIRE(prlimit(process.pid(), RLIMIT_AS, &limit, nullptr) == 0);
}

TEST_CASE("log: a line for which there is no memory is cut, and waits for the rest of what it needs") {
  if (skip_on_real("log-memory-is-bounded")) return;
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"-l", "0", "./d"});
  limit_memory(log.process(), 0);
  const std::string line(150'000, 'x');
  const std::size_t taken = log.write_until_it_blocks(line);
  log.expect_message("out of memory: a line is cut");
  limit_memory(log.process(), RLIM_INFINITY);
  log.write(std::string_view(line).substr(taken));
  log.write("\nnext\n");
  CHECK(log.end() == exited(0));
  std::string logged = dir.logged();
  CHECK(logged.ends_with("\nnext\n"));
  std::erase(logged, '\n');
  CHECK(logged == line + "next");
}

TEST_CASE("log: with -b nothing is read while there is something to be written") {
  Scene scene;
  RunningLog log(scene, {"-b", "s200000000", "r50", "./d"}, on_small_disk());
  limit_files(log.process(), 0);
  CHECK(log.write_until_it_blocks(numbered_lines(10'000)) < 200'000);
  limit_files(log.process(), RLIM_INFINITY);
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: a directory that cannot be written to is tried again") {
  if (!is_root()) SKIP_TEST("needs root to become another user");
  Scene scene;
  scene.give_to(nobody);
  const LogDir dir(scene.path() / "d");
  Start how;
  how.user = nobody;
  RunningLog log(scene, {"r20", "./d"}, how);
  log.write("a\n");
  dir.await("a\n");
  REQUIRE(chmod(dir.path().c_str(), 0500) == 0);
  log.signal(SIGALRM);
  const char* const warning = "warning: unable to rename ./d/current to ./d/previous: Permission denied";
  eventually("warnings", [&] { return count_of(log.err(), warning) >= 2; });
  log.write("b\n");
  REQUIRE(chmod(dir.path().c_str(), 0700) == 0);
  dir.await_archives(1);
  dir.await("a\nb\n");
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: a current that somebody has removed is made again") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  if (skip_on_real("log-saves-what-a-rotation-would-overwrite")) return;
  for (const Words& words : {Words{"./d"}, Words{"?cat", "./d"}}) {
    RunningLog log(scene, words);
    log.write("a\n");
    eventually("the line", [&] { return dir.current() == "a\n"; });
    std::filesystem::remove(dir / "current");
    log.signal(SIGALRM);
    eventually("a new one", [&] { return is_there(dir / "current"); });
    log.write("b\n");
    CHECK(log.end() == exited(0));
    CHECK(dir.logged() == "b\n");
    std::filesystem::remove_all(dir.path());
  }
}

// --- deaths --------------------------------------------------------------------------------------------------------

// Lines in all files of the directory that hold lines, each inode once.
std::map<std::string, int> lines_in(const LogDir& dir, bool processed_too) {
  std::map<std::string, int> lines;
  std::vector<ino_t> seen;
  for (const std::string& name : dir.names()) {
    const bool holds_lines = name[0] == '@' || name == "current" || name == "previous";
    if (!holds_lines && !(processed_too && name == "processed")) continue;
    const ino_t inode = inode_of(dir / name);
    if (std::ranges::find(seen, inode) != seen.end()) continue;
    seen.push_back(inode);
    std::istringstream stream(read_file(dir / name));
    for (std::string line; std::getline(stream, line);) ++lines[line];
  }
  return lines;
}

// The system calls of a logger. `?`: some do not exist everywhere.
constexpr const char* system_calls[] = {
    "?chmod",  "?fchmodat",   "?fchmod",    "close",         "?clone",          "?clone3",    "fcntl",
    "fsync",   "?fstat",      "getdents64", "?link",         "linkat",          "?mkdir",     "mkdirat",
    "mmap",    "?newfstatat", "?open",      "openat",        "?poll",           "ppoll",      "read",
    "?rename", "?renameat",   "renameat2",  "?rt_sigaction", "?rt_sigprocmask", "?signalfd4", "?stat",
    "umask",   "?unlink",     "unlinkat",   "?vfork",        "wait4",           "write"};

// Kills s6-log when it is about to make this system call for the `number`th time. Has it died of that?
bool killed_at(const Scene& scene, const std::string& call, int number, const Words& words, std::string_view input) {
  Words argv = {"/usr/bin/strace", "-o", "/dev/null", "-e",
                "inject=" + call + ":signal=KILL:when=" + std::to_string(number)};
  for (const std::string& word : log_command(words)) argv.push_back(word);
  const Ran ran = fed(scene, argv, input);
  if (ran.exit == killed(SIGKILL)) return true;
  CHECK(ran.exit == exited(0));
  return false;
}

// Calls check(call, number) for each system call, for each time that it is made and once more; it says whether s6-log
// died of it. Returns how often it did.
int for_each_death(const std::function<bool(const std::string&, int)>& check) {
  int deaths = 0;
  for (const char* call : system_calls) {
    for (int number = 1; check(call, number); ++number) {
      ++deaths;
      if (test_failed()) return deaths;
    }
  }
  return deaths;
}

// Is s6-log killed at each of its system calls: what was in files before, or is when it dies, is there exactly once
// after the next start, and nothing that did not come in.
void check_deaths(const Words& words) {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  if (skip_on_real("log-recovers-from-any-crash")) return;
  const std::string first = numbered_lines(30);
  const std::string second = numbered_lines(30, 100, 30);
  const int deaths = for_each_death([&](const std::string& call, int number) {
    CAPTURE(call);
    CAPTURE(number);
    Scene scene;
    const LogDir dir(scene.path() / "d");
    REQUIRE(log_fed(scene, words, first).exit == exited(0));
    const bool killed = killed_at(scene, call, number, words, second);
    const auto before = lines_in(dir, true);
    REQUIRE(log_fed(scene, words, "after\n").exit == exited(0));
    const auto after = lines_in(dir, false);
    for (int i = 0; i < 30; ++i) CHECK(after.contains(numbered_line(i).substr(0, 99)));
    for (const auto& [line, count] : before) CHECK(after.contains(line));
    for (const auto& [line, count] : after) CHECK(count == 1);
    CHECK(after.contains("after"));
    CHECK(dir.archives().size() <= 4);
    CHECK((killed || after.size() == 61));
    return killed;
  });
  CHECK(deaths > 40);
}

TEST_CASE("log: killed at any system call, it loses and doubles nothing that was written") {
  check_deaths({"n100", "s4096", "l0", "./d"});
}

TEST_CASE("log: also with a processor") {
  check_deaths({"n100", "s4096", "l0", "?cat", "./d"});
}

TEST_CASE("log: killed at any system call of a recovery") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  if (skip_on_real("log-recovers-from-any-crash")) return;
  for (const mode_t processed_mode : {0644U, 0744U}) {
    const bool done = processed_mode == 0744;
    const int deaths = for_each_death([&](const std::string& call, int number) {
      CAPTURE(call);
      CAPTURE(number);
      Scene scene;
      const LogDir dir(scene.path() / "d");
      dir.file("current", "c\n", 0644);
      dir.file("previous", "p\n", 0744);
      dir.file("processed", done ? "P\n" : "junk", processed_mode);
      const bool killed = killed_at(scene, call, number, {"./d"}, "");
      REQUIRE(log_fed(scene, {"./d"}, "").exit == exited(0));
      CHECK(dir.logged() == (done ? "P\nc\n" : "p\nc\n"));
      CHECK_FALSE(is_there(dir / "previous"));
      CHECK_FALSE(is_there(dir / "processed"));
      return killed;
    });
    CHECK(deaths > 40);
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("log-timing");

TEST_CASE("log: a line for which there is no memory now is written when there is some") {
  if (skip_on_real("log-memory-is-bounded")) return;
  Scene scene;
  const LogDir dir(scene.path() / "d");
  RunningLog log(scene, {"-l", "0", "./d"});
  const std::string line(600'000, 'x');
  log.write(line);
  eventually("all is read", [&] {
    int unread = 1;
    return ioctl(log.input(), FIONREAD, &unread) == 0 && unread == 0;
  });
  wait_state(log.process().pid(), 'S');
  limit_memory(log.process(), 0);
  log.write("\nnext\n");
  wait_state(log.process().pid(), 'S');
  limit_memory(log.process(), RLIM_INFINITY);
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == line + "\nnext\n");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
