// s6-instance-create, -delete, -control, -status and -list, from the first instance to the last.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fifodir.hpp"
#include "fabricated.hpp"
#include "instanced.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

bool is_message_of(const Ran& ran, std::string_view program) {
  return ran.out.empty() && ran.err.starts_with("s6-instance-" + std::string(program) + ": ");
}

TEST_SUITE_BEGIN("clients");

TEST_CASE("an instance is created, listed, controlled and deleted") {
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.list().empty());

  CHECK(service.ran("create", {}, "one").exit == exited(0));
  service.voice().expect("run one");
  CHECK(service.scanner().supervises("one"));
  CHECK(fs::read_symlink(service.link("one")) == "../instances/one");
  CHECK(mode_of(service.copy("one")) == mode_of(service / "template"));
  CHECK(mode_of(service.copy("one") / "run") == "0755");
  CHECK(read_file(service.copy("one") / "run") == read_file(service / "template/run"));
  CHECK(mode_of(service.copy("one") / "event") == "3730");
  CHECK(service.ran("create", {}, "two@x").exit == exited(0));
  service.voice().expect("run two@x");
  const std::string list = service.list();
  CHECK((list == "one\ntwo@x\n" || list == "two@x\none\n"));

  CHECK(service.ran("control", {"-wD", "-T", "20000", "-d"}, "one").exit == exited(0));
  service.voice().expect("finish one");
  CHECK(service.ran("status", {"-o", "up,wantedup"}, "one").out == "false false\n");
  CHECK(service.ran("status", {"-u"}, "two@x").out == "true\n");
  CHECK(contains(service.ran("status", {}, "two@x").out, "up (pid "));
  CHECK(service.ran("control", {"-u"}, "one").exit == exited(0));
  service.voice().expect("run one");

  CHECK(service.ran("delete", {}, "one").exit == exited(0));
  service.voice().expect("finish one");
  CHECK_FALSE(service.knows("one"));
  service.scanner().wait_gone("one");  // it says that it ends a moment before it does
  CHECK(service.list() == "two@x\n");
  CHECK(service.ran("create", {}, "one").exit == exited(0));  // the name is free again
  service.voice().expect("run one");
  service.end();
}

TEST_CASE("an instance with a logger of its own has two supervisors") {
  Scene scene;
  Instanced service(scene, Instanced::sleeper, true);
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  CHECK(service.scanner().supervises("one"));
  CHECK(service.scanner().supervises("one/log"));
  std::vector<std::string> said{service.voice().next(), service.voice().next()};
  std::sort(said.begin(), said.end());
  CHECK(said == std::vector<std::string>{"run one", "run one/log"});
  CHECK(service.list() == "one\n");
  CHECK(service.ran("delete", {}, "one").exit == exited(0));
  CHECK_FALSE(service.knows("one"));
  CHECK(service.scanner().supervised().empty());
  service.end();
}

TEST_CASE("instances may be created down, and for everybody to listen to") {
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.ran("create", {"-d"}, "once").exit == exited(0));
  CHECK(service.ran("status", {"-o", "up,wantedup,normallyup"}, "once").out == "false false true\n");
  CHECK_FALSE(is_there(service.copy("once") / "down"));
  CHECK(service.ran("create", {"-D", "-P"}, "kept").exit == exited(0));
  CHECK(service.ran("status", {"-o", "up,wantedup,normallyup"}, "kept").out == "false false false\n");
  CHECK(is_there(service.copy("kept") / "down"));
  CHECK(mode_of(service.copy("kept") / "event") == "1733");
  CHECK(service.voice().quiet());
  CHECK(service.ran("control", {"-u"}, "kept").exit == exited(0));
  service.voice().expect("run kept");
  service.end();
}

TEST_CASE("a name is taken once") {
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  const ino_t inode = inode_of(service.copy("one"));
  const Ran again = service.ran("create", {}, "one");
  CHECK(again.exit == exited(100));
  CHECK(is_message_of(again, "create"));
  CHECK(inode_of(service.copy("one")) == inode);
  CHECK(service.scanner().supervises("one"));
  service.end();
}

TEST_CASE("of two that create the same instance at the same time one succeeds") {
  if (skip_on_real("instance-one-at-a-time")) return;
  Scene scene;
  Instanced service(scene);
  service.start();
  for (int i = 0; i < 5; ++i) {
    const std::string name = "i" + std::to_string(i);
    Process first(service.command("create", {}, name));
    Process second(service.command("create", {}, name));
    const Exit ends[] = {first.wait(), second.wait()};
    CHECK(((ends[0] == exited(0) && ends[1] == exited(100)) || (ends[0] == exited(100) && ends[1] == exited(0))));
    service.voice().expect("run " + name);
  }
  service.end();
}

TEST_CASE("deleting what is not there is no failure") {
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.ran("delete", {}, "nobody-there").exit == exited(0));
  CHECK(service.ran("delete", {"-X"}, "nobody-there").exit == exited(0));
  fs::create_symlink("../instances/dangling", service.link("dangling"));
  CHECK(service.ran("delete", {}, "dangling").exit == exited(0));
  CHECK_FALSE(is_there(service.link("dangling")));
  service.end();
}

TEST_CASE("names that are none") {
  Scene scene;
  Instanced service(scene);
  service.start();
  for (const char* program : {"create", "delete", "control", "status"}) {
    CAPTURE(program);
    for (const char* name : {"", ".", ".x", "a\nb"}) {
      CAPTURE(name);
      const Ran ran = service.ran(program, {}, name);
      CHECK(ran.exit == exited(100));
      CHECK(is_message_of(ran, program));
    }
    CHECK_DIFFERS("instance-names-have-no-slash", service.ran(program, {}, "a/b").exit == exited(100));
  }
  service.end();
}

TEST_CASE("wrong command lines") {
  Scene scene;
  Instanced service(scene);
  for (const char* program : {"create", "delete", "control", "status", "list", "maker"}) {
    CAPTURE(program);
    const std::string path = client("s6-instance-" + std::string(program));
    const std::vector<std::vector<std::string>> few{{path}, {path, "-Z", service.path(), "x"}, {path, service.path()}};
    for (const auto& words : few) {
      if (std::string_view(program) == "list" && words.size() != 1) continue;  // it has no options, and one operand
      const Ran ran = run(words);
      CHECK(ran.exit == exited(100));
      CHECK(is_message_of(ran, program));
      CHECK(contains(ran.err, "usage: s6-instance-" + std::string(program)));
    }
    if (std::string_view(program) != "maker") CHECK(run({path, "", "x"}).exit == exited(100));
  }
  CHECK(service.ran("create", {"-t", "x"}, "a").exit == exited(100));
  CHECK(service.ran("delete", {"-t", "x"}, "a").exit == exited(100));
  CHECK(service.ran("control", {"-w", "x"}, "a").exit == exited(100));
  CHECK(service.ran("status", {"-o", "colour"}, "a").exit == exited(100));
}

TEST_CASE("without a running service") {
  Scene scene;
  Instanced service(scene);
  const auto codes = [&](const char* program) {
    const Ran ran = service.ran(program, {}, "one");
    CAPTURE(program);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
    return ran.exit;
  };
  for (const char* program : {"create", "delete", "list"}) CHECK(codes(program) == exited(111));  // never run
  CHECK(codes("status") == exited(1));
  service.start();
  service.end();
  for (const char* program : {"create", "delete", "list"}) CHECK(codes(program) == exited(1));
  CHECK(codes("status") == exited(1));
  CHECK(service.ran("control", {"-u"}, "one").exit == run({client("s6-svc"), "-u", service.link("one")}).exit);
  CHECK_FALSE(service.knows("one"));
}

TEST_CASE("a directory that is no instanced service stays as it is") {
  Scene scene;
  const fs::path other = scene.path() / "other";
  fs::create_directory(other);
  for (const char* program : {"create", "delete", "list"}) {
    CAPTURE(program);
    CHECK(run({client("s6-instance-" + std::string(program)), other, "one"}).exit == exited(111));
    CHECK(run({client("s6-instance-" + std::string(program)), scene.path() / "missing", "one"}).exit == exited(111));
  }
  CHECK_DIFFERS("instance-create-makes-nothing-elsewhere", fs::is_empty(other));
}

TEST_CASE("without the right to") {
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  for (const char* program : {"create", "delete", "control", "status", "list"}) {
    CAPTURE(program);
    Start start = service.command(program, {}, std::string_view(program) == "create" ? "two" : "one");
    if (std::string_view(program) == "control") start.argv.insert(start.argv.begin() + 1, "-d");
    start.user = nobody;
    const Ran ran = run(start);
    CHECK(ran.exit == exited(111));
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, "Permission denied"));
  }
  CHECK(service.scanner().supervises("one"));
  CHECK_FALSE(service.knows("two"));
  service.end();
}

TEST_CASE("a creation that takes too long leaves nothing") {
  Scene scene;
  Instanced service(scene);
  service.start();
  service.scanner().process().freeze();
  const Ran late = service.ran("create", {"-t", "200"}, "late");
  CHECK(late.exit == exited(99));
  CHECK(is_message_of(late, "create"));
  CHECK_FALSE(service.knows("late"));
  service.scanner().process().thaw();
  service.scanner().settle();
  CHECK(service.scanner().supervised().empty());
  CHECK(service.list().empty());
  CHECK(service.voice().quiet());
  service.end();
}

TEST_CASE("a creation that is interrupted leaves nothing") {
  Scene scene;
  Instanced service(scene);
  service.start();
  service.scanner().process().freeze();
  scene.allow_orphans();  // the real one has a helper
  Process creation(service.command("create", {}, "gone"));
  eventually("it waits", [&] { return is_there(service.link("gone")); });
  creation.signal(SIGTERM);
  CHECK(creation.wait() == killed(SIGTERM));
  CHECK_DIFFERS("instance-create-interrupted-is-a-failure", !service.knows("gone"));
  service.scanner().process().thaw();
}

TEST_CASE("what a killed creation has left is no obstacle") {
  Scene scene;
  Instanced service(scene);
  service.start();
  fs::create_directories(service.copy("half") / "log");
  write_file(service.copy("half") / "run", "half");
  const Ran ran = service.ran("create", {}, "half");
  CHECK(ran.exit == expected("instance-leftovers-are-no-obstacle", exited(0), exited(100)));
  if (ran.exit == exited(0)) {
    service.voice().expect("run half");
    CHECK_FALSE(is_there(service.copy("half") / "log"));
  }
  service.end();
}

TEST_CASE("a template that cannot run makes no instance") {
  Scene scene;
  Instanced service(scene);
  service.start();
  fs::permissions(service / "template/run", fs::perms(0644));
  const Ran not_executable = service.ran("create", {"-t", "5000"}, "one");
  CHECK(not_executable.exit == expected("instance-template-is-checked", exited(100), exited(0)));
  if (not_executable.exit == exited(0)) return;
  CHECK(contains(not_executable.err, "template/run"));
  CHECK_FALSE(service.knows("one"));
  fs::remove(service / "template/run");
  CHECK(service.ran("create", {}, "one").exit == exited(111));
  fs::remove_all(service / "template");
  CHECK(service.ran("create", {}, "one").exit == exited(111));
  CHECK_FALSE(service.knows("one"));
  service.end();
}

// Deletes a slow instance without waiting for its end, and sees to it that it keeps what it needs until then. false: it
// does not, as the real one is known to.
bool delete_slowly(Instanced& service, std::vector<std::string> options, const Exit& code) {
  CHECK(service.ran("create", {}, "slow").exit == exited(0));
  service.voice().expect("run slow");
  service.voice().expect("waiting");
  const pid_t supervisor = service.scanner().supervisor("slow");
  const bool is_out_of_time = !options.empty() && options[0] == "-t";
  const Ran ran = service.ran("delete", std::move(options), "slow");
  CHECK(ran.exit == code);
  CHECK(contains(ran.err, "slow") == (is_out_of_time && code != exited(0)));
  service.voice().expect("stopping");
  CHECK(service.list().empty());
  CHECK_FALSE(is_there(service.link("slow")));
  CHECK_DIFFERS("instance-keeps-its-directory-to-the-end", is_there(service.copy("slow") / "finish"));
  if (!is_there(service.copy("slow") / "finish")) return false;
  const Ran early = service.ran("create", {}, "slow");  // not a second one beside the first
  CHECK(early.exit == exited(100));
  CHECK(is_message_of(early, "create"));
  service.let_stop();
  service.voice().expect("finish slow");
  wait_dead(supervisor);
  CHECK(is_there(service.copy("slow")));
  return true;
}

TEST_CASE("an instance that is deleted without waiting keeps its directory until it has stopped") {
  Scene scene;
  Instanced service(scene, Instanced::slow);
  service.start();
  if (!delete_slowly(service, {"-X"}, exited(0))) return;
  CHECK(service.ran("create", {}, "slow").exit == exited(0));  // the next one of that name takes its place
  service.voice().expect("run slow");
}

TEST_CASE("an instance that is not waited for long enough keeps its directory until it has stopped") {
  Scene scene;
  Instanced service(scene, Instanced::slow);
  service.start();
  if (!delete_slowly(service, {"-t", "200"}, expected("instance-delete-tells-of-a-timeout", exited(99), exited(0))))
    return;
  CHECK(service.ran("create", {"-d"}, "other").exit == exited(0));  // removes what is left of it
  CHECK_FALSE(service.knows("slow"));
  service.end();
}

TEST_CASE("what an instance has left when it has stopped is removed by another deletion") {
  Scene scene;
  Instanced service(scene, Instanced::slow);
  service.start();
  if (!delete_slowly(service, {"-X"}, exited(0))) return;
  CHECK(service.ran("delete", {}, "slow").exit == exited(0));
  CHECK_FALSE(service.knows("slow"));
  service.end();
}

// Deletes an instance whose supervisor says that it leaves, and stays: it is the test that says so.
Process delete_announced(Instanced& service, int patience_ms) {
  CHECK(service.ran("create", {}, "slow").exit == exited(0));
  service.voice().expect("run slow");
  service.voice().expect("waiting");
  Process deleting(service.command("delete", {"-t", std::to_string(patience_ms)}, "slow"));
  service.voice().expect("stopping");
  const std::string event = service.copy("slow") / "event";
  REQUIRE(fifodir::notify(event.c_str(), "x"));
  return deleting;
}

TEST_CASE("an instance is deleted when its supervisor has gone, not when it says that it goes") {
  if (skip_on_real("instance-keeps-its-directory-to-the-end")) return;
  Scene scene;
  Instanced service(scene, Instanced::slow);
  service.start();
  Process deleting = delete_announced(service, 20'000);
  CHECK(sleeps(deleting));
  CHECK(is_there(service.copy("slow")));
  service.let_stop();
  service.voice().expect("finish slow");
  CHECK(deleting.wait() == exited(0));
  CHECK_FALSE(service.knows("slow"));
  service.end();
}

TEST_CASE("an instance that somebody is at work on is left to him") {
  if (skip_on_real("instance-one-at-a-time")) return;
  Scene scene;
  Instanced service(scene);
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  service.voice().expect("run one");
  const UniqueFd lock(::open(service.copy("one").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  for (const char* const program : {"create", "delete"}) {
    const Ran ran = service.ran(program, {}, "one");
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "is just being created or deleted; try again"));
  }
  CHECK(service.scanner().supervises("one"));
  service.end();
}

TEST_CASE("the directory of all instances is made when it is missing") {
  if (skip_on_real("instance-one-at-a-time")) return;
  Scene scene;
  Instanced service(scene);
  fs::remove(service / "instances");
  service.start();
  CHECK(service.ran("create", {}, "one").exit == exited(0));
  service.voice().expect("run one");
  CHECK(mode_of(service / "instances") == "0755");
  service.end();
}

TEST_CASE("a template that cannot be copied makes no instance") {
  if (skip_on_real("instance-one-at-a-time")) return;
  Scene scene;
  Instanced service(scene);
  REQUIRE(::mknod((service / "template/socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  service.start();
  const Ran ran = service.ran("create", {}, "one");
  CHECK(ran.exit == exited(111));
  CHECK(is_message_of(ran, "create"));
  CHECK(contains(ran.err, "template/socket"));
  CHECK_FALSE(service.knows("one"));
  service.end();
}

TEST_CASE("root works for the user whose instances they are") {
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  Scene scene;
  Instanced service(scene);
  fs::permissions(scene.path() / "said", fs::perms(0666));
  for (const char* name : {"instance", "instances"}) REQUIRE(chown((service / name).c_str(), nobody, nobody) == 0);
  Start as_nobody;
  as_nobody.user = nobody;
  service.start(as_nobody);
  const Ran ran = service.ran("create", {"-t", "5000"}, "one");
  CHECK_DIFFERS("instance-root-works-for-the-owner", ran.exit == exited(0));
  if (ran.exit != exited(0)) return;
  service.voice().expect("run one");
  struct stat st {};
  REQUIRE(stat(service.copy("one").c_str(), &st) == 0);
  CHECK(st.st_uid == nobody);
  CHECK(service.ran("delete", {}, "one").exit == exited(0));
  CHECK_FALSE(service.knows("one"));
  service.end();
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("clients-timing");

TEST_CASE("an instance whose supervisor stays longer than one waits is left to the next deletion") {
  if (skip_on_real("instance-keeps-its-directory-to-the-end")) return;
  Scene scene;
  Instanced service(scene, Instanced::slow);
  service.start();
  // On a slow machine the time may be over before the supervisor says anything.
  for (int patience_ms = 1000;; patience_ms *= 2) {
    Process deleting = delete_announced(service, patience_ms);
    const Exit exit = deleting.wait();
    CHECK(is_there(service.copy("slow")));
    const pid_t supervisor = service.scanner().supervisor("slow");
    service.let_stop();
    service.voice().expect("finish slow");
    wait_dead(supervisor);
    if (exit == exited(99) && patience_ms < 16'000) continue;
    CHECK(exit == exited(0));
    CHECK(contains(deleting.err(), service.copy("slow").string() + " is left, as it has a supervisor still"));
    break;
  }
  CHECK(service.ran("delete", {}, "slow").exit == exited(0));
  CHECK_FALSE(service.knows("slow"));
  service.end();
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
