// s6-svc without -w: what reaches supervise/control, and what it says of what is in its way.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;
using Words = std::vector<std::string>;

Ran svc(const Words& words) {
  Words argv{client("s6-svc")};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv);
}

// With a word of explanation on fd 2 unless all went well.
void check_exit(const fs::path& directory, int code) {
  CAPTURE(directory);
  const Ran ran = svc({"-d", directory});
  CHECK(ran.exit == exited(code));
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with("s6-svc: "));
}

int not_listening() {
  return expected("svc-tells-failures-apart", 102, 100);
}
int malformed() {
  return expected("svc-tells-failures-apart", 1, 100);
}

TEST_SUITE_BEGIN("clients");

// --- commands -------------------------------------------------------------------------------------------------------
TEST_CASE("svc: commands arrive in the order in which they are given") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  const Ran ran = svc({"-du", "-o", "-xk", service.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out.empty());
  CHECK(ran.err.empty());
  CHECK(control.take() == "duoxk");
  CHECK(svc({"-uuu", "-u", "--", service.path()}).exit == exited(0));
  CHECK(control.take() == "uuuu");
}

TEST_CASE("svc: every command is a byte of the same name") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  for (const char command : std::string_view("abqhkti12pcyroduDUxOQ")) {
    CAPTURE(command);
    CHECK(svc({std::string("-") + command, service.path()}).exit == exited(0));
    CHECK(control.take() == std::string(1, command));
  }
}

TEST_CASE("svc: commands of later versions") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  for (const char command : std::string_view("PCKl")) {
    CAPTURE(command);
    const bool real = on_real("svc-knows-later-commands");
    CHECK(svc({std::string("-") + command, service.path()}).exit == exited(real ? 100 : 0));
    CHECK(control.take() == (real ? "" : std::string(1, command)));
  }
}

TEST_CASE("svc: no command is a test for a supervisor that listens") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  {
    Control control(service.path());
    CHECK(svc({service.path()}).exit == exited(0));
    CHECK(control.take().empty());
  }
  CHECK(svc({service.path()}).exit == exited(not_listening()));
}

TEST_CASE("svc: 62 commands, not 63") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  const std::string most(62, 'a');
  CHECK(svc({"-" + most, service.path()}).exit == exited(0));
  CHECK(control.take() == most);
  const Ran ran = svc({"-" + most, "-a", service.path()});
  CHECK(ran.exit == exited(100));
  CHECK(contains(ran.err, "too many"));
  CHECK(svc({"-" + most + "a", service.path()}).exit == exited(100));
  CHECK(control.take().empty());
}

TEST_CASE("svc: a wrong command line sends nothing") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  for (const Words& options : {Words{"-dz"}, Words{"-d", "--up"}, Words{"-d", "-T", "x"}, Words{"-d", "-w", "x"}}) {
    Words words = options;
    words.push_back(service.path());
    CHECK(svc(words).exit == exited(100));
  }
  CHECK(control.take().empty());
}

TEST_CASE("svc: signals by name and by number") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  struct Signal {
    const char* text;
    char command;
  };
  for (const auto& [text, command] :
       {Signal{"ALRM", 'a'}, {"ABRT", 'b'}, {"IOT", 'b'},   {"QUIT", 'q'},    {"HUP", 'h'},
        {"KILL", 'k'},       {"TERM", 't'}, {"INT", 'i'},   {"USR1", '1'},    {"USR2", '2'},
        {"STOP", 'p'},       {"CONT", 'c'}, {"WINCH", 'y'}, {"SIGTERM", 't'}, {"term", 't'},
        {"sigHup", 'h'},     {"15", 't'},   {"9", 'k'},     {"14", 'a'},      {"28", 'y'}}) {
    CAPTURE(std::string(text));
    const bool real = on_real("svc-sends-signals-by-name");
    CHECK(svc({"-s", text, service.path()}).exit == exited(real ? 100 : 0));
    CHECK(control.take() == (real ? "" : std::string(1, command)));
  }
  if (on_real("svc-sends-signals-by-name")) return;
  CHECK(svc({"-ds15", "-sHUP", "-u", service.path()}).exit == exited(0));
  CHECK(control.take() == "dthu");
}

TEST_CASE("svc: signals for which there is no command are refused") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  for (const char* text : {"CHLD", "PIPE", "SEGV", "0", "64", "65", "99", "4294967295", "-1", "FOO", "RTMIN", "",
                           " TERM", "TERM ", "SIG", "SIGSIGTERM", "0x9"}) {
    CAPTURE(std::string(text));
    CHECK(svc({"-s", text, service.path()}).exit == exited(100));
  }
  CHECK(control.take().empty());
}

// --- what is in the way ---------------------------------------------------------------------------------------------
TEST_CASE("svc: a directory that is missing, or none, is a system error") {
  Scene scene;
  check_exit(scene.path() / "missing", 111);
  write_file(scene.path() / "file", "");
  check_exit(scene.path() / "file", 111);
  fs::create_symlink("nowhere", scene.path() / "dangling");
  check_exit(scene.path() / "dangling", 111);
}

TEST_CASE("svc: a caller without the right to send is a system error") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  const Start start{.argv = {client("s6-svc"), "-d", service.path()}, .user = nobody};
  CHECK(run(start).exit == exited(111));
  REQUIRE(chmod((service / "supervise").c_str(), 0711) == 0);
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "Permission denied"));
  CHECK(control.take().empty());
  REQUIRE(chmod((service / "supervise/control").c_str(), 0622) == 0);
  CHECK(run(start).exit == exited(0));
  CHECK(control.take() == "d");
}

TEST_CASE("svc: a supervisor that does not listen") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  { Control control(service.path()); }
  check_exit(service.path(), not_listening());  // a FIFO without a reader
  fs::remove_all(service / "supervise");
  check_exit(service.path(), not_listening());  // never supervised
  fs::create_symlink("nowhere", service / "supervise");
  check_exit(service.path(), not_listening());
}

TEST_CASE("svc: something is wrong with supervise") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  check_exit(service.path(), malformed());  // no control
  fs::create_directory(service / "supervise/control");
  check_exit(service.path(), malformed());
  fs::remove_all(service / "supervise");
  write_file(service / "supervise", "");
  check_exit(service.path(), malformed());
}

TEST_CASE("svc: a regular file in the place of control is not written to") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  write_file(service / "supervise/control", "content");
  const bool real = on_real("svc-writes-only-to-fifos");
  CHECK(svc({"-d", service.path()}).exit == exited(real ? 0 : 1));
  CHECK(read_file(service / "supervise/control") == (real ? "dontent" : "content"));
}

// --- several directories --------------------------------------------------------------------------------------------
TEST_CASE("svc: all directories get the commands, whatever happens with some") {
  Scene scene;
  const Fabricated first(scene.path() / "a", up());
  const Fabricated last(scene.path() / "b", up());
  Control first_control(first.path());
  Control last_control(last.path());
  const Ran good = svc({"-d", first.path(), last.path()});
  CHECK(good.exit == exited(0));
  CHECK(first_control.take() == "d");
  if (on_real("svc-takes-several-directories")) {
    CHECK(contains(good.err, "ignoring extra arguments"));
    CHECK(last_control.take().empty());
    return;
  }
  CHECK(last_control.take() == "d");
  const Ran bad = svc({"-u", scene.path() / "missing", first.path(), scene.path(), last.path()});
  CHECK(bad.exit == exited(102));  // of the last that failed
  CHECK(contains(bad.err, (scene.path() / "missing").string()));
  CHECK(first_control.take() == "u");
  CHECK(last_control.take() == "u");
  CHECK(svc({"-u", first.path(), scene.path(), scene.path() / "missing"}).exit == exited(111));
  CHECK(first_control.take() == "u");
}

TEST_CASE("svc: what follows the first directory is a directory too") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  CHECK(svc({"-d", service.path(), "-u"}).exit == exited(expected("svc-takes-several-directories", 111, 0)));
  CHECK(control.take() == "d");
}

// --- a FIFO that is full --------------------------------------------------------------------------------------------
TEST_CASE("svc: it waits for a supervisor that does not read, and the commands arrive together") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  control.leave_room_for(2);
  Process blocked(Start{.argv = {client("s6-svc"), "-dux", service.path()}});
  CHECK(outcome(blocked) == "waiting");
  // What does not fit as a whole is not written in parts.
  const std::size_t unread = control.size();
  CHECK(unread == control.capacity() - 2);
  std::string read = control.take();
  CHECK(outcome(blocked) == "exit 0");
  read += control.take();
  CHECK(read.size() == unread + 3);
  CHECK(read.ends_with("dux"));
}

TEST_CASE("svc: commands that fit do not wait for a supervisor that does not read") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  control.leave_room_for(3);
  Process fits(Start{.argv = {client("s6-svc"), "-dux", service.path()}});
  CHECK(outcome(fits) == "exit 0");
  CHECK(control.take().ends_with("~dux"));
}

TEST_CASE("svc: it can be ended while it waits for room, and has then sent nothing") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  for (const int number : {SIGTERM, SIGINT}) {
    Control control(service.path());
    control.leave_room_for(1);
    Process blocked(Start{.argv = {client("s6-svc"), "-du", service.path()}});
    CHECK(outcome(blocked) == "waiting");
    blocked.signal(number);
    CHECK(blocked.wait() == killed(number));
    CHECK(!contains(control.take(), "d"));
    fs::remove(service / "supervise/control");
  }
}

TEST_CASE("svc: a supervisor that goes away while it waits for room does not listen") {
  Scene scene;
  const Fabricated service(scene.path() / "a", up());
  Control control(service.path());
  control.leave_room_for(1);
  Process blocked(Start{.argv = {client("s6-svc"), "-du", service.path()}});
  CHECK(outcome(blocked) == "waiting");
  control.close();
  CHECK(outcome(blocked) == expected("svc-outlives-its-reader", "exit 102", "killed by 13"));
}

// --- a real supervisor ----------------------------------------------------------------------------------------------
TEST_CASE("svc: a supervisor executes what it sends") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap HUP USR1 WINCH\nsay up\nsleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(svc({"-u", dir.path()}).exit == exited(0));
  supervisor.expect("u");
  dir.expect("up");
  CHECK(svc({"-h", dir.path()}).exit == exited(0));
  dir.expect("got HUP");
  CHECK(svc({"-1", dir.path()}).exit == exited(0));
  dir.expect("got USR1");
  CHECK(svc({"-y", dir.path()}).exit == exited(0));
  dir.expect("got WINCH");
  CHECK(svc({"-dx", dir.path()}).exit == exited(0));
  supervisor.expect("dDx");
  CHECK(supervisor.wait() == exited(0));
  CHECK(svc({"-u", dir.path()}).exit == exited(not_listening()));
}

TEST_CASE("svc: a stopped supervisor gets its commands when it goes on") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.process().freeze();
  CHECK(svc({"-d", dir.path()}).exit == exited(0));  // sent, not executed
  CHECK(supervisor.quiet());
  supervisor.process().thaw();
  supervisor.expect("dD");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
