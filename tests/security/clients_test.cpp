// The attacker owns a service directory, and root looks at it, commands it or waits for it.
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "attacker.hpp"
#include "tests/process/fabricated.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// Things of root's that no client may touch on the attacker's behalf: a file, a FIFO that root reads, a directory.
struct Treasure {
  explicit Treasure(const Scene& scene) : path(scene.path() / "treasure") {
    fs::create_directory(path);
    REQUIRE(chmod(path.c_str(), 0755) == 0);
    write_file(path / "file", std::string(35, 'x'), 0600);
    write_file(path / "tally", std::string(28, 'x'), 0600);
    REQUIRE(mkfifo((path / "fifo").c_str(), 0600) == 0);
    REQUIRE(chmod((path / "fifo").c_str(), 0600) == 0);
    fifo.reset(open((path / "fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(fifo);
  }
  void check() const {
    CHECK(mode_of(path) == "0755");
    CHECK(read_file(path / "file") == std::string(35, 'x'));
    CHECK(mode_of(path / "file") == "0600");
    CHECK(read_file(path / "tally") == std::string(28, 'x'));
    CHECK(mode_of(path / "fifo") == "0600");
    char byte;
    CHECK(read(fifo.get(), &byte, 1) < 0);
    CHECK(std::distance(fs::directory_iterator(path), fs::directory_iterator()) == 3);
  }
  fs::path path;
  UniqueFd fifo;
};

// What can have the name of a file in a service directory.
enum class Trap {
  fifo,
  read_fifo,
  file,
  huge,
  directory,
  socket,
  link_to_file,
  link_to_fifo,
  link_to_zero,
  link_to_itself,
  nothing
};
constexpr Trap traps[] = {Trap::fifo,         Trap::read_fifo,      Trap::file,         Trap::huge,
                          Trap::directory,    Trap::socket,         Trap::link_to_file, Trap::link_to_fifo,
                          Trap::link_to_zero, Trap::link_to_itself, Trap::nothing};

void make_socket(const fs::path& path) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  REQUIRE(path.string().size() < sizeof address.sun_path);
  std::ranges::copy(path.string(), address.sun_path);
  REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

// Returns a descriptor that has to be kept open.
UniqueFd lay(Trap trap, const fs::path& at, const Treasure& treasure) {
  fs::remove_all(at);
  const auto fifo = [&] { REQUIRE(mkfifo(at.c_str(), 0666) == 0); };
  switch (trap) {
    case Trap::fifo: fifo(); break;
    case Trap::read_fifo: {
      fifo();
      UniqueFd full(open(at.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
      const std::string page(4096, '~');
      while (write(full.get(), page.data(), page.size()) > 0) continue;
      return full;
    }
    case Trap::file: write_file(at, "hello", 0666); break;
    case Trap::huge:
      write_file(at, "");
      REQUIRE(truncate(at.c_str(), off_t{14} << 32) == 0);
      break;
    case Trap::directory: fs::create_directory(at); break;
    case Trap::socket: make_socket(at); break;
    case Trap::link_to_file: fs::create_symlink(treasure.path / "file", at); break;
    case Trap::link_to_fifo: fs::create_symlink(treasure.path / "fifo", at); break;
    case Trap::link_to_zero: fs::create_symlink("/dev/zero", at); break;
    case Trap::link_to_itself: fs::create_symlink(at.filename(), at); break;
    case Trap::nothing: break;
  }
  return UniqueFd();
}

// Each client, with a time limit of its own where it has to wait for something.
std::vector<std::vector<std::string>> commands() {
  return {{"s6-svok"},
          {"s6-svstat"},
          {"s6-svstat", "-o", "pid,updownsince"},
          {"s6-svdt"},
          {"s6-svc", "-d"},
          {"s6-svc", "-T", "1", "-wD", "-d"},
          {"s6-svwait", "-t", "1", "-u"},
          {"s6-svperms"}};
}

// No signal, and an exit code that the documentation knows. (101 and 102 are s6-svc's.)
bool is_an_answer(const Exit& exit) {
  return exit.signal == 0 && (exit.code <= 1 || (exit.code >= 99 && exit.code <= 102) || exit.code == 111);
}

// By contract s6-svc waits for a supervisor that does not read its commands. With -w and -T it does not for ever.
bool may_wait(const std::vector<std::string>& argv, std::string_view name, Trap trap) {
  return argv == std::vector<std::string>{"s6-svc", "-d"} && name == "supervise/control" && trap == Trap::read_fifo;
}

struct Owned {
  explicit Owned(const Scene& scene) : service(scene.path() / "hostile", status_of::down()) {
    write_file(service / "supervise/lock", "");
    write_file(service / "supervise/death_tally", std::string(28, 'x'));
    REQUIRE(mkfifo((service / "supervise/control").c_str(), 0600) == 0);
    write_file(service / "run", "#!/bin/sh\n", 0755);
  }
  Fabricated service;
};

TEST_SUITE_BEGIN("clients");

TEST_CASE("clients of root end with an answer, whatever the attacker puts in place of a file, and touch nothing else") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  for (const std::string name : {"supervise/status", "supervise/control", "supervise/lock", "supervise/death_tally",
                                 "supervise", "event", "down"}) {
    for (const Trap trap : traps) {
      fs::remove_all(scene.path() / "hostile");
      Owned owned(scene);
      const UniqueFd kept = lay(trap, owned.service / name, treasure);
      give_to_attacker(owned.service.path());
      for (std::vector<std::string> argv : commands()) {
        CAPTURE(name);
        if (may_wait(argv, name, trap)) continue;
        CAPTURE(static_cast<int>(trap));
        CAPTURE(argv[0]);
        argv[0] = client(argv[0]);
        argv.push_back(owned.service.path());
        const Ran ran = run(argv);
        CHECK_MESSAGE(is_an_answer(ran.exit), ran.exit, ran.err);
        if (ran.exit.code >= 100) CHECK_FALSE(ran.err.empty());
      }
    }
  }
  treasure.check();
}

TEST_CASE("a command of root goes to no FIFO that a link leads to") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  Owned owned(scene);
  const UniqueFd none = lay(Trap::link_to_fifo, owned.service / "supervise/control", treasure);
  give_to_attacker(owned.service.path());
  const Ran ran = run({client("s6-svc"), "-x", owned.service.path()});
  CHECK(ran.exit == exited(1));
  treasure.check();
}

TEST_CASE("root waits nowhere else than in the directory of a service: a link of its owner to another's is refused") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  Owned owned(scene);
  fs::remove_all(owned.service / "event");
  fs::create_symlink(treasure.path, owned.service / "event");
  give_to_attacker(owned.service.path());
  const struct timespec before = [&] {
    struct stat st;
    REQUIRE(stat(treasure.path.c_str(), &st) == 0);
    return st.st_mtim;
  }();
  CHECK(run({client("s6-svwait"), "-t", "100", "-u", owned.service.path()}).exit == exited(111));
  CHECK(run({client("s6-svperms"), "-e", owned.service.path()}).exit == exited(111));
  struct stat st;
  REQUIRE(stat(treasure.path.c_str(), &st) == 0);
  CHECK(st.st_mtim.tv_sec == before.tv_sec);  // nothing was made there, not even for a moment
  CHECK(st.st_mtim.tv_nsec == before.tv_nsec);
  treasure.check();
  // To a directory of the same owner, as on a tmpfs, it is followed.
  fs::remove(owned.service / "event");
  fs::create_directory(scene.path() / "volatile");
  fs::create_symlink(scene.path() / "volatile", owned.service / "event");
  give_to_attacker(scene.path() / "volatile");
  give_to_attacker(owned.service.path());
  CHECK(run({client("s6-svwait"), "-t", "100", "-u", owned.service.path()}).exit == exited(99));
}

TEST_CASE("what root changes with s6-svperms is never a file elsewhere") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  const std::string group = ":" + std::to_string(attacker_group);
  for (const char* name : {"supervise", "supervise/control", "event"}) {
    for (const char* target : {"", "file", "fifo"}) {
      CAPTURE(name);
      CAPTURE(target);
      fs::remove_all(scene.path() / "hostile");
      Owned owned(scene);
      fs::remove_all(owned.service / name);
      fs::create_symlink(treasure.path / target, owned.service / name);
      give_to_attacker(owned.service.path());
      const Ran ran = run({client("s6-svperms"), "-G", group, "-E", group, owned.service.path()});
      CHECK(ran.exit == exited(111));
      treasure.check();
    }
  }
}

TEST_CASE("a fifodir that root makes is not exchanged for something of root's before it gets its mode") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  const fs::path directory = scene.path() / "common";  // as /tmp would be without its sticky bit
  fs::create_directory(directory);
  REQUIRE(chmod(directory.c_str(), 0777) == 0);
  const std::string name = directory / "fifodir", link = directory / "link", moved = directory / "moved";
  const Attack exchange([&] {
    for (;;) {
      (void)!symlink(treasure.path.c_str(), link.c_str());
      if (renameat2(AT_FDCWD, link.c_str(), AT_FDCWD, name.c_str(), RENAME_EXCHANGE) == 0) {
        (void)rename(link.c_str(), moved.c_str());
        (void)unlink(name.c_str());
      }
      (void)rmdir(moved.c_str());
    }
  });
  for (int i = 0; i < 200; ++i) (void)run({client("s6-mkfifodir"), i % 2 == 0 ? "-f" : "-fg0", name});
  treasure.check();
}

TEST_CASE("a new tally is written to no file that has its temporary name") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Treasure treasure(scene);
  Owned owned(scene);
  const fs::path tally = owned.service / "supervise/death_tally";
  fs::remove(tally);
  fs::create_symlink(treasure.path / "tally", tally);
  give_to_attacker(owned.service.path());
  CHECK(run({client("s6-svdt-clear"), owned.service.path()}).exit == exited(0));
  treasure.check();
  CHECK(fs::is_regular_file(fs::symlink_status(tally)));
}

TEST_CASE("a supervisor writes its status over no file that has the temporary name") {
  Scene scene;
  const Treasure treasure(scene);
  ServiceDir dir = scene.service();
  dir.run("sleep");
  fs::create_directory(dir / "supervise");
  fs::create_symlink(treasure.path / "file", dir / "supervise/status.new");
  fs::create_symlink(treasure.path / "tally", dir / "supervise/death_tally.new");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("d");
  supervisor.expect("dD");
  treasure.check();
  CHECK(dir.deaths().size() == 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
