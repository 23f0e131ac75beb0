// The programs for fifodirs of any kind: s6-mkfifodir, s6-cleanfifodir, s6-ftrig-notify, s6-ftrig-wait, s6-ftrig-listen
// and s6-ftrig-listen1.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

// A fifodir PLACE/event, with the means of Fabricated.
class Fifodir : public Fabricated {
 public:
  explicit Fifodir(const Scene& scene, std::string_view name = "place")
      : Fabricated(scene.path() / name, status_of::down()) {}
  [[nodiscard]] std::string directory() const { return *this / "event"; }
};

std::vector<Fabricated> one(const Fifodir& fifodir) {
  return {fifodir};
}

Start command(std::string_view program, const std::vector<std::string>& words) {
  Start start{.argv = {client(program)}};
  start.argv.insert(start.argv.end(), words.begin(), words.end());
  return start;
}

Ran run_client(std::string_view program, const std::vector<std::string>& words) {
  return run(command(program, words));
}

// s6-ftrig-wait, subscribed and asleep; or ended.
Process wait_for(const Fifodir& fifodir, const std::string& expression, std::vector<std::string> options = {}) {
  options.insert(options.end(), {fifodir.directory(), expression});
  return start_waiting(command("s6-ftrig-wait", options), one(fifodir));
}

// What s6-ftrig-wait prints, or "waiting", after these messages have come, one by one.
std::string heard(const std::string& expression, const std::vector<std::string>& messages) {
  const Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, expression);
  for (const std::string& message : messages) {
    fifodir.notify(message);
    (void)sleeps(wait);
  }
  const std::string end = outcome(wait);
  return end == "exit 0" ? wait.out() : end;
}

// What ours prints, and what 2.11 prints, which is the last byte of the match.
std::string printed(const std::string& ours, const std::string& real) {
  return expected("ftrig-prints-the-whole-text", ours, real);
}

constexpr const char* stale_name = "ftrig1:@400000006b02d55b046af09b:YtCaNW";

void make_stale_fifo(const fs::path& path) {
  REQUIRE(mkfifo(path.c_str(), 0622) == 0);
}

void make_old(const fs::path& path, std::chrono::seconds age) {
  const timespec times[2] = {{time(nullptr) - age.count(), 0}, {time(nullptr) - age.count(), 0}};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

// A subscription that keeps its text for itself: nobody reads the FIFO.
class FullFifo {
 public:
  explicit FullFifo(const fs::path& path) {
    if (mkfifo(path.c_str(), 0622) == 0) fd_.reset(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd_) FAIL("cannot make " << path);
    const std::array<char, 4096> filler{};
    while (write(fd_.get(), filler.data(), filler.size()) > 0) continue;
  }

 private:
  UniqueFd fd_;
};

TEST_SUITE_BEGIN("clients");

// --- s6-mkfifodir
gid_t group_of(const fs::path& path) {
  struct stat st {};
  return stat(path.c_str(), &st) == 0 ? st.st_gid : static_cast<gid_t>(-1);
}

TEST_CASE("mkfifodir: makes a directory to which everybody may subscribe, whatever the umask") {
  Scene scene;
  const fs::path dir = scene.path() / "dir";
  Start start = command("s6-mkfifodir", {dir});
  start.umask = 077;
  CHECK(run(start).exit == exited(0));
  CHECK(mode_of(dir) == "1733");
  CHECK(group_of(dir) == getegid());
}

TEST_CASE("mkfifodir: -g makes a directory for a group") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const fs::path dir = scene.path() / "dir";
  CHECK(run_client("s6-mkfifodir", {"-g", "00123", dir}).exit == exited(0));
  CHECK(mode_of(dir) == "3730");
  CHECK(group_of(dir) == 123);
}

TEST_CASE("mkfifodir: what exists is left alone without -f, and set with it") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const fs::path dir = scene.path() / "dir";
  fs::create_directory(dir);
  REQUIRE(chmod(dir.c_str(), 0700) == 0);
  CHECK(run_client("s6-mkfifodir", {dir}).exit == exited(0));
  CHECK(run_client("s6-mkfifodir", {"-g123", dir}).exit == exited(0));
  CHECK(mode_of(dir) == "0700");
  CHECK(run_client("s6-mkfifodir", {"-fg123", dir}).exit == exited(0));
  CHECK(mode_of(dir) == "3730");
  CHECK(group_of(dir) == 123);
  CHECK(run_client("s6-mkfifodir", {"-f", dir}).exit == exited(0));
  CHECK(mode_of(dir) == "1733");
  CHECK(group_of(dir) == 123);
}

TEST_CASE("mkfifodir: what is no directory of the caller is a system error") {
  Scene scene;
  write_file(scene.path() / "file", "");
  fs::create_symlink("nowhere", scene.path() / "dangling");
  for (const char* name : {"file", "dangling", "missing/dir"}) {
    CAPTURE(name);
    const Ran ran = run_client("s6-mkfifodir", {scene.path() / name});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, (scene.path() / name).string()));
  }
  CHECK(run_client("s6-mkfifodir", {""}).exit == exited(111));
  if (!is_root()) SKIP_TEST("the rest needs root");
  const fs::path foreign = scene.path() / "foreign";
  fs::create_directory(foreign);
  REQUIRE(chown(foreign.c_str(), nobody, nobody) == 0);
  for (const char* option : {"--", "-f"}) {
    CAPTURE(option);
    const Ran ran = run_client("s6-mkfifodir", {option, foreign});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, "Permission denied"));
  }
}

TEST_CASE("mkfifodir: a user without rights gets a system error") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  Start start = command("s6-mkfifodir", {scene.path() / "dir"});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, (scene.path() / "dir").string()));
  scene.give_to(nobody);
  start.argv = command("s6-mkfifodir", {"-g0", scene.path() / "dir"}).argv;
  CHECK(run(start).exit == exited(111));
}

TEST_CASE("mkfifodir: wrong usage") {
  Scene scene;
  const std::string dir = scene.path() / "dir";
  const std::vector<std::vector<std::string>> wrong{
      {}, {"-f"}, {"-g", dir}, {"-g", "root", dir}, {"-g-1", dir}, {"-z", dir}, {"--force", dir}};
  for (const auto& words : wrong) {
    CAPTURE(words.size());
    const Ran ran = run_client("s6-mkfifodir", words);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "usage: s6-mkfifodir "));
  }
  CHECK(run_client("s6-mkfifodir", {"-g4294967295", dir}).exit ==
        exited(expected("mkfifodir-knows-that-minus-one-is-no-group", 100, 0)));
}

// --- s6-cleanfifodir
TEST_CASE("cleanfifodir: removes FIFOs that nobody reads, and no others") {
  Scene scene;
  const Fifodir fifodir(scene);
  const fs::path event = fifodir.directory();
  const Events living(event);
  make_stale_fifo(event / stale_name);
  make_stale_fifo(event / "ftrig1-000000000000000000000000000000-x");
  make_stale_fifo(event / "other");
  write_file(event / "ftrig1:@400000006b02d55b046af09b:regula", "");
  CHECK(run_client("s6-cleanfifodir", {event}).exit == exited(0));
  CHECK_DIFFERS("cleanfifodir-cleans", !is_there(event / stale_name));
  CHECK(is_there(event / "other"));
  CHECK(is_there(event / "ftrig1:@400000006b02d55b046af09b:regula"));
  CHECK(std::ranges::count_if(fifodir.subscribers(), [](const std::string& name) {
          return name.starts_with("ftrig1:@") && !name.ends_with("regula") && name != stale_name;
        }) == 1);
}

TEST_CASE("cleanfifodir: a subscription survives it") {
  Scene scene;
  const Fifodir fifodir(scene);
  Events living(fifodir.directory());
  CHECK(run_client("s6-cleanfifodir", {fifodir.directory()}).exit == exited(0));
  fifodir.notify("u");
  living.expect("u");
}

TEST_CASE("cleanfifodir: half-made FIFOs are removed when they are old") {
  Scene scene;
  const Fifodir fifodir(scene);
  const fs::path event = fifodir.directory();
  const fs::path temporary = event / (std::string(".") + stale_name);
  make_stale_fifo(temporary);
  CHECK(run_client("s6-cleanfifodir", {event}).exit == exited(0));
  CHECK(is_there(temporary));
  make_old(temporary, std::chrono::seconds(120));
  CHECK(run_client("s6-cleanfifodir", {event}).exit == exited(0));
  CHECK_DIFFERS("clean-removes-abandoned-temporaries", !is_there(temporary));
}

TEST_CASE("cleanfifodir: what cannot be read is a system error that names it") {
  Scene scene;
  write_file(scene.path() / "file", "");
  for (const char* name : {"file", "missing"}) {
    CAPTURE(name);
    const Ran ran = run_client("s6-cleanfifodir", {scene.path() / name});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, (scene.path() / name).string()));
  }
  CHECK(run_client("s6-cleanfifodir", {""}).exit == exited(111));
  if (!is_root()) SKIP_TEST("the rest needs root");
  const Fifodir fifodir(scene);
  REQUIRE(chmod(fifodir.directory().c_str(), 01733) == 0);
  Start start = command("s6-cleanfifodir", {fifodir.directory()});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, fifodir.directory()));
}

TEST_CASE("cleanfifodir: wrong usage, and two dashes") {
  Scene scene;
  const Fifodir fifodir(scene);
  const Ran ran = run_client("s6-cleanfifodir", {});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "usage: s6-cleanfifodir "));
  CHECK(run_client("s6-cleanfifodir", {fifodir.directory(), "ignored"}).exit == exited(0));
  CHECK(run_client("s6-cleanfifodir", {"--", fifodir.directory()}).exit ==
        exited(expected("two-dashes-end-the-options", 0, 111)));
}

// --- s6-ftrig-notify
TEST_CASE("ftrig-notify: everybody who listens gets the whole message in one piece") {
  Scene scene;
  const Fifodir fifodir(scene);
  Events first(fifodir.directory());
  Events second(fifodir.directory());
  CHECK(run_client("s6-ftrig-notify", {fifodir.directory(), "some message"}).exit == exited(0));
  CHECK(first.next_read() == "some message");
  CHECK(second.next_read() == "some message");
  CHECK(run_client("s6-ftrig-notify", {fifodir.directory(), ""}).exit == exited(0));
  CHECK(first.quiet());
}

TEST_CASE("ftrig-notify: nobody has to listen") {
  Scene scene;
  const Fifodir fifodir(scene);
  const Ran ran = run_client("s6-ftrig-notify", {fifodir.directory(), "x"});
  CHECK(ran.exit == exited(0));
  CHECK(ran.err.empty());
}

TEST_CASE("ftrig-notify: removes FIFOs that nobody reads") {
  Scene scene;
  const Fifodir fifodir(scene);
  const fs::path event = fifodir.directory();
  make_stale_fifo(event / stale_name);
  make_stale_fifo(event / (std::string(".") + stale_name));
  make_stale_fifo(event / "ftrig1-000000000000000000000000000000-x");
  CHECK(run_client("s6-ftrig-notify", {event, "x"}).exit == exited(0));
  CHECK_FALSE(is_there(event / stale_name));
  CHECK(fifodir.subscribers().size() == 2);
}

TEST_CASE("ftrig-notify: a full FIFO loses the message and stays") {
  Scene scene;
  const Fifodir fifodir(scene);
  const fs::path event = fifodir.directory();
  const FullFifo full(event / stale_name);
  Events other(event);
  CHECK(run_client("s6-ftrig-notify", {event, "x"}).exit == exited(0));
  CHECK(is_there(event / stale_name));
  other.expect("x");
}

TEST_CASE("ftrig-notify: a message of many bytes") {
  Scene scene;
  const Fifodir fifodir(scene);
  Events listener(fifodir.directory());
  const std::string message(20000, 'm');
  CHECK(run_client("s6-ftrig-notify", {fifodir.directory(), message}).exit == exited(0));
  listener.expect(message);
}

TEST_CASE("ftrig-notify: only FIFOs are written to, not files, and nothing through links") {
  Scene scene;
  const Fifodir fifodir(scene);
  const fs::path event = fifodir.directory();
  const auto nth = [&event](char n) { return event / (std::string("ftrig1:@400000006b02d55b046af09b:name-") + n); };
  write_file(scene.path() / "link-target", "precious");
  fs::create_symlink(scene.path() / "link-target", nth('1'));
  write_file(nth('2'), "precious");
  write_file(scene.path() / "hard-target", "precious");
  fs::create_hard_link(scene.path() / "hard-target", nth('3'));
  CHECK(run_client("s6-ftrig-notify", {event, "XX"}).exit == exited(0));
  CHECK_DIFFERS("notify-writes-to-fifos-only", read_file(scene.path() / "link-target") == "precious");
  CHECK_DIFFERS("notify-writes-to-fifos-only", read_file(nth('2')) == "precious");
  CHECK_DIFFERS("notify-writes-to-fifos-only", read_file(scene.path() / "hard-target") == "precious");
  CHECK(fifodir.subscribers().size() == 3);
}

TEST_CASE("ftrig-notify: who may subscribe need not be able to notify") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fifodir fifodir(scene);
  REQUIRE(chmod(fifodir.directory().c_str(), 01733) == 0);
  Start start = command("s6-ftrig-notify", {fifodir.directory(), "x"});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, fifodir.directory()));
  CHECK(contains(ran.err, "Permission denied"));
}

TEST_CASE("ftrig-notify: what is no directory is a system error") {
  Scene scene;
  write_file(scene.path() / "file", "");
  CHECK(run_client("s6-ftrig-notify", {scene.path() / "file", "x"}).exit == exited(111));
  CHECK(run_client("s6-ftrig-notify", {scene.path() / "missing", "x"}).exit == exited(111));
  CHECK(run_client("s6-ftrig-notify", {"", "x"}).exit == exited(111));
}

TEST_CASE("ftrig-notify: wrong usage, and two dashes") {
  Scene scene;
  const Fifodir fifodir(scene);
  Events listener(fifodir.directory());
  CHECK(run_client("s6-ftrig-notify", {}).exit == exited(100));
  const Ran ran = run_client("s6-ftrig-notify", {fifodir.directory()});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "usage: s6-ftrig-notify "));
  CHECK(run_client("s6-ftrig-notify", {fifodir.directory(), "a", "ignored"}).exit == exited(0));
  listener.expect("a");
  CHECK(run_client("s6-ftrig-notify", {fifodir.directory(), "--"}).exit == exited(0));
  listener.expect("--");
  CHECK(run_client("s6-ftrig-notify", {"--", "x"}).exit == exited(111));
  CHECK(run_client("s6-ftrig-notify", {"--", fifodir.directory(), "b"}).exit ==
        exited(expected("two-dashes-end-the-options", 0, 111)));
}

// --- s6-ftrig-wait: what is found and printed
TEST_CASE("ftrig-wait: waits for the expression and prints all that came") {
  CHECK(heard("U", {"u", "d", "U"}) == printed("udU\n", "U\n"));
  CHECK(heard("U", {"udUxy"}) == printed("udUxy\n", "U\n"));
  CHECK(heard("u", {"u"}) == "u\n");
  CHECK(heard("z", {"abc"}) == "waiting");
}

TEST_CASE("ftrig-wait: messages come in small pieces, and what came with the match is printed too") {
  const std::string message = std::string(40, 'a') + "b" + std::string(100, 'c');
  CHECK(heard("b", {message}) == printed(message.substr(0, 62) + "\n", "b\n"));
}

TEST_CASE("ftrig-wait: expressions are extended ones, and may match across messages") {
  CHECK(heard("a(b|c){2}d", {"a", "b", "c", "d"}) == printed("abcd\n", "d\n"));
  CHECK(heard("u.d", {"u\n", "d"}) == printed("u\nd\n", "d\n"));
  CHECK(heard("a{3}", {"a", "a"}) == "waiting");
}

TEST_CASE("ftrig-wait: the empty expression is any event") {
  CHECK(heard("", {}) == "waiting");
  CHECK(heard("", {"x"}) == "x\n");
}

TEST_CASE("ftrig-wait: anchors are the ends of all that came") {
  CHECK(heard("^u", {"u"}) == expected<std::string>("ftrig-anchors-work", "u\n", "waiting"));
  CHECK(heard("U$", {"u", "U"}) == expected<std::string>("ftrig-anchors-work", "uU\n", "waiting"));
  CHECK(heard("^u", {"d", "u"}) == "waiting");
}

TEST_CASE("ftrig-wait: a nul byte ends the text for the expression") {
  const std::string nul(1, '\0');
  CHECK(heard("x", {"a" + nul, "x"}) == "waiting");
}

TEST_CASE("ftrig-wait: the end of a long text is found") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "b");
  for (int i = 0; i < 20; ++i) {
    fifodir.notify(std::string(4000, 'a'));
    (void)sleeps(wait);
  }
  CHECK(outcome(wait) == "waiting");
  fifodir.notify("b");
  CHECK(wait.wait() == exited(0));
  CHECK(wait.out() == printed(std::string(80000, 'a') + "b\n", "b\n"));
}

TEST_CASE("ftrig-wait: a stopped listener catches up") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "dD");
  wait.freeze();
  for (const char* letter : {"u", "d", "D"}) fifodir.notify(letter);
  wait.thaw();
  CHECK(wait.wait() == exited(0));
}

// --- s6-ftrig-wait: how it ends otherwise
TEST_CASE("ftrig-wait: a wait that takes too long ends with 99, not before its time, and leaves no FIFO") {
  Scene scene;
  const Fifodir fifodir(scene);
  const auto start = Clock::now();
  const Ran ran = run_client("s6-ftrig-wait", {"-t", "300", fifodir.directory(), "x"});
  CHECK(ran.exit == exited(expected("ftrig-timeout-is-99", 99, 1)));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with("s6-ftrig-wait: fatal: "));
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-wait: events do not prolong the time") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "x", {"-t400"});
  eventually("time is up", [&] {
    fifodir.notify("u");
    return !wait.running();
  });
  CHECK(wait.wait() == exited(expected("ftrig-timeout-is-99", 99, 1)));
}

TEST_CASE("ftrig-wait: a time of 0 is no limit") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "x", {"-t0"});
  CHECK(outcome(wait) == "waiting");
  fifodir.notify("x");
  CHECK(wait.wait() == exited(0));
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-wait: the FIFO is gone when it ends, and can be written to by everybody while it is there") {
  Scene scene;
  const Fifodir fifodir(scene);
  Start start = command("s6-ftrig-wait", {fifodir.directory(), "x"});
  start.umask = 077;
  Process wait = start_waiting(start, one(fifodir));
  const auto names = fifodir.subscribers();
  REQUIRE(names.size() == 1);
  CHECK(mode_of(fs::path(fifodir.directory()) / names[0]) == expected<std::string>("svwait-fifo-mode", "0622", "0600"));
  fifodir.notify("x");
  CHECK(wait.wait() == exited(0));
  if (on_real("svwait-removes-its-fifos-itself")) fifodir.wait_unsubscribed();
  CHECK(fifodir.subscribers().empty());
}

TEST_CASE("ftrig-wait: a signal ends it and removes the FIFO") {
  Scene scene;
  const Fifodir fifodir(scene);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    CAPTURE(number);
    Process wait = wait_for(fifodir, "x");
    REQUIRE(outcome(wait) == "waiting");
    wait.signal(number);
    CHECK(wait.wait() == killed(number));
    fifodir.wait_unsubscribed();
  }
}

TEST_CASE("ftrig-wait: the removal of the FIFO ends the wait, as nothing can come any more") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "x");
  REQUIRE(outcome(wait) == "waiting");
  fs::remove_all(fifodir.directory());
  const std::string end = ending_of_ours("ftrig-notices-the-removal-of-its-fifo", wait);
  CHECK(end == expected("ftrig-notices-the-removal-of-its-fifo", "exit 1", "waiting"));
  CHECK((wait.running() || contains(wait.err(), fifodir.directory())));
}

TEST_CASE("ftrig-wait: what came before the FIFO was removed counts") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process wait = wait_for(fifodir, "x$|x");
  wait.freeze();
  fifodir.notify(std::string(5000, 'u'));
  fifodir.notify("x");
  for (const pid_t helper : children(wait.pid())) wait_state(helper, 'S');
  fs::remove_all(fifodir.directory());
  wait.thaw();
  CHECK(wait.wait() == exited(0));
}

TEST_CASE("ftrig-wait: an output that cannot be written is a system error") {
  Scene scene;
  const Fifodir fifodir(scene);
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  Start start = command("s6-ftrig-wait", {fifodir.directory(), "x"});
  start.fds = {{1, full.get()}};
  Process wait = start_waiting(start, one(fifodir));
  fifodir.notify("x");
  CHECK(wait.wait() == exited(111));
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-wait: an expression that is none is a system error, and leaves no FIFO") {
  Scene scene;
  const Fifodir fifodir(scene);
  for (const char* expression : {"(", "[a", "a{2,1}"}) {
    CAPTURE(expression);
    const Ran ran = run_client("s6-ftrig-wait", {fifodir.directory(), expression});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, expression));
  }
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-wait: a directory that is missing, or none, is a system error that names it") {
  Scene scene;
  write_file(scene.path() / "file", "");
  for (const char* name : {"file", "missing"}) {
    CAPTURE(name);
    const Ran ran = run_client("s6-ftrig-wait", {scene.path() / name, "x"});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, (scene.path() / name).string()));
  }
  CHECK(run_client("s6-ftrig-wait", {"", "x"}).exit == exited(111));
}

TEST_CASE("ftrig-wait: who may listen is decided by the mode of the directory") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fifodir fifodir(scene);
  Start start = command("s6-ftrig-wait", {"-t20000", fifodir.directory(), "x"});
  start.user = nobody;
  const Ran refused = run(start);
  CHECK(refused.exit == exited(111));
  CHECK(contains(refused.err, fifodir.directory()));
  CHECK(contains(refused.err, "Permission denied"));
  REQUIRE(chmod(fifodir.directory().c_str(), 01733) == 0);
  Process wait = start_waiting(start, one(fifodir));
  fifodir.notify("x");
  CHECK(wait.wait() == exited(0));
}

TEST_CASE("ftrig-wait: wrong usage") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {dir},
                                                    {"-t", dir, "x"},
                                                    {"-tx", dir, "x"},
                                                    {"-t=5", dir, "x"},
                                                    {"-z", dir, "x"},
                                                    {"--timeout", "5", dir, "x"}};
  for (const auto& words : wrong) {
    CAPTURE(words.size());
    const Ran ran = run_client("s6-ftrig-wait", words);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "usage: s6-ftrig-wait "));
  }
}

TEST_CASE("ftrig programs: long options") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  CHECK(run_client("s6-ftrig-wait", {"--timeout=200", dir, "x"}).exit ==
        exited(expected("ftrig-long-options", 99, 100)));
  CHECK(run_client("s6-ftrig-wait", {"--time=200", dir, "x"}).exit == exited(100));
  CHECK(run_client("s6-ftrig-listen1", {"--timeout=200", dir, "x", "true"}).exit ==
        exited(expected("ftrig-long-options", 1, 100)));
  CHECK(run_client("s6-ftrig-listen", {"--and", "--timeout=200", dir, "x", "", "true"}).exit ==
        exited(expected("ftrig-long-options", 1, 100)));
  CHECK(run_client("s6-ftrig-listen", {"--or", dir, "x", dir, "y", "", client("s6-ftrig-notify"), dir, "y"}).exit ==
        exited(expected("ftrig-long-options", 0, 100)));
}

// --- s6-ftrig-listen1
TEST_CASE("ftrig-listen1: the program brings about what is waited for, and all that came is printed") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string script = client("s6-ftrig-notify") + " " + fifodir.directory() + " aaxbb; exit 3";
  const Ran ran = run_client("s6-ftrig-listen1", {"-t20000", fifodir.directory(), "x", "sh", "-c", script});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == printed("aaxbb\n", "x\n"));
}

TEST_CASE("ftrig-listen1: a timeout is 1") {
  Scene scene;
  const Fifodir fifodir(scene);
  const Ran ran = run_client("s6-ftrig-listen1", {"-t200", fifodir.directory(), "x", "sh", "-c", "exit 0"});
  CHECK(ran.exit == exited(1));
  CHECK(ran.out.empty());
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-listen1: what cannot be listened to, or executed, is a system error") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string marker = scene.path() / "started";
  CHECK(run_client("s6-ftrig-listen1", {scene.path() / "missing", "x", "touch", marker}).exit == exited(111));
  CHECK(run_client("s6-ftrig-listen1", {fifodir.directory(), "(", "touch", marker}).exit == exited(111));
  const Ran ran = run_client("s6-ftrig-listen1", {fifodir.directory(), "x", "no-such-program"});
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "no-such-program"));
  CHECK_FALSE(is_there(marker));
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-listen1: wrong usage") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {dir}, {dir, "x"}, {"-a", dir, "x", "true"}, {"-tx", dir, "x", "true"}}) {
    CAPTURE(words.size());
    const Ran ran = run_client("s6-ftrig-listen1", words);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "usage: s6-ftrig-listen1 "));
  }
}

// --- s6-ftrig-listen
// Ends
// with an exit code or "waiting" after the messages, each for one of two fifodirs, where x is awaited; the program
// waits until the end of the test.
std::string listened(const std::vector<std::string>& options,
                     const std::vector<std::pair<int, std::string>>& messages) {
  const Scene scene;
  const std::vector<Fifodir> places{Fifodir(scene, "a"), Fifodir(scene, "b")};
  const fs::path gate = scene.path() / "gate";
  REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
  const UniqueFd gate_keeper(open(gate.c_str(), O_RDWR | O_CLOEXEC));
  std::vector<std::string> words = options;
  for (const Fifodir& place : places) words.insert(words.end(), {place.directory(), "x"});
  words.insert(words.end(), {"", "cat", gate});
  Process listener = start_waiting(command("s6-ftrig-listen", words), {places.begin(), places.end()});
  for (const auto& [place, message] : messages) {
    places.at(static_cast<std::size_t>(place)).notify(message);
    (void)sleeps(listener);
  }
  std::string end = outcome(listener);
  CHECK(listener.out().empty());
  return end;
}

TEST_CASE("ftrig-listen: -a waits for all, and is the default") {
  CHECK(listened({}, {{0, "x"}}) == "waiting");
  CHECK(listened({}, {{0, "x"}, {1, "x"}}) == "exit 0");
  CHECK(listened({"-a"}, {{1, "axb"}, {0, "x"}}) == "exit 0");
  CHECK(listened({"-oa"}, {{1, "x"}}) == "waiting");
}

TEST_CASE("ftrig-listen: a second match in one directory does not count for another") {
  CHECK(listened({}, {{0, "x"}, {0, "x"}, {0, "x"}}) == "waiting");
}

TEST_CASE("ftrig-listen: -o waits for one") {
  CHECK(listened({"-o"}, {{0, "y"}, {1, "y"}}) == "waiting");
  CHECK(listened({"-o"}, {{1, "x"}}) == "exit 0");
  CHECK(listened({"-ao"}, {{0, "x"}}) == "exit 0");
}

TEST_CASE("ftrig-listen: one event of two, and a timeout, which is 1") {
  Scene scene;
  const Fifodir a(scene, "a");
  const Fifodir b(scene, "b");
  const Ran ran = run_client("s6-ftrig-listen", {"-a", "-t300", a.directory(), "x", b.directory(), "x", "",
                                                 client("s6-ftrig-notify"), a.directory(), "x"});
  CHECK(ran.exit == exited(1));
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with("s6-ftrig-listen: fatal: "));
  a.wait_unsubscribed();
  b.wait_unsubscribed();
}

TEST_CASE("ftrig-listen: the words of the block may each carry one blank, and a lone blank is the empty expression") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  const std::string notify = client("s6-ftrig-notify");
  CHECK(run_client("s6-ftrig-listen", {"-t20000", " " + dir, " x", "", notify, dir, "x"}).exit == exited(0));
  CHECK(run_client("s6-ftrig-listen", {"-t20000", " " + dir, "x", " " + dir, " y", "", notify, dir, "xy"}).exit ==
        exited(0));
  CHECK(run_client("s6-ftrig-listen", {"-t20000", " " + dir, " ", "", notify, dir, "z"}).exit == exited(0));
  CHECK(run_client("s6-ftrig-listen", {"-t300", dir, "  x", "", notify, dir, "x"}).exit == exited(1));
}

TEST_CASE("ftrig-listen: what cannot be listened to, or executed, is a system error that leaves no FIFO") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  const std::string marker = scene.path() / "started";
  const std::string missing = scene.path() / "missing";
  CHECK(run_client("s6-ftrig-listen", {dir, "x", missing, "x", "", "touch", marker}).exit == exited(111));
  CHECK(run_client("s6-ftrig-listen", {dir, "x", dir, "(", "", "touch", marker}).exit == exited(111));
  CHECK(run_client("s6-ftrig-listen", {dir, "x", "", "no-such-program"}).exit == exited(111));
  CHECK_FALSE(is_there(marker));
  fifodir.wait_unsubscribed();
  if (!is_root()) SKIP_TEST("the rest needs root");
  Start start = command("s6-ftrig-listen", {dir, "x", "", "touch", marker});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, dir));
  CHECK_FALSE(is_there(marker));
}

TEST_CASE("ftrig-listen: a signal ends it and removes the FIFOs") {
  Scene scene;
  const Fifodir fifodir(scene);
  Process listener = start_waiting(command("s6-ftrig-listen", {fifodir.directory(), "x", "", "true"}), one(fifodir));
  listener.signal(SIGTERM);
  CHECK(listener.wait() == killed(SIGTERM));
  fifodir.wait_unsubscribed();
}

TEST_CASE("ftrig-listen: a removed FIFO ends -a, and -o when it was the last") {
  if (skip_on_real("ftrig-notices-the-removal-of-its-fifo")) return;
  Scene scene;
  const Fifodir a(scene, "a");
  const Fifodir b(scene, "b");
  const std::vector<std::string> block{a.directory(), "x", b.directory(), "x", "", "true"};
  {
    Process all = start_waiting(command("s6-ftrig-listen", block), {a, b});
    fs::remove_all(a.directory());
    CHECK(ending(all) == "exit 1");
  }
  REQUIRE(mkdir(a.directory().c_str(), 0700) == 0);
  std::vector<std::string> any = block;
  any.insert(any.begin(), "-o");
  Process either = start_waiting(command("s6-ftrig-listen", any), {a, b});
  fs::remove_all(a.directory());
  eventually("it says so", [&] { return contains(either.err(), a.directory()); });
  CHECK(outcome(either) == "waiting");
  fs::remove_all(b.directory());
  CHECK(ending(either) == "exit 1");
}

TEST_CASE("ftrig-listen: wrong usage") {
  Scene scene;
  const Fifodir fifodir(scene);
  const std::string dir = fifodir.directory();
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {dir, "x"},
                                                    {dir, "x", "true"},
                                                    {dir, "x", ""},
                                                    {"", "true"},
                                                    {"", "true", "x", "y"},
                                                    {dir, "", "true"},
                                                    {dir, "x", dir, "", "true"},
                                                    {"-tx", dir, "x", "", "true"},
                                                    {"-z", dir, "x", "", "true"}};
  for (const auto& words : wrong) {
    CAPTURE(words.size());
    const Ran ran = run_client("s6-ftrig-listen", words);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "usage: s6-ftrig-listen "));
  }
  CHECK(fifodir.subscribers().empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
