// s6-svdt, s6-svdt-clear and s6-permafailon: what services died of, shown, forgotten and judged.
#include <initializer_list>

#include "common/sys.hpp"
#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;

// --- tallies ---------------------------------------------------------------------------------------------------------
Tai64n seconds_ago(std::uint64_t seconds) {
  Tai64n stamp = sys::stamp_now();
  stamp.label -= seconds;
  return stamp;
}

Death exit_with(std::uint8_t code, std::uint64_t age = 0) {
  return {seconds_ago(age), code, 0};
}
Death killed_by(std::uint8_t signal, std::uint64_t age = 0) {
  return {seconds_ago(age), static_cast<std::uint8_t>(128 + signal), signal};
}

std::string packed(const std::vector<Death>& deaths) {
  std::string bytes;
  for (const Death& death : deaths)
    for (const std::byte b : wire::encode(death)) bytes += static_cast<char>(b);
  return bytes;
}

std::string stamp_text(const Death& death) {
  const auto text = tai::to_text(death.stamp);
  return {text.data(), text.size()};
}

fs::path tally_of(const Fabricated& service) {
  return service / "supervise/death_tally";
}

Fabricated service_with(const Scene& scene, const std::vector<Death>& deaths, std::string_view name = "a") {
  Fabricated service(scene.path() / name, down());
  write_file(tally_of(service), packed(deaths));
  return service;
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// In the service directory.
Ran judge(const Fabricated& service, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), client("s6-permafailon"));
  return run(Start{.argv = std::move(arguments), .cwd = service.path()});
}

TEST_SUITE_BEGIN("clients");

// --- s6-svdt ---------------------------------------------------------------------------------------------------------
TEST_CASE("svdt: a line for each death, the oldest first") {
  Scene scene;
  const std::vector<Death> deaths{exit_with(3, 50), killed_by(9, 20), exit_with(0, 10), killed_by(15)};
  const Fabricated service = service_with(scene, deaths);
  const auto shown = [&](const std::string& kill, const std::string& term) {
    return stamp_text(deaths[0]) + " exitcode 3\n" + stamp_text(deaths[1]) + " signal " + kill + "\n" +
           stamp_text(deaths[2]) + " exitcode 0\n" + stamp_text(deaths[3]) + " signal " + term + "\n";
  };
  const Ran plain = run({client("s6-svdt"), service.path()});
  CHECK(plain.exit == exited(0));
  CHECK(plain.out == shown("SIGKILL", "SIGTERM"));
  CHECK(plain.err.empty());
  CHECK(run({client("s6-svdt"), "-S", service.path()}).out == shown("SIGKILL", "SIGTERM"));
  CHECK(run({client("s6-svdt"), "-s", service.path()}).out == shown("9", "15"));
  CHECK(run({client("s6-svdt"), "-S", "-s", "--", service.path()}).out == shown("9", "15"));
  CHECK(run({client("s6-svdt"), "-sS", service.path()}).out == shown("SIGKILL", "SIGTERM"));
}

TEST_CASE("svdt: -n shows the newest") {
  Scene scene;
  const std::vector<Death> deaths{exit_with(1, 3), exit_with(2, 2), exit_with(3, 1)};
  const Fabricated service = service_with(scene, deaths);
  CHECK(run({client("s6-svdt"), "-n", "1", service.path()}).out == stamp_text(deaths[2]) + " exitcode 3\n");
  CHECK(lines_in(run({client("s6-svdt"), "-n2", service.path()}).out) == 2);
  CHECK(lines_in(run({client("s6-svdt"), "-n", "3", service.path()}).out) == 3);
  CHECK(lines_in(run({client("s6-svdt"), "-n", "4294967295", service.path()}).out) == 3);
  const Ran none = run({client("s6-svdt"), "-n", "0", service.path()});
  CHECK(none.exit == exited(0));
  CHECK(none.out.empty());
}

TEST_CASE("svdt: never more than 4096") {
  Scene scene;
  std::vector<Death> deaths;
  for (int i = 0; i < 4200; ++i) deaths.push_back(exit_with(static_cast<std::uint8_t>(i % 256)));
  const Fabricated service = service_with(scene, deaths);
  const Ran all = run({client("s6-svdt"), service.path()});
  CHECK(lines_in(all.out) == 4096);
  CHECK(all.out.starts_with(stamp_text(deaths[104]) + " exitcode 104\n"));
  CHECK(all.out.ends_with(stamp_text(deaths[4199]) + " exitcode 103\n"));
  CHECK(lines_in(run({client("s6-svdt"), "-n", "4200", service.path()}).out) == 4096);
}

TEST_CASE("svdt: a service without a tally has no deaths to show") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  const Ran ran = run({client("s6-svdt"), service.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out.empty());
  CHECK(ran.err.empty());
  CHECK_DIFFERS("svdt-makes-no-tally", !is_there(tally_of(service)));
}

TEST_CASE("svdt: a tally of a wrong size shows nothing") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(1)});
  write_file(tally_of(service), "abc");
  const Ran ran = run({client("s6-svdt"), service.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out.empty());
  CHECK_DIFFERS("svdt-keeps-what-it-does-not-understand", read_file(tally_of(service)) == "abc");
}

TEST_CASE("svdt: what is no service directory is an error that names it") {
  Scene scene;
  fs::create_directory(scene.path() / "empty");
  write_file(scene.path() / "file", "");
  for (const char* name : {"empty", "missing", "file"}) {
    const Ran ran = run({client("s6-svdt"), scene.path() / name});
    CHECK(ran.exit == exited(111));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-svdt: fatal: "));
    CHECK(contains(ran.err, (scene.path() / name).string()));
  }
  CHECK(run({client("s6-svdt"), ""}).exit == exited(111));
}

TEST_CASE("svdt: -n 0 looks for the service, too") {
  Scene scene;
  CHECK_DIFFERS("svdt-always-looks", run({client("s6-svdt"), "-n", "0", scene.path() / "missing"}).exit == exited(111));
}

TEST_CASE("svdt: wrong uses exit 100 with the usage") {
  Scene scene;
  const std::string dir = service_with(scene, {}).path();
  for (const std::vector<std::string>& arguments : std::initializer_list<std::vector<std::string>>{
           {}, {"--"}, {"-x", dir}, {"--number", dir}, {"-n", "x", dir}, {"-n"}, {"-n", "-1", dir}, {"-n", "", dir}}) {
    std::vector<std::string> argv{client("s6-svdt")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Ran ran = run(argv);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "s6-svdt: usage: s6-svdt "));
  }
}

TEST_CASE("svdt: who may not look is told at what") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(1)});
  const Start as_nobody{.argv = {client("s6-svdt"), service.path()}, .user = nobody};
  fs::permissions(service / "supervise", fs::perms(0700));
  const Ran refused = run(as_nobody);
  CHECK(refused.exit == exited(111));
  CHECK(contains(refused.err, service.path().string()));
  fs::permissions(service / "supervise", fs::perms(0711));
  const Ran shown = run(as_nobody);
  CHECK(shown.exit == exited(0));
  CHECK(lines_in(shown.out) == 1);
}

TEST_CASE("svdt: shows what a supervisor wrote") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(run({client("s6-svdt"), dir.path()}).out.empty());
  supervisor.send("o");
  supervisor.expect("u");
  supervisor.send("k");
  supervisor.expect("dD");
  const Ran ran = run({client("s6-svdt"), dir.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == stamp_text(dir.deaths().at(0)) + " signal SIGKILL\n");
}

// --- s6-svdt-clear ---------------------------------------------------------------------------------------------------
TEST_CASE("svdt-clear: leaves an empty tally and nothing else") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(1), exit_with(2)});
  const ino_t before = inode_of(tally_of(service));
  const Ran ran = run({client("s6-svdt-clear"), service.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out.empty());
  CHECK(ran.err.empty());
  CHECK(fs::file_size(tally_of(service)) == 0);
  CHECK(inode_of(tally_of(service)) != before);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(service / "supervise")) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"death_tally", "status"});
}

TEST_CASE("svdt-clear: makes a tally where there is none, or a broken one") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  CHECK(run({client("s6-svdt-clear"), service.path()}).exit == exited(0));
  CHECK(is_there(tally_of(service)));
  write_file(tally_of(service), "abc");
  CHECK(run({client("s6-svdt-clear"), service.path()}).exit == exited(0));
  CHECK(fs::file_size(tally_of(service)) == 0);
}

TEST_CASE("svdt-clear: a running supervisor counts from anew") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  const auto die = [&](const char* how) {
    supervisor.send("o");
    supervisor.expect("u");
    supervisor.send(how);
    supervisor.expect("dD");
  };
  die("k");
  CHECK(dir.deaths().size() == 1);
  CHECK(run({client("s6-svdt-clear"), dir.path()}).exit == exited(0));
  CHECK(dir.deaths().empty());
  die("t");
  CHECK(dir.deaths().size() == 1);
  CHECK(dir.deaths().at(0).signal == SIGTERM);
}

TEST_CASE("svdt-clear: what is no service directory is an error that names it, and gets nothing") {
  Scene scene;
  fs::create_directory(scene.path() / "empty");
  for (const char* name : {"empty", "missing"}) {
    const Ran ran = run({client("s6-svdt-clear"), scene.path() / name});
    CHECK(ran.exit == exited(111));
    CHECK(ran.err.starts_with("s6-svdt-clear: fatal: "));
    CHECK(contains(ran.err, (scene.path() / name).string()));
  }
  CHECK(fs::is_empty(scene.path() / "empty"));
  CHECK(run({client("s6-svdt-clear"), ""}).exit == exited(111));
}

TEST_CASE("svdt-clear: who may not write is told where, and nothing changes") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(1)});
  const Ran ran = run(Start{.argv = {client("s6-svdt-clear"), service.path()}, .user = nobody});
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, service.path().string()));
  CHECK(fs::file_size(tally_of(service)) == wire::death_size);
}

TEST_CASE("svdt-clear: without an operand it exits 100 with the usage") {
  const Ran ran = run({client("s6-svdt-clear")});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "s6-svdt-clear: usage: s6-svdt-clear servicedir"));
}

TEST_CASE("svdt-clear: -- may come before the directory") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(1)});
  CHECK_DIFFERS("tally-tools-end-options", run({client("s6-svdt-clear"), "--", service.path()}).exit == exited(0));
}

// --- s6-permafailon --------------------------------------------------------------------------------------------------
TEST_CASE("permafailon: with too many deaths of the kind it exits 125 and says why") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3), exit_with(4), exit_with(3)});
  const Ran ran = judge(service, {"60", "2", "3", "/bin/echo", "ran"});
  CHECK(ran.exit == exited(125));
  CHECK(ran.out.empty());
  CHECK(ran.err ==
        "s6-permafailon: info: PERMANENT FAILURE triggered after 2 events involving exit code 3 in the last 60 "
        "seconds\n");
  CHECK(judge(service, {"60", "3", "3,4", "/bin/echo"}).exit == exited(125));
}

TEST_CASE("permafailon: with fewer it becomes the program") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3), exit_with(4), exit_with(3)});
  const Ran ran = judge(service, {"60", "3", "3", "/bin/echo", "-n", "it", "ran"});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "it ran");
  CHECK(ran.err.empty());
  CHECK(judge(service, {"60", "3", "3", "/bin/sh", "-c", "exit 7"}).exit == exited(7));
  CHECK(judge(service, {"60", "3", "3"}).exit == exited(0));
}

TEST_CASE("permafailon: an old death does not count") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3, 100), exit_with(3, 50), exit_with(3)});
  CHECK(judge(service, {"60", "3", "3"}).exit == exited(0));
  CHECK(judge(service, {"60", "2", "3"}).exit == exited(125));
  CHECK(judge(service, {"110", "3", "3"}).exit == exited(125));
  CHECK(judge(service, {"4294967295", "3", "3"}).exit == exited(125));
}

TEST_CASE("permafailon: a signal is meant by its name, or by the exit code that a shell sees") {
  Scene scene;
  const Fabricated service = service_with(scene, {killed_by(9), killed_by(9)});
  for (const char* list : {"KILL", "SIGKILL", "sigkill", "SIG9", "137", "128-255", "1,kill", "TERM;137"}) {
    CAPTURE(list);
    const Ran ran = judge(service, {"60", "2", list});
    CHECK(ran.exit == exited(125));
    CHECK(contains(ran.err, "involving signal 9 in the last"));
  }
  for (const char* list : {"9", "TERM", "0-136", "138-255", ""}) {
    CAPTURE(list);
    CHECK(judge(service, {"60", "2", list}).exit == exited(0));
  }
  CHECK(judge(service_with(scene, {exit_with(137)}, "b"), {"60", "1", "KILL"}).exit == exited(0));
}

TEST_CASE("permafailon: the items of a list may be separated in many ways") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3)});
  for (const char* list :
       {"3", "1,2,3", "1;2;3", "1 2 3", "1\n2\r\t3", "1, 2,; 3", "3,", "003", "1-3", "3-3", "0-255"}) {
    CAPTURE(list);
    CHECK(judge(service, {"60", "1", list}).exit == exited(125));
  }
}

TEST_CASE("permafailon: what is no list exits 100, whatever the tally says") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3)});
  for (const char* list : {",3", " 3", "3,x", "7x", "1-3-9", "-3", "3-", "9-1", "256", "1-300", "SIG0", "SIG99",
                           "RTMIN", "+3", "1 - 3", "TERM-KILL", "3;SIGSIGKILL"}) {
    CAPTURE(list);
    const Ran ran = judge(service, {"60", "1", list, "/bin/echo", "ran"});
    CHECK(ran.exit == exited(100));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-permafailon: fatal: invalid "));
  }
}

TEST_CASE("permafailon: real-time signals go by their number") {
  Scene scene;
  const Fabricated service = service_with(scene, {killed_by(40)});
  CHECK(judge(service, {"60", "1", "SIG40"}).exit == exited(125));
  CHECK_DIFFERS("permafailon-knows-every-signal", judge(service, {"60", "1", "SIG32"}).exit == exited(0));
}

TEST_CASE("permafailon: wrong uses exit 100 with the usage") {
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3)});
  for (const std::vector<std::string>& arguments : std::initializer_list<std::vector<std::string>>{
           {}, {"60"}, {"60", "1"}, {"x", "1", "3"}, {"60", "0", "3"}, {"60", "x", "3"}, {"-60", "1", "3"}}) {
    const Ran ran = judge(service, arguments);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "s6-permafailon: usage: s6-permafailon "));
  }
  CHECK_DIFFERS("tally-tools-end-options", judge(service, {"--", "60", "1", "3"}).exit == exited(125));
}

TEST_CASE("permafailon: more deaths than a tally can hold are as many as it can hold") {
  Scene scene;
  CHECK(judge(service_with(scene, std::vector<Death>(4096, exit_with(3))), {"60", "5000", "3"}).exit == exited(125));
  CHECK(judge(service_with(scene, std::vector<Death>(4095, exit_with(3))), {"60", "5000", "3"}).exit == exited(0));
}

TEST_CASE("permafailon: a tally that cannot be read is warned about and gives nothing up") {
  Scene scene;
  const Fabricated service(scene.path() / "a", down());
  const auto goes_on = [&] {
    const Ran ran = judge(service, {"60", "1", "0-255", "/bin/echo", "ran"});
    CHECK(ran.exit == exited(0));
    CHECK(ran.out == "ran\n");
    CHECK(ran.err.starts_with("s6-permafailon: warning: "));
    CHECK(contains(ran.err, "supervise/death_tally"));
  };
  goes_on();
  CHECK(!is_there(tally_of(service)));
  write_file(tally_of(service), "abc");
  goes_on();
  CHECK(read_file(tally_of(service)) == "abc");
}

TEST_CASE("permafailon: without the right to look at the tally it says so and gives nothing up") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service = service_with(scene, {exit_with(3)});
  fs::permissions(service / "supervise", fs::perms(0700));
  const Ran ran = run(Start{
      .argv = {client("s6-permafailon"), "60", "1", "3", "/bin/echo", "ran"}, .cwd = service.path(), .user = nobody});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "ran\n");
  CHECK(contains(ran.err, "supervise/death_tally"));
}

TEST_CASE("permafailon: a program that is missing is 127, one that cannot be executed 126") {
  Scene scene;
  const Fabricated service = service_with(scene, {});
  write_file(service / "plain", "");
  for (const char* name : {"no-such-program", "./missing", "/missing/program"}) {
    const Ran ran = judge(service, {"60", "1", "3", name});
    CHECK(ran.exit == exited(127));
    CHECK(contains(ran.err, name));
  }
  CHECK(judge(service, {"60", "1", "3", "./plain"}).exit == exited(126));
  CHECK(judge(service, {"60", "1", "3", "echo"}).exit == exited(0));  // by PATH
}

TEST_CASE("permafailon: judges what a supervisor wrote") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (int i = 0; i < 2; ++i) {
    supervisor.send("o");
    supervisor.expect("u");
    supervisor.send("k");
    supervisor.expect("dD");
  }
  const auto judged = [&](const char* list) {
    return run(Start{.argv = {client("s6-permafailon"), "60", "2", list}, .cwd = dir.path()}).exit;
  };
  CHECK(judged("137") == exited(125));
  CHECK(judged("KILL") == exited(125));
  CHECK(judged("9") == exited(0));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("clients-timing");

TEST_CASE("permafailon: in ./finish, it lets a service fail once and gives it up the second time") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 3");
  dir.finish_sh("exec " + client("s6-permafailon") + " 60 2 3 true");
  Supervisor supervisor(dir);
  supervisor.expect("sudDudOD");
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(flags(supervisor.status()) == "R");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
