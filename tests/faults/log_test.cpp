// s6-log: whatever call fails, it goes on, and each line is there once. process/log_faults_test.cpp kills it at each
// call of a rotation and of a recovery.
#include "../process/logging.hpp"
#include "walk.hpp"

namespace s6::test {
namespace {

constexpr std::string_view openat_names = "open,openat";
constexpr std::string_view rename_names = "renameat,renameat2";
const Call calls[] = {
    {"fchmodat,fchmodat2", {"EIO", "EPERM"}},
    {"fcntl", {"ENOLCK", "EINTR"}},
    {"fstat,newfstatat", {"EIO", "ENOMEM"}},
    {"fsync", {"EIO", "EINTR", "ENOSPC"}},
    {"getdents64", {"EIO", "ENOMEM"}},
    {"linkat", {"ENOSPC", "EIO", "EACCES"}},
    {"mkdir,mkdirat", {"ENOSPC", "EACCES", "EIO"}},
    {"mmap", {"ENOMEM"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC", "EINTR"}},
    {"poll,ppoll", {"ENOMEM", "EINTR"}},
    {"read", {"EINTR", "EAGAIN"}},
    {rename_names, {"ENOSPC", "EIO", "EACCES"}},
    {"signalfd4", {"EMFILE", "ENOMEM"}},
    {"unlinkat", {"EIO", "EACCES"}},
    {"write", {"ENOSPC", "EIO", "EINTR", "EDQUOT"}},
};

// What is called otherwise, or more often, where there is a processor.
const Call calls_for_processors[] = {
    {"clone,clone3,vfork,fork", {"EAGAIN", "ENOMEM"}},
    {"fchmodat,fchmodat2", {"EIO", "EPERM"}},
    {"fsync", {"EIO", "EINTR", "ENOSPC"}},
    {"linkat", {"ENOSPC", "EIO", "EACCES"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC", "EINTR"}},
    {rename_names, {"ENOSPC", "EIO", "EACCES"}},
    {"unlinkat", {"EIO", "EACCES"}},
    {"wait4", {"EINTR"}},
};

// To standard output, and the last line to a file.
const Call calls_for_streams[] = {
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC", "EINTR"}},
    {"rename,renameat,renameat2", {"ENOSPC", "EIO", "EACCES"}},
    {"write", {"EINTR", "EAGAIN"}},
};

// What can go on failing for a while.
const Call lasting[] = {
    {"fchmodat,fchmodat2", {"EIO", "EPERM"}},
    {"fsync", {"EIO", "ENOSPC"}},
    {"getdents64", {"EIO", "ENOMEM"}},
    {"linkat", {"ENOSPC", "EIO", "EACCES"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC"}},
    {rename_names, {"ENOSPC", "EIO", "EACCES"}},
    {"unlinkat", {"EIO", "EACCES"}},
    {"write", {"ENOSPC", "EIO", "EDQUOT"}},
};

constexpr int line_count = 100;
const Words rotating = {"n100", "s4096", "l0", "./d"};
const Words processing = {"n100", "s4096", "l0", "?cat", "./d"};
const Words to_streams = {"1", "=last", "./d"};

// Logs all lines under a fault; whether it was met. Before it reads anything s6-log may give up, if it says why.
struct Logged {
  Ran ran;
  bool met = false;
};
Logged log_all(const Scene& scene, const Words& words, const Fault& fault) {
  const Trace trace(scene.path() / "trace");
  const std::string input = numbered_lines(line_count);
  Logged logged{fed(scene, trace.command(fault, log_command(words)), input)};
  wait_for_straces();
  if (logged.ran.exit == exited(111)) {
    CHECK(contains(logged.ran.err, "s6-log: fatal: "));
    CHECK_FALSE(contains(trace.text(), "ppoll("));
    logged.ran = log_fed(scene, words, input);
  }
  CHECK(logged.ran.exit == exited(0));
  CHECK(trace.calls() < 3000);
  CHECK(LogDir(scene.path() / "d").logged() == input);
  logged.met = trace.has_fault();
  return logged;
}

void log_with_lasting_fault(const Fault& fault) {
  Scene scene;
  const LogDir dir(scene.path() / "d");
  const Trace trace(scene.path() / "trace");
  const std::string text = numbered_lines(line_count);
  RunningLog log(scene, rotating);
  {
    const LastingFault lasting_fault(log.process().pid(), fault, trace);
    log.write(text);
    eventually("the fault is met", [&] { return trace.has_fault(); });
    trace.wait_for_rest();
    CHECK(log.process().running());
    CHECK(trace.calls() < 3000);
  }
  dir.await(text);
  CHECK(log.end() == exited(0));
  CHECK(dir.logged() == text);
}

TEST_SUITE_BEGIN("log");

TEST_CASE("log: any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_errors(calls, [](const Fault& fault) {
    Scene scene;
    return log_all(scene, rotating, fault).met;
  });
}

TEST_CASE("log: with a processor any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_errors(calls_for_processors, [](const Fault& fault) {
    Scene scene;
    return log_all(scene, processing, fault).met;
  });
}

TEST_CASE("log: with streams and a status file any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_errors(calls_for_streams, [](const Fault& fault) {
    Scene scene;
    const Logged logged = log_all(scene, to_streams, fault);
    CHECK(logged.ran.out == numbered_lines(line_count));
    // A status file without its last line was said not to be written.
    const bool is_told = contains(logged.ran.err, "last");
    CHECK((read_file(scene.path() / "last").starts_with(numbered_line(line_count - 1)) || is_told));
    return logged.met;
  });
}

TEST_CASE("log: a call may fail for a while") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_lasting(lasting, log_with_lasting_fault);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
