// s6-svscan: what it makes of the entries of its directory, and of refusals by the system.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Leaves the process room for this many more descriptors. Returns the old limit.
rlim_t leave_room_for(pid_t pid, int more) {
  const std::vector<int> used = open_fds(pid);
  rlim_t limit = 0;
  for (int room = 0; room < more || std::ranges::count(used, static_cast<int>(limit)) > 0; ++limit)
    if (std::ranges::count(used, static_cast<int>(limit)) == 0) ++room;
  return limit_descriptors(pid, limit);
}

// The value of a line "KEY:   VALUE" of /proc/PID/status.
std::string status_of(pid_t pid, std::string_view key) {
  std::istringstream in(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) return line;
  return {};
}
std::string memory_of(pid_t pid) {
  return status_of(pid, "VmData:");
}
std::string wake_ups_of(pid_t pid) {
  return status_of(pid, "voluntary_ctxt_switches:");
}

// What EMFILE is called: by glibc and by musl.
void expect_no_descriptors(const Scanner& scanner, Here here = Here::now()) {
  eventually(
      "it says that it has no more descriptors",
      [&] {
        const std::string said = scanner.messages();
        return contains(said, "Too many open files") || contains(said, "No file descriptors available");
      },
      here);
}

TEST_SUITE_BEGIN("svscan");

// --- what a service directory is -----------------------------------------------------------------------------------

TEST_CASE("directories and links to them are services; other files and hidden entries are none, in silence") {
  Scene scene;
  ScanDir scan(scene);
  write_file(scan / "file", "");
  write_file(scan / "executable", "#!/bin/sh\n", 0755);
  REQUIRE(mkfifo((scan / "fifo").c_str(), 0600) == 0);
  fs::create_symlink("file", scan / "link-to-file");
  fs::create_directories(scan / ".hidden");
  scan.link("nowhere", ".dangling");
  scan.link(".loop", ".loop");
  sockaddr_un address{.sun_family = AF_UNIX};
  (scan / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ServiceDir linked = scan.service("linked");
  ServiceDir real(scan / "real");
  real.run("say up\nsleep");
  Scanner scanner(scan);
  linked.expect("up");
  real.expect("up");
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervised() == Names{"linked", "real"});
  CHECK(scanner.messages().empty());
}

TEST_CASE("names with blanks, newlines, dashes, colons and every other byte are passed on as they are") {
  Scene scene;
  ScanDir scan(scene);
  Names names{
      "two words",    "two\nlines",         "-t", "--", "a:b", "a'b\"c\\d", "$HOME", "*", "\x01\x7f\xff\xc3", "log",
      "s6-svscan-lo", std::string(251, 'x')};
  std::vector<ServiceDir> services;
  for (std::size_t i = 0; i < names.size(); ++i) {
    services.push_back(scan.apart(std::to_string(i)));
    scan.link(services.back(), names[i]);
  }
  Scanner scanner(scan);
  for (ServiceDir& dir : services) dir.expect("up");
  std::ranges::sort(names);
  CHECK(scanner.supervised() == names);
  CHECK(scanner.messages().empty());
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("entries with names that are too long are skipped with a warning") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.apart("a"), b = scan.apart("b"), c = scan.apart("c"), d = scan.apart("d");
  const auto name = [](std::size_t size) { return std::string(size, static_cast<char>('a' + size % 26)); };
  SUBCASE("252 bytes by default") {
    scan.link(a, name(251));
    scan.link(b, name(252));
    Scanner scanner(scan);
    (void)scanner.supervisor(name(251));
    scanner.settle();
    CHECK_DIFFERS("names-have-a-limit", !scanner.supervises(name(252)) && contains(scanner.messages(), "warning: ") &&
                                            contains(scanner.messages(), name(252)));
  }
  SUBCASE("12 bytes, when the option asks for less than the least limit") {
    if (skip_on_real("options-of-later-versions")) return;
    scan.link(a, name(11));
    scan.link(b, name(12));
    scan.link(c, name(5));
    scan.link(d, name(100));
    Scanner scanner(scan, {"-L", "5"});
    (void)scanner.supervisor(name(11));
    (void)scanner.supervisor(name(5));
    scanner.settle();
    CHECK(scanner.supervised() == Names{name(5), name(11)});
    CHECK(contains(scanner.messages(), name(12)));
    CHECK(contains(scanner.messages(), name(100)));
  }
  SUBCASE("the option may ask for more than is possible") {
    if (skip_on_real("options-of-later-versions")) return;
    scan.link(a, name(255));
    Scanner scanner(scan, {"-L", "99999"});
    (void)scanner.supervisor(name(255));
    scanner.settle();
    CHECK(scanner.messages().empty());
  }
}

TEST_CASE("one directory has one supervisor, however many names") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  scan.link(a, "b");
  scan.link("b", "c");
  Scanner scanner(scan);
  a.expect("up");
  scanner.settle();
  REQUIRE(scanner.supervised().size() == 1);
  const std::string name = scanner.supervised()[0];
  Names met;  // in the order in which everybody who reads the directory meets them
  for (const auto& entry : std::filesystem::directory_iterator(scan.path()))
    if (const std::string file = entry.path().filename(); file[0] != '.') met.push_back(file);
  CHECK_DIFFERS("a-second-name-counts", name == met.back());
  const pid_t pid = scanner.supervisor(name);
  for (const char* removed : {"a", "b"}) {  // and with b also c, which leads nowhere then
    CAPTURE(removed);
    scan.unlink(removed);
    if (*removed == 'b') {
      scan.unlink("c");
      scan.link(a, "d");
    }
    scanner.send("an");
    scanner.settle();
    CHECK(scanner.supervisor(name) == pid);
  }
  scan.unlink("d");
  scanner.send("an");
  scanner.wait_gone(name);
  CHECK(a.voice().quiet());  // it was started once
}

// --- when scans happen ---------------------------------------------------------------------------------------------

TEST_CASE("a new entry is seen when a scan is asked for, not before") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  scanner.settle();
  ServiceDir a = scan.service("a");
  scanner.settle();
  CHECK(scanner.supervised().empty());
  SUBCASE("a") {
    scanner.send("a");
  }
  SUBCASE("h") {
    scanner.send("h");
  }
  SUBCASE("ALRM") {
    scanner.signal(SIGALRM);
  }
  SUBCASE("HUP") {
    scanner.signal(SIGHUP);
  }
  a.expect("up");
  CHECK(scanner.supervised() == Names{"a"});
}

TEST_CASE("automatic scans find new entries; they do not end what has gone") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan, {"-t", "20"});
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  ServiceDir b = scan.service("b");
  b.expect("up");
  scan.unlink("a");
  ServiceDir c = scan.service("c");
  c.expect("up");  // this scan did not see a
  scanner.settle();
  CHECK(scanner.supervisor("a") == pid);
  scanner.send("n");
  scanner.wait_gone("a");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("automatic scans are a period apart, and without a period there are none") {
  Scene scene;
  ScanDir scan(scene);
  ScanCounter counter(scan);
  const auto start = Clock::now();
  {
    Scanner scanner(scan, {"-t", "60"});
    scanner.settle();
    const int at_first = counter.count();
    counter.wait_for(at_first + 5);
    CHECK(seconds_since(start) >= 0.24);  // the fifth comes four periods after the next one
    CHECK(scanner.end() == exited(0));
  }
  Scanner scanner(scan);
  scanner.settle();
  const int at_first = counter.count();
  for (int i = 0; i < 5; ++i) scanner.settle();
  CHECK(counter.count() == at_first);
}

TEST_CASE("commands for scans that come together make one scan") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  scanner.settle();
  scanner.process().freeze();
  ScanCounter counter(scan);
  scanner.send(std::string(50, 'a'));
  scanner.signal(SIGALRM);
  scanner.process().thaw();
  scanner.settle();
  CHECK(counter.count() == 1);
}

TEST_CASE("a flood of commands does not delay a scan") {
  // How long it delays the real one depends on who is faster.
  if (skip_on_real("a-flood-does-not-delay-a-scan")) return;
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  ServiceDir a = scan.service("a");
  {
    // It begins while nothing is read, so that the scan is asked for in the middle of it.
    scanner.process().freeze();
    const UniqueFd control(open(scan.own("control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    Process flood(
        Start{.argv = {"/bin/sh", "-c", "yes zzzzzzzzzzzzzzz | tr -d '\\n' >.s6-svscan/control"}, .cwd = scan.path()});
    eventually("the fifo is full", [&] {
      int waiting = 0;
      return ioctl(control.get(), FIONREAD, &waiting) == 0 && waiting >= 60'000;
    });
    scanner.signal(SIGALRM);
    scanner.process().thaw();
    a.expect("up");
  }
  scanner.signal(SIGTERM);
  CHECK(scanner.wait() == exited(0));
}

// --- names that change ---------------------------------------------------------------------------------------------

TEST_CASE("a service whose entry is renamed goes on undisturbed") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  scan.rename("a", "b");
  scanner.send("an");
  scanner.settle();
  CHECK(scanner.supervisor("a") == pid);
  CHECK(scanner.supervisor("a/log") == logger);
  CHECK(a.voice().quiet());
}

TEST_CASE(
    "a service whose entry is renamed between the reading of the directory and the look at it goes on undisturbed") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  {
    HeldProcess held(scanner.pid());
    scanner.send("an");
    held.run_until_look_at("a");
    scan.rename("a", "b");
  }
  if (on_real("what-a-scan-misses-is-looked-for-again")) {
    wait_dead(pid);
    return;
  }
  scanner.settle();
  CHECK(scanner.supervisor("a") == pid);
  CHECK(a.voice().quiet());
}

TEST_CASE("another directory under an old name is another service; the old one stays until it is pruned") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir old_one = scan.apart("old"), new_one = scan.apart("new");
  scan.link(old_one, "a");
  Scanner scanner(scan);
  old_one.expect("up");
  const pid_t pid = scanner.supervisor("a");
  scan.unlink("a");
  scan.link(new_one, "a");
  scanner.send("a");
  new_one.expect("up");
  CHECK(scanner.supervised() == Names{"a", "a"});
  scanner.settle();
  CHECK(alive(pid));
  scanner.send("n");
  wait_dead(pid);
  const pid_t new_pid = scanner.supervisor("a");
  CHECK(new_pid != pid);
  scanner.settle();
  CHECK(alive(new_pid));
  CHECK(old_one.voice().quiet());
}

TEST_CASE("a service directory that is moved aside is renamed, and its successor is another service") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir old_one(scan / "a");
  old_one.run("say up\nsleep");
  Scanner scanner(scan);
  old_one.expect("up");
  const pid_t pid = scanner.supervisor("a");
  scan.rename("a", "a.old");
  ServiceDir new_one(scan / "a");
  new_one.run("say up\nsleep");
  scanner.send("an");
  new_one.expect("up");
  scanner.settle();
  CHECK(alive(pid));
  CHECK(scanner.supervised().size() == 2);
}

// --- bad entries ---------------------------------------------------------------------------------------------------

TEST_CASE("a bad entry that comes later does not keep new ones from starting, and is warned about") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  scanner.settle();
  scan.link("nowhere", "dangling");
  scan.link("loop", "loop");
  std::vector<ServiceDir> services;
  for (const char* name : {"a", "m", "z"}) services.push_back(scan.service(name));
  scanner.send("a");
  for (ServiceDir& dir : services) dir.expect("up");
  CHECK(scanner.count_messages("dangling") == 1);
  CHECK(scanner.count_messages("loop") == 1);
  for (int i = 0; i < 3; ++i) {
    scanner.send("a");
    scanner.settle();
  }
  CHECK_DIFFERS("a-lasting-trouble-is-told-once",
                scanner.count_messages("dangling") == 1 && scanner.count_messages("loop") == 1);
  // What has been mended and breaks again is told again.
  scan.unlink("loop");
  scanner.send("a");
  scanner.settle();
  const std::size_t before = scanner.count_messages("loop");
  scan.link("loop", "loop");
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.count_messages("loop") > before);
}

TEST_CASE("a service whose entry cannot be examined any more is left as it is") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  scan.unlink("a");
  scan.link("a", "a");
  scanner.send("an");
  if (on_real("a-known-name-that-cannot-be-examined-stays")) {
    scanner.wait_gone("a");
    return;
  }
  scanner.settle();
  CHECK(scanner.supervisor("a") == pid);
  CHECK(scanner.supervisor("a/log") == logger);
  CHECK(contains(scanner.messages(), "warning: "));
  scan.unlink("a");
  scanner.send("an");
  scanner.wait_gone("a");
  scanner.wait_gone("a/log");
}

TEST_CASE("a log that is no directory, or is not there, means no logger") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir with_file = scan.service("file"), dangling = scan.service("dangling"), nested = scan.service("nested");
  with_file.file("log", "");
  fs::create_symlink("nowhere", dangling / "log");
  ServiceDir log = logger_of(nested);
  ServiceDir log_of_log = logger_of(log);
  Scanner scanner(scan);
  with_file.expect("up");
  dangling.expect("up");
  nested.expect("up");
  (void)scanner.supervisor("nested/log");
  scanner.settle();
  CHECK(scanner.supervised() == Names{"dangling", "file", "nested", "nested/log"});
  CHECK(fd_target(scanner.supervisor("file"), 1) == fd_target(scanner.pid(), 1));
  CHECK(scanner.messages().empty());
}

TEST_CASE("a log that comes after many scans without one gets its supervisor") {
  if (skip_on_real("log-may-come-and-go")) return;
  Scene scene;
  ScanDir scan(scene);
  ServiceDir made = scan.idle("made"), renamed = scan.idle("renamed"), linked = scan.idle("linked"),
             dangling = scan.idle("dangling"), replaced = scan.idle("replaced");
  fs::create_symlink(scene.path() / "late", dangling / "log");
  ServiceDir ready_to_move = scan.apart("ready-to-move");
  (void)idle_logger_of(ready_to_move);
  ServiceDir successor = scan.apart("successor");
  successor.file("down", "");
  (void)idle_logger_of(successor);
  Scanner scanner(scan);
  for (const char* name : {"made", "renamed", "linked", "dangling", "replaced"}) (void)scanner.supervisor(name);
  // So often, and over such a time, that the scanner knows them not to have any.
  for (const auto end = Clock::now() + std::chrono::milliseconds(300); Clock::now() < end;) {
    scanner.send("a");
    scanner.settle();
  }
  (void)idle_logger_of(made);
  fs::rename(ready_to_move / "log", renamed / "log");
  fs::create_symlink(ready_to_move.path(), linked / "log");
  ready_to_move.file("down", "");
  ServiceDir late = scene.service("late");
  late.file("down", "");
  scan.unlink("replaced");
  scan.link(successor, "replaced");
  scanner.send("a");
  for (const char* name : {"made/log", "renamed/log", "linked/log", "dangling/log", "replaced/log"})
    (void)scanner.supervisor(name);
}

TEST_CASE("a service whose log cannot be examined is not started, the others are") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir bad = scan.service("bad"), good = scan.service("good");
  fs::create_symlink("log", bad / "log");
  Scanner scanner(scan);
  good.expect("up");
  scanner.expect_message("bad");
  scanner.settle();
  CHECK(scanner.supervised() == Names{"good"});
  CHECK(scanner.count_messages("warning: ") == 1);
  bad.remove("log");
  scanner.send("a");
  bad.expect("up");
}

TEST_CASE("the catch-all logger has no logger itself") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir catch_all = scan.service("s6-svscan-log");
  ServiceDir log = logger_of(catch_all);
  Scanner scanner(scan);
  catch_all.expect("up");
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervised() == Names{"s6-svscan-log"});
  CHECK(fd_target(scanner.supervisor("s6-svscan-log"), 1) == fd_target(scanner.pid(), 1));
  CHECK(scanner.messages().empty());
}

// --- capacity ------------------------------------------------------------------------------------------------------

TEST_CASE("what exceeds the capacity is warned about, the rest runs, and freed room is used") {
  Scene scene;
  ScanDir scan(scene);
  for (const char* name : {"a", "b", "c", "d", "e"}) (void)scan.idle(name);
  Scanner scanner(scan, {"-c", "0"});
  const std::size_t room = expected("loggers-count-as-services", 4U, 2U);
  eventually("what has room runs", [&] { return scanner.supervised().size() >= room; });
  scanner.settle();
  const Names first = scanner.supervised();
  CHECK(first.size() == room);
  for (const std::string& name : first) (void)scanner.supervisor(name);
  CHECK(scanner.count_messages("warning: ") == 5 - room);
  scanner.send("a");
  scanner.settle();
  CHECK(scanner.supervised() == first);
  scan.unlink(first[0]);
  scanner.send("an");
  scanner.wait_gone(first[0]);
  scanner.settle();
  scanner.send("a");
  eventually("the freed room is used", [&] { return scanner.supervised().size() == room; });
  CHECK_FALSE(scanner.supervises(first[0]));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a pair runs whole or not at all for want of room") {
  Scene scene;
  ScanDir scan(scene);
  for (const char* name : {"a", "b", "c"}) {
    const ServiceDir dir = scan.idle(name);
    (void)idle_logger_of(dir);
  }
  Scanner scanner(scan, {"-c", "2"});
  eventually("what has room runs", [&] { return scanner.supervised().size() >= 4; });
  scanner.settle();
  const Names names = scanner.supervised();
  REQUIRE(names.size() == 4);
  CHECK(names[1] == names[0] + "/log");
  CHECK(names[3] == names[2] + "/log");
  CHECK(scanner.count_messages("warning: ") == 1);
  scan.unlink(names[0]);
  scanner.send("an");
  scanner.wait_gone(names[0]);
  scanner.wait_gone(names[1]);
  scanner.settle();
  scanner.send("a");
  eventually("the freed room is used", [&] { return scanner.supervised().size() == 4; });
  CHECK_FALSE(scanner.supervises(names[0]));
}

TEST_CASE("hundreds of services start and end together") {
  Scene scene;
  ScanDir scan(scene);
  for (int i = 0; i < 150; ++i) (void)scan.idle("service-" + std::to_string(i));
  Scanner scanner(scan);
  eventually("all have a supervisor", [&] { return scanner.supervised().size() == 150; });
  scanner.send("h");
  scanner.settle();
  CHECK(scanner.supervised().size() == 150);
  for (int i = 0; i < 75; ++i) scan.unlink("service-" + std::to_string(i));
  scanner.send("an");
  eventually("half of them have gone", [&] { return scanner.supervised().size() == 75; });
  CHECK(scanner.end() == exited(0));
}

// --- what it costs -------------------------------------------------------------------------------------------------

TEST_CASE("scans and commands do not make it grow") {
  Scene scene;
  ScanDir scan(scene);
  for (const char* name : {"a", "b", "c"}) {
    const ServiceDir dir = scan.idle(name);
    (void)idle_logger_of(dir);
  }
  Scanner scanner(scan);
  (void)scanner.supervisor("c/log");
  const auto work = [&](int turns) {
    for (int i = 0; i < turns; ++i) {
      scan.rename("a", "renamed");
      scanner.send("h");
      scanner.settle();
      scan.rename("renamed", "a");
      scanner.send(std::string(1000, 'z') + "a");
      scanner.settle();
    }
  };
  work(5);
  const std::string before = memory_of(scanner.pid());
  const std::vector<int> fds = open_fds(scanner.pid());
  work(50);
  CHECK(memory_of(scanner.pid()) == before);
  CHECK(open_fds(scanner.pid()) == fds);
}

TEST_CASE("it goes on when fd 2 takes no more messages") {
  // When the real one stops depends on what it does first.
  if (skip_on_real("a-full-stderr-is-not-waited-for")) return;
  Scene scene;
  ScanDir scan(scene);
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  REQUIRE(sys::set_nonblocking(pipe->write_end.get()));
  while (write(pipe->write_end.get(), "x", 1) == 1) continue;
  REQUIRE(sys::set_blocking(pipe->write_end.get()));
  Scanner scanner(scan, {}, Start{.fds = {{2, pipe->write_end.get()}}});
  ServiceDir a = scan.service("a");
  scanner.send("~~~a");
  a.expect("up");
  std::array<char, 4096> bytes;
  REQUIRE(sys::set_nonblocking(pipe->read_end.get()));
  while (read(pipe->read_end.get(), bytes.data(), bytes.size()) > 0) continue;
  scanner.send("~");
  REQUIRE(wait_readable(pipe->read_end.get()));
  CHECK(scanner.end() == exited(0));
}

// --- the directory itself ------------------------------------------------------------------------------------------

TEST_CASE("when the scan directory is removed its services run on, and a pruning scan ends them") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a"), b = scan.service("b");
  Scanner scanner(scan);
  a.expect("up");
  b.expect("up");
  const pid_t pid = scanner.supervisor("a");
  ScanCounter counter(scan);
  fs::remove_all(scan.path());
  scanner.signal(SIGALRM);
  counter.wait_for(1);
  CHECK(scanner.supervisor("a") == pid);
  SUBCASE("HUP") {
    scanner.signal(SIGHUP);
    scanner.wait_gone("a");
    scanner.wait_gone("b");
    CHECK(scanner.process().running());
  }
  scanner.signal(SIGTERM);
  CHECK(scanner.wait() == exited(0));
}

TEST_SUITE_END();

// --- what takes time -----------------------------------------------------------------------------------------------

TEST_SUITE_BEGIN("svscan-timing");

TEST_CASE("an entry that was bad is seen by itself when it is mended, no earlier than seconds after the scan") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.apart("a"), b = scan.apart("b"), c = scan.service("c");
  scan.link("a", "a");
  scan.link(b, "b");
  fs::create_symlink("log", b / "log");
  const auto start = Clock::now();
  Scanner scanner(scan);
  c.expect("up");
  scanner.expect_message("a");
  scan.unlink("a");
  scan.link(a, "a");
  b.remove("log");
  a.expect("up");
  b.expect("up");
  CHECK(seconds_since(start) >= 2.95);
  CHECK(scanner.count_messages("warning: ") == 2);
}

TEST_CASE("a lasting trouble is told once, although it is looked at again every few seconds") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir c = scan.service("c");
  scan.link("loop", "loop");
  ScanCounter counter(scan);
  const auto start = Clock::now();
  Scanner scanner(scan);
  c.expect("up");
  scanner.settle();
  const int at_first = counter.count();
  counter.wait_for(at_first + 1);
  CHECK(seconds_since(start) >= 2.95);
  scanner.settle();
  CHECK(counter.count() == at_first + 1);
  CHECK_DIFFERS("a-lasting-trouble-is-told-once", scanner.count_messages("loop") == 1);
}

TEST_CASE("when the directory cannot be opened nothing changes, and it is tried again by itself") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a"), b = scan.service("b");
  Scanner scanner(scan);
  a.expect("up");
  b.expect("up");
  scanner.settle();
  const pid_t pid_of_a = scanner.supervisor("a"), pid_of_b = scanner.supervisor("b");
  const rlim_t limit = leave_room_for(scanner.pid(), 0);
  scan.unlink("b");
  ServiceDir c = scan.service("c");
  const auto start = Clock::now();
  scanner.send("an");
  expect_no_descriptors(scanner);
  scanner.settle();
  CHECK(alive(pid_of_a));
  CHECK(alive(pid_of_b));
  limit_descriptors(scanner.pid(), limit);
  c.expect("up");
  CHECK(seconds_since(start) >= 2.95);
  if (on_real("a-prune-waits-for-its-scan")) {
    scanner.settle();
    CHECK(alive(pid_of_b));
  } else {
    scanner.wait_gone("b");
  }
  CHECK(scanner.supervisor("a") == pid_of_a);
  CHECK(scanner.count_messages("warning: ") == 1);
}

TEST_CASE("when a pipe cannot be made the other services start, and the pair follows by itself") {
  Scene scene;
  ScanDir scan(scene);
  Scanner scanner(scan);
  scanner.settle();
  const rlim_t limit = leave_room_for(scanner.pid(), 1);
  const ServiceDir logged = scan.idle("logged"), alone = scan.idle("alone");
  const ServiceDir log = idle_logger_of(logged);
  const auto start = Clock::now();
  scanner.send("a");
  expect_no_descriptors(scanner);
  eventually("the other one starts", [&] { return scanner.supervised() == Names{"alone"}; });
  scanner.settle();
  CHECK(scanner.supervised() == Names{"alone"});
  CHECK(scanner.count_messages("warning: ") == 1);
  limit_descriptors(scanner.pid(), limit);
  const pid_t service = scanner.supervisor("logged"), logger = scanner.supervisor("logged/log");
  CHECK(seconds_since(start) >= 2.95);
  eventually("they have a pipe", [&] {
    return fd_target(service, 1).starts_with("pipe:") && fd_target(service, 1) == fd_target(logger, 0);
  });
}

TEST_CASE("it does not wake up when there is nothing to do") {
  Scene scene;
  ScanDir scan(scene), busy_scan(scene, "busy");
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  Scanner scanner(scan);
  a.expect("up");
  (void)scanner.supervisor("a/log");
  scanner.settle();
  wait_state(scanner.pid(), 'S');
  const std::string before = wake_ups_of(scanner.pid());
  REQUIRE_FALSE(before.empty());
  // Meanwhile a second or more passes, and another one proves that wake-ups are seen.
  Scanner busy(busy_scan, {"-t", "100"});
  busy.settle();
  const std::string busy_before = wake_ups_of(busy.pid());
  ScanCounter counter(busy_scan);
  counter.wait_for(12);
  CHECK(wake_ups_of(busy.pid()) != busy_before);
  CHECK(wake_ups_of(scanner.pid()) == before);
}

TEST_CASE("a death is no scan") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a");
  Scanner scanner(scan);
  const pid_t pid = scanner.supervisor("a");
  eventually("it has started", [&] { return a.supervised(); });
  // One that lives a second is no failure that would make it look at the directory again.
  const ServiceDir clock = scan.idle("clock");
  scanner.send("a");
  const pid_t young = scanner.supervisor("clock");
  kill_supervisor(young);
  (void)scanner.next_supervisor("clock", young);  // a second after it was started
  scanner.settle();
  const ServiceDir b = scan.idle("b");
  ScanCounter counter(scan);
  kill_supervisor(pid);
  (void)scanner.next_supervisor("a", pid);
  scanner.settle();
  CHECK_DIFFERS("a-death-is-no-scan", counter.count() == 0 && !scanner.supervises("b"));
}

TEST_CASE("after a rename the supervisor is restarted under the new name, whether a scan was asked for or not") {
  Scene scene;
  ScanDir scan(scene);
  const ServiceDir a = scan.idle("a");
  const ServiceDir log = idle_logger_of(a);
  Scanner scanner(scan);
  const pid_t pid = scanner.supervisor("a"), logger = scanner.supervisor("a/log");
  scan.rename("a", "b");
  SUBCASE("asked") {
    scanner.send("an");
    scanner.settle();
    CHECK(scanner.supervised() == Names{"a", "a/log"});
  }
  SUBCASE("not asked") {}
  kill_supervisor(pid);
  kill_supervisor(logger);
  (void)scanner.supervisor("b");
  (void)scanner.supervisor("b/log");
  eventually("it works", [&] { return a.supervised() && log.supervised(); });
  CHECK(scanner.supervised() == Names{"b", "b/log"});
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
