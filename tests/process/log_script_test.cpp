// s6-log: options, lines, the script, and the actions but log directories.
#include "logging.hpp"

namespace s6::test {
namespace {

std::string with_stamps_replaced(std::string text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '@' && at + 25 <= text.size()) {
      result += "TAI";
      at += 25;
    } else if (text.compare(at, 2, "20") == 0 && at + 29 <= text.size() && text[at + 19] == '.') {
      result += "DATE";
      at += 29;
    } else {
      result += text[at++];
    }
  }
  return result;
}

TEST_SUITE_BEGIN("log");

TEST_CASE("log: lines end at newlines and NULs; what comes last is a line, too") {
  Scene scene;
  CHECK(log_fed(scene, {"1"}, "a\nb\n").out == "a\nb\n");
  CHECK(log_fed(scene, {"1"}, std::string_view("a\0b\nc\n", 6)).out == "a\nb\nc\n");
  CHECK(log_fed(scene, {"1"}, "a\nb").out == expected("log-keeps-an-unterminated-line", "a\nb\n", "a\n"));
  CHECK(log_fed(scene, {"1"}, "").out.empty());
}

TEST_CASE("log: an unterminated last line reaches a log directory") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  CHECK(log_fed(scene, {"./d"}, "a\nb").exit == exited(0));
  CHECK(dir.logged() == expected("log-keeps-an-unterminated-line", "a\nb\n", "a\n"));
}

TEST_CASE("log: long lines are cut") {
  Scene scene;
  const auto sizes = [&](const Words& words, const std::string& input) {
    std::vector<std::size_t> result;
    std::istringstream lines(log_fed(scene, words, input).out);
    for (std::string line; std::getline(lines, line);) result.push_back(line.size());
    return result;
  };
  using Sizes = std::vector<std::size_t>;
  const auto line = [](std::size_t size) { return std::string(size, 'x') + "\n"; };
  CHECK(sizes({"-l", "48", "1"}, line(100)) == Sizes{48, 48, 4});
  CHECK(sizes({"-l", "5", "1"}, line(48) + line(49)) == Sizes{48, 48, 1});
  CHECK(sizes({"1"}, line(20'000)) == Sizes{8192, 8192, 3616});
  CHECK(sizes({"1"}, line(8192) + line(1)) == Sizes{8192, 1});
  CHECK(sizes({"-l", "100000", "1"}, line(99'999) + line(3)) == Sizes{99'999, 3});
  CHECK(sizes({"-l", "0", "1"}, line(1'000'000) + line(3)) == Sizes{1'000'000, 3});
  CHECK(sizes({"-l", "0", "+x$", "1"}, line(600'000) + line(3)) == Sizes{600'000, 3});
  CHECK(sizes({"-l48", "pP", "1"}, line(100)) == Sizes{50, 50, 6});
}

TEST_CASE("log: prefixes and stamps") {
  Scene scene;
  const Ran ran = log_fed(scene, {"pPRE:", "T", "t", "1", "1", "p", "T", "1"}, "a\n");
  CHECK(with_stamps_replaced(ran.out) == "TAI DATE  PRE: a\nPRE: a\nDATE  a\n");
  // One reading of the clock for a line.
  CHECK(ran.out.substr(26, 29) == ran.out.substr(ran.out.size() - 33, 29));
}

TEST_CASE("log: alerts are cut") {
  Scene scene;
  const std::string z13(13, 'z'), z14(14, 'z');
  CHECK(log_fed(scene, {"E10", "2"}, z13 + "\n" + z14 + "\n").err ==
        "s6-log: alert: " + z13 + "\ns6-log: alert: zzzzzzzzzz...\n");
  CHECK(log_fed(scene, {"E0", "pP", "2"}, std::string(300, 'z') + "\n").err ==
        "s6-log: alert: P " + std::string(300, 'z') + "\n");
}

TEST_CASE("log: lines of any length go to alerts and status files") {
  Scene scene;
  std::string text;
  for (const std::size_t size : {100'000U, 10U, 600'000U}) text += std::string(size, 'z') + "\n";
  const Ran ran = log_fed(scene, {"-l", "0", "E0", "2", "^0", "=st"}, text);
  CHECK(ran.exit == exited(0));
  CHECK(ran.err == "s6-log: alert: " + std::string(100'000, 'z') + "\ns6-log: alert: " + std::string(10, 'z') +
                       "\ns6-log: alert: " + std::string(600'000, 'z') + "\n");
  CHECK(read_file(scene.path() / "st") == std::string(600'000, 'z') + "\n");
}

TEST_CASE("log: status files") {
  Scene scene;
  CHECK(
      log_fed(scene, {"=st", "^3", "=st3", "^0", "=st0", "^6", "pP", "=st6", "-nothing", "=none"}, "a\nbcdef\n").exit ==
      exited(0));
  const auto content = [&](const char* name) { return read_file(scene.path() / name); };
  CHECK(content("st") == "bcdef" + std::string(996, '\n'));
  CHECK(content("st3") == "bcd");
  CHECK(content("st0") == "bcdef\n");
  CHECK(content("st6") == "P bcde");
  CHECK(content("none").size() == 6);
  CHECK(mode_of(scene.path() / "st") == "0644");
  CHECK_FALSE(is_there(scene.path() / "st.new"));
  const Ran ran = log_fed(scene, {"=missing/st", "1"}, "a\n");
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "a\n");
  CHECK(contains(ran.err, "unable to write status file missing/st: No such file or directory"));
}

TEST_CASE("log: selections") {
  Scene scene;
  const std::string fruit = "apple\nbanana\ncherry\n";
  const auto out = [&](const Words& words) { return log_fed(scene, words, fruit).out; };
  CHECK(out({"--", "-", "+an", "pA", "1", "f", "pB", "1"}) == "B apple\nA banana\nB cherry\n");
  CHECK(out({"--", "-", "+an", "pA", "1", "+ch", "pB", "1", "f", "pC", "1"}) ==
        "C apple\nA banana\nB banana\nB cherry\n");
  CHECK(out({"-", "+^[ab]", "1"}) == "apple\nbanana\n");
  CHECK(out({"--", "-a{1}p", "1"}) == "banana\ncherry\n");
  CHECK(out({"-", "+(an){2}|^c", "1"}) == "banana\ncherry\n");
  CHECK(out({"-", "+p.*l", "1"}) == "apple\n");
  CHECK(out({"-", "+[[:alpha:]]{6}", "1"}) == "banana\ncherry\n");
  CHECK(out({"-", "+X", "1"}).empty());
}

TEST_CASE("log: expressions know bytes, not characters") {
  Scene scene;
  Start how;
  how.env = {"LC_ALL=C.UTF-8"};
  for (const char* regex : {"+^.$", "+^.{1}$", "+^[^a]$", "+^(.)$"}) {
    CAPTURE(std::string(regex));
    CHECK(log_fed(scene, {"-", regex, "1"}, "\xc3\xa9\nx\n\xff\n", how).out == "x\n\xff\n");
  }
}

TEST_CASE("log: wrong scripts") {
  Scene scene;
  const auto refused = [&](const Words& words, std::string_view message) {
    const Ran ran = log_fed(scene, words, "");
    CAPTURE(words.back());
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, message));
  };
  refused({}, "usage: ");
  refused({"-an", "1"}, "usage: ");
  refused({"-x", "1"}, "usage: ");
  refused({"-l", "x", "1"}, "usage: ");
  refused({"+(", "1"}, "fatal: unrecognized directive: +(");
  refused({"", "1"}, "fatal: unrecognized directive: ");
  refused({"nx", "1"}, "fatal: unrecognized directive: nx");
  refused({"tt", "1"}, "fatal: syntax error at directive: tt");
  refused({"=", "1"}, "fatal: syntax error at directive: =");
  refused({"+a"}, "fatal: no action directive specified");
  refused({"s4096", "l2049", "1"}, "fatal: directive l2049 conflicts with previous s directive");
  refused({"l50000", "1"}, "conflicts");
  refused({"-d", "2", "1"}, "fatal: notification fd must be 3 or more");
  refused({"-d", "7", "1"}, "fatal: invalid notification fd: Bad file descriptor");
  for (const Words& good : {Words{"s4096", "l2048", "1"}, Words{"l49999", "1"}, Words{"l49999", "s4096", "1"}})
    CHECK(log_fed(scene, good, "").exit == exited(0));
}

TEST_CASE("log: useless selections are a warning") {
  Scene scene;
  const Ran ran = log_fed(scene, {"1", "+a"}, "b\n");
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "b\n");
  CHECK(contains(ran.err, "warning: ignoring extraneous non-action directives"));
  const Ran quiet = log_fed(scene, {"-q", "1", "+a"}, "b\n");
  CHECK(quiet.exit == exited(0));
  CHECK(quiet.err.empty());
}

TEST_CASE("log: what came with later versions") {
  Scene scene;
  for (const Words& words : {Words{"R5", "1"}, Words{"-t", "5", "1"}})
    CHECK(log_fed(scene, words, "").exit == exited(expected("log-options-of-later-versions", 0, 100)));
}

TEST_CASE("log: readiness is one newline and the end") {
  Scene scene;
  auto ready = sys::pipe();
  auto input = sys::pipe();
  REQUIRE(ready);
  REQUIRE(input);
  Process process(Start{.argv = log_command({"-d", "5", "./d"}),
                        .cwd = scene.path(),
                        .fds = {{0, input->read_end.get()}, {5, ready->write_end.get()}}});
  ready->write_end.reset();
  std::string got;
  char byte;
  while (::read(ready->read_end.get(), &byte, 1) == 1) got += byte;
  CHECK(got == "\n");
  CHECK(process.running());
  CHECK(is_there(scene.path() / "d/lock"));
}

TEST_CASE("log: closed standard input ends it in order") {
  Scene scene;
  const Ran ran = run(Start{.argv = log_command({"./d"}), .cwd = scene.path(), .closed = {0}});
  CHECK(ran.exit == exited(0));
  CHECK(mode_of(scene.path() / "d/current") == "0744");
}

TEST_CASE("log: when nobody reads standard output everything else goes on") {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  auto out = sys::pipe();
  REQUIRE(out);
  Start how;
  how.fds = {{1, out->write_end.get()}};
  RunningLog log(scene, {"-q", "1", "./d"}, how);
  out->read_end.reset();
  log.write("a\n");
  log.expect_message("warning: unable to write to stdout, closing the stream - error was: Broken pipe");
  log.write("b\n");
  dir.await("a\nb\n");
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: a reader of standard output who is slow loses nothing") {
  Scene scene;
  auto out = sys::pipe();
  REQUIRE(out);
  Start how;
  how.fds = {{1, out->write_end.get()}};
  RunningLog log(scene, {"1"}, how);
  out->write_end.reset();
  const std::string text = numbered_lines(6'000);
  std::string got;
  std::size_t written = 0;
  REQUIRE(fcntl(log.input(), F_SETFL, O_NONBLOCK) == 0);
  std::vector<char> buffer(10'000);
  while (got.size() < text.size()) {
    const ssize_t n = ::write(log.input(), text.data() + written, text.size() - written);
    if (n > 0) written += static_cast<std::size_t>(n);
    REQUIRE(wait_readable(out->read_end.get()));
    const ssize_t r = ::read(out->read_end.get(), buffer.data(), buffer.size());
    REQUIRE(r > 0);
    got.append(buffer.data(), static_cast<std::size_t>(r));
  }
  CHECK(got == text);
  CHECK(log.end() == exited(0));
}

TEST_CASE("log: others who write to its standard output still wait for room there") {
  for (const std::vector<std::string>& script : {std::vector<std::string>{"1"}, std::vector<std::string>{"./d"}}) {
    Scene scene;
    auto out = sys::pipe();
    REQUIRE(out);
    Start how;
    how.fds = {{1, out->write_end.get()}};
    RunningLog log(scene, script, how);
    log.write("a\n");
    CHECK(log.end() == exited(0));
    const int flags = fcntl(out->write_end.get(), F_GETFL);
    REQUIRE(flags >= 0);
    CHECK_DIFFERS("log-leaves-stdout-to-others", (flags & O_NONBLOCK) == 0);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
