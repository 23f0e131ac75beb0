// s6-supervise: states, commands and signals.
#include <sys/inotify.h>

#include <algorithm>
#include <array>

#include "harness.hpp"

namespace s6::test {
namespace {

// Once a service has left FINISH or UP for good, nothing may come but `x`.
void check_left(Supervisor& supervisor) {
  CHECK(supervisor.wait() == exited(0));
  CHECK(supervisor.quiet());
}

// The names that files were given by rename since the watch began. It must watch for creations too: of two equal events
// in a row the kernel drops one.
std::vector<std::string> renames(int inotify) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  std::vector<std::string> names;
  for (ssize_t n; (n = read(inotify, buffer.data(), buffer.size())) > 0;)
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & IN_MOVED_TO) != 0) names.emplace_back(event->name);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  return names;
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("3: o starts a service once") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 3").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("udD");
  const Status status = supervisor.status();
  CHECK(status.pid == 0);
  CHECK(status.wait_status == 0x0300);
  CHECK(flags(status) == "R");
}

TEST_CASE("4: d stops a service") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("d");
  supervisor.expect("dD");
  const Status status = supervisor.status();
  CHECK(status.pid == 0);
  CHECK(status.wait_status == SIGTERM);
  CHECK(flags(status) == "R");
  supervisor.settle();
  CHECK(supervisor.quiet());
}

TEST_CASE("d sends the down-signal, then CONT") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM CONT\nsay up\nsleep");
  Supervisor supervisor(dir);
  dir.expect("up");
  // Both may be pending at once; the lower number is then delivered first, that is TERM after CONT as they nest.
  supervisor.send("d");
  const std::string first = dir.voice().next();
  const std::string second = dir.voice().next();
  CHECK((first == "got TERM" ? second == "got CONT" : first == "got CONT" && second == "got TERM"));
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "");
}

TEST_CASE("commands send their signals to the process and change nothing") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap ALRM ABRT QUIT HUP TERM INT USR1 USR2 WINCH\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const ino_t status = inode_of(dir / "supervise/status");
  const std::pair<const char*, const char*> commands[] = {{"a", "ALRM"}, {"b", "ABRT"}, {"q", "QUIT"},
                                                          {"h", "HUP"},  {"t", "TERM"}, {"i", "INT"},
                                                          {"1", "USR1"}, {"2", "USR2"}, {"y", "WINCH"}};
  for (const auto& [command, signal] : commands) {
    supervisor.send(command);
    dir.expect(std::string("got ") + signal);
  }
  supervisor.settle();
  CHECK(inode_of(dir / "supervise/status") == status);
  supervisor.send("k");
  supervisor.expect("dD");
  CHECK(signal_of(supervisor.status()) == SIGKILL);
}

TEST_CASE("commands for a process are ignored when there is none") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  const ino_t status = inode_of(dir / "supervise/status");
  supervisor.send("abqhkti12pcyrlPCK");
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(inode_of(dir / "supervise/status") == status);
}

TEST_CASE("r sends the down-signal only, and a service that is wanted up stays wanted up") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap CONT USR1\nsay up\nsleep").file("down-signal", "USR1");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("r");
  dir.expect("got USR1");
  supervisor.settle();
  CHECK(dir.voice().quiet());
  dir.remove("down-signal");
  supervisor.send("r");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "WR");
}

TEST_CASE("9: finish is told how run exited") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 7").finish("say %a").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.process().freeze();
  supervisor.send("o");
  supervisor.process().thaw();
  supervisor.expect("udD");
  const std::string said = dir.voice().next();
  if (on_real("finish-gets-four-arguments"))
    CHECK(said == "7 0 test");
  else
    CHECK((said.starts_with("7 0 test ") && std::stoi(said.substr(9)) > 1));
  CHECK(supervisor.status().wait_status == 0x0700);
}

TEST_CASE("10: finish is told the signal that killed run, and its own exit does not show") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("say %a\nexit 9");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const std::string pid = std::to_string(supervisor.service());
  supervisor.send("Ok");
  supervisor.expect("dD");
  dir.expect("256 9 test" + expected("finish-gets-four-arguments", " " + pid, std::string()));
  CHECK(supervisor.status().wait_status == SIGKILL);
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("while finish runs the status shows it") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("say %p\ngate end");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Status before = supervisor.status();
  supervisor.send("d");
  supervisor.expect("d");
  const Status status = supervisor.status();
  CHECK(flags(status) == "F");
  CHECK(dir.voice().next() == std::to_string(status.pid));
  CHECK(status.wait_status == SIGTERM);
  CHECK(status.changed > before.changed);
  CHECK(status.ready_since == before.ready_since);
  dir.open_gate("end");
  supervisor.expect("D");
  CHECK(supervisor.status().changed == status.changed);
  CHECK(supervisor.status().ready_since > status.changed);
}

TEST_CASE("11: finish exits 125: permanent failure, no restart, no down file") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").finish("exit 125");
  Supervisor supervisor(dir);
  supervisor.expect("sudOD");
  CHECK(flags(supervisor.status()) == "R");
  CHECK_FALSE(is_there(dir / "down"));
  // A later u works as always.
  dir.run("sleep").finish("exit 0");
  supervisor.send("u");
  supervisor.expect("u");
  CHECK(flags(supervisor.status()) == "W");
}

TEST_CASE("125 overrides a u that came while finish ran, and comes before x in the last cycle") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("gate end\nexit 125");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  SUBCASE("u") {
    supervisor.send("k");
    supervisor.expect("d");
    supervisor.send("u");
    supervisor.settle();
    dir.open_gate("end");
    supervisor.expect("OD");
    CHECK(flags(supervisor.status()) == "R");
  }
  SUBCASE("last cycle") {
    supervisor.send("xk");
    supervisor.expect("d");
    dir.open_gate("end");
    supervisor.expect("ODx");
    check_left(supervisor);
  }
}

TEST_CASE("18: names and numbers of the down-signal") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap INT TERM\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  for (const std::string text : {"INT", "SIGINT", "sigint", "Int", "2", "2\n", "2\nfoo", "SIG2"}) {
    CAPTURE(text);
    dir.file("down-signal", text);
    supervisor.send("r");
    dir.expect("got INT");
  }
}

TEST_CASE("19: a down-signal that is none means TERM and a warning") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap INT TERM\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  for (const std::string text : {"bogus", "", " INT", "INT "}) {
    CAPTURE(text);
    const std::size_t before = supervisor.process().err().size();
    dir.file("down-signal", text);
    supervisor.send("r");
    dir.expect("got TERM");
    supervisor.settle();
    CHECK(contains(supervisor.process().err().substr(before), "warning"));
  }
}

TEST_CASE("a nul byte does not end what a file says") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap INT TERM\nsay up\nsleep").file("down-signal", std::string_view("INT\0\n", 5));
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.send("r");
  const std::string line = dir.voice().next();
  CHECK_DIFFERS("a-nul-byte-is-no-end", line == "got TERM");
}

TEST_CASE("20: a down-signal that the kernel does not know is not sent") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap INT TERM CONT\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  for (const std::string text : {"99", "0"}) {
    CAPTURE(text);
    dir.file("down-signal", text);
    supervisor.send("d");
    dir.expect("got CONT");
    supervisor.settle();
    CHECK(dir.voice().quiet());
    CHECK(supervisor.quiet());
    CHECK(flags(supervisor.status()) == "");
    supervisor.send("u");
  }
}

TEST_CASE("21: x waits for the death of the service, with /dev/null on 0 and 1") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const std::string standard_error = fd_target(supervisor.pid(), 2);
  CHECK(fd_target(supervisor.pid(), 1) != "/dev/null");
  supervisor.send("x");
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(fd_target(supervisor.pid(), 0) == "/dev/null");
  CHECK(fd_target(supervisor.pid(), 1) == "/dev/null");
  CHECK(fd_target(supervisor.pid(), 2) == standard_error);
  supervisor.send("k");
  supervisor.expect("dDx");
  check_left(supervisor);
  CHECK(flags(dir.status()) == "WR");
}

TEST_CASE("22: SIGTERM stops the service and leaves") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.process().signal(SIGTERM);
  supervisor.expect("dDx");
  check_left(supervisor);
  CHECK(dir.status().wait_status == SIGTERM);
  CHECK(flags(dir.status()) == "R");
}

TEST_CASE("SIGTERM leaves 0 and 1 alone while the service ends") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  supervisor.process().signal(SIGTERM);
  dir.expect("got TERM");
  supervisor.settle();
  CHECK(fd_target(supervisor.pid(), 1) != "/dev/null");
  CHECK(flags(supervisor.status()) == "");
  supervisor.process().signal(SIGTERM);  // again: as d
  dir.expect("got TERM");
  supervisor.send("k");
  supervisor.expect("dDx");
  check_left(supervisor);
}

TEST_CASE("23: SIGHUP waits for the death of the service, with /dev/null on 0 and 1") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.process().signal(SIGHUP);
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(fd_target(supervisor.pid(), 1) == "/dev/null");
  supervisor.send("t");
  supervisor.expect("dDx");
  check_left(supervisor);
  CHECK(flags(dir.status()) == "WR");
}

TEST_CASE("24: SIGQUIT leaves at once and leaves the service running") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Status before = supervisor.status();
  supervisor.process().signal(SIGQUIT);
  supervisor.expect("x");
  check_left(supervisor);
  CHECK(alive(before.pid));
  CHECK(dir.status() == before);
  kill(before.pid, SIGKILL);
}

TEST_CASE("25: SIGINT goes to the service's group, and leaves at once") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("fork\ntrap INT\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  std::string line = dir.voice().next();
  if (line == "up")
    line = dir.voice().next();
  else
    dir.expect("up");
  const pid_t background = std::stoi(line.substr(6));
  const Status before = supervisor.status();
  supervisor.process().signal(SIGINT);
  supervisor.expect("x");
  check_left(supervisor);
  dir.expect("got INT");
  wait_dead(background);
  CHECK(alive(before.pid));
  CHECK(dir.status() == before);
  kill(before.pid, SIGKILL);
}

TEST_CASE("26: TERM, HUP, QUIT, INT and x leave at once when the service is down") {
  Scene scene;
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGINT, 0}) {
    CAPTURE(signal);
    ServiceDir dir = scene.service(std::to_string(signal));
    dir.run("sleep").file("down", "");
    Supervisor supervisor(dir);
    supervisor.expect("s");
    if (signal != 0)
      supervisor.process().signal(signal);
    else
      supervisor.send("x");
    supervisor.expect("x");
    check_left(supervisor);
  }
}

TEST_CASE("SIGTERM leaves during the wait for a restart") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 0");
  Supervisor supervisor(dir);
  supervisor.expect("sudD");
  supervisor.process().signal(SIGTERM);
  supervisor.events().until('x');
  check_left(supervisor);
}

TEST_CASE("27: p stops, c continues") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  supervisor.send("p");
  wait_state(pid, 'T');
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "PW");
  supervisor.send("c");
  wait_state(pid, 'S');
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "W");
  supervisor.send("p");
  wait_state(pid, 'T');
  CHECK(supervisor.quiet());
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("28: D and U make and remove the down file, then stop and start") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("D");
  supervisor.expect("dD");
  CHECK(is_there(dir / "down"));
  supervisor.send("U");
  supervisor.expect("u");
  CHECK_FALSE(is_there(dir / "down"));
  CHECK(flags(supervisor.status()) == "W");
  supervisor.send("d");
  supervisor.expect("dD");
  supervisor.send("D");
  supervisor.settle();
  CHECK(is_there(dir / "down"));
  CHECK(supervisor.quiet());
  dir.remove("down");
  supervisor.send("u");
  supervisor.expect("u");
  dir.file("down", "");
  supervisor.send("U");
  supervisor.settle();
  CHECK_FALSE(is_there(dir / "down"));
  CHECK(supervisor.quiet());
}

TEST_CASE("a down file that cannot be made or removed is a warning, the command is done") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  std::filesystem::create_directories(dir / "down/full");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("U");
  supervisor.expect("u");
  supervisor.expect_message("warning");
  supervisor.send("D");
  supervisor.expect("dD");
}

TEST_CASE("29: Q makes the down file and lets the service run to its end") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  supervisor.send("Q");
  supervisor.settle();
  CHECK(is_there(dir / "down"));
  CHECK(flags(supervisor.status()) == "");
  CHECK(supervisor.service() == pid);
  CHECK(supervisor.quiet());
  supervisor.send("k");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("30: O lets the service run to its end") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("O");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "");
  CHECK(supervisor.quiet());
  supervisor.send("t");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "R");
}

TEST_CASE("o and u while up change the wish only") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  supervisor.send("o");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "");
  supervisor.send("u");
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "W");
  CHECK(supervisor.service() == pid);
  CHECK(supervisor.quiet());
}

TEST_CASE("a wish is written even if it does not change anything") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (const std::string command : {"d", "O", "D", "Q"}) {
    CAPTURE(command);
    const ino_t status = inode_of(dir / "supervise/status");
    supervisor.send(command);
    supervisor.settle();
    CHECK(inode_of(dir / "supervise/status") != status);
  }
  CHECK(supervisor.quiet());
}

TEST_CASE("31: P, C and K reach the whole group") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("fork\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  const pid_t background = std::stoi(dir.voice().next().substr(6));
  const ino_t status = inode_of(dir / "supervise/status");
  supervisor.send("P");
  if (on_real("group-commands")) {
    supervisor.send("K");
    supervisor.settle();
    CHECK(supervisor.quiet());
    CHECK(inode_of(dir / "supervise/status") == status);
    CHECK(process_state(pid) != 'T');
    CHECK(alive(background));
  } else {
    wait_state(pid, 'T');
    wait_state(background, 'T');
    supervisor.settle();
    CHECK(flags(supervisor.status()) == "PW");
    supervisor.send("C");
    wait_state(pid, 'S');
    wait_state(background, 'S');
    supervisor.settle();
    CHECK(flags(supervisor.status()) == "W");
    supervisor.send("OK");
    supervisor.expect("dD");
    wait_dead(background);
  }
}

TEST_CASE("32: l sends the reload-signal, by default HUP") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap HUP USR1 WINCH\nsay up\nsleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.expect("up");
  const auto reloads = [&](std::string_view signal) {
    supervisor.send("l");
    if (!on_real("reload-command")) dir.expect("got " + std::string(signal));
    supervisor.settle();
    supervisor.send("y");  // and nothing else came before it
    dir.expect("got WINCH");
  };
  reloads("HUP");
  dir.file("reload-signal", "USR1");
  reloads("USR1");
  dir.file("reload-signal", "nonsense");
  reloads("HUP");
}

TEST_CASE("33: a service without run is not started, and nobody is told so") {
  Scene scene;
  ServiceDir dir = scene.service();
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.settle();
  supervisor.expect_message("warning");
  CHECK(supervisor.quiet());
  CHECK(supervisor.service() == 0);
  CHECK(flags(supervisor.status()) == expected("not-started-marker", "PWR", "WR"));
  CHECK(dir.deaths().empty());
}

TEST_CASE("34: a run that cannot be executed is as good as none") {
  Scene scene;
  ServiceDir dir = scene.service();
  SUBCASE("not executable") {
    dir.file("run", "#!/bin/sh\n", 0644);
  }
  SUBCASE("a directory") {
    std::filesystem::create_directory(dir / "run");
  }
  SUBCASE("no #!") {
    dir.file("run", "exit 0\n", 0755);
  }
  SUBCASE("no interpreter") {
    dir.file("run", "#!/nowhere/sh\n", 0755);
  }
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.settle();
  supervisor.expect_message("warning");
  CHECK(supervisor.quiet());
  CHECK(supervisor.service() == 0);
  CHECK(flags(supervisor.status()) == expected("not-started-marker", "PWR", "WR"));
}

TEST_CASE("35: a start that failed after o is over; u starts at once when run is there") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.settle();
  CHECK_FALSE(supervisor.status().want_up);
  dir.run("sleep");
  CHECK(supervisor.quiet());
  supervisor.send("u");
  supervisor.expect("u");
  CHECK(flags(supervisor.status()) == "W");
}

TEST_CASE("36: exit 127 of a run that was started is a death like any other") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 127").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("udD");
  CHECK(supervisor.status().wait_status == 0x7f00);
}

TEST_CASE("44: commands while finish runs") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").finish("say %p\ngate end");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("k");
  supervisor.expect("d");
  const pid_t finish = std::stoi(dir.voice().next());
  const std::pair<const char*, const char*> commands[] = {
      {"k", "FW"}, {"t", "FW"}, {"d", "F"}, {"u", "FW"}, {"o", "F"}, {"u", "FW"}, {"O", "F"}, {"U", "FW"}, {"D", "F"}};
  for (const auto& pair : commands) {
    const std::string command = pair.first;
    const std::string wish = pair.second;
    CAPTURE(command);
    supervisor.send(command);
    supervisor.settle();
    CHECK(flags(supervisor.status()) == wish);
    CHECK(supervisor.service() == finish);
    CHECK(supervisor.quiet());
  }
  CHECK(is_there(dir / "down"));
  SUBCASE("and then it stays down") {
    dir.open_gate("end");
    supervisor.expect("D");
    CHECK(flags(supervisor.status()) == "R");
  }
  SUBCASE("u: it will be restarted") {
    supervisor.send("u");
    supervisor.settle();
    dir.open_gate("end");
    supervisor.expect("D");
    CHECK(flags(supervisor.status()) == "WR");
  }
  SUBCASE("x: it leaves after finish") {
    supervisor.send("x");
    supervisor.settle();
    CHECK(supervisor.quiet());
    CHECK(fd_target(supervisor.pid(), 1) == "/dev/null");
    dir.open_gate("end");
    supervisor.expect("Dx");
    check_left(supervisor);
  }
}

TEST_CASE("45: TERM and HUP while finish runs leave after it, and keep the wish") {
  Scene scene;
  for (const int signal : {SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    ServiceDir dir = scene.service(std::to_string(signal));
    dir.run("sleep").finish("gate end");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    supervisor.send("k");
    supervisor.expect("d");
    supervisor.process().signal(signal);
    supervisor.settle();
    CHECK(supervisor.quiet());
    CHECK(fd_target(supervisor.pid(), 1) == "/dev/null");
    dir.open_gate("end");
    supervisor.expect("Dx");
    check_left(supervisor);
    CHECK(flags(dir.status()) == "WR");
  }
}

TEST_CASE("45: QUIT and INT while finish runs leave at once") {
  Scene scene;
  for (const int signal : {SIGQUIT, SIGINT}) {
    CAPTURE(signal);
    ServiceDir dir = scene.service(std::to_string(signal));
    dir.run("sleep").finish("trap INT\nsay finishing\nsleep");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    supervisor.send("k");
    supervisor.expect("d");
    dir.expect("finishing");
    const Status before = supervisor.status();
    supervisor.process().signal(signal);
    supervisor.expect("x");
    check_left(supervisor);
    CHECK(dir.status() == before);
    CHECK(flags(before) == "FW");
    if (signal == SIGINT) dir.expect("got INT");
    CHECK(alive(before.pid));
    kill(before.pid, SIGKILL);
  }
}

TEST_CASE("46: x is not undone by u") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("xu");
  supervisor.settle();
  CHECK(supervisor.quiet());
  supervisor.send("k");
  supervisor.expect("dDx");
  check_left(supervisor);
  CHECK(flags(dir.status()) == "WR");
}

TEST_CASE("50: unknown bytes are skipped") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const ino_t status = inode_of(dir / "supervise/status");
  std::string unknown;
  for (int byte = 0; byte < 256; ++byte)
    if (!contains("abqhkti12pcyroduDUxOQPCKl", std::string(1, static_cast<char>(byte))))
      unknown += static_cast<char>(byte);
  CHECK(unknown.size() == 256 - 25);
  supervisor.send(unknown);
  supervisor.settle();
  CHECK(supervisor.quiet());
  CHECK(supervisor.process().err().empty());
  CHECK(inode_of(dir / "supervise/status") == status);
  // And they do not get in the way of what comes with them.
  supervisor.send("~~O~~k~~");
  supervisor.expect("dD");
}

TEST_CASE("54: a stop from outside does not show as paused, and a death of a stopped service is seen") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const pid_t pid = supervisor.service();
  kill(pid, SIGSTOP);
  wait_state(pid, 'T');
  supervisor.settle();
  CHECK(flags(supervisor.status()) == "W");
  CHECK(supervisor.quiet());
  kill(pid, SIGKILL);
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "WR");
}

TEST_CASE("signals that mean nothing to it are harmless") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  for (const int signal : {SIGPIPE, SIGWINCH, SIGCONT, SIGURG}) supervisor.process().signal(signal);
  supervisor.settle();
  CHECK(supervisor.process().running());
  CHECK(supervisor.quiet());
}

TEST_CASE("without a finish a death is one status write and one event write") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("O");
  supervisor.settle();
  const UniqueFd changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  REQUIRE(inotify_add_watch(changes.get(), (dir / "supervise").c_str(), IN_MOVED_TO | IN_CREATE) >= 0);
  supervisor.send("k");
  if (!on_real("no-finish-is-one-event")) CHECK(supervisor.events().next_read() == "dD");
  eventually("it is down", [&] { return supervisor.events().all() == "sudD"; });
  const std::vector<std::string> renamed = renames(changes.get());
  CHECK_DIFFERS("no-finish-is-one-event", std::ranges::count(renamed, "status") == 1);
  CHECK(std::ranges::count(renamed, "death_tally") == expected("an-ordinary-tally-is-not-copied", 0, 1));
  CHECK(dir.deaths().size() == 1);
  CHECK(supervisor.process().err().empty());
}

TEST_CASE("commands that come together are one status write") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.settle();
  const UniqueFd changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  REQUIRE(inotify_add_watch(changes.get(), (dir / "supervise").c_str(), IN_MOVED_TO | IN_CREATE) >= 0);
  supervisor.process().freeze();
  supervisor.send("ouou");
  supervisor.process().thaw();
  supervisor.settle();
  const auto writes = std::ranges::count(renames(changes.get()), "status");
  CHECK_DIFFERS("a-turn-is-one-status-write", writes == 1);
}

TEST_CASE("a finish that cannot be executed is as good as none, and ours tells") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 0").file("down", "");
  SUBCASE("not executable") {
    dir.file("finish", "#!/bin/sh\n", 0644);
  }
  SUBCASE("a directory") {
    std::filesystem::create_directory(dir / "finish");
  }
  SUBCASE("no #!") {
    dir.file("finish", "exit 125\n", 0755);
  }
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("udD");
  CHECK(flags(supervisor.status()) == "R");
  CHECK_DIFFERS("a-bad-finish-is-told", contains(supervisor.process().err(), "warning"));
}

TEST_CASE("a finish that dies of a signal is like one that exits") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 4").finish("die KILL").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  supervisor.expect("udD");
  CHECK(supervisor.status().wait_status == 0x0400);
}

TEST_CASE("QUIT and INT still leave at once when the last death is waited for, TERM still stops") {
  Scene scene;
  for (const int signal : {SIGQUIT, SIGINT, SIGTERM}) {
    CAPTURE(signal);
    ServiceDir dir = scene.service(std::to_string(signal));
    dir.run("trap INT\nsay up\nsleep");
    Supervisor supervisor(dir);
    supervisor.expect("su");
    dir.expect("up");
    const pid_t pid = supervisor.service();
    supervisor.send("x");
    supervisor.settle();
    supervisor.process().signal(signal);
    supervisor.expect(signal == SIGTERM ? "dDx" : "x");
    check_left(supervisor);
    CHECK(alive(pid) == (signal != SIGTERM));
    if (signal == SIGINT) dir.expect("got INT");
    if (signal != SIGTERM) kill(pid, SIGKILL);
  }
}

TEST_CASE("59: s6-svc -wU ends with 1 when the service fails for good") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").finish("exit 125").file("notification-fd", "3").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(run({client("s6-svc"), "-wU", "-T", "15000", "-u", dir.path()}).exit == exited(1));
  supervisor.expect("udOD");
}

TEST_CASE("60: s6-svc -wD ends with 99 when nothing comes in time") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  // The time counts from the start, and the real one fails with 111 if it is over before its helper is ready.
  Exit exit;
  for (int milliseconds = 100; milliseconds < 10'000; milliseconds *= 3) {
    exit = run({client("s6-svc"), "-wD", "-T", std::to_string(milliseconds), dir.path()}).exit;
    if (exit != exited(111)) break;
  }
  CHECK(exit == exited(99));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
