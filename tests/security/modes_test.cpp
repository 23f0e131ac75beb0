// Who may do what is said by modes, and those are the same under every umask, or say what the umask says.
#include <stdio.h>

#include <algorithm>
#include <array>
#include <map>

#include "attacker.hpp"
#include "tests/process/logging.hpp"
#include "tests/process/scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Every bit alone, in pairs of kinds that are used, and all together.
constexpr mode_t masks[] = {0, 01, 02, 04, 010, 020, 040, 0100, 0200, 0400, 022, 027, 077, 0177, 0277, 0377, 0777};

std::string octal(mode_t mode) {
  std::array<char, 8> text;
  snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

TEST_SUITE_BEGIN("modes");

TEST_CASE("what a supervisor makes has the documented modes under every umask") {
  if (!is_root()) SKIP_TEST("needs root");  // others could not read what the umask takes from them
  Scene scene;
  for (const mode_t mask : masks) {
    CAPTURE(octal(mask));
    ServiceDir dir = scene.service("umask-" + octal(mask));
    dir.run("say up\nsleep").file("lock-fd", "9");
    Process process(Start{.argv = {supervisor("s6-supervise"), dir.name()}, .cwd = scene.path(), .umask = mask});
    dir.expect("up");
    dir.send("D");
    wait_drained(dir);
    eventually("the down file is made, and the death is recorded",
               [&] { return is_there(dir / "down") && fs::file_size(dir / "supervise/death_tally") > 0; });
    const std::map<std::string, std::string> wanted = {
        {"event", "3730"},
        {"supervise", "0700"},
        {"supervise/lock", "0644"},
        {"supervise/service-lock", "0600"},
        {"supervise/control", "0600"},
        {"supervise/status", octal(0666 & ~mask)},
        {"supervise/death_tally", octal(0666 & ~mask)},
        {"down", octal(0666 & ~mask)},
    };
    for (const auto& [name, mode] : wanted) {
      CAPTURE(name);
      CHECK(mode_of(dir / name) == mode);
    }
    dir.send("x");
    CHECK(process.wait() == exited(0));
  }
}

TEST_CASE("what a scanner makes is its own, under every umask") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  for (const mode_t mask : masks) {
    CAPTURE(octal(mask));
    ScanDir scan(scene, "scan-" + octal(mask));
    Scanner scanner(scan, {}, {.umask = mask});
    CHECK(mode_of(scan / ".s6-svscan") == "0700");
    CHECK(mode_of(scan.own("lock")) == "0600");
    CHECK(mode_of(scan.own("control")) == "0600");
    CHECK(scanner.end() == exited(0));
  }
}

TEST_CASE("a fifodir and what is subscribed there have the documented modes under every umask") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  for (const mode_t mask : masks) {
    CAPTURE(octal(mask));
    const fs::path everybody = scene.path() / ("public-" + octal(mask));
    const fs::path group = scene.path() / ("group-" + octal(mask));
    const std::string gid = std::to_string(attacker_group);
    CHECK(run(Start{.argv = {client("s6-mkfifodir"), everybody}, .umask = mask}).exit == exited(0));
    CHECK(run(Start{.argv = {client("s6-mkfifodir"), "-g", gid, group}, .umask = mask}).exit == exited(0));
    CHECK(mode_of(everybody) == "1733");
    CHECK(mode_of(group) == "3730");
    struct stat st;
    REQUIRE(stat(group.c_str(), &st) == 0);
    CHECK(st.st_gid == attacker_group);
    Process waiting(Start{.argv = {client("s6-ftrig-wait"), group, "u"}, .umask = mask});
    eventually("it has subscribed", [&] {
      return std::ranges::any_of(fs::directory_iterator(group),
                                 [](const auto& entry) { return entry.path().filename().string()[0] != '.'; });
    });
    for (const auto& entry : fs::directory_iterator(group)) {
      CHECK(mode_of(entry.path()) == "0622");
    }
    CHECK(run({client("s6-ftrig-notify"), group, "u"}).exit == exited(0));
    CHECK(waiting.wait() == exited(0));
  }
}

TEST_CASE("fifodirs are made under every umask by users that are not root") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  for (const mode_t mask : masks) {
    CAPTURE(octal(mask));
    const fs::path parent = scene.path() / octal(mask);
    fs::create_directory(parent);
    give_to_attacker(parent);
    const Ran ran =
        run(Start{.argv = {client("s6-mkfifodir"), parent / "fifodir"}, .umask = mask, .user = attacker_user});
    CHECK_MESSAGE(ran.exit == exited(0), ran.err);
    CHECK(mode_of(parent / "fifodir") == "1733");
  }
}

TEST_CASE("what a logger makes is its owner's, less the umask, and its lock nobody else's") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  for (const mode_t mask : masks) {
    CAPTURE(octal(mask));
    const std::string name = "log-" + octal(mask);
    const LogDir dir(scene.path() / name);
    CHECK(log_fed(scene, {"./" + name}, "line\n", {.umask = mask}).exit == exited(0));
    CHECK(mode_of(dir / "lock") == "0600");
    CHECK(mode_of(dir / "state") == octal(0666 & ~mask));
    CHECK(mode_of(dir / "current") == octal((0666 & ~mask) | 0100));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
