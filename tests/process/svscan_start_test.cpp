// s6-svscan: its command line, and what it makes, locks, accepts and refuses when it starts.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Starts it where it is expected to refuse.
Ran start_and_end(const Scene& scene, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), supervisor("s6-svscan"));
  return run(Start{.argv = std::move(arguments), .cwd = scene.path()});
}

bool is_refusal(const Ran& ran) {
  return ran.out.empty() && ran.err.starts_with("s6-svscan: ");
}

// Tells whether s6-svscan accepts these options: either it becomes ready, or it exits 100 and has made nothing.
bool accepts(const Scene& scene, std::vector<std::string> options) {
  std::string text;
  for (const std::string& option : options) text += option + " ";
  CAPTURE(text);
  static int count = 0;
  ScanDir scan(scene, "scan-" + std::to_string(++count));
  auto ready = sys::pipe();
  REQUIRE(ready);
  Start start{.argv = {supervisor("s6-svscan"), "-d3"}, .cwd = scene.path(), .fds = {{3, ready->write_end.get()}}};
  start.argv.insert(start.argv.end(), options.begin(), options.end());
  start.argv.push_back(scan.path());
  Process process(std::move(start));
  ready->write_end.reset();
  REQUIRE(wait_readable(ready->read_end.get()));
  char byte;
  if (read(ready->read_end.get(), &byte, 1) == 1) return true;
  CHECK(process.wait() == exited(100));
  CHECK(process.err().starts_with("s6-svscan: "));
  CHECK_FALSE(is_there(scan.own("")));
  return false;
}

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Who has the lock; 0: nobody.
pid_t lock_holder(const ScanDir& scan) {
  const UniqueFd fd(open(scan.own("lock").c_str(), O_RDONLY | O_CLOEXEC));
  struct flock lock = whole_file(F_RDLCK);
  REQUIRE(fcntl(fd.get(), F_GETLK, &lock) == 0);
  return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

TEST_SUITE_BEGIN("svscan");

// --- command line --------------------------------------------------------------------------------------------------

TEST_CASE("without an operand s6-svscan refuses to start; it does not take the current directory") {
  Scene scene;
  fs::create_directory(scene.path() / "precious");
  Start start{.argv = {supervisor("s6-svscan")}, .cwd = scene.path() / "precious"};
  if (on_real("scan-directory-is-mandatory")) {
    Process process(start);
    eventually("it litters", [&] { return is_there(scene.path() / "precious/.s6-svscan/control"); });
    return;
  }
  const Ran ran = run(start);
  CHECK(ran.exit == exited(100));
  CHECK(is_refusal(ran));
  CHECK(contains(ran.err, "s6-svscan: usage: "));
  CHECK(fs::is_empty(scene.path() / "precious"));
}

TEST_CASE("-c and -C both set the number of services") {
  Scene scene;
  CHECK(accepts(scene, {"-c", "10"}));
  CHECK(accepts(scene, {"-c10", "-t5"}));
  CHECK_DIFFERS("options-of-later-versions", accepts(scene, {"-C", "10"}));
  CHECK_DIFFERS("options-of-later-versions", accepts(scene, {"-L", "10"}));
}

TEST_CASE("numbers are decimal digits, nothing else") {
  Scene scene;
  CHECK(accepts(scene, {"-t", "010"}));
  CHECK(accepts(scene, {"-t", "4294967295"}));
  for (const char* bad : {"abc", "-1", "", " 1", "1 ", "0x10", "+5", "4294967296", "5C5"}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(scene, {"-t", bad}));
    CHECK_FALSE(accepts(scene, {"-c", bad}));
    CHECK_FALSE(accepts(scene, {"-C", bad}));
    CHECK_FALSE(accepts(scene, {"-L", bad}));
  }
}

TEST_CASE("the descriptors of -d and -X must be above 2, and open") {
  Scene scene;
  for (const char* bad : {"0", "1", "2", "17", "-1", "x", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(scene, {"-d", bad}));
    CHECK_FALSE(accepts(scene, {"-X", bad}));
  }
}

TEST_CASE("unknown options, and options without their value, are refused") {
  Scene scene;
  for (const char* bad : {"-h", "-s", "-S", "-x", "--hel", "--=3", "--timeo=10", "--services-max", "--timeout="}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(scene, {bad}));
  }
  for (const char* bad : {"-t", "-d", "-X", "-c"}) {
    CAPTURE(bad);
    const Ran ran = start_and_end(scene, {bad});
    CHECK(ran.exit == exited(100));
    CHECK(is_refusal(ran));
  }
}

TEST_CASE("every option has a long name, its value after an equals sign") {
  Scene scene;
  for (const char* good : {"--services-max=10", "--name-max=20", "--timeout=0", "--notification-fd=3"}) {
    CAPTURE(good);
    CHECK_DIFFERS("options-of-later-versions", accepts(scene, {good}));
  }
  CHECK_FALSE(accepts(scene, {"--console-holder=17"}));
  CHECK_FALSE(accepts(scene, {"--services-max", "10"}));
}

TEST_CASE("what follows the scan directory is ignored, also if it looks like an option") {
  Scene scene;
  ScanDir scan(scene);
  Process process(Start{.argv = {supervisor("s6-svscan"), "--", "scan", "-t", "x", "-?"}, .cwd = scene.path()});
  eventually("it runs", [&] { return is_there(scan.own("control")); });
  wait_state(process.pid(), 'S');
  CHECK(process.running());
}

TEST_CASE("a scan directory that cannot be entered is a system error") {
  Scene scene;
  write_file(scene.path() / "file", "");
  for (const char* bad : {"missing", "file", "", "-"}) {
    CAPTURE(bad);
    const Ran ran = start_and_end(scene, {bad});
    CHECK(ran.exit == exited(111));
    CHECK(is_refusal(ran));
  }
}

TEST_CASE("the largest number of services needs no more than an ordinary stack") {
  Scene scene;
  for (const char* option : {"-c90000", "-C160000"}) {
    if (option[1] == 'C' && on_real("options-of-later-versions")) continue;
    CAPTURE(option);
    ScanDir scan(scene, option);
    Scanner scanner(scan, {option}, Start{.limits = {{RLIMIT_STACK, 8 << 20}}});
    CHECK(scanner.end() == exited(0));
  }
}

// --- what it makes -------------------------------------------------------------------------------------------------

TEST_CASE("the control directory has exact modes, whatever the umask; supervisors get the umask of the caller") {
  Scene scene;
  for (const mode_t mask : {mode_t{0}, mode_t{0777}, mode_t{027}}) {
    CAPTURE(mask);
    ScanDir scan(scene, "scan-" + std::to_string(mask));
    ServiceDir a = scan.apart("a" + std::to_string(mask), "record\nsay up\nsleep");
    scan.link(a, "a");
    if (mask == 0777) a.file("down", "");  // it could not write its record
    Scanner scanner(scan, {}, Start{.umask = mask});
    CHECK(mode_of(scan.own("")) == "0700");
    CHECK(mode_of(scan.own("lock")) == "0600");
    CHECK(mode_of(scan.own("control")) == "0600");
    if (mask == 0777) continue;
    a.expect("up");
    CHECK(std::stoul(recorded(a / "run.record", "umask"), nullptr, 8) == mask);
  }
}

TEST_CASE("what is there already is used as it is, if it is of the right kind") {
  Scene scene;
  ScanDir scan(scene);
  fs::create_directory(scene.path() / "elsewhere");
  chmod((scene.path() / "elsewhere").c_str(), 0755);
  fs::create_directory_symlink("../elsewhere", scan.path() / ".s6-svscan");
  mkfifo(scan.own("control").c_str(), 0622);
  chmod(scan.own("control").c_str(), 0622);
  write_file(scan.own("lock"), "", 0644);
  Scanner scanner(scan);
  CHECK(mode_of(scene.path() / "elsewhere") == "0755");
  CHECK(mode_of(scan.own("control")) == "0622");
  CHECK(mode_of(scan.own("lock")) == "0644");
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("what is there but of the wrong kind is refused") {
  Scene scene;
  ScanDir scan(scene);
  int code = 100;
  SUBCASE(".s6-svscan is a file") {
    write_file(scan.path() / ".s6-svscan", "");
  }
  SUBCASE(".s6-svscan is a dangling link") {
    fs::create_symlink("nowhere", scan.path() / ".s6-svscan");
    code = 111;
  }
  SUBCASE("control is a file") {
    fs::create_directory(scan.own(""));
    write_file(scan.own("control"), "");
  }
  SUBCASE("control is a directory") {
    fs::create_directories(scan.own("control"));
  }
  SUBCASE("lock is a directory") {
    fs::create_directories(scan.own("lock"));
    code = 111;
  }
  const Ran ran = start_and_end(scene, {"scan"});
  CHECK(ran.exit == exited(code));
  CHECK(is_refusal(ran));
}

TEST_CASE("a second s6-svscan on the same directory is refused, and does not disturb the first") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  fs::create_directory_symlink("scan", scene.path() / "link");
  Scanner scanner(scan);
  a.expect("up");
  const pid_t supervisor_of_a = scanner.supervisor("a");
  for (const std::string& way :
       {scan.path().string(), std::string("scan"), std::string("./link/../scan/"), std::string("link")}) {
    CAPTURE(way);
    const Ran ran = start_and_end(scene, {way});
    CHECK(ran.exit == exited(100));
    CHECK(is_refusal(ran));
    CHECK(lock_holder(scan) == scanner.pid());
  }
  ServiceDir b = scan.service("b");
  scanner.send("a");
  b.expect("up");
  CHECK(scanner.supervisor("a") == supervisor_of_a);
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("the lock is a record lock over the whole file, held for life") {
  Scene scene;
  ScanDir scan(scene);
  for (int life = 0; life < 2; ++life) {
    CAPTURE(life);  // what the first one leaves behind must not be in the way of the second
    Scanner scanner(scan);
    scanner.send("a");
    scanner.settle();
    CHECK(lock_holder(scan) == scanner.pid());
    {
      const UniqueFd fd(open(scan.own("lock").c_str(), O_RDWR | O_CLOEXEC));
      struct flock at_the_end = whole_file(F_WRLCK);
      at_the_end.l_start = 1'000'000;
      at_the_end.l_len = 1;
      CHECK(fcntl(fd.get(), F_SETLK, &at_the_end) == -1);
      CHECK((errno == EAGAIN || errno == EACCES));
      CHECK(flock(fd.get(), LOCK_EX | LOCK_NB) == 0);  // another kind
    }
    CHECK(lock_holder(scan) == scanner.pid());
    CHECK(scanner.end() == exited(0));
    CHECK(lock_holder(scan) == 0);
    CHECK(is_there(scan.own("lock")));
    CHECK(is_there(scan.own("control")));
  }
}

TEST_CASE("its descriptors: standard ones and close-on-exec ones; supervisors get nothing but 0, 1 and 2") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  ServiceDir log = logger_of(a);
  ServiceDir b = scan.service("b");
  write_file(scene.path() / "console", "");
  const UniqueFd console(open((scene.path() / "console").c_str(), O_WRONLY | O_CLOEXEC));
  Scanner scanner(scan, {"-X", "7"}, Start{.fds = {{7, console.get()}}});
  a.expect("up");
  b.expect("up");
  const std::vector<int> fds = open_fds(scanner.pid());
  for (const int fd : fds) {
    if (fd < 3) continue;
    CAPTURE(fd);
    CAPTURE(fd_target(scanner.pid(), fd));
    CHECK(is_close_on_exec(scanner.pid(), fd));
  }
  // Nothing of that shows in the supervisors, except for the end of the pipe that is theirs.
  for (const char* name : {"a", "a/log", "b"}) {
    CAPTURE(name);
    const pid_t pid = scanner.supervisor(name);
    for (const int fd : fds) {
      const std::string target = fd_target(scanner.pid(), fd);
      if (fd < 3 || target.starts_with("anon_inode:")) continue;
      CAPTURE(target);
      CHECK(count_fds(pid, target) == (target.starts_with("pipe:") && *name == 'a' ? 1 : 0));
    }
    CHECK(fd_target(pid, 2) == fd_target(scanner.pid(), 2));
  }
  CHECK(fd_target(scanner.supervisor("b"), 0) == "/dev/null");
  CHECK(fd_target(scanner.supervisor("b"), 1) == fd_target(scanner.pid(), 1));
}

TEST_CASE("started with 0, 1 and 2 closed it puts /dev/null there") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan, {}, Start{.closed = {0, 1, 2}});
  a.expect("up");
  const pid_t pid = scanner.supervisor("a");
  for (const int fd : {0, 1, 2}) {
    CAPTURE(fd);
    CHECK(fd_target(scanner.pid(), fd) == "/dev/null");
    CHECK(fd_target(pid, fd) == "/dev/null");
  }
}

TEST_CASE("readiness is one newline, and then its descriptor is closed") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);  // it has read to the end of file
  CHECK(scanner.readiness() == "\n");
  a.expect("up");
}

TEST_CASE("readiness that cannot be told keeps nothing from starting") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  const UniqueFd only_to_read(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Process process(Start{.argv = {supervisor("s6-svscan"), "-d", "5", scan.path()}, .fds = {{5, only_to_read.get()}}});
  a.expect("up");
  if (on_real("readiness-that-cannot-be-told-is-a-warning")) {
    CHECK(process.err().empty());
    return;
  }
  eventually("it has said so", [&] { return contains(process.err(), "warning: unable to tell that it is ready"); });
}

TEST_CASE("readiness comes before the first supervisor, and when commands are accepted") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  REQUIRE(sys::set_nonblocking(pipe->write_end.get()));
  while (write(pipe->write_end.get(), "x", 1) == 1) continue;
  REQUIRE(sys::set_blocking(pipe->write_end.get()));
  Process process(
      Start{.argv = {supervisor("s6-svscan"), "-d", "5", scan.path()}, .fds = {{5, pipe->write_end.get()}}});
  pipe->write_end.reset();
  wait_in_system_call(process.pid(), {SYS_write, SYS_writev});  // the pipe is full
  CHECK(descendants(process.pid()).empty());
  CHECK(lock_holder(scan) == process.pid());
  CHECK(a.voice().quiet());
  {
    const UniqueFd control(open(scan.own("control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(control);
  }
  std::string got;
  std::array<char, 4096> bytes;
  for (ssize_t size; (size = read(pipe->read_end.get(), bytes.data(), bytes.size())) > 0;)
    got.append(bytes.data(), static_cast<std::size_t>(size));
  CHECK(got.ends_with("x\n"));
  a.expect("up");
}

TEST_CASE("the scan directory may be renamed while it is scanned") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  Scanner scanner(scan);
  a.expect("up");
  fs::rename(scan.path(), scene.path() / "moved");
  fs::create_directory_symlink("moved", scan.path());  // for the objects here
  ServiceDir b = scan.service("b");
  scanner.send("a");
  b.expect("up");
  CHECK(scanner.end() == exited(0));
}

// --- bad entries at the start --------------------------------------------------------------------------------------

TEST_CASE("dangling links are removed at the start, in silence; nothing else is") {
  Scene scene;
  ScanDir scan(scene);
  ServiceDir a = scan.service("a");
  scan.link("nowhere", "dangling");
  scan.link("nowhere", ".dangling");
  scan.link("loop", "loop");
  write_file(scan / "file", "");
  REQUIRE(mkfifo((scan / "fifo").c_str(), 0600) == 0);
  Scanner scanner(scan);
  a.expect("up");
  CHECK_DIFFERS("dangling-links-are-removed-at-the-start",
                !is_there(scan / "dangling") && !contains(scanner.messages(), "dangling"));
  for (const char* kept : {"a", ".dangling", "loop", "file", "fifo"}) {
    CAPTURE(kept);
    CHECK(is_there(scan / kept));
  }
}

TEST_CASE("one bad entry does not keep the others from starting") {
  Scene scene;
  ScanDir scan(scene);
  scan.link("loop", "loop");
  std::vector<ServiceDir> services;
  for (const char* name : {"a", "b", "c", "m", "z"}) services.push_back(scan.service(name));
  Scanner scanner(scan);
  for (ServiceDir& dir : services) dir.expect("up");
  scanner.expect_message("loop");
  CHECK(scanner.count_messages("warning") == 1);
  CHECK(scanner.end() == exited(0));
}

// --- messages ------------------------------------------------------------------------------------------------------

TEST_CASE("a reason not to start is given on the console when nobody reads fd 2") {
  Scene scene;
  write_file(scene.path() / "console", "");
  const UniqueFd console(open((scene.path() / "console").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  pipe->read_end.reset();
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"missing"}, {"-t", "x", "."}, {"-d", "17", "."}}) {
    CAPTURE(bad.back());
    fs::resize_file(scene.path() / "console", 0);
    Start start{.argv = {supervisor("s6-svscan"), "-X", "7"},
                .cwd = scene.path(),
                .fds = {{2, pipe->write_end.get()}, {7, console.get()}}};
    start.argv.insert(start.argv.end(), bad.begin(), bad.end());
    const Ran ran = run(start);
    if (on_real("errors-go-to-the-console-too")) {
      CHECK(ran.exit == killed(SIGPIPE));
      continue;
    }
    CHECK(ran.exit == exited(bad.back() == "missing" ? 111 : 100));
    CHECK(read_file(scene.path() / "console").starts_with("s6-svscan: "));
  }
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
