// s6-svstat, byte for byte, and s6-svok. The status files are the test's own.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sstream>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// The second that the clock of all stamps shows. TAI is 37 seconds ahead of Unix time since 2017.
std::int64_t current_second() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}
Tai64n stamp(std::int64_t second, std::uint32_t nanoseconds = 0) {
  return {(std::uint64_t{1} << 62) + static_cast<std::uint64_t>(second) + 37, nanoseconds};
}
std::string text_of(const Tai64n& time) {
  std::ostringstream text;
  text << '@' << std::hex << time.label
       << std::string(8 - (std::ostringstream() << std::hex << time.nanoseconds).str().size(), '0') << time.nanoseconds;
  return text.str();
}

// A directory that looks supervised.
class Shown {
 public:
  explicit Shown(const Scene& scene) : service_(scene.path() / "service", Status{}), supervisor_({service_.path()}) {}

  [[nodiscard]] const Fabricated& service() const { return service_; }
  // What s6-svstat prints of a status. The stamps are made for the second in which it runs: all ages are exact.
  Ran svstat(const Words& options, const std::function<Status(std::int64_t second)>& status) const {
    for (;;) {
      const std::int64_t second = current_second();
      service_.write_status(status(second));
      const Ran ran = svstat(options);
      if (current_second() == second) return ran;
    }
  }
  Ran svstat(const Words& options) const {
    Words argv{client("s6-svstat")};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back(service_.path());
    return run(argv);
  }
  // The output, with an assertion that all went well.
  std::string print(const Words& options, Status status) const {
    const Ran ran = svstat(options, [&status](std::int64_t second) {
      status.changed = stamp(second - 100);
      status.ready_since = stamp(second - 60);
      return status;
    });
    CHECK(ran.exit == exited(0));
    CHECK(ran.err.empty());
    return ran.out;
  }
  std::string line(const Status& status) const { return print({}, status); }
  // One field of a status.
  std::string field(const std::string& name, const Status& status) const {
    std::string text = print({"-o", name}, status);
    REQUIRE(text.ends_with('\n'));
    text.pop_back();
    return text;
  }

 private:
  Fabricated service_;
  LockHolder supervisor_;
};

std::string running(const std::string& pid, const std::string& rest) {
  return expected("svstat-shows-the-process-group", "up (pid " + pid + " pgid " + pid + ") " + rest,
                  "up (pid " + pid + ") " + rest);
}

TEST_SUITE_BEGIN("clients");

// --- the line: a service that is up ---------------------------------------------------------------------------------
TEST_CASE("svstat: a service that is up") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.pid = 4321, .want_up = true}) == running("4321", "100 seconds\n"));
  CHECK(shown.line({.pid = 1, .want_up = true, .ready = true}) == running("1", "100 seconds, ready 60 seconds\n"));
  CHECK(shown.line({.pid = 2147483647, .want_up = true}) == running("2147483647", "100 seconds\n"));
}

TEST_CASE("svstat: a service that is up, and all that can be said of it, in this order") {
  Scene scene;
  const Shown shown(scene);
  write_file(shown.service() / "down", "");
  CHECK(shown.line({.pid = 4321, .paused = true, .ready = true}) ==
        running("4321", "100 seconds, normally down, paused, want down, ready 60 seconds\n"));
  CHECK(shown.line({.pid = 4321, .want_up = true}) == running("4321", "100 seconds, normally down\n"));
  fs::remove(shown.service() / "down");
  CHECK(shown.line({.pid = 4321, .paused = true, .want_up = true}) == running("4321", "100 seconds, paused\n"));
  CHECK(shown.line({.pid = 4321}) == running("4321", "100 seconds, want down\n"));
}

TEST_CASE("svstat: the wait status of the run before does not show while the service is up") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.pid = 4321, .wait_status = 9, .want_up = true}) == running("4321", "100 seconds\n"));
}

// --- the line: a service that is down -------------------------------------------------------------------------------
TEST_CASE("svstat: a service that is down") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.ready = true}) == "down (exitcode 0) 100 seconds, normally up, ready 60 seconds\n");
  CHECK(shown.line({.wait_status = 0x0300, .want_up = true, .ready = true}) ==
        "down (exitcode 3) 100 seconds, normally up, want up, ready 60 seconds\n");
  CHECK(shown.line({.wait_status = 0xff00}) == "down (exitcode 255) 100 seconds, normally up\n");
  write_file(shown.service() / "down", "");
  CHECK(shown.line({.ready = true}) == "down (exitcode 0) 100 seconds, ready 60 seconds\n");
  CHECK(shown.line({.want_up = true}) == "down (exitcode 0) 100 seconds, want up\n");
}

TEST_CASE("svstat: a service that is finishing is down and not ready") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.pid = 4321, .wait_status = 0x0300, .finishing = true, .want_up = true}) ==
        "down (exitcode 3) 100 seconds, normally up, want up\n");
  CHECK(shown.line({.pid = 4321, .wait_status = 15, .paused = true, .finishing = true}) ==
        "down (signal SIGTERM) 100 seconds, normally up\n");
}

TEST_CASE("svstat: a down file that cannot be looked at is a system error, a dangling one is none") {
  Scene scene;
  const Shown shown(scene);
  fs::create_symlink("nowhere", shown.service() / "down");
  CHECK(shown.line({.pid = 4321, .want_up = true}) == running("4321", "100 seconds\n"));
  fs::remove(shown.service() / "down");
  fs::create_symlink("down", shown.service() / "down");
  const Ran ran = shown.svstat({});
  CHECK(ran.exit == exited(111));
  CHECK(ran.out.empty());
  CHECK(contains(ran.err, (shown.service() / "down").string()));
}

TEST_CASE("svstat: a service that was never started") {
  Scene scene;
  const Shown shown(scene);
  const Status never{.paused = true, .ready = true};
  CHECK(shown.line(never) == expected<std::string>("svstat-knows-not-started", "down (not started yet) , normally up\n",
                                                   "down (exitcode 0) 100 seconds, normally up, ready 60 seconds\n"));
  CHECK(shown.line({.paused = true, .want_up = true, .ready = true}) ==
        expected<std::string>("svstat-knows-not-started", "down (not started yet) , normally up, want up\n",
                              "down (exitcode 0) 100 seconds, normally up, want up, ready 60 seconds\n"));
  write_file(shown.service() / "down", "");
  CHECK(shown.line(never) == expected<std::string>("svstat-knows-not-started", "down (not started yet) \n",
                                                   "down (exitcode 0) 100 seconds, ready 60 seconds\n"));
  CHECK(shown.line({.paused = true, .want_up = true, .ready = true}) ==
        expected<std::string>("svstat-knows-not-started", "down (not started yet) , want up\n",
                              "down (exitcode 0) 100 seconds, want up, ready 60 seconds\n"));
}

TEST_CASE("svstat: the first word is up or down, and the third word of an up service its pid") {
  Scene scene;
  const Shown shown(scene);
  std::istringstream words(shown.line({.pid = 4321, .want_up = true}));
  std::string first;
  std::string second;
  std::string third;
  words >> first >> second >> third;
  if (third.ends_with(')')) third.pop_back();
  CHECK(first == "up");
  CHECK(third == "4321");
}

// --- signals --------------------------------------------------------------------------------------------------------
TEST_CASE("svstat: signals have the names that are usual everywhere") {
  struct Name {
    int number;
    const char* name;
  };
  Scene scene;
  const Shown shown(scene);
  for (const auto& [number, name] :
       {Name{SIGHUP, "HUP"}, {SIGINT, "INT"},       {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},   {SIGTRAP, "TRAP"},
        {SIGABRT, "ABRT"},   {SIGBUS, "BUS"},       {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},
        {SIGSEGV, "SEGV"},   {SIGUSR2, "USR2"},     {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
        {SIGCHLD, "CHLD"},   {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGPOLL, "POLL"}, {SIGSYS, "SYS"},
        {SIGXCPU, "XCPU"},   {SIGXFSZ, "XFSZ"}}) {
    CAPTURE(std::string(name));
    const Status status{.wait_status = static_cast<std::uint16_t>(number)};
    CHECK(shown.line(status) == "down (signal SIG" + std::string(name) + ") 100 seconds, normally up\n");
    CHECK(shown.field("signal,signum,exitcode", status) ==
          "SIG" + std::string(name) + " " + std::to_string(number) + " -1");
  }
}

TEST_CASE("svstat: a signal without a name") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.wait_status = 40}) == "down (signal SIG?\?\?) 100 seconds, normally up\n");
  CHECK(shown.field("signal,signum", {.wait_status = 40}) == "SIG??? 40");
}

TEST_CASE("svstat: a core dump changes nothing") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.wait_status = 0x008b}) == "down (signal SIGSEGV) 100 seconds, normally up\n");
  CHECK(shown.field("signal,signum,exitcode", {.wait_status = 0x008b}) == "SIGSEGV 11 -1");
}

TEST_CASE("svstat: -n shows the number of a signal in the line, and changes no field") {
  Scene scene;
  const Shown shown(scene);
  const Status status{.wait_status = 9};
  CHECK(shown.print({"-n"}, status) == "down (signal 9) 100 seconds, normally up\n");
  CHECK(shown.print({"-n", "-s"}, status) == "SIGKILL\n");
  CHECK(shown.print({"-n", "-o", "signal,signum"}, status) == "SIGKILL 9\n");
  CHECK(shown.print({"-n"}, {.wait_status = 0x0300}) == "down (exitcode 3) 100 seconds, normally up\n");
}

TEST_CASE("svstat: a wait status of a stop or a continuation is neither an exit nor a death") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.line({.wait_status = 0x137f}) == "down (exitcode 19) 100 seconds, normally up\n");
  CHECK(shown.line({.wait_status = 0xffff}) == "down (exitcode 255) 100 seconds, normally up\n");
  CHECK(shown.field("exitcode,signal,signum", {.wait_status = 0x137f}) == "-1 NA -1");
  CHECK(shown.field("exitcode,signal,signum", {.wait_status = 0xffff}) == "-1 NA -1");
}

// --- ages -----------------------------------------------------------------------------------------------------------
TEST_CASE("svstat: ages are whole seconds, rounded down") {
  Scene scene;
  const Shown shown(scene);
  const auto ages = [&shown](std::uint32_t nanoseconds) {
    return shown
        .svstat({"-o", "updownfor,readyfor"},
                [nanoseconds](std::int64_t second) {
                  return Status{.changed = stamp(second - 100, nanoseconds),
                                .ready_since = stamp(second - 7, nanoseconds),
                                .pid = 4321,
                                .ready = true};
                })
        .out;
  };
  CHECK(ages(0) == "100 7\n");
  CHECK(ages(999'999'999) == "99 6\n");  // the fraction of the stamp is nearly always the greater one
}

TEST_CASE("svstat: what was just now is 0 seconds ago") {
  Scene scene;
  const Shown shown(scene);
  const Ran ran = shown.svstat({"-t", "-o", "readyfor"}, [](std::int64_t second) {
    return Status{.changed = stamp(second), .ready_since = stamp(second)};
  });
  CHECK(ran.out == "0 0\n");
}

TEST_CASE("svstat: ages of any length") {
  Scene scene;
  const Shown shown(scene);
  const Ran ran = shown.svstat({"-o", "updownfor,readyfor"}, [](std::int64_t second) {
    return Status{.changed = stamp(second - 1'000'000'000), .ready_since = stamp(second - 86'400)};
  });
  CHECK(ran.out == "1000000000 86400\n");
}

TEST_CASE("svstat: a change in the future is a change of right now") {
  Scene scene;
  const Shown shown(scene);
  const auto of_tomorrow = [](std::int64_t second) {
    return Status{.changed = stamp(second + 86'400), .ready_since = stamp(second - 60), .pid = 4321, .want_up = true};
  };
  CHECK(shown.svstat({}, of_tomorrow).out == running("4321", "0 seconds\n"));
  CHECK(shown.svstat({"-t"}, of_tomorrow).out == "0\n");
  std::int64_t then = 0;
  const Ran since = shown.svstat({"-o", "updownsince"}, [&](std::int64_t second) {
    then = second;
    return of_tomorrow(second);
  });
  CHECK(since.out.starts_with(text_of(stamp(then)).substr(0, 17)));
  CHECK(since.out.size() == 26);
}

TEST_CASE("svstat: readiness in the future is readiness of right now") {
  Scene scene;
  const Shown shown(scene);
  const auto soon_ready = [](std::int64_t second) {
    return Status{
        .changed = stamp(second - 100), .ready_since = stamp(second + 50), .pid = 4321, .want_up = true, .ready = true};
  };
  const bool real = on_real("svstat-clamps-future-readiness");
  const Ran line = shown.svstat({}, soon_ready);
  CHECK((line.out == running("4321", "100 seconds, ready 0 seconds\n")) == !real);
  const Ran field = shown.svstat({"-o", "readyfor"}, soon_ready);
  CHECK((field.out == "0\n") == !real);
}

// --- fields ---------------------------------------------------------------------------------------------------------
TEST_CASE("svstat: each field of a service that is up") {
  Scene scene;
  const Shown shown(scene);
  const Status status{.pid = 4321, .wait_status = 0x0300, .want_up = true, .ready = true};
  CHECK(shown.field("up", status) == "true");
  CHECK(shown.field("wantedup", status) == "true");
  CHECK(shown.field("normallyup", status) == "true");
  CHECK(shown.field("ready", status) == "true");
  CHECK(shown.field("paused", status) == "false");
  CHECK(shown.field("pid", status) == "4321");
  CHECK(shown.field("exitcode", status) == "-1");
  CHECK(shown.field("signal", status) == "NA");
  CHECK(shown.field("signum", status) == "-1");
  CHECK(shown.field("updownfor", status) == "100");
  CHECK(shown.field("readyfor", status) == "60");
  CHECK(shown.field("paused", {.pid = 4321, .paused = true}) == "true");
  CHECK(shown.field("ready", {.pid = 4321}) == "false");
  CHECK(shown.field("wantedup", {.pid = 4321}) == "false");
  CHECK(shown.field("signal,signum", {.pid = 4321, .wait_status = 9}) == "NA -1");
  write_file(shown.service() / "down", "");
  CHECK(shown.field("normallyup", status) == "false");
}

TEST_CASE("svstat: each field of a service that is down") {
  Scene scene;
  const Shown shown(scene);
  const Status exited{.wait_status = 0x0300, .ready = true};
  CHECK(shown.field("up", exited) == "false");
  CHECK(shown.field("ready", exited) == "false");
  CHECK(shown.field("pid", exited) == "-1");
  CHECK(shown.field("exitcode", exited) == "3");
  CHECK(shown.field("signal", exited) == "NA");
  CHECK(shown.field("signum", exited) == "-1");
  CHECK(shown.field("updownfor", exited) == "100");
  CHECK(shown.field("readyfor", exited) == "60");
  const Status killed{.wait_status = 9, .want_up = true};
  CHECK(shown.field("exitcode", killed) == "-1");
  CHECK(shown.field("signal", killed) == "SIGKILL");
  CHECK(shown.field("signum", killed) == "9");
  CHECK(shown.field("wantedup", killed) == "true");
}

TEST_CASE("svstat: each field of a service that is finishing") {
  Scene scene;
  const Shown shown(scene);
  const Status status{.pid = 4321, .wait_status = 0x0100, .finishing = true, .want_up = true};
  CHECK(shown.field("up,ready,pid,exitcode,signal,signum", status) == "false false -1 1 NA -1");
}

TEST_CASE("svstat: a service that was never started has no exit code") {
  Scene scene;
  const Shown shown(scene);
  const Status never{.paused = true, .ready = true};
  CHECK(shown.field("up,ready,pid,signal,signum", never) == "false false -1 NA -1");
  CHECK(shown.field("exitcode", never) == expected<std::string>("svstat-knows-not-started", "-1", "0"));
  CHECK(shown.field("paused", never) == expected<std::string>("svstat-knows-not-started", "false", "true"));
}

TEST_CASE("svstat: the stamps as they are in the file") {
  Scene scene;
  const Shown shown(scene);
  const Status status{.changed = stamp(1'700'000'000, 0x0012abcd), .ready_since = stamp(1'600'000'000, 999'999'999)};
  shown.service().write_status(status);
  const Ran ran = shown.svstat({"-o", "updownsince,readysince"});
  CHECK(ran.out == "@400000006553f1250012abcd @400000005f5e10253b9ac9ff\n");
  CHECK(ran.out == text_of(status.changed) + " " + text_of(status.ready_since) + "\n");
}

TEST_CASE("svstat: each letter is a field, in the order given") {
  Scene scene;
  const Shown shown(scene);
  const Status up{.pid = 4321, .ready = true};
  CHECK(shown.print({"-uwNrpest"}, up) == "true false true true 4321 -1 NA 100\n");
  CHECK(shown.print({"-t", "-s", "-e", "-p", "-r", "-N", "-w", "-u"}, up) == "100 NA -1 4321 true true false true\n");
  CHECK(shown.print({"-tpt"}, up) == "100 4321 100\n");
  CHECK(shown.print({"-es"}, {.wait_status = 9}) == "-1 SIGKILL\n");
}

TEST_CASE("svstat: letters and names may be mixed") {
  Scene scene;
  const Shown shown(scene);
  const Status up{.pid = 4321, .ready = true};
  CHECK(shown.print({"-p", "-o", "up,readyfor", "-t"}, up) == "4321 true 60 100\n");
  CHECK(shown.print({"-po", "up", "-oready"}, up) == "4321 true true\n");
}

TEST_CASE("svstat: the process group is the pid") {
  Scene scene;
  const Shown shown(scene);
  shown.service().write_status({.pid = 4321});
  if (on_real("svstat-shows-the-process-group")) {
    CHECK(shown.svstat({"-g"}).exit == exited(100));
    CHECK(shown.svstat({"-o", "pgid"}).exit == exited(100));
    return;
  }
  CHECK(shown.print({"-g"}, {.pid = 4321}) == "4321\n");
  CHECK(shown.print({"-o", "pid,pgid"}, {.pid = 4321}) == "4321 4321\n");
  CHECK(shown.print({"-g"}, {}) == "-1\n");
}

TEST_CASE("svstat: a trailing comma is fine, no name at all selects nothing") {
  Scene scene;
  const Shown shown(scene);
  CHECK(shown.print({"-o", "up,pid,"}, {.pid = 4321}) == "true 4321\n");
  CHECK(shown.print({"-o", ""}, {.pid = 4321, .want_up = true}) == running("4321", "100 seconds\n"));
}

TEST_CASE("svstat: sixteen fields, not seventeen") {
  Scene scene;
  const Shown shown(scene);
  std::string names = "up";
  std::string values = "true";
  for (int i = 1; i < 16; ++i) {
    names += ",up";
    values += " true";
  }
  CHECK(shown.print({"-o", names}, {.pid = 4321}) == values + "\n");
  for (const Words& options :
       {Words{"-o", names + ",up"}, Words{"-o", names, "-u"}, Words{std::string("-") + std::string(17, 'u')}}) {
    const Ran ran = shown.svstat(options);
    CHECK(ran.exit == exited(100));
    CHECK(ran.out.empty());
    CHECK(!ran.err.empty());
  }
  CHECK(shown.print({std::string("-") + std::string(16, 'u')}, {.pid = 4321}) == values + "\n");
  std::string longest = "updownsince";
  for (int i = 1; i < 16; ++i) longest += ",readysince";
  CHECK(shown.print({"-o", longest}, {}).size() == 16 * 26);
}

TEST_CASE("svstat: a field that does not exist is refused") {
  Scene scene;
  const Shown shown(scene);
  for (const char* names : {"x", "up,foo", "UP", "up,,pid", ",up", "up ", " up", "up;pid", ",", "updownforx"}) {
    CAPTURE(std::string(names));
    const Ran ran = shown.svstat({"-o", names});
    CHECK(ran.exit == exited(100));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-svstat: fatal: "));
  }
}

TEST_CASE("svstat: a field has to be named in full") {
  Scene scene;
  const Shown shown(scene);
  shown.service().write_status({.pid = 4321});
  for (const char* names : {"u", "p", "r", "pi", "updown", "exit"}) {
    CAPTURE(std::string(names));
    CHECK(shown.svstat({"-o", names}).exit == exited(expected("svstat-wants-full-names", 100, 0)));
  }
}

// --- the file -------------------------------------------------------------------------------------------------------
TEST_CASE("svstat: a status file that is too short, or none, is a system error") {
  Scene scene;
  const Shown shown(scene);
  for (const std::size_t size : {0U, 1U, 26U, 34U}) {
    CAPTURE(size);
    shown.service().write_status(std::string(size, '\0'));
    const Ran ran = shown.svstat({});
    CHECK(ran.exit == exited(111));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-svstat: fatal: "));
  }
  fs::remove(shown.service() / "supervise/status");
  CHECK(shown.svstat({}).exit == exited(111));
}

TEST_CASE("svstat: a status file of a size that no version wrote is refused") {
  Scene scene;
  const Shown shown(scene);
  for (const std::size_t more : {1U, 7U, 9U, 1000U}) {
    CAPTURE(more);
    shown.service().write_status(packed({.pid = 4321}) + std::string(more, '\1'));
    CHECK(shown.svstat({}).exit == exited(expected("status-sizes-are-exact", 111, 0)));
  }
}

TEST_CASE("svstat: the 43 bytes of s6 2.13 tell the same") {
  Scene scene;
  const Shown shown(scene);
  shown.service().write_status(packed_with_group({.pid = 4321, .want_up = true, .ready = true}));
  CHECK(shown.svstat({"-o", "up,pid,wantedup,ready"}).out ==
        expected<std::string>("status-of-2-13-is-understood", "true 4321 true true\n", "true 4321 false false\n"));
  shown.service().write_status(packed_with_group({.wait_status = 0x0300, .want_up = true}));
  CHECK(shown.svstat({"-o", "up,exitcode,wantedup"}).out ==
        expected<std::string>("status-of-2-13-is-understood", "false 3 true\n", "false 0 false\n"));
}

TEST_CASE("svstat: flags that no version knows are ignored") {
  Scene scene;
  const Shown shown(scene);
  std::string bytes = packed({.pid = 4321, .want_up = true});
  bytes[34] = static_cast<char>(bytes[34] | 0xf0);
  shown.service().write_status(bytes);
  CHECK(shown.svstat({"-o", "up,pid,paused,ready,wantedup"}).out == "true 4321 false false true\n");
}

TEST_CASE("svstat: a pid that cannot be is a broken file") {
  Scene scene;
  const Shown shown(scene);
  std::string bytes = packed({.pid = 4321});
  bytes[24] = 1;
  shown.service().write_status(bytes);
  CHECK(shown.svstat({"-p"}).exit == exited(expected("status-pids-are-checked", 111, 0)));
}

// --- supervision ----------------------------------------------------------------------------------------------------
TEST_CASE("svstat: not supervised: exit 1 and nothing on fd 1") {
  Scene scene;
  const Fabricated service(scene.path() / "a", {.pid = 4321, .want_up = true});
  const auto check = [](const fs::path& directory) {
    for (const Words& options : {Words{}, Words{"-o", "up"}}) {
      Words argv{client("s6-svstat")};
      argv.insert(argv.end(), options.begin(), options.end());
      argv.push_back(directory);
      const Ran ran = run(argv);
      CAPTURE(directory);
      CHECK(ran.exit == exited(1));
      CHECK(ran.out.empty());
      CHECK(ran.err.starts_with("s6-svstat: fatal: "));
      CHECK(contains(ran.err, "unable to read status for " + directory.string() + ": s6-supervise not running"));
    }
  };
  check(service.path());  // no lock file
  write_file(service / "supervise/lock", "");
  check(service.path());  // nobody holds it
  fs::remove_all(service / "supervise");
  check(service.path());
  check(scene.path() / "missing");
}

TEST_CASE("svstat: the lock counts only as long as it is held") {
  Scene scene;
  const Fabricated service(scene.path() / "a", {.pid = 4321, .want_up = true});
  LockHolder supervisor({service.path()});
  CHECK(run({client("s6-svstat"), "-u", service.path()}).out == "true\n");
  supervisor.kill();
  CHECK(run({client("s6-svstat"), "-u", service.path()}).exit == exited(1));
}

TEST_CASE("svstat: a file instead of a directory, or no permission, is a system error") {
  Scene scene;
  write_file(scene.path() / "file", "");
  const Ran file = run({client("s6-svstat"), scene.path() / "file"});
  CHECK(file.exit == exited(111));
  CHECK(file.out.empty());
  if (!is_root()) SKIP_TEST("needs root");
  const Shown shown(scene);
  const Ran ran = run(Start{.argv = {client("s6-svstat"), shown.service().path()}, .user = nobody});
  CHECK(ran.exit == exited(111));
  CHECK(ran.out.empty());
  CHECK(contains(ran.err, "Permission denied"));
}

TEST_CASE("svstat: everybody may ask where supervise may be searched") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Shown shown(scene);
  shown.service().write_status({.pid = 4321});
  REQUIRE(chmod((shown.service() / "supervise").c_str(), 0711) == 0);
  const Ran ran = run(Start{.argv = {client("s6-svstat"), "-p", shown.service().path()}, .user = nobody});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "4321\n");
}

// --- output ---------------------------------------------------------------------------------------------------------
TEST_CASE("svstat: output that cannot be written is a system error") {
  Scene scene;
  const Shown shown(scene);
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Words argv{client("s6-svstat"), shown.service().path()};
  const Ran ran = run(Start{.argv = argv, .fds = {{1, full.get()}}});
  CHECK(ran.exit == exited(111));
  CHECK(ran.err.starts_with("s6-svstat: fatal: "));
  CHECK(run(Start{.argv = argv, .closed = {1}}).exit == exited(111));
}

TEST_CASE("svstat: only the first directory is shown") {
  Scene scene;
  const Shown shown(scene);
  shown.service().write_status({.pid = 4321});
  const Ran ran = run({client("s6-svstat"), "-p", shown.service().path(), scene.path() / "missing", "-u"});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == "4321\n");
}

TEST_CASE("svstat: of a service as a supervisor runs it") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("trap TERM\nsay up %p\ngate go\nexit 3").finish("say finish\ngate end");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const auto svstat = [&dir](const char* fields) { return run({client("s6-svstat"), "-o", fields, dir.path()}).out; };
  const std::string pid = std::to_string(supervisor.service());
  dir.expect("up " + pid);
  CHECK(svstat("up,wantedup,normallyup,ready,paused,pid,exitcode,signal") ==
        "true true true false false " + pid + " -1 NA\n");
  supervisor.send("p");
  supervisor.settle();
  CHECK(svstat("up,paused") == "true true\n");
  supervisor.send("cO");
  supervisor.settle();
  CHECK(svstat("up,paused,wantedup") == "true false false\n");
  CHECK(contains(run({client("s6-svstat"), dir.path()}).out, ", want down\n"));
  dir.open_gate("go");
  dir.expect("finish");
  supervisor.expect("d");
  CHECK(svstat("up,ready,pid,exitcode,signal") == "false false -1 3 NA\n");
  dir.open_gate("end");
  supervisor.expect("D");
  CHECK(svstat("up,ready,pid,exitcode,signal,updownfor") == "false false -1 3 NA 0\n");
}

TEST_CASE("svstat: during finish, of a service that is wanted up") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("exit 3").finish("say finish\ngate end");
  Supervisor supervisor(dir);
  supervisor.expect("sud");
  const std::string line = run({client("s6-svstat"), dir.path()}).out;
  CHECK(line.starts_with("down (exitcode 3) "));
  CHECK(line.ends_with(" seconds, normally up, want up\n"));
}

TEST_CASE("svstat: of a service that its supervisor never started") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  const std::string line = run({client("s6-svstat"), dir.path()}).out;
  // It takes both: a supervisor that writes the mark and a client that knows it.
  const bool real_client = on_real("svstat-knows-not-started");
  const bool real_supervisor = on_real("not-started-marker");
  CHECK((line == "down (not started yet) \n") == (!real_client && !real_supervisor));
  if (real_client || real_supervisor) CHECK(line.starts_with("down (exitcode 0) "));
}

// --- s6-svok --------------------------------------------------------------------------------------------------------
Exit svok(const fs::path& directory) {
  const Ran ran = run({client("s6-svok"), directory});
  CHECK(ran.out.empty());
  if (ran.exit == exited(0) || ran.exit == exited(1)) CHECK(ran.err.empty());
  if (ran.exit == exited(111)) CHECK(ran.err.starts_with("s6-svok: fatal: "));
  return ran.exit;
}

TEST_CASE("svok: 0 as long as the lock is held, 1 if not") {
  Scene scene;
  const Fabricated service(scene.path() / "a", Status{});
  CHECK(svok(service.path()) == exited(1));
  write_file(service / "supervise/lock", "");
  CHECK(svok(service.path()) == exited(1));
  LockHolder supervisor({service.path()});
  CHECK(svok(service.path()) == exited(0));
  CHECK(svok(service.path()) == exited(0));
  supervisor.kill();
  CHECK(svok(service.path()) == exited(1));
}

TEST_CASE("svok: 1 for what does not exist, 111 for what is no directory") {
  Scene scene;
  CHECK(svok(scene.path()) == exited(1));
  CHECK(svok(scene.path() / "missing") == exited(1));
  fs::create_symlink("nowhere", scene.path() / "dangling");
  CHECK(svok(scene.path() / "dangling") == exited(1));
  write_file(scene.path() / "file", "");
  CHECK(svok(scene.path() / "file") == exited(111));
}

TEST_CASE("svok: 111 for a caller who may not look") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Fabricated service(scene.path() / "a", Status{});
  const LockHolder supervisor({service.path()});
  const Start start{.argv = {client("s6-svok"), service.path()}, .user = nobody};
  CHECK(run(start).exit == exited(111));
  REQUIRE(chmod((service / "supervise").c_str(), 0711) == 0);
  CHECK(run(start).exit == exited(0));
}

TEST_CASE("svok: any way to name the directory will do") {
  Scene scene;
  const Fabricated service(scene.path() / "a", Status{});
  const LockHolder supervisor({service.path()});
  fs::create_directory_symlink("a", scene.path() / "link");
  CHECK(svok(service.path().string() + "/") == exited(0));
  CHECK(svok(scene.path() / "link") == exited(0));
  CHECK(run(Start{.argv = {client("s6-svok"), "."}, .cwd = service.path()}).exit == exited(0));
  CHECK(run(Start{.argv = {client("s6-svok"), "a"}, .cwd = scene.path()}).exit == exited(0));
}

TEST_CASE("svok: a real supervisor, and its absence") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  CHECK(svok(dir.path()) == exited(0));
  supervisor.send("xd");
  CHECK(supervisor.wait() == exited(0));
  CHECK(svok(dir.path()) == exited(1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
