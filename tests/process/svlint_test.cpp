// s6-svlint, on directories in which one thing is wrong.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "../json_checker.hpp"
#include "harness.hpp"
#include "supervise/lint.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
namespace lint = supervise::lint;
using Words = std::vector<std::string>;

void set_mode(const fs::path& path, mode_t mode) {
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

fs::path make_directory(const fs::path& path) {
  fs::create_directory(path);
  set_mode(path, 0755);
  return path;
}

// A scan directory with a service `a` and its logger, in which nothing is wrong.
class Tree {
 public:
  explicit Tree(const Scene& scene) : above_(make_directory(scene.path() / "above")) {
    for (const char* const directory : {"", ".s6-svscan", "a", "a/log"}) make_directory(path() / directory);
    for (const char* const program : {"a/run", "a/log/run", ".s6-svscan/finish"})
      write_file(path() / program, "#!/bin/sh\n", 0755);
  }
  [[nodiscard]] fs::path path() const { return above_ / "tree"; }
  fs::path operator/(std::string_view name) const { return path() / name; }
  [[nodiscard]] const fs::path& above() const { return above_; }
  void file(std::string_view name, std::string_view content, mode_t mode = 0644) const {
    write_file(path() / name, content, mode);
    set_mode(path() / name, mode);
  }
  void link(std::string_view name, std::string_view target) const { fs::create_symlink(target, path() / name); }

 private:
  fs::path above_;
};

struct Found {
  Words list;  // "CODE PATH", sorted
  int exit_code = -1;
  friend bool operator==(const Found&, const Found&) = default;
};

std::ostream& operator<<(std::ostream& out, const Found& found) {
  for (const std::string& one : found.list) out << one << "\n";
  return out << "exit code " << found.exit_code;
}

// What is found, with paths relative to `base`.
Found found_in(const fs::path& directory, const fs::path& base, Start start = {}) {
  start.argv = {client("s6-svlint"), "--json", directory};
  const Ran ran = run(std::move(start));
  CHECK(ran.err == "");
  Found found{.list = {}, .exit_code = ran.exit.code};
  const Json document = Json::parse(ran.out);
  for (const Json& finding : document["findings"].list()) {
    CHECK(!finding["message"].string().empty());
    found.list.push_back(finding["code"].string() + " " +
                         fs::path(finding["path"].string()).lexically_relative(base).string());
  }
  std::sort(found.list.begin(), found.list.end());
  return found;
}
Found found_in(const Tree& tree, Start start = {}) {
  return found_in(tree.path(), tree.path(), std::move(start));
}
const Found nothing{.list = {}, .exit_code = 0};

int exit_code_for(lint::Severity severity) {
  return severity == lint::Severity::error ? 1 : severity == lint::Severity::warning ? 2 : 0;
}

const lint::Rule& rule_named(std::string_view name) {
  const auto* rule =
      std::find_if(std::begin(lint::rules), std::end(lint::rules), [&](const auto& one) { return one.name == name; });
  REQUIRE(rule != std::end(lint::rules));
  return *rule;
}

// What has to be done to a tree so that there is this finding, and no other.
struct Case {
  const char* code;
  const char* path;
  void (*spoil)(const Tree& tree);
};
const Case cases[] = {
    {"run-missing", "a/run", [](const Tree& tree) { fs::remove(tree / "a/run"); }},
    {"run-missing", "a/log/run", [](const Tree& tree) { fs::remove(tree / "a/log/run"); }},
    {"run-missing", "a/run",
     [](const Tree& tree) {
       fs::remove(tree / "a/run");
       tree.link("a/run", "nowhere");
     }},
    {"not-executable", "a/run", [](const Tree& tree) { set_mode(tree / "a/run", 0644); }},
    {"not-executable", "a/finish", [](const Tree& tree) { tree.file("a/finish", "#!/bin/sh\n"); }},
    {"not-executable", ".s6-svscan/SIGHUP", [](const Tree& tree) { tree.file(".s6-svscan/SIGHUP", "#!/bin/sh\n"); }},
    {"not-executable", "a/finish", [](const Tree& tree) { make_directory(tree / "a/finish"); }},
    {"no-interpreter", "a/run", [](const Tree& tree) { tree.file("a/run", "exec food\n", 0755); }},
    {"interpreter-missing", "a/run", [](const Tree& tree) { tree.file("a/run", "#!/no/such/shell\n", 0755); }},
    {"carriage-return", "a/run", [](const Tree& tree) { tree.file("a/run", "#!/bin/sh\r\n", 0755); }},
    {"interpreter-relative", "a/run", [](const Tree& tree) { tree.file("a/run", "#!sh\n", 0755); }},
    {"interpreter-line-long", "a/run",
     [](const Tree& tree) { tree.file("a/run", "#!/bin/sh " + std::string(300, 'x') + "\n", 0755); }},
    {"fd-clash", "a/lock-fd",
     [](const Tree& tree) {
       tree.file("a/notification-fd", "3\n");
       tree.file("a/lock-fd", "3\n");
     }},
    {"others-can-write", "a/run", [](const Tree& tree) { set_mode(tree / "a/run", 0757); }},
    {"others-can-write", "a", [](const Tree& tree) { set_mode(tree / "a", 01777); }},
    {"others-can-write", ".", [](const Tree& tree) { set_mode(tree.path(), 01777); }},
    {"others-can-write", ".s6-svscan", [](const Tree& tree) { set_mode(tree / ".s6-svscan", 0777); }},
    {"others-can-write", "..", [](const Tree& tree) { set_mode(tree.above(), 0777); }},
    {"others-can-write", "../open",
     [](const Tree& tree) {
       fs::rename(tree / "a/run", make_directory(tree.above() / "open") / "run");
       set_mode(tree.above() / "open", 0777);
       tree.link("a/run", "../../open/run");
     }},
    {"others-can-write", "../open",
     [](const Tree& tree) {
       fs::rename(tree / "a", make_directory(tree.above() / "open") / "a");
       set_mode(tree.above() / "open", 0777);
       tree.link("a", "../open/a");
     }},
    {"others-can-write", "../open",
     [](const Tree& tree) {
       fs::rename(tree / "a/log", make_directory(tree.above() / "open") / "log");
       set_mode(tree.above() / "open", 0777);
       tree.link("a/log", "../../open/log");
     }},
    {"invalid-value", "a/timeout-kill", [](const Tree& tree) { tree.file("a/timeout-kill", "5s\n"); }},
    {"invalid-value", "a/log/down-signal", [](const Tree& tree) { tree.file("a/log/down-signal", "TERM \n"); }},
    {"invalid-value", "a/notification-fd", [](const Tree& tree) { make_directory(tree / "a/notification-fd"); }},
    {"invalid-value", "a/notification-fd",
     [](const Tree& tree) { REQUIRE(::mkfifo((tree / "a/notification-fd").c_str(), 0600) == 0); }},
    {"value-cut", "a/timeout-kill", [](const Tree& tree) { tree.file("a/timeout-kill", "000000050000\n"); }},
    {"fd-range", "a/notification-fd", [](const Tree& tree) { tree.file("a/notification-fd", "4000000000\n"); }},
    {"standard-fd", "a/notification-fd", [](const Tree& tree) { tree.file("a/notification-fd", "1\n"); }},
    {"useless-signal", "a/down-signal", [](const Tree& tree) { tree.file("a/down-signal", "0\n"); }},
    {"no-effect", "a/timeout-finish", [](const Tree& tree) { tree.file("a/timeout-finish", "100\n"); }},
    {"tally-limit", "a/max-death-tally", [](const Tree& tree) { tree.file("a/max-death-tally", "5000\n"); }},
    {"misspelt-name", "a/notification_fd", [](const Tree& tree) { tree.file("a/notification_fd", "3\n"); }},
    {"misspelt-name", "a/notification_fd",
     [](const Tree& tree) {
       tree.file("a/notification-fd", "3\n");
       tree.file("a/notification_fd", "4\n");
     }},
    {"misspelt-name", "a/Finish", [](const Tree& tree) { tree.file("a/Finish", "#!/bin/sh\n", 0755); }},
    {"misspelt-name", ".s6-svscan/sigterm", [](const Tree& tree) { tree.file(".s6-svscan/sigterm", "x"); }},
    {"misspelt-name", "a/logs", [](const Tree& tree) { fs::rename(tree / "a/log", tree / "a/logs"); }},
    {"log-not-directory", "a/log",
     [](const Tree& tree) {
       fs::remove_all(tree / "a/log");
       tree.file("a/log", "");
     }},
    {"control-open", "a/supervise/control",
     [](const Tree& tree) {
       make_directory(tree / "a/supervise");
       tree.file("a/supervise/control", "", 0622);
     }},
    {"event-open", "a/event", [](const Tree& tree) { set_mode(make_directory(tree / "a/event"), 0777); }},
    {"dangling-link", "b", [](const Tree& tree) { tree.link("b", "nowhere"); }},
    {"dangling-link", "a/finish", [](const Tree& tree) { tree.link("a/finish", "nowhere"); }},
    {"name-long", "x(252)", [](const Tree& tree) { fs::rename(tree / "a", tree / std::string(252, 'x')); }},
    {"extra-lines", "a/timeout-kill", [](const Tree& tree) { tree.file("a/timeout-kill", "5\nmore\n"); }},
    {"no-time-limit", "a/timeout-kill", [](const Tree& tree) { tree.file("a/timeout-kill", "0\n"); }},
    {"kill-signal", "a/down-signal", [](const Tree& tree) { tree.file("a/down-signal", "KILL\n"); }},
    {"foreign-name", "a/check", [](const Tree& tree) { tree.file("a/check", "#!/bin/sh\n", 0755); }},
    {"nested-logger", "a/log/log", [](const Tree& tree) { make_directory(tree / "a/log/log"); }},
    {"down", "a/down", [](const Tree& tree) { tree.file("a/down", ""); }},
    {"not-a-service", "README", [](const Tree& tree) { tree.file("README", ""); }},
};
// Those that need more than a tree have tests of their own.
const Words tested_below = {"noexec", "foreign-owner", "group-can-write", "unreadable", "down-while-up"};

}  // namespace

TEST_SUITE_BEGIN("svlint");

TEST_CASE("each finding is made where its reason is, and only there") {
  for (const Case& one : cases) {
    CAPTURE(one.code);
    CAPTURE(one.path);
    Scene scene;
    const Tree tree(scene);
    REQUIRE(found_in(tree) == nothing);
    one.spoil(tree);
    const std::string path = one.path == std::string_view("x(252)") ? std::string(252, 'x') : one.path;
    CHECK(found_in(tree) == Found{{one.code + (" " + path)}, exit_code_for(rule_named(one.code).severity)});
  }
}

TEST_CASE("what is as it may be is not found fault with") {
  Scene scene;
  const Tree tree(scene);
  fs::remove_all(tree / "a/log");
  make_directory(tree / "a/logs");  // no misspelt logger: it has no run
  tree.file("a/Run", "");           // there is a run
  tree.file("a/README", "");
  tree.file(".hidden", "");  // s6-svscan does not look at it
  tree.link(".gone", "nowhere");
  tree.link("a/supervise", "nowhere");  // to be made
  set_mode(make_directory(tree / "a/event"), 01733);
  make_directory(tree / "a/data");
  tree.file("a/data/check", "#! /bin/sh -e\n", 0700);
  tree.file("a/finish", "#!/bin/sh\n", 0755);
  tree.file("a/timeout-finish", "1000");
  CHECK(found_in(tree) == nothing);
}

TEST_CASE("each rule has a test") {
  for (const lint::Rule& rule : lint::rules) {
    CAPTURE(rule.name);
    const bool in_table = std::any_of(std::begin(cases), std::end(cases),
                                      [&](const Case& one) { return rule.name == std::string_view(one.code); });
    const bool below = std::find(tested_below.begin(), tested_below.end(), rule.name) != tested_below.end();
    CHECK(in_table != below);
  }
}

TEST_CASE("noexec") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  Scene scene;
  const Tree tree(scene);
  const fs::path service = tree / "a";
  const Found found =
      found_in(tree, {.in_child = [&service] {
                 if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                     mount(service.c_str(), service.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
                     mount("none", service.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_NOEXEC, nullptr) != 0)
                   _exit(125);
               }});
  CHECK(found == Found{{"noexec a/log/run", "noexec a/run"}, 1});
}

TEST_CASE("foreign-owner: who else can change a service of root, or of a user") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  Scene scene;
  const Tree tree(scene);
  for (const char* const name : {"a", "a/run", "a/log/run"})
    REQUIRE(::chown((tree / name).c_str(), nobody, nobody) == 0);
  CHECK(found_in(tree) == Found{{"foreign-owner a", "foreign-owner a/log/run", "foreign-owner a/run"}, 1});
  CHECK(found_in(tree, {.user = nobody}) == nothing);  // his own service
}

TEST_CASE("group-can-write: root's own group is trusted") {
  if (::geteuid() != 0) SKIP_TEST("needs root");
  Scene scene;
  const Tree tree(scene);
  set_mode(tree / "a/run", 0775);
  CHECK(found_in(tree) == nothing);
  REQUIRE(::chown((tree / "a/run").c_str(), 0, nobody) == 0);
  CHECK(found_in(tree) == Found{{"group-can-write a/run"}, 2});
}

TEST_CASE("unreadable: what could not be checked is no success") {
  Scene scene;
  const Tree tree(scene);
  tree.file("a/timeout-kill", "5000\n", 0);
  Start start;
  if (::geteuid() == 0) start.user = nobody;
  CHECK(found_in(tree, std::move(start)) == Found{{"unreadable a/timeout-kill"}, 2});
}

TEST_CASE("unreadable: a program that only others may read") {
  Scene scene;
  const Tree tree(scene);
  set_mode(tree / "a/run", 0311);
  Start start;
  if (::geteuid() == 0) start.user = nobody;
  CHECK(found_in(tree, std::move(start)) == Found{{"unreadable a/run"}, 2});
}

TEST_CASE("down-while-up: a service that will not come back by itself") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run_sh("echo up >voice; exec sleep 1000");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.file("down", "");
  CHECK(found_in(dir.path(), dir.path()) == Found{{"down-while-up down"}, 2});
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(found_in(dir.path(), dir.path()) == Found{{"down down"}, 0});
}

TEST_CASE("a sticky directory above is no way in") {
  Scene scene;
  const Tree tree(scene);
  set_mode(tree.above(), 01777);
  CHECK(found_in(tree) == nothing);
}

TEST_CASE("what is wrong above many services is said once") {
  Scene scene;
  const Tree tree(scene);
  const fs::path open = make_directory(tree.above() / "open");
  set_mode(open, 0777);
  for (const std::string name : {"b", "c", "d"}) {
    write_file(make_directory(open / name) / "run", "#!/bin/sh\n", 0755);
    tree.link(name, "../open/" + name);
  }
  CHECK(found_in(tree) == Found{{"others-can-write ../open"}, 1});
}

TEST_CASE("a path that leaves no room for names is not looked at") {
  Scene scene;
  const Tree tree(scene);
  fs::path deep = tree.path();
  while (deep.native().size() < 3800) deep /= std::string(100, 'x');
  fs::create_directories(deep);
  CHECK(found_in(deep, deep) == Found{{"unreadable ."}, 2});
  CHECK(contains(run({client("s6-svlint"), "-s", deep}).out, "too long"));
}

TEST_CASE("a directory is taken for what is in it") {
  Scene scene;
  const Tree tree(scene);
  fs::remove(tree / "a/log/run");
  CHECK(found_in(tree) == Found{{"run-missing a/log/run"}, 1});
  fs::remove_all(tree / ".s6-svscan");
  CHECK(found_in(tree) == Found{{"run-missing a/log/run"}, 1});  // it has a service
  CHECK(found_in(tree / "a", tree.path()) == Found{{"run-missing a/log/run"}, 1});
  fs::remove(tree / "a/run");
  CHECK(found_in(tree / "a", tree.path()) == Found{{"run-missing a/log/run", "run-missing a/run"}, 1});
  CHECK(found_in(tree) == Found{{"run-missing run"}, 1});  // no sign of a scan directory any more, unless one says so
  CHECK(contains(run({client("s6-svlint"), "-s", tree.path()}).out, "/a/run: error: "));
}

TEST_CASE("several directories, as text") {
  Scene scene;
  const Tree tree(scene);
  tree.file("a/down", "");
  tree.file("a/timeout-kil", "5\n");
  const std::string a = tree / "a", log = tree / "a/log";
  const std::string warning =
      a + "/timeout-kil: warning: s6-supervise does not look at it; is timeout-kill meant? [misspelt-name]\n";
  const Ran all = run({client("s6-svlint"), log, a + "//"});
  CHECK(all.exit == exited(2));
  CHECK(all.out.starts_with(warning + a + "/down: hint: the service is not started by itself; this file is "));
  CHECK(all.out.ends_with(" old, and is empty as s6-svc -D leaves it [down]\n"));
  CHECK(run({client("s6-svlint"), "-q", log, a}).out == warning);
  CHECK(run({client("s6-svlint"), log}).out == "");
}

TEST_CASE("what is no directory, and wrong command lines") {
  Scene scene;
  const Tree tree(scene);
  const Ran missing = run({client("s6-svlint"), "--json", tree.path(), tree / "none"});
  CHECK(missing.exit == exited(111));
  CHECK(missing.out == "");  // no half document
  CHECK(contains(missing.err, "none"));
  CHECK(run({client("s6-svlint"), tree / "a/run"}).exit == exited(111));
  CHECK(run({client("s6-svlint")}).exit == exited(100));
  CHECK(run({client("s6-svlint"), "-x", tree.path()}).exit == exited(100));
}

TEST_SUITE_END();

}  // namespace s6::test
