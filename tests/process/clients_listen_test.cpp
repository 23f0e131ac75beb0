// s6-svlisten and s6-svlisten1: a program is run between the subscription and the wait. What satisfies the wait is that
// of s6-svwait, in clients_svwait_test.cpp.
#include <sys/resource.h>

#include <algorithm>
#include <ranges>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;

// Something for a program to wait for: `cat` on this ends with the gate, or does not find it. So it leaves no orphan
// behind.
class Gate {
 public:
  explicit Gate(const Scene& scene) : path_(scene.path() / "gate") {
    if (mkfifo(path_.c_str(), 0600) == 0) fd_.reset(open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd_) FAIL("cannot make " << path_);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { fs::remove(path_); }
  [[nodiscard]] std::vector<std::string> program() const { return {"cat", path_}; }

 private:
  fs::path path_;
  UniqueFd fd_;
};

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> block_of(const std::vector<Fabricated>& services) {
  std::vector<std::string> words;
  for (const Fabricated& service : services) words.push_back(service.path());
  words.emplace_back();
  return words;
}

Start svlisten(const std::vector<std::string>& options, const std::vector<Fabricated>& services,
               const std::vector<std::string>& program) {
  return {.argv = joined(joined({client("s6-svlisten")}, options), joined(block_of(services), program))};
}

Start svlisten1(const std::vector<std::string>& options, const std::string& service,
                const std::vector<std::string>& program) {
  return {.argv = joined(joined({client("s6-svlisten1")}, options), joined({service}, program))};
}

std::vector<fs::path> paths_of(const std::vector<Fabricated>& services) {
  std::vector<fs::path> paths;
  for (const Fabricated& service : services) paths.push_back(service.path());
  return paths;
}

std::vector<Fabricated> fabricate(const Scene& scene, const std::vector<Status>& statuses) {
  std::vector<Fabricated> services;
  for (const Status& status : statuses)
    services.emplace_back(scene.path() / ("service-" + std::to_string(services.size())), status);
  return services;
}

// s6-svlisten on fabricated services, each with a supervisor's lock held, with a program that does nothing.
class Listening {
 public:
  Listening(const Scene& scene, const std::vector<std::string>& options, const std::vector<Status>& statuses)
      : services_(fabricate(scene, statuses)),
        supervisors_(paths_of(services_)),
        gate_(scene),
        process_(start_waiting(svlisten(options, services_, gate_.program()), services_)) {}
  Listening& tell(std::size_t service, std::string_view letters) {
    services_.at(service).notify(letters);
    (void)sleeps(process_);
    return *this;
  }
  std::string outcome() { return test::outcome(process_); }
  Process& process() { return process_; }
  Fabricated& service(std::size_t number) { return services_.at(number); }

 private:
  std::vector<Fabricated> services_;
  LockHolder supervisors_;
  Gate gate_;
  Process process_;
};

// The outcome for one service.
std::string outcome_of(const std::vector<std::string>& options, const Status& status, std::string_view letters) {
  const Scene scene;
  return Listening(scene, options, {status}).tell(0, letters).outcome();
}

TEST_SUITE_BEGIN("clients");

// --- the program and the wait
TEST_CASE("svlisten1: the program brings about what is waited for") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Ran down = run(svlisten1({"-d", "-t20000"}, dir.path(), {client("s6-svc"), "-d", dir.path()}));
  CHECK(down.exit == exited(0));
  CHECK_FALSE(supervisor.status().is_up());
  supervisor.expect("dD");
  CHECK(run(svlisten1({"-u", "-t20000"}, dir.path(), {client("s6-svc"), "-u", dir.path()})).exit == exited(0));
  CHECK(supervisor.status().pid != 0);
  supervisor.expect("u");
  CHECK(run(svlisten1({"-r", "-t20000"}, dir.path(), {client("s6-svc"), "-r", dir.path()})).exit == exited(0));
  supervisor.expect("dDu");
}

TEST_CASE("svlisten: the program brings about what is waited for, for all services") {
  Scene scene;
  ServiceDir a = scene.service("a");
  ServiceDir b = scene.service("b");
  a.run("sleep");
  b.run("sleep");
  Supervisor supervisor_a(a);
  Supervisor supervisor_b(b);
  supervisor_a.expect("su");
  supervisor_b.expect("su");
  const std::string svc = client("s6-svc") + " -d ";
  const std::vector<std::string> program{"sh", "-c", svc + a.path().string() + "; " + svc + b.path().string()};
  const std::vector<std::string> words{client("s6-svlisten"), "-D", "-t20000", a.path(), " " + b.path().string(), ""};
  CHECK(run(joined(words, program)).exit == exited(0));
  CHECK(supervisor_a.status().pid == 0);
  CHECK(supervisor_b.status().pid == 0);
}

TEST_CASE("svlisten: when the program starts nothing can be missed any more") {
  Scene scene;
  const auto services = fabricate(scene, {down(), down()});
  const LockHolder supervisors(paths_of(services));
  const std::string count = "ls -d " + services[0].path().string() + "/event/ftrig1:* " + services[1].path().string() +
                            "/event/ftrig1:* | wc -l";
  const Ran ran = run(svlisten({"-t300"}, services, {"sh", "-c", count}));
  CHECK(ran.exit == exited(99));
  CHECK(ran.out == "2\n");
}

TEST_CASE("svlisten: a state that holds already satisfies at once, and the program is started all the same") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  const std::string say = "echo hello > " + (says / "voice").string();
  CHECK(run(svlisten({"-d"}, services, {"sh", "-c", say})).exit == exited(0));
  says.expect("hello");
  CHECK(run(svlisten1({"-D"}, services[0].path(), {"sh", "-c", say})).exit == exited(0));
  says.expect("hello");
}

TEST_CASE("svlisten: how the program ends does not count") {
  Scene scene;
  const auto services = fabricate(scene, {ready()});
  const LockHolder supervisors(paths_of(services));
  for (const char* program : {"exit 7", "kill -9 $$", "exit 0"}) {
    CAPTURE(program);
    CHECK(run(svlisten1({"-d", "-t", "300"}, services[0].path(), {"sh", "-c", program})).exit == exited(99));
    CHECK(run(svlisten1({"-u"}, services[0].path(), {"sh", "-c", program})).exit == exited(0));
  }
  Process wait = start_waiting(svlisten1({"-d"}, services[0].path(), {"sh", "-c", "exit 7"}), services);
  if (!on_real("svwait-is-one-process"))
    eventually("the program has ended", [&] { return children(wait.pid()).empty(); });
  services[0].notify("d");
  CHECK(wait.wait() == exited(0));
}

TEST_CASE("svlisten: a program that has ended leaves no zombie while the wait goes on") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {ready()});
  const LockHolder supervisors(paths_of(services));
  const std::string say = "echo $$ > " + (says / "voice").string();
  Process wait = start_waiting(svlisten1({"-d"}, services[0].path(), {"sh", "-c", say}), services);
  const pid_t program = std::stoi(says.voice().next());
  wait_dead(program);
  eventually("the program is collected", [&] { return process_state(program) == '-'; });
  services[0].notify("d");
  CHECK(wait.wait() == exited(0));
}

TEST_CASE("svlisten: the program outlives the wait") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  const Gate gate(scene);
  const std::string program =
      "echo $$ > " + (says / "voice").string() + "; exec " + gate.program()[0] + " " + gate.program()[1];
  CHECK(run(svlisten1({"-d"}, services[0].path(), {"sh", "-c", program})).exit == exited(0));
  CHECK(alive(std::stoi(says.voice().next())));
}

// --- what the program gets
TEST_CASE("svlisten: the program gets the standard descriptors, and no others") {
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  write_file(scene.path() / "in", "input");
  const UniqueFd in(open((scene.path() / "in").c_str(), O_RDONLY | O_CLOEXEC));
  ServiceDir says = scene.service("voice");
  // Told when all is written: the client does not wait for its program.
  const std::string program = "cat; echo error >&2; ls /proc/$$/fd; echo > " + (says / "voice").string();
  Start start = svlisten1({"-d"}, services[0].path(), {"sh", "-c", program});
  start.fds = {{0, in.get()}};
  Process wait(start);
  CHECK(wait.wait() == exited(0));
  says.expect("");
  CHECK(wait.out().starts_with("input0\n1\n2\n"));
  CHECK_FALSE(contains(wait.out(), "\n3\n"));
  CHECK(wait.err() == "error\n");
}

TEST_CASE("svlisten: the program gets no blocked signals, and SIGPIPE at its default") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  const std::string program =
      "sed -n 's/^Sig\\(Blk\\|Ign\\):\\t/\\1 /p' /proc/self/status; echo > " + (says / "voice").string();
  Start start = svlisten1({"-d"}, services[0].path(), {"sh", "-c", program});
  start.blocked = {SIGINT};
  start.ignored = {SIGHUP, SIGPIPE};
  Process wait(start);
  CHECK(wait.wait() == exited(0));
  says.expect("");
  // SIGHUP is number 1, the lowest bit; the real ones ask for a default of all, even of those that are the C library's.
  CHECK(contains(wait.out(), "Blk 0000000000000000\n"));
  CHECK_DIFFERS("svlisten-hands-on-ignored-signals", contains(wait.out(), "Ign 0000000000000001\n"));
}

TEST_CASE("svlisten: the program gets the limit on descriptors that the client was started with") {
  Scene scene;
  const auto services = fabricate(scene, std::vector<Status>(100, down()));
  ServiceDir says = scene.service("voice");
  Start start = svlisten({"-d"}, services, {"sh", "-c", "ulimit -n > " + (says / "voice").string()});
  start.in_child = [] {
    const rlimit limit{30, 1000};
    setrlimit(RLIMIT_NOFILE, &limit);
  };
  const Ran ran = run(start);
  CHECK(ran.exit == exited(expected("svwait-needs-one-descriptor", 0, 111)));
  if (on_real("svwait-needs-one-descriptor")) return;
  says.expect("30");
}

TEST_CASE("svlisten: the program is looked for in PATH") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  fs::create_directory(scene.path() / "bin");
  write_file(scene.path() / "bin/my-program", "#!/bin/sh\necho here > " + (says / "voice").string() + "\n", 0755);
  fs::create_directory(scene.path() / "other");
  write_file(scene.path() / "other/my-program", "not executable", 0644);
  const std::string path =
      "PATH=/nonexistent:" + (scene.path() / "other").string() + "::" + (scene.path() / "bin").string();
  Start start = svlisten1({"-d"}, services[0].path(), {"my-program"});
  start.env = {path};
  CHECK(run(start).exit == exited(0));
  says.expect("here");
  start.argv = {client("s6-svlisten1"), "-d", services[0].path(), "ls"};
  start.env = {"PATH"};
  CHECK(run(start).exit == exited(0));
}

TEST_CASE("svlisten: a program that cannot be executed is a system error that leaves no FIFO") {
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  write_file(scene.path() / "file", "not executable", 0644);
  for (const std::string program : {"no-such-program", (scene.path() / "file").c_str(), "/", "./missing"}) {
    CAPTURE(program);
    const Ran ran = run(svlisten({"-u"}, services, {program}));
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, program + ": "));
    services[0].wait_unsubscribed();
    CHECK(run(svlisten1({"-u"}, services[0].path(), {program})).exit == exited(111));
    services[0].wait_unsubscribed();
  }
}

// --- conditions, where they are not those of s6-svwait
TEST_CASE("svlisten: the options mean what they mean to svwait") {
  CHECK(outcome_of({}, down(), "u") == "exit 0");
  CHECK(outcome_of({"-u"}, down(), "u") == "exit 0");
  CHECK(outcome_of({"-U"}, down(), "u") == "waiting");
  CHECK(outcome_of({"-U"}, down(), "U") == "exit 0");
  CHECK(outcome_of({"-d"}, ready(), "d") == "exit 0");
  CHECK(outcome_of({"-D"}, ready(), "d") == "waiting");
  CHECK(outcome_of({"-D"}, ready(), "dD") == "exit 0");
  CHECK(outcome_of({"-ud"}, ready(), "d") == "exit 0");
}

TEST_CASE("svlisten: -r wants the end of finish before the next start") {
  {
    Scene scene;
    Listening wait(scene, {"-r"}, {ready()});
    CHECK(wait.tell(0, "d").tell(0, "u").outcome() == "waiting");
    CHECK(wait.tell(0, "d").tell(0, "D").outcome() == "waiting");
    CHECK(wait.tell(0, "u").outcome() == "exit 0");
  }
  CHECK(outcome_of({"-r"}, finishing(), "u") == "waiting");
  CHECK(outcome_of({"-r"}, down(), "u") == "exit 0");
}

TEST_CASE("svlisten: -R wants the service to be ready in the end") {
  Scene scene;
  Listening wait(scene, {"-R"}, {ready()});
  CHECK(wait.tell(0, "d").tell(0, "D").tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(0, "U").outcome() == "exit 0");
}

TEST_CASE("svlisten: a whole restart in one write satisfies -r and -R") {
  for (const char* option : {"-r", "-R"}) {
    CAPTURE(option);
    CHECK(outcome_of({option}, ready(), "dDuU") ==
          expected("svwait-keeps-letters-between-phases", "exit 0", "waiting"));
  }
}

TEST_CASE("svlisten: -a wants all, -o one") {
  {
    Scene scene;
    Listening wait(scene, {"-a"}, {down(), down()});
    CHECK(wait.tell(0, "u").outcome() == "waiting");
    CHECK(wait.tell(1, "u").outcome() == "exit 0");
  }
  Scene scene;
  CHECK(Listening(scene, {"-o"}, {down(), down()}).tell(1, "u").outcome() == "exit 0");
}

TEST_CASE("svlisten: -o with -r is taken for -a, with a warning") {
  Scene scene;
  Listening wait(scene, {"-o", "-r"}, {ready(), ready()});
  CHECK(wait.tell(0, "d").tell(1, "d").tell(0, "D").tell(1, "D").tell(0, "u").outcome() == "waiting");
  CHECK(wait.tell(1, "u").outcome() == "exit 0");
  CHECK(wait.process().err().starts_with("s6-svlisten: warning: "));
}

TEST_CASE("svlisten: a failure is remembered, whatever comes after it") {
  CHECK(outcome_of({"-u"}, finishing(), "O") == "exit 1");
  CHECK(outcome_of({"-u"}, finishing(), "x") == "exit 1");
  CHECK(outcome_of({"-r"}, ready(), "dOD") == expected("svwait-keeps-letters-between-phases", "exit 1", "waiting"));
  Scene scene;
  Listening wait(scene, {"-u"}, {finishing(), down()});
  wait.tell(0, "O").tell(0, "D").tell(1, "u");
  CHECK(wait.outcome() == expected("svwait-counts-a-failure-once", "exit 1", "waiting"));
}

TEST_CASE("svlisten: the exit code is the number of failures") {
  Scene scene;
  Listening wait(scene, {}, {down(), down(), down()});
  CHECK(wait.tell(0, "x").tell(1, "x").tell(2, "u").outcome() == "exit 2");
}

TEST_CASE("svlisten: the exit code of a hundred failures does not look like a timeout") {
  Scene scene;
  Listening wait(scene, {}, std::vector<Status>(99, down()));
  for (std::size_t i = 0; i < 99; ++i) wait.service(i).notify("x");
  CHECK(wait.process().wait() == exited(expected("svwait-clamps-its-exit-code", 98, 99)));
}

TEST_CASE("svlisten1: a failure is 1, and names the service") {
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  for (const char* letter : {"O", "x"}) {
    CAPTURE(letter);
    const Gate gate(scene);
    Process wait = start_waiting(svlisten1({}, services[0].path(), gate.program()), services);
    CHECK(outcome(wait) == "waiting");
    services[0].notify(letter);
    CHECK(wait.wait() == exited(1));
    CHECK(wait.err().starts_with("s6-svlisten1: fatal: "));
    CHECK(contains(wait.err(), services[0].path().string()));
    services[0].wait_unsubscribed();
  }
}

// --- how it ends otherwise
TEST_CASE("svlisten: a timeout is 99, and the FIFOs are gone") {
  Scene scene;
  const auto services = fabricate(scene, {down(), up()});
  const LockHolder supervisors(paths_of(services));
  const auto start = Clock::now();
  const Ran ran = run(svlisten({"-t300"}, services, {"true"}));
  CHECK(ran.exit == exited(99));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
  CHECK(ran.err.starts_with("s6-svlisten: fatal: "));
  for (const Fabricated& service : services) service.wait_unsubscribed();
}

TEST_CASE("svlisten: a signal ends the wait and removes the FIFO, and the program goes on") {
  Scene scene;
  ServiceDir says = scene.service("voice");
  const auto services = fabricate(scene, {down()});
  const LockHolder supervisors(paths_of(services));
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    CAPTURE(number);
    const Gate gate(scene);
    const std::string program =
        "echo $$ > " + (says / "voice").string() + "; exec " + gate.program()[0] + " " + gate.program()[1];
    Process wait = start_waiting(svlisten({}, services, {"sh", "-c", program}), services);
    const pid_t child = std::stoi(says.voice().next());
    REQUIRE(outcome(wait) == "waiting");
    wait.signal(number);
    CHECK(wait.wait() == killed(number));
    services[0].wait_unsubscribed();
    CHECK(alive(child));
  }
}

TEST_CASE("svlisten: the removal of event ends the wait, as no letter can come any more") {
  Scene scene;
  Listening wait(scene, {}, {down()});
  REQUIRE(wait.outcome() == "waiting");
  fs::remove_all(wait.service(0) / "event");
  const std::string end = ending_of_ours("svwait-notices-the-removal-of-its-fifo", wait.process());
  CHECK(end == expected("svwait-notices-the-removal-of-its-fifo", "exit 1", "waiting"));
}

TEST_CASE("svlisten: a killed supervisor that is not replaced ends the wait") {
  if (skip_on_real("svlisten-notices-the-death-of-a-supervisor")) return;
  Scene scene;
  const auto services = fabricate(scene, {down()});
  LockHolder supervisors(paths_of(services));
  const Gate gate(scene);
  Process wait = start_waiting(svlisten1({}, services[0].path(), gate.program()), services);
  CHECK(outcome(wait) == "waiting");
  supervisors.kill();
  CHECK(wait.wait() == exited(1));
}

// --- what is refused
TEST_CASE("svlisten: a service that is not supervised is a system error, and the program is not started") {
  Scene scene;
  fs::create_directory(scene.path() / "plain");
  const auto services = fabricate(scene, {down()});
  const std::string marker = scene.path() / "started";
  for (const std::string service : {(scene.path() / "plain").c_str(), (scene.path() / "missing").c_str(), "", " "}) {
    CAPTURE(service);
    const Ran one = run(svlisten1({}, service, {"touch", marker}));
    CHECK(one.exit == exited(111));
    CHECK(one.err.starts_with("s6-svlisten1: fatal: "));
    if (service.empty()) continue;
    CHECK(run({client("s6-svlisten"), services[0].path(), service, "", "touch", marker}).exit == exited(111));
  }
  services[0].wait_unsubscribed();
  CHECK_FALSE(is_there(marker));
}

TEST_CASE("svlisten: a user without rights gets a system error that names the service") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const std::string marker = scene.path() / "started";
  Start start = svlisten({}, services, {"touch", marker});
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "Permission denied"));
  CHECK(contains(ran.err, services[0].path().string()));
  start.argv = svlisten1({}, services[0].path(), {"touch", marker}).argv;
  CHECK(run(start).exit == exited(111));
  CHECK_FALSE(is_there(marker));
}

TEST_CASE("svlisten: an empty block is nothing to wait for: it becomes the program") {
  const Ran ran = run({client("s6-svlisten"), "", "echo", "a", "b", "c"});
  CHECK(ran.exit == exited(expected("svlisten-takes-an-empty-block", 0, 100)));
  CHECK(ran.out == expected<std::string>("svlisten-takes-an-empty-block", "a b c\n", ""));
  if (on_real("svlisten-takes-an-empty-block")) return;
  CHECK(run({client("s6-svlisten"), "-d", "-t1", "", "sh", "-c", "exit 5"}).exit == exited(5));
  CHECK(run({client("s6-svlisten"), "", "true"}).exit == exited(0));
  CHECK(run({client("s6-svlisten"), "", "no-such-program", "x"}).exit == exited(127));
  CHECK(run({client("s6-svlisten"), "", "/etc/passwd", "x"}).exit == exited(126));
}

TEST_CASE("svlisten: the words of the block may each carry one blank") {
  Scene scene;
  const auto services = fabricate(scene, {down(), down()});
  const LockHolder supervisors(paths_of(services));
  const std::string a = services[0].path();
  const std::string b = services[1].path();
  const std::string program = client("s6-svlisten");
  CHECK(run({program, "-d", " " + a, " " + b, "", "true"}).exit == exited(0));
  CHECK(run({program, "-d", a, " " + b, "", "true"}).exit == exited(0));
  CHECK(run({program, "-d", "  " + a, "", "true"}).exit == exited(111));
}

TEST_CASE("svlisten: wrong usage") {
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const std::string dir = services[0].path();
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {dir},
                                                    {dir, "true"},
                                                    {dir, "true", "x"},
                                                    {dir, ""},
                                                    {""},
                                                    {"-z", dir, "", "true"},
                                                    {"-t", dir, "", "true"},
                                                    {"-t", "x", dir, "", "true"},
                                                    {"-t=5", dir, "", "true"},
                                                    {"--timeout=5", dir, "", "true"}};
  for (const auto& words : wrong) {
    CAPTURE(words.size());
    const Ran ran = run(joined({client("s6-svlisten")}, words));
    CHECK(ran.exit == exited(100));
    CHECK(ran.err.starts_with("s6-svlisten: "));
    CHECK(ran.out.empty());
  }
  CHECK(services[0].subscribers().empty());
}

TEST_CASE("svlisten1: wrong usage") {
  Scene scene;
  const auto services = fabricate(scene, {down()});
  const std::string dir = services[0].path();
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {dir},
                                                    {"-d", dir},
                                                    {"-a", dir, "true"},
                                                    {"-o", dir, "true"},
                                                    {"-t", "x", dir, "true"},
                                                    {"--timeout=5", dir, "true"}};
  for (const auto& words : wrong) {
    CAPTURE(words.size());
    const Ran ran = run(joined({client("s6-svlisten1")}, words));
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "usage: s6-svlisten1 "));
    CHECK(ran.out.empty());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
