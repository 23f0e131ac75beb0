// s6-tai64n and s6-tai64nlocal.
#include <fcntl.h>
#include <time.h>

#include <array>

#include "logging.hpp"

namespace s6::test {
namespace {

TEST_SUITE_BEGIN("log");

TEST_CASE("tai64n: every line gets a stamp, and the last one its newline") {
  Scene scene;
  const Ran ran = fed(scene, {client("s6-tai64n"), "ignored"}, "a\n\nb");
  CHECK(ran.exit == exited(0));
  std::istringstream lines(ran.out);
  std::string last;
  for (const char* text : {"a", "", "b"}) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    REQUIRE(line.size() >= 26);
    CHECK(line[0] == '@');
    CHECK(line.substr(1, 24).find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(line.substr(25) == std::string(" ") + text);
    CHECK(line.substr(0, 25) >= last);
    last = line.substr(0, 25);
  }
  CHECK(ran.out.ends_with("b\n"));
  CHECK(fed(scene, {client("s6-tai64n")}, "").out.empty());
  CHECK(fed(scene, {client("s6-tai64n")}, std::string_view("a\0b\n", 4)).out.substr(26) ==
        std::string_view("a\0b\n", 4));
}

TEST_CASE("tai64n: the stamp is TAI") {
  Scene scene;
  const auto before = time(nullptr);
  const std::string out = fed(scene, {client("s6-tai64n")}, "a\n").out;
  const auto after = time(nullptr);
  REQUIRE(out.size() > 17);
  const auto label = std::stoull(out.substr(1, 16), nullptr, 16) - (1ULL << 62) - 37;
  CHECK(label >= static_cast<unsigned long long>(before));
  CHECK(label <= static_cast<unsigned long long>(after));
}

TEST_CASE("tai64n: lines of any length") {
  Scene scene;
  const std::string text = std::string(300'000, 'x') + "\ny\n";
  CHECK(fed(scene, {client("s6-tai64n")}, text).out.size() == text.size() + 2 * 26);
}

TEST_CASE("tai64n: descriptors that others have made non-blocking are waited for") {
  Scene scene;
  auto input = sys::pipe(), output = sys::pipe();
  REQUIRE(input);
  REQUIRE(output);
  for (const int fd : {input->read_end.get(), output->write_end.get()}) REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  REQUIRE(fcntl(output->write_end.get(), F_SETPIPE_SZ, 4096) >= 0);
  Process process({.argv = {client("s6-tai64n")}, .fds = {{0, input->read_end.get()}, {1, output->write_end.get()}}});
  output->write_end.reset();
  if (on_real("tai64n-waits-for-non-blocking-descriptors")) {
    CHECK(process.wait() == exited(111));
    return;
  }
  wait_state(process.pid(), 'S');
  const std::string text = std::string(20'000, 'x') + "\n";
  REQUIRE(::write(input->write_end.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  input->write_end.reset();
  wait_state(process.pid(), 'S');
  std::string all;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = ::read(output->read_end.get(), buffer.data(), buffer.size())) > 0;)
    all.append(buffer.data(), static_cast<std::size_t>(n));
  CHECK(all.substr(std::min<std::size_t>(26, all.size())) == text);
  CHECK(process.wait() == exited(0));
}

TEST_CASE("tai64n: what can be neither read nor written is 111") {
  Scene scene;
  const UniqueFd directory(open(scene.path().c_str(), O_RDONLY | O_CLOEXEC));
  const Ran unread = run({.argv = {client("s6-tai64n")}, .fds = {{0, directory.get()}}});
  CHECK(unread.exit == exited(111));
  CHECK(contains(unread.err, "Is a directory"));
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Ran unwritten = fed(scene, {client("s6-tai64n")}, "a\n", {.fds = {{1, full.get()}}});
  CHECK(unwritten.exit == exited(111));
  CHECK(contains(unwritten.err, "No space left on device"));
}

TEST_CASE("tai64nlocal: stamps at the beginning of a line become dates") {
  Scene scene;
  const auto converted = [&](std::string_view text, std::string_view zone = "UTC", std::string_view option = "") {
    Words argv = {client("s6-tai64nlocal")};
    if (!option.empty()) argv.emplace_back(option);
    const auto file = scene.path() / "stamps";
    write_file(file, text);
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const Ran ran = run(Start{.argv = argv, .env = {"TZ=" + std::string(zone)}, .fds = {{0, fd.get()}}});
    CHECK(ran.exit == exited(0));
    return ran.out;
  };
  const std::string stamp = "@400000006b02bd0a1ff6c0e1";
  const std::string date = "2026-11-22 09:59:01.536264929";
  CHECK(converted(stamp + " x\n") == date + " x\n");
  CHECK(converted(stamp + "glued\n") == date + "glued\n");
  CHECK(converted("@400000006B02BD0A1FF6C0E1 x\n") == date + " x\n");
  CHECK(converted(" " + stamp + " x\n") == " " + stamp + " x\n");
  CHECK(converted(stamp.substr(0, 24) + "\n") == stamp.substr(0, 24) + "\n");
  CHECK(converted(stamp + " x") == date + " x");
  CHECK(converted(stamp) == stamp);
  CHECK(converted("@400000000000000900000000 x\n") == "@400000000000000900000000 x\n");
  CHECK(converted("@40000000586846a400000000 x\n") == "2016-12-31 23:59:60.000000000 x\n");
  CHECK(converted("@40000000586846a500000000 x\n") == "2017-01-01 00:00:00.000000000 x\n");
  CHECK(converted("@400000000000000a00000000 x\n") == "1970-01-01 00:00:00.000000000 x\n");
  CHECK(converted("@4000010000000000 00000000\n") == "@4000010000000000 00000000\n");
  CHECK(converted("@400000ffffffffff00000000 x\n").starts_with("36812-"));
  CHECK(converted(stamp + " x\n", "<+01>-1") == "2026-11-22 10:59:01.536264929 x\n");
  CHECK(converted(stamp + " x\n", "<+01>-1", "-g") == date + " x\n");
  CHECK(run({client("s6-tai64nlocal"), "-x"}).exit == exited(100));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
