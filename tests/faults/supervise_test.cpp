// s6-supervise: whatever call of a life fails, it goes on, there is exactly one copy of the service, and the status is
// true again. Killed at any call, it leaves nothing behind that would keep the next one from that.
#include <algorithm>
#include <memory>

#include "../process/scanner.hpp"
#include "common/service_dir.hpp"
#include "walk.hpp"

namespace s6::test {
namespace {

constexpr std::string_view openat_names = "open,openat";
const Call calls[] = {
    {"access,faccessat,faccessat2", {"EIO", "EACCES", "ENOMEM"}},
    {"chmod,fchmodat", {"EIO", "EPERM"}},
    {"chown,fchownat", {"EIO", "EPERM"}},
    {"clone,clone3,vfork,fork", {"EAGAIN", "ENOMEM"}},
    {"fcntl", {"ENOLCK", "EINTR"}},
    {"fstat,newfstatat", {"EIO", "ENOMEM"}},
    {"getdents64", {"EIO", "ENOMEM"}},
    {"lstat,newfstatat", {"EIO", "EACCES", "ENOMEM"}},
    {"mkdir,mkdirat", {"ENOSPC", "EACCES", "EIO"}},
    {"mknod,mknodat", {"ENOSPC", "EACCES", "EIO"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC", "EINTR"}},
    {"pipe2", {"EMFILE", "ENFILE"}},
    {"poll,ppoll", {"ENOMEM", "EINTR"}},
    {"pread64", {"EIO", "EINTR"}},
    {"read", {"EINTR", "EAGAIN"}},
    {"read", {"EIO"}, "test/notification-fd"},
    {"read", {"EIO"}, "test/restart-delay"},
    {"rename,renameat,renameat2", {"ENOSPC", "EIO", "EACCES"}},
    {"signalfd4", {"EMFILE", "ENOMEM"}},
    {"unlink,unlinkat", {"EIO", "EACCES"}},
    {"wait4", {"EINTR"}},
    {"write", {"ENOSPC", "EIO", "EINTR"}},
};

// Those after which something is different. Between two of them it is all the same when it dies.
const Call steps[] = {
    {"chmod,fchmodat", {}},
    {"chown,fchownat", {}},
    {"clone,clone3,vfork,fork", {}},
    {"mkdir,mkdirat", {}},
    {"mknod,mknodat", {}},
    {openat_names, {}},
    {"poll,ppoll", {}},
    {"rename,renameat,renameat2", {}},
    {"unlink,unlinkat", {}},
    {"wait4", {}},
    {"write", {}},
};

// What can go on failing for a while.
const Call lasting[] = {
    {"clone,clone3,vfork,fork", {"EAGAIN", "ENOMEM"}},
    {openat_names, {"EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ENOSPC"}},
    {"pipe2", {"EMFILE", "ENFILE"}},
    {"rename,renameat,renameat2", {"ENOSPC", "EIO", "EACCES"}},
    {"write", {"ENOSPC", "EIO"}},
};

// In the child that is to become the service.
const Call lasting_in_children[] = {
    {"execve", {"EACCES", "EIO", "ENOMEM", "ETXTBSY"}},
    {"dup2,dup3", {"EMFILE"}},
};

// The process under test has ended.
struct Ended {};

const std::vector<std::string> run_command = {"./run", "test"};

// One service and its supervisor, under a fault.
class Life {
 public:
  explicit Life(const Scene& scene, const Fault& fault)
      : trace_(scene.path() / "trace"), dir_(made(scene)), process_(start(fault)) {}

  // Every kind of thing a supervisor does. Ended{} if it ends before it is to.
  void live();
  void live_on();  // a short life
  void leave();
  // What comes after an end that was not wanted: the same directory once more.
  void restart() { restarted_ = std::make_unique<Process>(start({})); }

  [[nodiscard]] Process& process() { return restarted_ ? *restarted_ : process_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] ServiceDir& dir() { return dir_; }
  [[nodiscard]] bool was_told(std::string_view text) const { return contains(err(), text); }
  [[nodiscard]] std::string err() const { return process_.err() + (restarted_ ? restarted_->err() : ""); }

  void send(std::string_view bytes);
  void await_up(pid_t not_this_one = 0);
  void await_down();
  [[nodiscard]] bool has_status() const { return status().has_value(); }
  [[nodiscard]] pid_t pid_in_status() const { return status().value_or(Status{}).pid; }
  void await(std::string_view what, const std::function<bool()>& holds, Here here = Here::now());

 private:
  static ServiceDir made(const Scene& scene);
  [[nodiscard]] Process start(const Fault& fault) const {
    return Process(
        Start{.argv = trace_.command(fault, {supervisor("s6-supervise"), "test"}), .cwd = dir_.path().parent_path()});
  }
  [[nodiscard]] std::optional<Status> status() const {
    const auto read = service_dir::read_status(dir_.path().c_str());
    return read ? std::optional(*read) : std::nullopt;
  }
  [[nodiscard]] bool is_up(pid_t not_this_one);
  [[nodiscard]] bool is_down();
  void ask_again_for_a_failed_start();
  void die_and_come_back();
  void pause_and_continue();
  void down_and_up_for_good();

  Trace trace_;
  ServiceDir dir_;
  Process process_;
  std::unique_ptr<Process> restarted_;
  std::size_t failed_starts_ = 0;  // told so far
};

ServiceDir Life::made(const Scene& scene) {
  ServiceDir dir = scene.service();
  dir.run("notify 3 \\n\nsleep").finish("exit 0");
  dir.file("notification-fd", "3").file("lock-fd", "4").file("restart-delay", "0");
  dir.file("max-death-tally", "2");  // an ordinary tally is extended, a full one is copied
  return dir;
}

// Whatever descends from the runner, and which of them have the lock of the service.
std::string processes() {
  std::string text;
  for (const pid_t pid : descendants(getpid())) {
    text += std::to_string(pid) + " " + process_state(pid);
    for (const std::string& word : command_line(pid)) text += " " + word;
    for (const int fd : open_fds(pid))
      if (contains(fd_target(pid, fd), service_dir::service_lock)) text += " (has the lock open)";
    text += "; ";
  }
  return text;
}

void Life::await(std::string_view what, const std::function<bool()>& holds, Here here) {
  INFO("it said: ", err());
  INFO("there are: ", processes());
  eventually(
      what,
      [&] {
        if (holds()) return true;
        if (!process().running()) throw Ended{};
        return false;
      },
      here);
}

void Life::send(std::string_view bytes) {
  await("somebody listens", [&] {
    const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return control && write(control.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  });
}

// Does the status tell what is: one copy of the service, which is ready?
bool Life::is_up(pid_t not_this_one) {
  const auto now = status();
  if (!now || now->pid == 0 || now->pid == not_this_one || !now->want_up || now->finishing || now->paused) return false;
  // Where the file that says how readiness is told cannot be read, it is not told.
  if (!now->ready && !was_told("notification-fd")) return false;
  return its_children(process().pid()) == std::vector{now->pid} && command_line(now->pid) == run_command;
}

bool Life::is_down() {
  const auto now = status();
  return now && now->pid == 0 && !now->want_up && !now->finishing && its_children(process().pid()).empty();
}

// A start that fails is tried again after a minute, or as soon as somebody asks for it.
void Life::ask_again_for_a_failed_start() {
  const std::size_t told = count_lines(err(), "trying again every 60 seconds");
  if (told > failed_starts_) send("u");
  failed_starts_ = told;
}

void Life::await_up(pid_t not_this_one) {
  await("the service is up, and the status says so", [&] {
    ask_again_for_a_failed_start();
    return is_up(not_this_one);
  });
}

void Life::await_down() {
  await("the service is down, and the status says so", [&] { return is_down(); });
}

void Life::die_and_come_back() {
  const pid_t before = dir_.status().pid;
  kill(before, SIGKILL);
  await_up(before);
  CHECK(read_file(dir_ / "supervise/death_tally").size() % wire::death_size == 0);
  if (err().empty()) CHECK(dir_.deaths().size() == 1);
}

void Life::pause_and_continue() {
  const pid_t pid = dir_.status().pid;
  send("p");
  await("the service is stopped, and the status says so", [&] {
    const auto now = status();
    return process_state(pid) == 'T' && now && now->pid == pid && now->paused;
  });
  send("c");
  await_up();
  CHECK(dir_.status().pid == pid);
}

void Life::down_and_up_for_good() {
  send("D");
  await_down();
  CHECK((is_there(dir_ / "down") || was_told("unable to create ./down")));
  send("U");
  await_up();
  CHECK((!is_there(dir_ / "down") || was_told("unable to remove ./down")));
}

void Life::live() {
  await_up();
  die_and_come_back();
  pause_and_continue();
  send("d");
  await_down();
  send("u");
  await_up();
  down_and_up_for_good();
  trace_.wait_for_rest();
}

void Life::live_on() {
  await_up();
  send("d");
  await_down();
}

void Life::leave() {
  process().signal(SIGTERM);
  if (process().wait() == killed(SIGKILL)) throw Ended{};
  CHECK(process().wait() == exited(0));
  CHECK(is_down());
  CHECK_FALSE(dir_.supervised());
}

// Until it has made its control FIFO and taken all it needs a supervisor may give up, if it says why.
void check_refused_to_start(Life& life) {
  CHECK(life.process().wait() == exited(111));
  CHECK(life.was_told("s6-supervise"));
  CHECK_FALSE(contains(life.trace().text(), "status.new"));
}

bool live_with_error(const Fault& fault) {
  Scene scene;
  Life life(scene, fault);
  try {
    life.live();
  } catch (const Ended&) {
    check_refused_to_start(life);
    life.restart();
    life.live();
  }
  life.leave();
  CHECK(life.trace().calls() < 3000);
  wait_for_straces();
  return life.trace().has_fault();
}

// What a supervisor that was killed has left to others.
std::vector<pid_t> orphans() {
  wait_for_straces();
  return its_children(getpid());
}

bool is_copy(pid_t pid) {
  return command_line(pid) == run_command && alive(pid);
}

// The lock keeps a second copy from running as long as there is the first one. Which may end by itself: when its
// supervisor dies there is nobody to whom it could say that it is ready.
void check_there_is_one_copy(Life& life, const std::vector<pid_t>& left) {
  const pid_t supervisor = life.process().pid();
  life.await("another copy waits, or runs", [&] { return !its_children(supervisor).empty(); });
  if (std::ranges::any_of(its_children(supervisor), is_copy)) CHECK(std::ranges::none_of(left, is_copy));
}

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
  CHECK((!is_there(life.dir() / "supervise/status") || life.has_status()));
  CHECK(read_file(life.dir() / "supervise/death_tally").size() % wire::death_size == 0);
  const std::vector<pid_t> left = orphans();
  life.restart();
  life.send("U");
  check_there_is_one_copy(life, left);
  for (const pid_t pid : left) kill(pid, SIGKILL);
  for (const pid_t pid : left) wait_dead(pid);
  reap_dead_children();
  life.live_on();
  life.leave();
  return true;
}

// Everything that changes the service, while a call fails each time; then it works again.
void live_with_lasting_fault(const Fault& fault, Follow follow) {
  Scene scene;
  Life life(scene, {});
  life.await_up();
  {
    const LastingFault lasting_fault(life.process().pid(), fault, life.trace(), follow);
    kill(life.pid_in_status(), SIGKILL);
    for (const char* command : {"d", "u", "D", "U", "k"}) {
      life.send(command);
      wait_drained(life.dir());
    }
    life.trace().wait_for_rest();
    CHECK(life.process().running());
    CHECK(life.trace().calls() < 3000);
  }
  CHECK(life.trace().has_fault());
  life.send("U");
  life.live_on();
  life.leave();
}

TEST_SUITE_BEGIN("supervise");

TEST_CASE("supervise: any call may fail") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_errors(calls, live_with_error);
}

TEST_CASE("supervise: killed at any call, it leaves nothing in the way of the next one") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_deaths(steps, live_until_death);
}

TEST_CASE("supervise: a call may fail for a while") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  walk_lasting(lasting, [](const Fault& fault) { live_with_lasting_fault(fault, Follow::itself); });
  walk_lasting(lasting_in_children, [](const Fault& fault) { live_with_lasting_fault(fault, Follow::children); });
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
