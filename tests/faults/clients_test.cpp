// The clients: whatever call of one fails, it ends by itself, with an exit code that says so and a message, or has done
// what it says.
#include <algorithm>
#include <memory>

#include "../process/scanner.hpp"
#include "walk.hpp"

namespace s6::test {
namespace {

// All that clients call.
const Call calls[] = {
    {"access,faccessat,faccessat2", {"EIO", "EACCES", "ENOMEM"}},
    {"chmod,fchmod,fchmodat", {"EIO", "EPERM"}},
    {"clone,clone3,vfork,fork", {"EAGAIN", "ENOMEM"}},
    {"fcntl", {"ENOLCK", "EINTR"}},
    {"fstat", {"EIO", "ENOMEM"}},
    {"getcwd", {"ENOENT", "ENOMEM"}},
    {"getdents64", {"EIO", "ENOMEM"}},
    {"inotify_init1", {"EMFILE", "ENFILE"}},
    {"inotify_add_watch", {"ENOSPC", "ENOMEM"}},
    {"mkdir,mkdirat", {"ENOSPC", "EACCES", "EIO"}},
    {"mknod,mknodat", {"ENOSPC", "EACCES", "EIO"}},
    {"mmap", {"ENOMEM"}},
    {"open,openat", {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "EINTR"}},
    {"pidfd_open", {"EMFILE", "ENFILE"}},
    {"poll,ppoll", {"ENOMEM", "EINTR"}},
    {"pread64", {"EIO", "EINTR"}},
    {"read", {"EINTR", "EIO"}},
    {"readlink,readlinkat", {"EIO", "EACCES"}},
    {"rename,renameat,renameat2", {"ENOSPC", "EIO", "EACCES"}},
    {"signalfd4", {"EMFILE", "ENOMEM"}},
    {"stat,lstat,newfstatat", {"EIO", "EACCES", "ENOMEM"}},
    {"symlink,symlinkat", {"ENOSPC", "EIO"}},
    {"unlink,unlinkat", {"EIO", "EACCES"}},
    {"wait4", {"EINTR"}},
    {"write", {"ENOSPC", "EIO", "EINTR"}},
};

// A scan directory with a service that is supervised, and one that is not.
struct World {
  Scene scene;
  ScanDir scan{scene};
  ServiceDir dir = service("test");
  ServiceDir other = service("other");
  std::unique_ptr<Scanner> scanner;

  World() {
    scan.link(dir);
    scanner = std::make_unique<Scanner>(scan);
    eventually("the supervisor listens", [&] { return is_there(dir / "supervise/status"); });
  }

  [[nodiscard]] ServiceDir service(std::string_view name) const {
    ServiceDir made = scan.apart(name, "notify 3 \\n\nsleep");
    made.file("notification-fd", "3").file("restart-delay", "0");
    return made;
  }

  void be_up() const {
    obey("u");
    eventually("the service is up", [&] { return is_up(); });
  }
  void be_down() const {
    obey("d");
    eventually("the service is down", [&] { return is_down(); });
  }
  // Returns when nothing that was sent before, by whomever, is still to be done; see Supervisor::settle().
  void obey(std::string_view command) const {
    dir.send(command);
    for (int i = 0; i < 2; ++i) {
      dir.send("~");
      wait_drained(dir);
    }
  }
  [[nodiscard]] bool is_up() const { return dir.status().pid != 0 && dir.status().ready; }
  [[nodiscard]] bool is_down() const { return dir.status().pid == 0; }

  void add_other() const {
    if (!is_there(scan / "other")) scan.link(other);
    scanner->send("a");
    scanner->supervisor("other");
  }
  void remove_other() const {
    if (is_there(scan / "other")) scan.unlink("other");
    scanner->send("an");
    scanner->wait_gone("other");
  }
  [[nodiscard]] bool has_other() const { return is_there(scan / "other"); }
};

// What a client does, where the scan directory is `scan`.
struct Deed {
  std::vector<std::string> words;  // the client's name and its arguments
  void (*before)(const World&) = [](const World& world) { world.be_up(); };
  bool (*is_done)(const World&, const Ran&) = [](const World&, const Ran&) { return true; };  // if it says so, by 0
  bool (*has_undone)(const World&) = [](const World&) { return true; };  // if it says that it has failed
};

void up(const World& world) {
  world.be_up();
}
void down(const World& world) {
  world.be_down();
}
bool is_up(const World& world, const Ran&) {
  return world.is_up();
}
bool is_down(const World& world, const Ran&) {
  return world.is_down();
}

std::vector<Deed> deeds() {
  const std::string svc = client("s6-svc");
  const auto with_other = [](const World& world) { world.add_other(); };
  const auto without_other = [](const World& world) { world.remove_other(); };
  const auto will_be_down = [](const World& world, const Ran&) {
    eventually("what it was told, it does", [&] { return world.is_down(); });
    return true;
  };
  const auto has_other = [](const World& world, const Ran&) { return world.has_other() && world.other.supervised(); };
  // Where it cannot hear of a supervisor's end it says so, and does not wait.
  const auto has_no_other = [](const World& world, const Ran& ran) {
    return !world.has_other() && (!world.other.supervised() || contains(ran.err, "is not waited for"));
  };
  const auto leaves_no_other = [](const World& world) {
    eventually("no pieces are left", [&] { return !world.has_other() && !world.other.supervised(); });
    return true;
  };
  const auto has_no_deaths = [](const World& world, const Ran&) { return world.dir.deaths().empty(); };
  const auto no_fifodir = [](const World& world) { std::filesystem::remove(world.scene.path() / "fifodir"); };
  const auto fifodir = [](const World& world, const Ran&) { return is_there(world.scene.path() / "fifodir"); };
  return {
      {{"s6-svc", "-d", "scan/test"}, up, will_be_down},
      {{"s6-svc", "-wU", "-T", "1000", "-u", "scan/test"}, down, is_up},
      {{"s6-svc", "-wD", "-T", "1000", "-d", "scan/test"}, up, is_down},
      {{"s6-svwait", "-U", "-t", "1000", "scan/test"}, up, is_up},
      {{"s6-svwait", "-D", "-t", "400", "scan/test"}, up},  // long enough to see to removals and to dying supervisors
      {{"s6-svlisten1", "-U", "-t", "1000", "scan/test", svc, "-u", "scan/test"}, down, is_up},
      {{"s6-svlisten", "-D", "-t", "1000", " scan/test", "", svc, "-d", "scan/test"}, up, is_down},
      {{"s6-ftrig-listen1", "-t", "1000", "scan/test/event", "u", svc, "-u", "scan/test"}, down},
      {{"s6-ftrig-wait", "-t", "400", "scan/test/event", "Z"}},
      {{"s6-ftrig-notify", "scan/test/event", "Z"}},
      {{"s6-svok", "scan/test"}},
      {{"s6-svstat", "scan/test"}},
      {{"s6-svdt", "scan/test"}},
      {{"s6-svdt-clear", "scan/test"}, up, has_no_deaths},
      {{"s6-mkfifodir", "fifodir"}, no_fifodir, fifodir},
      {{"s6-cleanfifodir", "scan/test/event"}},
      {{"s6-svscanctl", "-a", "scan"}},
      {{"s6-svlink", "-t", "2000", "scan", "services/other"}, without_other, has_other, leaves_no_other},
      {{"s6-svunlink", "-t", "2000", "scan", "other"}, with_other, has_no_other},
  };
}

// 0, or one of those that the programs document for something that did not work. 127 is the dynamic loader's.
bool is_documented(const Exit& exit) {
  constexpr int codes[] = {0, 1, 99, 100, 102, 111, 126, 127};
  return exit.signal == 0 && std::ranges::find(codes, exit.code) != std::end(codes);
}

// Those of a client that could not remove it.
void remove_fifos(const ServiceDir& dir) {
  for (const auto& entry : std::filesystem::directory_iterator(dir / "event")) std::filesystem::remove(entry.path());
}

bool does(const Deed& deed, const World& world, const Fault& fault) {
  deed.before(world);
  std::vector<std::string> argv = deed.words;
  argv[0] = client(argv[0]);
  const Trace trace(world.scene.path() / "trace");
  const Ran ran = run(Start{.argv = trace.command(fault, argv), .cwd = world.scene.path()});
  wait_for_straces();
  CHECK(is_documented(ran.exit));
  if (ran.exit == exited(0)) {
    CHECK(deed.is_done(world, ran));
  } else {
    CHECK_FALSE(ran.err.empty());
    CHECK(deed.has_undone(world));
  }
  if (fault.calls.starts_with("unlink"))
    remove_fifos(world.dir);
  else
    CHECK(std::filesystem::is_empty(world.dir / "event"));
  CHECK(trace.calls() < 1000);
  return trace.has_fault();
}

TEST_SUITE_BEGIN("clients");

TEST_CASE("clients: any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  const World world;
  std::vector<Live> lives;
  for (const Deed& deed : deeds())
    lives.push_back([deed, &world](const Fault& fault) {
      const std::string what = deed.words[0] + " " + deed.words[1];
      CAPTURE(what);
      return does(deed, world, fault);
    });
  walk_errors(calls, lives);
  CHECK(world.scanner->process().running());
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
