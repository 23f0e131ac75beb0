// What the programs say of the mistakes that are made most: what cannot be done, where, why, and what to do about it.
#include <algorithm>

#include "fabricated.hpp"
#include "harness.hpp"
#include "instanced.hpp"
#include "own_root.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// Of each kind of mistake one directory, in the working directory of all programs here.
class Mistakes {
 public:
  explicit Mistakes(const Scene& scene)
      : path_(scene.path()),
        supervised_(path_ / "supervised", status_of::ready()),
        odd_(path_ / "odd", status_of::ready()),
        supervisors_({supervised_.path(), odd_.path()}) {
    for (const char* name : {"plain", "service", "scan/.s6-svscan", "runless"}) fs::create_directories(path_ / name);
    for (const char* name : {"service", "supervised", "odd"})
      write_file(path_ / name / "run", "#!/bin/sh\nexec sleep 1000\n", 0755);
    write_file(path_ / "file", "");
    write_file(path_ / "interpreterless", "echo done\n", 0755);
    // An s6-svscan was there.
    write_file(path_ / "scan/.s6-svscan/lock", "");
    if (::mkfifo((path_ / "scan/.s6-svscan/control").c_str(), 0600) != 0) FAIL("mkfifo");
    odd_.write_status("no status");
    write_file(odd_ / "supervise/control", "");
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

  [[nodiscard]] Ran run(Words words, std::optional<uid_t> user = {}, std::function<void()> in_child = {}) const {
    const std::string program = words[0];
    words[0] = program == "s6-svscan" || program == "s6-supervise" ? supervisor(program) : client(program);
    return test::run(Start{.argv = std::move(words),
                           .cwd = path_,
                           .env = {"PATH=/usr/bin:/bin"},
                           .user = user,
                           .in_child = std::move(in_child)});
  }

 private:
  fs::path path_;
  Fabricated supervised_;
  Fabricated odd_;
  LockHolder supervisors_;
};

struct Mistake {
  Words words;
  int code;
  const char* where;   // the path, or what else it is about
  const char* reason;  // what the system or the program has against it
  const char* remedy;  // empty: it is evident
};

void check(const Ran& ran, const Mistake& mistake) {
  std::string line;
  for (const std::string& word : mistake.words) line += word + " ";
  CAPTURE(line);
  CAPTURE(ran.err);
  CHECK(ran.exit == exited(mistake.code));
  CHECK(ran.out.empty());
  // One line, and who says how bad it is.
  CHECK(std::ranges::count(ran.err, '\n') == 1);
  CHECK(ran.err.ends_with("\n"));
  CHECK(ran.err.starts_with(mistake.words[0]));
  CHECK((contains(ran.err, ": fatal: ") || contains(ran.err, ": warning: ")));
  CHECK(contains(ran.err, mistake.where));
  CHECK(contains(ran.err, mistake.reason));
  CHECK(contains(ran.err, mistake.remedy));
  // Each is told once.
  CHECK_FALSE(contains(ran.err, ": : "));
  CHECK_FALSE(contains(ran.err, "; ;"));
  CHECK_FALSE(contains(ran.err, "; \n"));
}

}  // namespace

TEST_SUITE_BEGIN("messages");

TEST_CASE("a mistake in the command or the directory is told with its path, its reason and its remedy") {
  Scene scene;
  const Mistakes mistakes(scene);
  constexpr const char* no_directory = "a service is named by its path";
  constexpr const char* no_service = "it has no file run";
  constexpr const char* scan = "that is a scan directory; name a service in it";
  constexpr const char* no_scanner = "is s6-svscan running, and the service in its directory?";
  constexpr const char* missing = "No such file or directory";
  for (const Mistake& mistake : std::initializer_list<Mistake>{
           // a directory that does not exist
           {{"s6-svc", "-u", "made-up"}, 111, "made-up", missing, no_directory},
           {{"s6-svstat", "made-up"}, 1, "made-up", "s6-supervise not running", no_directory},
           {{"s6-svwait", "-u", "made-up"}, 111, "made-up/event", missing, no_directory},
           {{"s6-svlisten1", "-u", "made-up", "true"}, 111, "made-up/event", missing, no_directory},
           {{"s6-svdt", "made-up"}, 111, "made-up", missing, no_directory},
           {{"s6-svdt-clear", "made-up"}, 111, "made-up", missing, no_directory},
           {{"s6-svperms", "-u", "made-up"}, 111, "made-up/supervise", missing, no_directory},
           {{"s6-svscanctl", "-a", "made-up"}, 111, "made-up", missing, ""},
           {{"s6-svlink", "made-up", "service"}, 111, "made-up/.s6-svscan/lock", "no s6-svscan", "no such directory"},
           {{"s6-instance-create", "made-up", "a"}, 111, "made-up/instance", "unable to ", "instanced service"},
           {{"s6-supervise", "made-up"}, 111, "made-up", missing, ""},
           {{"s6-svscan", "made-up"}, 111, "made-up", missing, ""},
           {{"s6-svls", "made-up/"}, 111, "made-up/", missing, ""},
           {{"s6-svlint", "made-up"}, 111, "made-up", missing, ""},
           {{"s6-log", "./made-up/log"}, 111, "./made-up/log", missing, "make the directory above it first"},
           {{"s6-envdir", "made-up", "true"}, 111, "made-up", missing, ""},
           {{"s6-setlock", "made-up/lock", "true"}, 111, "made-up/lock", missing, ""},
           {{"s6-ftrig-notify", "made-up", "a"}, 111, "made-up", missing, "s6-mkfifodir makes a fifodir"},
           {{"s6-ftrig-wait", "made-up", "a"}, 111, "made-up", missing, "s6-mkfifodir makes a fifodir"},
           {{"s6-cleanfifodir", "made-up"}, 111, "made-up", missing, "s6-mkfifodir makes a fifodir"},
           // one that is none of a service
           {{"s6-svc", "-u", "plain"}, 102, "plain", "no supervisor is listening", no_service},
           {{"s6-svstat", "plain"}, 1, "plain", "s6-supervise not running", no_service},
           {{"s6-svwait", "-u", "plain"}, 111, "plain/event", missing, no_service},
           {{"s6-svperms", "-u", "plain"}, 111, "plain/supervise", missing, no_service},
           {{"s6-svc", "-u", "scan"}, 102, "scan", "no supervisor is listening", scan},
           {{"s6-svstat", "scan"}, 1, "scan", "s6-supervise not running", scan},
           {{"s6-svwait", "-u", "scan"}, 111, "scan/event", missing, scan},
           {{"s6-svstat", "file"}, 111, "file", "Not a directory", ""},
           // a service that has no supervisor
           {{"s6-svc", "-u", "service"}, 102, "service", "no supervisor is listening", no_scanner},
           {{"s6-svstat", "service"}, 1, "service", "s6-supervise not running", no_scanner},
           {{"s6-svwait", "-u", "service"}, 111, "service/event", missing, no_scanner},
           {{"s6-svperms", "-u", "service"}, 111, "service/supervise", missing, no_scanner},
           // no scanner
           {{"s6-svscanctl", "-a", "scan"}, 100, "scan", "no s6-svscan is running", "start one there"},
           {{"s6-svscanctl", "-a", "service"},
            100,
            "service",
            "no s6-svscan is running",
            "that is a service directory"},
           {{"s6-svlink", "scan", "service"}, 1, "scan", "no s6-svscan is running", "start one there"},
           {{"s6-svlink", "plain", "service"}, 111, "plain/.s6-svscan/lock", "has ever run there", "start one there"},
           {{"s6-svunlink", "scan", "service"}, 0, "scan", "no s6-svscan is running", "is not ended"},
           // what is there is not what belongs there
           {{"s6-svc", "-u", "odd"}, 1, "odd", "supervise/control", "remove that, and restart its supervisor"},
           {{"s6-svstat", "odd"}, 111, "odd", "supervise/status", "not the status file of a supervisor"},
           {{"s6-svwait", "-u", "odd"}, 111, "odd", "supervise/status", "not the status file of a supervisor"},
           // locked already
           {{"s6-supervise", "supervised"},
            100,
            "s6-supervise supervised: ",
            "already running here, pid",
            "s6-svc -xd"},
           // words that are wrong
           {{"s6-log", "logs"}, 100, "logs", "unrecognized directive", "begins with / or ."},
           {{"s6-log", "t"}, 100, "", "no action directive", "a directory as ./log"},
           {{"s6-log", "-d", "99", "1"}, 100, "notification fd", "descriptor 99 is not open", ""},
           {{"s6-svscan", "-d", "99", "scan"}, 100, "option -d", "descriptor 99 is not open", ""},
           {{"s6-setlock", "lock", "made-up-program"}, 127, "made-up-program", missing, "in no directory of PATH"},
           {{"s6-setlock", "lock", "./plain"}, 126, "./plain", "Permission denied", "chmod +x"},
           {{"s6-setlock", "lock", "./file"}, 126, "./file", "Permission denied", "chmod +x"},
           {{"s6-setlock", "lock", "./interpreterless"}, 126, "./interpreterless", "Exec format error", "#!/bin/sh"},
           {{"s6-setuidgid", "made-up-user", "true"}, 1, "made-up-user", "unknown user", ""},
       })
    check(mistakes.run(mistake.words), mistake);
}

TEST_CASE("a second one of what there can be only one of is told who is first") {
  Scene scene;
  const Mistakes mistakes(scene);
  ScanDir scan(scene, "running");
  Scanner scanner(scan);
  const std::string pid = "pid " + std::to_string(scanner.pid()) + ";";
  const Mistake second{{"s6-svscan", "running"}, 100, "running", "already running on", "s6-svscanctl -t"};
  const Ran ran = mistakes.run(second.words);
  check(ran, second);
  CHECK(contains(ran.err, pid));
  CHECK(scanner.end() == exited(0));
}

TEST_CASE("a lock that is held is told as such") {
  Scene scene;
  const Mistakes mistakes(scene);
  Voice voice(scene.path() / "voice");
  Process holder(
      {.argv = {client("s6-setlock"), "lock", "sh", "-c", "echo held >voice; exec sleep 1000"}, .cwd = scene.path()});
  voice.expect("held");
  const Mistake at_once{{"s6-setlock", "-n", "lock", "true"}, 1, "lock", "another process has locked it", "-N waits"};
  check(mistakes.run(at_once.words), at_once);
  const Mistake late{{"s6-setlock", "-t", "10", "lock", "true"}, 1, "lock", "timed out waiting for the lock", ""};
  check(mistakes.run(late.words), late);
}

TEST_CASE("two loggers of one directory: the second is told why it cannot work there") {
  Scene scene;
  const Mistakes mistakes(scene);
  const Mistake twice{{"s6-log", "./log", "./log"}, 100, "./log", "is the same as", "name it once"};
  check(mistakes.run(twice.words), twice);
}

TEST_CASE("who waits too long is told for what, and where to look") {
  Scene scene;
  const Mistakes mistakes(scene);
  const Fabricated stopped(scene.path() / "stopped", status_of::down());
  const LockHolder supervisor({stopped.path()});
  const struct {
    const char* option;
    const char* directory;
    const char* state;
  } goals[] = {{"-d", "supervised", "to be down"},      {"-D", "supervised", "to be down and finished"},
               {"-r", "supervised", "to be restarted"}, {"-R", "supervised", "to be restarted and ready"},
               {"-u", "stopped", "to be up"},           {"-U", "stopped", "to be up and ready"}};
  for (const auto& [option, directory, state] : goals) {
    const Mistake mistake{{"s6-svwait", option, "-t", "10", directory}, 99, directory, state, "s6-svstat"};
    check(mistakes.run(mistake.words), mistake);
  }
}

TEST_CASE("a user without rights is told who has them, and how to get some") {
  Scene scene;
  if (!is_root()) SKIP_TEST("needs root");
  const Mistakes mistakes(scene);
  const Fabricated closed(scene.path() / "closed", status_of::ready());
  const LockHolder supervisor({closed.path()});
  const Control control(closed.path());
  write_file(closed / "run", "", 0755);
  scene.give_to(nobody);
  for (const char* name : {"closed", "closed/supervise", "closed/event"})
    fs::permissions(scene.path() / name, fs::perms(0755));
  for (const char* name : {"closed/supervise/lock", "closed/supervise/status", "closed/supervise/control"}) {
    fs::permissions(scene.path() / name, fs::perms(0600));
    CHECK(::chown((scene.path() / name).c_str(), 0, 0) == 0);
  }
  CHECK(::chown((scene.path() / "closed/event").c_str(), 0, 0) == 0);
  fs::permissions(scene.path() / "closed/event", fs::perms(0700));
  constexpr const char* denied = "Permission denied";
  for (const Mistake& mistake : std::initializer_list<Mistake>{
           {{"s6-svc", "-d", "closed"}, 111, "closed", denied, "s6-svperms -G"},
           {{"s6-svstat", "closed"}, 111, "supervise/lock of closed", denied, "s6-svperms -g or -o"},
           {{"s6-svok", "closed"}, 111, "supervise/lock of closed", denied, "s6-svperms -g or -o"},
           {{"s6-svwait", "-d", "closed"}, 111, "closed/event", denied, "s6-svperms -E or -e"},
           {{"s6-ftrig-wait", "closed/event", "a"}, 111, "closed/event", denied, "s6-mkfifodir -f"},
           {{"s6-setuidgid", "root", "true"}, 111, "", "Operation not permitted", "only root can do that"},
       })
    check(mistakes.run(mistake.words, nobody), mistake);
}

TEST_CASE("a directory that cannot be written tells supervisors, scanners and loggers what they need") {
  Scene scene;
  if (!is_root()) SKIP_TEST("needs root");
  const Mistakes mistakes(scene);
  const Mistake refused[] = {
      {{"s6-supervise", "service"}, 111, "event", "Permission denied", "the owner of the service directory"},
      {{"s6-svscan", "plain"}, 111, ".s6-svscan in plain", "Permission denied", "the right to write there"},
      {{"s6-log", "./log"}, 111, "./log", "Permission denied", "must be able to write there"},
  };
  for (const Mistake& mistake : refused) check(mistakes.run(mistake.words, nobody), mistake);
}

TEST_CASE("a logger that may not open the lock of its directory is told who must be able to") {
  Scene scene;
  if (!is_root()) SKIP_TEST("needs root");
  const Mistakes mistakes(scene);
  fs::create_directory(scene.path() / "log");
  scene.give_to(nobody);
  write_file(scene.path() / "log/lock", "", 0600);
  const Mistake locked{{"s6-log", "./log"}, 111, "./log/lock", "Permission denied", "must be able to write there"};
  check(mistakes.run(locked.words, nobody), locked);
}

TEST_CASE("a supervisor on a read-only file system is told how it can work there") {
  Scene scene;
  const Mistakes mistakes(scene);
  const Ran ran = mistakes.run({"s6-supervise", "plain"}, {}, [&] {
    const fs::path plain = mistakes.path() / "plain";
    if (!own_mounts() || mount("none", plain.c_str(), "tmpfs", MS_RDONLY, nullptr) != 0) _exit(125);
  });
  if (ran.exit == exited(125)) SKIP_TEST("needs a mount namespace");
  check(ran, {{"s6-supervise", "plain"}, 111, "event", "Read-only file system", "may be links to directories"});
}

TEST_CASE("an instance that does not exist, or exists already, is told with its service") {
  Scene scene;
  Instanced service(scene);
  const Ran idle = service.ran("create", {}, "one");
  check(idle, {{"s6-instance-create"}, 111, "instance/.s6-svscan/lock", "no s6-svscan", "s6-svc -u"});
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  check(service.ran("create", {}, "one"),
        {{"s6-instance-create"}, 100, "instances/one", "exists already", "s6-instance-delete removes it"});
  check(service.ran("delete", {}, "two"),
        {{"s6-instance-delete"}, 0, "two of ", "there is no instance", "s6-instance-list"});
  service.end();
}

TEST_CASE("what is wrong in a service directory is told with the file, and what is done instead") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.file("notification-fd", "three\n").file("timeout-finish", "long\n").file("down-signal", "STOPP\n");
  Supervisor supervisor(dir);  // there is no run
  supervisor.expect_message("unable to execute ./run: there is no such file; create it and make it executable");
  supervisor.expect_message("s6-supervise test: warning: invalid ");
  supervisor.expect_message("notification-fd: a decimal number is expected; going on without it");
  dir.remove("notification-fd").file("notification-fd", "3").file("lock-fd", "3");
  supervisor.send("u");
  supervisor.expect_message(
      "notification-fd and lock-fd name the same descriptor: not starting; change one, then s6-svc -u");
}

TEST_SUITE_END();

}  // namespace s6::test
