// s6-supervise: event/ and the FIFOs in it, supervise/death_tally.
#include <algorithm>

#include "common/fifo_name.hpp"
#include "common/sys.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// A name that a notifier writes to.
std::string subscriber_name(char last = 'a') {
  std::string name = fifo_name::make(sys::stamp_now(), 0).data();
  name.back() = last;
  return name;
}

void make_fifo(const fs::path& path) {
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
}

UniqueFd open_fifo(const fs::path& path) {
  return UniqueFd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

// Goes through one life of the service of a supervisor that is down, without waiting for the throttle.
void live_and_die(ServiceDir& dir, Supervisor& supervisor, const std::string& death) {
  dir.run(death);
  supervisor.send("o");
  supervisor.expect("udD");
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("51: a full FIFO loses its event and stops nobody") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  const fs::path path = dir / "event" / subscriber_name();
  make_fifo(path);
  const UniqueFd full = open_fifo(path);
  const std::string filling(4096, '.');
  std::size_t size = 0;
  for (ssize_t n; (n = write(full.get(), filling.data(), filling.size())) > 0;) size += static_cast<std::size_t>(n);
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("d");
  supervisor.expect("dD");
  CHECK(is_there(path));
  std::string content(size + 100, ' ');
  CHECK(read(full.get(), content.data(), content.size()) == static_cast<ssize_t>(size));
}

TEST_CASE("51: a FIFO without a reader is removed, live ones stay") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  const fs::path before = dir / "event" / subscriber_name('a');
  const fs::path after = dir / "event" / subscriber_name('b');
  make_fifo(before);
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK_FALSE(is_there(before));
  make_fifo(after);
  supervisor.send("d");
  supervisor.expect("dD");
  supervisor.settle();  // it may have come to this listener first
  CHECK_FALSE(is_there(after));
  supervisor.send("u");
  supervisor.expect("u");
}

TEST_CASE("every listener gets every letter") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  std::vector<Events> listeners;
  for (int i = 0; i < 20; ++i) listeners.emplace_back(dir / "event");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  supervisor.send("xd");
  supervisor.expect("dDx");
  for (Events& listener : listeners) {
    listener.expect("sudDx");
    CHECK(listener.quiet());
  }
}

TEST_CASE("other names in event are ignored") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  const std::string name = subscriber_name();
  const std::string others[] = {"." + name, name + "x", name.substr(0, 38), "ftrig2" + name.substr(6), "other"};
  std::vector<UniqueFd> fifos;
  for (const std::string& other : others) {
    make_fifo(dir / "event" / other);
    fifos.push_back(open_fifo(dir / "event" / other));
  }
  Supervisor supervisor(dir);
  supervisor.expect("su");
  for (std::size_t i = 0; i < fifos.size(); ++i) {
    CAPTURE(others[i]);
    char byte;
    CHECK(read(fifos[i].get(), &byte, 1) < 0);
    CHECK(is_there(dir / "event" / others[i]));
  }
}

TEST_CASE("unread FIFOs of any generation are removed at the start, read ones stay") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event();
  // Only the start of the name counts for cleaning; nobody would ever notify these.
  const fs::path stale = dir / "event" / ("ftrig1" + std::string(33, 'z'));
  const fs::path live = dir / "event" / ("ftrig1" + std::string(33, 'y'));
  make_fifo(stale);
  make_fifo(live);
  const UniqueFd reader = open_fifo(live);
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK_DIFFERS("stale-fifos-of-any-generation-are-cleaned", !is_there(stale));
  CHECK(is_there(live));
}

TEST_CASE("events are written to FIFOs only, not to files or through links") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").make_event().file("victim", "precious");
  const fs::path file = dir / "event" / subscriber_name('f');
  const fs::path link = dir / "event" / subscriber_name('l');
  write_file(file, "precious");
  fs::create_symlink("../victim", link);
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK_DIFFERS("only-fifos-are-notified", read_file(file) == "precious");
  CHECK_DIFFERS("only-fifos-are-notified", read_file(dir / "victim") == "precious");
  CHECK(is_there(file));
  CHECK(is_there(link));
}

TEST_CASE("event may be removed while it runs") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  dir.remove("event");
  const pid_t pid = supervisor.service();
  supervisor.send("d");
  wait_dead(pid);
  eventually("it is down", [&] { return flags(supervisor.status()) == "R"; });
  CHECK_FALSE(is_there(dir / "event"));
  supervisor.send("x");
  CHECK(supervisor.wait() == exited(0));
}

TEST_CASE("the status file is 35 bytes with stamps in TAI and no flags but the four") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const std::string raw = read_file(dir / "supervise/status");
  REQUIRE(raw.size() == 35);
  CHECK((static_cast<unsigned char>(raw[34]) & 0xf0) == 0);
  std::uint64_t label = 0;
  for (const char byte : raw.substr(0, 8)) label = label << 8 | static_cast<unsigned char>(byte);
  struct stat st;
  REQUIRE(stat((dir / "supervise/status").c_str(), &st) == 0);
  // 37 = 10 and the 27 leap seconds so far.
  const std::int64_t unix_time = static_cast<std::int64_t>(label - (std::uint64_t{1} << 62)) - 37;
  CHECK(unix_time <= st.st_mtime + 1);  // files are stamped with the time of the last tick
  CHECK(unix_time >= st.st_mtime - 10);
}

TEST_CASE("each announcement replaces the status file, and leaves no other") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  ino_t before = inode_of(dir / "supervise/status");
  for (const std::string command : {"p", "c", "o", "u", "O"}) {
    CAPTURE(command);
    supervisor.send(command);
    supervisor.settle();
    const ino_t now = inode_of(dir / "supervise/status");
    CHECK(now != before);
    before = now;
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir / "supervise")) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"control", "death_tally", "lock", "status"});
}

TEST_CASE("41: the tally has a record for each death of run") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(fs::file_size(dir / "supervise/death_tally") == 0);
  live_and_die(dir, supervisor, "exit 3");
  const Tai64n first_death = supervisor.status().changed;
  live_and_die(dir, supervisor, "die KILL");
  live_and_die(dir, supervisor, "die SEGV");
  live_and_die(dir, supervisor, "exit 200");
  CHECK(fs::file_size(dir / "supervise/death_tally") == 56);
  const std::vector<Death> deaths = dir.deaths();
  REQUIRE(deaths.size() == 4);
  const std::pair<int, int> wanted[] = {{3, 0}, {137, 9}, {139, 11}, {200, 0}};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(deaths[i].exit_code == wanted[i].first);
    CHECK(deaths[i].signal == wanted[i].second);
    if (i > 0) CHECK(deaths[i].stamp >= deaths[i - 1].stamp);
  }
  CHECK(std::abs(milliseconds_between(deaths[0].stamp, first_death)) < 1000);
  CHECK_FALSE(is_there(dir / "supervise/death_tally.new"));
  CHECK_FALSE(is_there(dir / "supervise/status.new"));
}

TEST_CASE("a tally that is a link is replaced, and what it leads to stays as it was") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  write_file(scene.path() / "elsewhere", "");
  dir.remove("supervise/death_tally");
  fs::create_symlink(scene.path() / "elsewhere", dir / "supervise/death_tally");
  live_and_die(dir, supervisor, "exit 1");
  CHECK(fs::file_size(scene.path() / "elsewhere") == 0);
  CHECK_FALSE(fs::is_symlink(dir / "supervise/death_tally"));
  CHECK(dir.deaths().size() == 1);
}

TEST_CASE("the tally is emptied at the start") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  fs::create_directory(dir / "supervise");
  dir.file("supervise/death_tally", std::string(28, 'x'));
  Supervisor supervisor(dir);
  supervisor.expect("s");
  CHECK(fs::file_size(dir / "supervise/death_tally") == 0);
}

TEST_CASE("deaths of finish do not count, and run's is recorded before finish is started") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 1").finish("say finish\ngate end\ndie KILL").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  supervisor.send("o");
  dir.expect("finish");
  CHECK(dir.deaths().size() == 1);
  dir.open_gate("end");
  supervisor.expect("udD");
  CHECK(dir.deaths().size() == 1);
}

TEST_CASE("42: max-death-tally limits the tally to the newest records") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "").file("max-death-tally", "2");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  for (int code = 1; code <= 3; ++code) live_and_die(dir, supervisor, "exit " + std::to_string(code));
  std::vector<Death> deaths = dir.deaths();
  REQUIRE(deaths.size() == 2);
  CHECK(deaths[0].exit_code == 2);
  CHECK(deaths[1].exit_code == 3);
  // 0: the file is not touched.
  const ino_t tally = inode_of(dir / "supervise/death_tally");
  dir.file("max-death-tally", "0");
  live_and_die(dir, supervisor, "exit 4");
  CHECK(inode_of(dir / "supervise/death_tally") == tally);
  // Without the file 100, and never more than 4096.
  dir.file("supervise/death_tally", std::string(14 * 200, 'x')).remove("max-death-tally");
  live_and_die(dir, supervisor, "exit 5");
  CHECK(dir.deaths().size() == 100);
  CHECK(dir.deaths().back().exit_code == 5);
  dir.file("supervise/death_tally", std::string(14 * 5000, 'x')).file("max-death-tally", "5000");
  live_and_die(dir, supervisor, "exit 6");
  CHECK(dir.deaths().size() == 4096);
  CHECK(dir.deaths().back().exit_code == 6);
}

TEST_CASE("43: a tally of a wrong size starts anew, one that is missing is made again") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  dir.file("supervise/death_tally", "12345");
  live_and_die(dir, supervisor, "exit 1");
  CHECK(dir.deaths().size() == 1);
  dir.remove("supervise/death_tally");
  live_and_die(dir, supervisor, "exit 2");
  REQUIRE(dir.deaths().size() == 1);
  CHECK(dir.deaths()[0].exit_code == 2);
}

TEST_CASE("a max-death-tally that is no number is a warning and means 100") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("down", "").file("max-death-tally", "many");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  live_and_die(dir, supervisor, "exit 1");
  CHECK(dir.deaths().size() == 1);
  supervisor.expect_message("max-death-tally");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
