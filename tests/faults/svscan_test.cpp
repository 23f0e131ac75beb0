// s6-svscan: whatever call of a life fails, it goes on, each service has exactly one supervisor, and each logger its
// pipe. Killed at any call, it leaves nothing behind that would keep the next one from that.
#include <algorithm>
#include <memory>

#include "../process/scanner.hpp"
#include "common/service_dir.hpp"
#include "walk.hpp"

namespace s6::test {
namespace {

constexpr std::string_view openat_names = "open,openat";
constexpr std::string_view clone_names = "clone,clone3,vfork,fork";
constexpr std::string_view poll_names = "poll,ppoll";
const Call calls[] = {
    {clone_names, {"EAGAIN", "ENOMEM"}},
    {"fcntl", {"ENOLCK", "EINTR"}},
    {"getdents64", {"EIO", "ENOMEM"}},
    {"mkdir,mkdirat", {"ENOSPC", "EACCES", "EIO"}},
    {"mknod,mknodat", {"ENOSPC", "EACCES", "EIO"}},
    {"mmap", {"ENOMEM"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "EINTR"}},
    {"pipe2", {"EMFILE", "ENFILE"}},
    {poll_names, {"ENOMEM", "EINTR"}},
    {"read", {"EINTR", "EAGAIN"}},
    {"signalfd4", {"EMFILE", "ENOMEM"}},
    {"stat,newfstatat", {"EIO", "EACCES", "ENOMEM"}},
    {"wait4", {"EINTR"}},
};

// Those after which something is different. Between two of them it is all the same when it dies.
const Call steps[] = {
    {clone_names, {}}, {"mkdir,mkdirat", {}}, {"mknod,mknodat", {}}, {openat_names, {}},
    {"pipe2", {}},     {poll_names, {}},      {"wait4", {}},         {"kill", {}},
};

const Call lasting[] = {
    {clone_names, {"EAGAIN", "ENOMEM"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO"}},
    {"pipe2", {"EMFILE", "ENFILE"}},
    {poll_names, {"ENOMEM"}},
    {"stat,newfstatat", {"EIO", "EACCES", "ENOMEM"}},
};

const Call lasting_in_children[] = {
    {"dup2,dup3", {"EMFILE"}},
    {"execve", {"EACCES", "EIO", "ENOMEM"}},
};

// The process under test has ended.
struct Ended {};

// A scan directory with a service and a service that has a logger, and the scanner, under a fault.
class Life {
 public:
  explicit Life(const Scene& scene, const Fault& fault);

  void live();  // Ended{} if it ends before it is to
  void live_on();
  void leave();
  void restart() { restarted_ = std::make_unique<Process>(start({})); }

  [[nodiscard]] Process& process() { return restarted_ ? *restarted_ : process_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] std::string err() const { return process_.err() + (restarted_ ? restarted_->err() : ""); }

  void send(std::string_view bytes);
  [[nodiscard]] std::vector<pid_t> supervisors(std::string_view name);
  void await(std::string_view what, const std::function<bool()>& holds, Here here = Here::now());
  void await_all_up();
  void kill_supervisors();
  void link_late() { scan_.link(late_); }
  void await_late();
  void remove_late_and_plain();
  void await_reading();

 private:
  [[nodiscard]] Process start(const Fault& fault) const {
    return Process(Start{.argv = trace_.command(fault, {supervisor("s6-svscan"), scan_.path()})});
  }
  [[nodiscard]] bool is_up(std::string_view name);
  void await_up(std::string_view name);
  void scan_if_that_failed();

  Trace trace_;
  ScanDir scan_;
  ServiceDir plain_;
  ServiceDir logged_;
  ServiceDir logger_;
  ServiceDir late_;
  ServiceDir late_logger_;
  Process process_;
  std::unique_ptr<Process> restarted_;
  std::size_t failed_scans_ = 0;
};

// A service that is heard only by way of its pipe and its logger.
ServiceDir talking(const ScanDir& scan) {
  ServiceDir dir = scan.service("logged");
  dir.run_sh("echo here is $$\nexec sleep 1000000");
  return dir;
}

Life::Life(const Scene& scene, const Fault& fault)
    : trace_(scene.path() / "trace"),
      scan_(scene),
      plain_(scan_.service("plain", "sleep")),
      logged_(talking(scan_)),
      logger_(logger_of(logged_)),
      late_(scan_.apart("late", "sleep")),
      late_logger_(logger_of(late_)),
      process_(start(fault)) {}

void Life::await(std::string_view what, const std::function<bool()>& holds, Here here) {
  INFO("it said: ", err());
  eventually(
      what,
      [&] {
        if (holds()) return true;
        if (!process().running()) throw Ended{};
        scan_if_that_failed();
        return false;
      },
      here);
}

// It looks again by itself some seconds later, which the complete walk waits for.
void Life::scan_if_that_failed() {
  const std::size_t told = count_lines(err(), "the scan directory") + count_lines(err(), "cannot be examined");
  if (told > failed_scans_ && !walks_everything()) send("a");
  failed_scans_ = told;
}

void Life::send(std::string_view bytes) {
  eventually("somebody listens", [&] {
    if (!process().running()) throw Ended{};
    const UniqueFd control(open(scan_.own("control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return control && write(control.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  });
}

std::vector<pid_t> Life::supervisors(std::string_view name) {
  std::vector<pid_t> found;
  for (const pid_t pid : its_children(process().pid()))
    if (command_line(pid) == std::vector<std::string>{"s6-supervise", std::string(name)}) found.push_back(pid);
  return found;
}

// It has one supervisor, which has taken the directory, and that has one service, as its status says.
bool Life::is_up(std::string_view name) {
  const auto found = supervisors(name);
  if (found.size() != 1) return false;
  const auto directory = scan_ / name;
  const auto status = service_dir::read_status(directory.c_str());
  const auto holder = service_dir::test_supervisor(directory.c_str());
  return status && status->pid != 0 && its_children(found[0]) == std::vector{status->pid} && holder &&
         holder->holder == found[0];
}

void Life::await_up(std::string_view name) {
  await("there is one supervisor of " + std::string(name), [&] { return is_up(name); });
}

void Life::await_all_up() {
  await_up("plain");
  await_up("logged");
  await_up("logged/log");
}

// The logger first: what the next service says is then in the pipe until there is another, and in no dead one's hands.
void Life::kill_supervisors() {
  await_all_up();
  for (const char* name : {"logged/log", "logged"})
    for (const pid_t pid : supervisors(name)) kill_supervisor(pid);
}

// What the logged service says gets to its logger.
void Life::await_reading() {
  await_all_up();
  logger_.voice().wait_for("here is " + std::to_string(logged_.status().pid));
}

void Life::await_late() {
  await_up("late");
  await_up("late/log");
}

void Life::remove_late_and_plain() {
  scan_.unlink("late");
  scan_.unlink("plain");
  send("an");
  for (const char* name : {"late", "late/log", "plain"})
    await("there is no supervisor any more", [&] { return supervisors(name).empty(); });
}

void Life::live() {
  await_reading();
  kill_supervisors();
  link_late();
  send("a");
  await_late();
  await_reading();
  remove_late_and_plain();
  trace_.wait_for_rest();
}

void Life::live_on() {
  if (!is_there(scan_ / "plain")) scan_.link(plain_);
  send("a");
  await_reading();
}

void Life::leave() {
  process().signal(SIGTERM);
  if (process().wait() == killed(SIGKILL)) throw Ended{};
  CHECK(process().wait() == exited(0));
  for (const ServiceDir* dir : {&plain_, &logged_, &logger_, &late_, &late_logger_}) CHECK_FALSE(dir->supervised());
}

bool live_with_error(const Fault& fault) {
  Scene scene;
  Life life(scene, fault);
  try {
    life.live();
  } catch (const Ended&) {
    // Until it is in its loop it may give up, if it says why.
    CHECK(life.process().wait() == exited(111));
    CHECK(contains(life.err(), "s6-svscan: fatal: "));
    CHECK_FALSE(contains(life.trace().text(), "ppoll("));
    life.restart();
    life.live();
  }
  life.leave();
  CHECK(life.trace().calls() < 3000);
  wait_for_straces();
  return life.trace().has_fault();
}

// Its supervisors and their services live on when it is killed. Told to end, they make room for those of the next one.
bool live_until_death(const Fault& fault) {
  Scene scene;
  Life life(scene, fault);
  try {
    life.live();
    life.leave();
    wait_for_straces();
    return false;
  } catch (const Ended&) {
    CHECK(life.process().wait() == killed(SIGKILL));
  }
  wait_for_straces();
  const std::vector<pid_t> orphans = its_children(getpid());
  life.restart();
  life.send("a");
  for (const pid_t pid : orphans) kill(pid, SIGTERM);
  for (const pid_t pid : orphans) wait_dead(pid);
  reap_dead_children();
  life.live_on();
  life.leave();
  return true;
}

void live_with_lasting_fault(const Fault& fault, Follow follow) {
  Scene scene;
  Life life(scene, {});
  life.await_all_up();
  {
    const LastingFault lasting_fault(life.process().pid(), fault, life.trace(), follow);
    life.kill_supervisors();
    life.link_late();
    life.send("a");
    life.await("the fault is met", [&] { return life.trace().has_fault(); });
    life.trace().wait_for_rest();
    CHECK(life.process().running());
    CHECK(life.trace().calls() < 3000);
  }
  life.live_on();
  life.await_late();
  life.leave();
}

TEST_SUITE_BEGIN("svscan");

TEST_CASE("svscan: any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_errors(calls, live_with_error);
}

TEST_CASE("svscan: killed at any call, it leaves nothing in the way of the next one") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_deaths(steps, live_until_death);
}

TEST_CASE("svscan: a call may fail for a while") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_lasting(lasting, [](const Fault& fault) { live_with_lasting_fault(fault, Follow::itself); });
  walk_lasting(lasting_in_children, [](const Fault& fault) { live_with_lasting_fault(fault, Follow::children); });
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
