// s6-setsid, s6-softlimit, s6-fghack.
#include <stdlib.h>
#include <sys/ioctl.h>

#include "chain_shown.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

TEST_SUITE_BEGIN("chain");

Ran chain(std::vector<std::string> argv, Start start = {}) {
  argv[0] = client(argv[0]);
  start.argv = std::move(argv);
  return run(std::move(start));
}

// --- s6-setsid -------------------------------------------------------------------------------------------------------
TEST_CASE("setsid: a session, or only a process group") {
  const auto leads = [](std::vector<std::string> options) {
    options.insert(options.begin(), "s6-setsid");
    options.insert(options.end(), {"/bin/sh", "-c", show_leads});
    return chain(options).out;
  };
  CHECK(leads({}) == "yes yes ");
  CHECK(leads({"-s"}) == "yes yes ");
  CHECK(leads({"-b"}) == "yes no ");
  CHECK(leads({"-b", "-s"}) == "yes yes ");
  CHECK(leads({"-d", "5"}) == "yes yes ");
  CHECK_DIFFERS("setsid-long-options", leads({"--background-process-group"}) == "yes no ");
  CHECK_DIFFERS("setsid-long-options", leads({"--process-group", "--session"}) == "yes yes ");
}

TEST_CASE("setsid: who leads a session already") {
  const auto again = [](const char* option) {
    return chain({"s6-setsid", "-s", client("s6-setsid"), option, "/bin/echo", "ran"});
  };
  const Ran plain = again("-I");
  CHECK(plain.exit == exited(0));
  CHECK(plain.err.starts_with("s6-setsid: warning: "));
  CHECK(plain.out == "ran\n");
  const Ran quiet = again("-q");
  CHECK(quiet.exit == exited(0));
  CHECK(quiet.err.empty());
  const Ran strict = again("-i");
  CHECK(strict.exit == exited(111));
  CHECK(strict.err.starts_with("s6-setsid: fatal: "));
  CHECK(strict.out.empty());
}

TEST_CASE("setsid: no terminal to be in the foreground of") {
  // In a session of its own there is no controlling terminal, whatever the test was started from.
  const auto code = [](const char* option) {
    return chain({"s6-setsid", "-s", client("s6-setsid"), option, "/bin/true"}).exit.code;
  };
  CHECK_DIFFERS("setsid-finds-the-terminal", code("-f") == 111);
  CHECK_DIFFERS("setsid-finds-the-terminal", code("-g") == 111);
  CHECK(chain({"s6-setsid", "-d", "0", "-f", "/bin/true"}).exit == exited(0));
  CHECK(chain({"s6-setsid", "-d", "0", "-fi", "/bin/true"}).exit == exited(111));
  CHECK(chain({"s6-setsid", "-d", "x", "-f", "/bin/true"}).exit == exited(100));
}

TEST_CASE("setsid: the foreground of a terminal is taken from the background") {
  if (skip_on_real("setsid-g-takes-the-foreground")) return;
  const UniqueFd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || grantpt(master.get()) < 0 || unlockpt(master.get()) < 0) SKIP_TEST("needs pseudo terminals");
  const UniqueFd terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) SKIP_TEST("needs pseudo terminals");
  // The outer shell leads the session; the program is one of its children, in a group of its own: own, foreground.
  const std::string program = client("s6-setsid") +
                              " -g /bin/sh -c 'set -- $(cat /proc/$$/stat); [ $5 = $$ ] && [ $8 = $$ ] && echo yes;"
                              " grep SigIgn: /proc/$$/status'; true";
  const Ran ran = run(Start{.argv = {"/bin/sh", "-c", program}, .fds = {{0, terminal.get()}}, .in_child = [] {
                              if (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) < 0) _exit(125);
                            }});
  CHECK(ran.exit == exited(0));
  CHECK(ran.err.empty());
  std::istringstream lines(ran.out);
  std::string yes, label, ignored;
  lines >> yes >> label >> ignored;
  CHECK(yes == "yes");
  CHECK(label == "SigIgn:");
  const bool is_ignored = (std::stoull("0" + ignored, nullptr, 16) >> (SIGTTOU - 1) & 1) != 0;
  CHECK(!is_ignored);
}

// --- s6-softlimit ----------------------------------------------------------------------------------------------------
// Of programs that start with these limits on open files.
std::string limited(std::vector<std::string> options, rlim_t soft = 100, rlim_t hard = 200) {
  options.insert(options.begin(), "s6-softlimit");
  options.insert(options.end(), {"/bin/cat", "/proc/self/limits"});
  const Ran ran = chain(options, {.in_child = [=] {
                          const rlimit limit{soft, hard};
                          if (setrlimit(RLIMIT_NOFILE, &limit) < 0) _exit(125);
                        }});
  return ran.exit == exited(0) ? limit_in(ran.out, "Max open files") : "exit " + std::to_string(ran.exit.code);
}

TEST_CASE("softlimit: soft limits, up to the hard ones") {
  CHECK(limited({}) == "100 200");
  CHECK(limited({"-o", "50"}) == "50 200");
  CHECK(limited({"-o", "150"}) == "150 200");
  CHECK(limited({"-o", "200"}) == "200 200");
  CHECK(limited({"-o", "201"}) == "200 200");
  CHECK(limited({"-o", "18446744073709551615"}) == "200 200");
  CHECK(limited({"-o", "="}) == "200 200");
  CHECK(limited({"-o", "50", "-o", "60"}) == "60 200");
}

TEST_CASE("softlimit: hard limits") {
  CHECK(limited({"-H", "-o", "60"}) == "60 60");
  CHECK(limited({"-h", "-o", "150"}) == "100 150");
  CHECK(limited({"-o", "50", "-h", "-o", "150"}) == "50 150");
  CHECK(limited({"-o", "90", "-H", "-o", "60"}) == "60 60");
  CHECK(limited({"-H", "-o", "18446744073709551614"}) == "exit 111");
  CHECK_DIFFERS("softlimit-h-takes-the-soft-limit-down", limited({"-h", "-o", "60"}) == "60 60");
}

TEST_CASE("softlimit: each option is one resource") {
  const struct {
    const char* option;
    const char* resource;
    const char* value;
  } cases[] = {{"-a", "Max address space", "1073741824"},
               {"-c", "Max core file size", "0"},
               {"-d", "Max data size", "1073741824"},
               {"-f", "Max file size", "1073741824"},
               {"-l", "Max locked memory", "4096"},
               {"-p", "Max processes", "1000"},
               {"-r", "Max resident set", "1073741824"},
               {"-s", "Max stack size", "1048576"},
               {"-t", "Max cpu time", "1000"}};
  const std::string before = run({"/bin/cat", "/proc/self/limits"}).out;
  for (const auto& [option, resource, value] : cases) {
    CAPTURE(option);
    const std::string hard = limit_in(before, resource).substr(limit_in(before, resource).find(' '));
    const Ran ran = chain({"s6-softlimit", option, value, "/bin/cat", "/proc/self/limits"});
    CHECK(limit_in(ran.out, resource) == value + hard);
  }
  const Ran memory = chain({"s6-softlimit", "-m", "268435456", "/bin/cat", "/proc/self/limits"});
  for (const char* resource : {"Max address space", "Max data size", "Max stack size"})
    CHECK(limit_in(memory.out, resource).starts_with("268435456 "));
  CHECK(limit_in(memory.out, "Max cpu time") == limit_in(before, "Max cpu time"));
  CHECK_DIFFERS("softlimit-knows-rtprio", chain({"s6-softlimit", "-P", "0", "/bin/true"}).exit == exited(0));
}

TEST_CASE("softlimit: wrong uses") {
  for (const char* wrong : {"", "x", "-1", "1k", "18446744073709551616", "==", "unlimited"})
    CHECK(limited({"-o", wrong}) == "exit 100");
  CHECK_DIFFERS("softlimit-refuses-unknown-options", limited({"-Z"}) == "exit 100");
  CHECK_DIFFERS("softlimit-refuses-unknown-options", limited({"-Z", "5"}) == "exit 100");
}

// --- s6-fghack -------------------------------------------------------------------------------------------------------
TEST_CASE("fghack: lives as long as what the program has left behind") {
  Scene scene;
  const std::string fifo = scene.path() / "fifo", pid = scene.path() / "pid";
  if (mkfifo(fifo.c_str(), 0600) < 0) FAIL("mkfifo");
  Process process(Start{
      .argv = {client("s6-fghack"), "/bin/sh", "-c",
               "cat " + fifo + " >/dev/null & echo $$ >" + pid + ".new; mv " + pid + ".new " + pid + "; exit 3"}});
  eventually("the program has left", [&] { return is_there(pid) && !alive(std::stoi(read_file(pid))); });
  CHECK(process.running());
  write_file(fifo, "end");
  CHECK(process.wait() == exited(3));
}

TEST_CASE("fghack: how the program ends") {
  CHECK(chain({"s6-fghack", "/bin/true"}).exit == exited(0));
  CHECK(chain({"s6-fghack", "/bin/sh", "-c", "exit 42"}).exit == exited(42));
  const Ran missing = chain({"s6-fghack", "no-such-program"});
  CHECK(missing.exit == exited(111));
  CHECK(contains(missing.err, "no-such-program"));
  const Ran dead = chain({"s6-fghack", "/bin/sh", "-c", "kill -9 $$"});
  CHECK(dead.exit == exited(expected("fghack-tells-the-signal", 137, 111)));
  CHECK(dead.err.starts_with("s6-fghack: fatal: "));
  const Ran ignored = chain({"s6-fghack", "/bin/sh", "-c", "exit 42"}, {.ignored = {SIGCHLD}});
  CHECK(ignored.exit == exited(expected("fghack-with-sigchld-ignored", 42, 111)));
  CHECK(chain({"s6-fghack", "-x"}).exit == exited(111));
  CHECK_DIFFERS("two-dashes-end-the-options", chain({"s6-fghack", "--", "/bin/true"}).exit == exited(0));
}

TEST_CASE("fghack: a program that writes where it should not") {
  const Ran ran = chain({"s6-fghack", "/bin/sh", "-c", "echo x >&9"});
  CHECK(ran.exit == exited(102));
  CHECK(ran.err.starts_with("s6-fghack: fatal: "));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
