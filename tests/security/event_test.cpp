// The attacker may listen to a service: he can write to event/ through its group.
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <algorithm>

#include "attacker.hpp"
#include "common/fifodir.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// A service whose events the attacker may listen to, its supervisor, and something of root's that nobody is to touch.
struct Stage {
  Stage() {
    dir.run("sleep").make_event().file("victim", "precious", 0600);
    REQUIRE(mkfifo((dir / "elsewhere").c_str(), 0600) == 0);
    elsewhere.reset(open((dir / "elsewhere").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(elsewhere);
    REQUIRE(chown((dir / "event").c_str(), 0, attacker_group) == 0);
    REQUIRE(chmod((dir / "event").c_str(), fifodir::restricted_mode) == 0);
  }
  [[nodiscard]] std::string event(const std::string& name) const { return dir / ("event/" + name); }
  void check_untouched() {
    CHECK(read_file(dir / "victim") == "precious");
    CHECK(mode_of(dir / "victim") == "0600");
    char byte;
    CHECK(read(elsewhere.get(), &byte, 1) < 0);
  }

  Scene scene;
  ServiceDir dir = scene.service();
  UniqueFd elsewhere;
};

// Goes down and up again, which are three events, and says so to the honest listener and in the status.
void check_a_round(Supervisor& supervisor) {
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(flags(supervisor.status()) == "R");
  supervisor.send("u");
  supervisor.expect("u");
  CHECK(flags(supervisor.status()) == "W");
  CHECK(alive(supervisor.service()));
}

void make_socket(const std::string& path) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  must(path.size() < sizeof address.sun_path, "name a socket");
  std::ranges::copy(path, address.sun_path);
  must(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "make a socket");
}

TEST_SUITE_BEGIN("event");

TEST_CASE("whatever a member of the group puts into event, the others hear and nothing else is written to") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  UniqueFd full;
  as_attacker([&] {
    // He owns these, so that no protection of hard links is in the way.
    must(symlink((stage.dir / "victim").c_str(), stage.event(subscriber_name(0)).c_str()) == 0, "link");
    must(symlink((stage.dir / "elsewhere").c_str(), stage.event(subscriber_name(1)).c_str()) == 0, "link");
    must(symlink("/dev/full", stage.event(subscriber_name(2)).c_str()) == 0, "link");
    must(symlink((stage.dir / "missing").c_str(), stage.event(subscriber_name(3)).c_str()) == 0, "link");
    must(mkdir(stage.event(subscriber_name(4)).c_str(), 0777) == 0, "make a directory");
    const UniqueFd file(open(stage.event(subscriber_name(5)).c_str(), O_CREAT | O_WRONLY, 0666));
    must(static_cast<bool>(file), "make a file");
    must(link(stage.event(subscriber_name(5)).c_str(), stage.event(subscriber_name(6)).c_str()) == 0, "link hard");
    must(chdir((stage.dir / "event").c_str()) == 0, "enter event");  // the path of a socket must be short
    make_socket(subscriber_name(7));
    must(mkfifo(stage.event(subscriber_name(8)).c_str(), 0) == 0, "make a FIFO");
    must(mkfifo(stage.event(std::string(255, 'n')).c_str(), 0666) == 0, "make a FIFO of a long name");
    std::string strange = subscriber_name(9);
    std::ranges::fill(strange.begin() + 8, strange.end(), '\n');
    must(mkfifo(stage.event(strange).c_str(), 0666) == 0, "make a FIFO of a strange name");
    must(mkfifo(stage.event(subscriber_name(10)).c_str(), 0666) == 0, "make a FIFO to be full");
  });
  full.reset(open(stage.event(subscriber_name(10)).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const std::string page(4096, '.');
  while (write(full.get(), page.data(), page.size()) > 0) continue;
  // What only root can make: a device that takes everything, one without a driver, a FIFO elsewhere under another name.
  REQUIRE(mknod(stage.event(subscriber_name(11)).c_str(), S_IFCHR | 0666, makedev(1, 7)) == 0);
  REQUIRE(mknod(stage.event(subscriber_name(12)).c_str(), S_IFCHR | 0666, makedev(240, 240)) == 0);
  Supervisor supervisor(stage.dir);
  supervisor.expect("su");
  supervisor.settle();
  const std::vector<int> before = open_fds(supervisor.pid());
  for (int i = 0; i < 3; ++i) check_a_round(supervisor);
  supervisor.settle();
  CHECK(open_fds(supervisor.pid()) == before);
  CHECK(read_file(stage.event(subscriber_name(5))).empty());
  CHECK_FALSE(is_there(stage.dir / "missing"));
  CHECK(supervisor.process().err().empty());
  stage.check_untouched();
}

TEST_CASE("who listens cannot list, watch, remove or rename what others have in event") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  Supervisor supervisor(stage.dir);
  supervisor.expect("su");
  std::string honest;
  for (const auto& entry : fs::directory_iterator(stage.dir / "event")) honest = entry.path();
  const std::string event = stage.dir / "event";
  CHECK(refusal([&] { return open(event.c_str(), O_RDONLY | O_DIRECTORY); }) == EACCES);
  CHECK(refusal([&] { return inotify_add_watch(inotify_init(), event.c_str(), IN_CREATE); }) == EACCES);
  CHECK(refusal([&] { return unlink(honest.c_str()); }) == EPERM);
  CHECK(refusal([&] { return rename(honest.c_str(), (honest + "x").c_str()); }) == EPERM);
  CHECK(refusal([&] { return open(honest.c_str(), O_RDONLY | O_NONBLOCK); }) == EACCES);
  CHECK(refusal([&] { return chmod(event.c_str(), 0777); }) == EPERM);
}

TEST_CASE("ten thousand FIFOs, read or not, delay no service and are not kept open") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  constexpr unsigned count = 5000;  // of each kind
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_max < count + 100) SKIP_TEST("needs a limit of 5100 descriptors");
  const std::string unread = stage.event("unread");
  REQUIRE(mkfifo(unread.c_str(), 0666) == 0);
  for (unsigned i = 0; i < count; ++i) {
    const std::string read = stage.event(subscriber_name(i));
    REQUIRE(mkfifo(read.c_str(), 0600) == 0);
    REQUIRE(chmod(read.c_str(), 0666) == 0);  // whatever the umask
    REQUIRE(link(unread.c_str(), stage.event(subscriber_name(count + i)).c_str()) == 0);
  }
  REQUIRE(unlink(unread.c_str()) == 0);
  const Attack readers([] { pause(); },
                       [&] {
                         const rlimit enough{count + 100, count + 100};
                         must(setrlimit(RLIMIT_NOFILE, &enough) == 0, "raise its limit");
                         for (unsigned i = 0; i < count; ++i) {
                           const std::string path = stage.event(subscriber_name(i));
                           must(open(path.c_str(), O_RDWR | O_NONBLOCK) >= 0, "read a FIFO");
                         }
                       });
  Supervisor supervisor(stage.dir);
  supervisor.expect("su");
  supervisor.settle();
  const std::vector<int> before = open_fds(supervisor.pid());
  check_a_round(supervisor);
  supervisor.settle();
  CHECK(open_fds(supervisor.pid()) == before);
  const auto in_event = [&] {
    return std::distance(fs::directory_iterator(stage.dir / "event"), fs::directory_iterator());
  };
  CHECK(in_event() == count + 1);  // those with a reader, and ours
}

TEST_CASE("an event ends after a bounded number of entries") {
  const Scene scene;
  const ServiceDir dir = scene.service();
  const fs::path event = dir / "event";
  fs::create_directory(event);
  // Names are made faster than FIFOs, but one FIFO cannot have more than some ten thousand.
  std::string fifo;
  for (unsigned i = 0; i < fifodir::most_entries + 1; ++i) {
    const std::string name = event / subscriber_name(i);
    const bool first = i % 50'000 == 0;
    if (first) fifo = name;
    if ((first ? mkfifo(name.c_str(), 0600) : link(fifo.c_str(), name.c_str())) < 0) FAIL(strerror(errno));
  }
  // Those that it comes to are removed, as nobody reads them.
  CHECK(fifodir::notify(event.c_str(), "u"));
  CHECK(std::distance(fs::directory_iterator(event), fs::directory_iterator()) == 1);
}

TEST_CASE("a FIFO that becomes something else while events flow lets nothing be written there") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  const std::string name = stage.event(subscriber_name(0));
  const std::string fifo = stage.event("fifo");
  const std::string links[] = {stage.event("link"), stage.event("other")};
  const Attack race(
      [&] {
        for (;;) {
          for (const std::string& other : links) {
            (void)!link(fifo.c_str(), (fifo + "2").c_str());
            (void)!rename((fifo + "2").c_str(), name.c_str());
            (void)!symlink((&other == links ? stage.dir / "victim" : stage.dir / "elsewhere").c_str(), other.c_str());
            (void)!rename(other.c_str(), name.c_str());
          }
        }
      },
      [&] {
        must(mkfifo(fifo.c_str(), 0666) == 0, "make a FIFO");
        must(open(fifo.c_str(), O_RDWR | O_NONBLOCK) >= 0, "read its FIFO");
      });
  stage.dir.run("exit 0").file("down", "");
  Supervisor supervisor(stage.dir);
  supervisor.expect("s");
  for (int i = 0; i < 100; ++i) {
    supervisor.send("o");
    supervisor.expect("udD");
  }
  stage.check_untouched();
}

TEST_CASE("entries that are made, renamed and removed all the time do not keep an event from its end") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  const auto churn = [&](unsigned first) {
    for (unsigned i = 0;; ++i) {
      const std::string from = stage.event(subscriber_name(first + i % 1000));
      const std::string to = stage.event(subscriber_name(first + 1000 + i % 1000));
      (void)mkfifo(from.c_str(), 0666);
      (void)!rename(from.c_str(), to.c_str());
      if (i % 7 == 0) (void)unlink(to.c_str());
    }
  };
  const Attack one([&] { churn(0); });
  const Attack another([&] { churn(10'000); });
  Supervisor supervisor(stage.dir);
  supervisor.expect("su");
  for (int i = 0; i < 3; ++i) check_a_round(supervisor);
}

TEST_CASE("the FIFO of a listener cannot be made to signal the supervisor") {
  if (!is_root()) SKIP_TEST("needs root");
  Stage stage;
  const std::string name = stage.event(subscriber_name(0));
  Supervisor supervisor(stage.dir);
  supervisor.expect("su");
  supervisor.settle();  // it would remove a FIFO that is not read yet
  const pid_t pid = supervisor.pid();
  const Attack attack([] { pause(); },
                      [&] {
                        must(mkfifo(name.c_str(), 0600) == 0, "make a FIFO");
                        const int fd = open(name.c_str(), O_RDWR | O_NONBLOCK);
                        must(fd >= 0, "open its FIFO");
                        // Each write would now signal the owner of the descriptor, which is to be the supervisor.
                        (void)fcntl(fd, F_SETSIG, SIGKILL);
                        (void)fcntl(fd, F_SETOWN, pid);
                        must(fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) == 0, "ask for signals");
                      });
  for (int i = 0; i < 3; ++i) check_a_round(supervisor);
  CHECK(alive(pid));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
