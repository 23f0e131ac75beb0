#include "tree.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "common/unique_fd.hpp"
#include "events.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

fs::path scratch;

void write_into_fifo(const fs::path& fifo, std::string_view bytes) {
  const UniqueFd fd(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0 || ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    fail_errno("cannot write into " + fifo.string());
}

// The same length for all, so that no name costs more than another.
std::string name_of(int number) {
  const std::string digits = std::to_string(number);
  return "service-" + std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

void make_service(const fs::path& directory, Readiness readiness) {
  fs::create_directory(directory);
  fs::create_symlink(bench_program("bench-service"), directory / "run");
  if (readiness == Readiness::notified) write_file(directory / "notification-fd", "3\n");
}

}  // namespace

void work_in(const fs::path& directory) {
  scratch = directory;
}

const fs::path& scratch_directory() {
  return scratch;
}

std::string bench_program(std::string_view name) {
  return fs::path(S6_BENCH_PROGRAMS) / name;
}

void send(const fs::path& service, std::string_view bytes) {
  write_into_fifo(service / "supervise/control", bytes);
}

// --- candidates ----------------------------------------------------------------------------------------------------
Command Candidate::command(std::string_view name, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), program(name));
  return {.argv = std::move(arguments), .path = directory.string() + ":/usr/bin:/bin"};
}

Candidate s6_candidate(const fs::path& directory, const std::string& label) {
  Candidate candidate{.label = label, .directory = directory};
  // An option that it does not know is 100, a directory that is not there 111.
  const Ended ended = await(start(candidate.command("s6-svscan", {"-C", "10", scratch / "none"})));
  candidate.takes_services_max = WEXITSTATUS(ended.status) != 100;
  const Ended watching = await(start(candidate.command("s6-svscan", {"--watch", scratch / "none"})));
  candidate.can_watch = WEXITSTATUS(watching.status) != 100;
  return candidate;
}

// --- trees ---------------------------------------------------------------------------------------------------------
Tree::Tree(const Candidate& candidate, Readiness readiness) : candidate_(candidate), readiness_(readiness) {
  static int count = 0;
  place_ = scratch / ("tree-" + std::to_string(count++));
  fs::create_directories(place_ / "scan");
}

// From the top, so that nothing is restarted. Other trees are none of its business.
void Tree::kill_all() const {
  const std::vector<pid_t> all = descendants(scanner_);
  ::kill(scanner_, SIGKILL);
  for (const pid_t pid : all) ::kill(pid, SIGKILL);
  (void)await(scanner_);
  for (const pid_t pid : all) wait_until("the end of a killed tree", [pid] { return has_ended(pid); });
}

Tree::~Tree() {
  try {
    if (scanner_ > 0) kill_all();
  } catch (const Failure&) {
    // What is left is killed at the end of the family.
  }
  std::error_code ignored;
  fs::remove_all(place_, ignored);
}

void Tree::add(int count) {
  while (size() < count) {
    services_.push_back(place_ / "scan" / name_of(size()));
    make_service(services_.back(), readiness_);
  }
}

fs::path Tree::add_with_events() {
  // Moved in as a whole: the scanner must not see a half of it.
  const fs::path prepared = place_ / "prepared";
  make_service(prepared, readiness_);
  if (::mkdir((prepared / "event").c_str(), 0700) != 0 || ::chmod((prepared / "event").c_str(), 03730) != 0)
    fail_errno("cannot make event/");
  services_.push_back(place_ / "scan" / name_of(size()));
  fs::rename(prepared, services_.back());
  return services_.back();
}

void Tree::remove_last() {
  const fs::path removed = place_ / "removed";
  fs::rename(services_.back(), removed);
  services_.pop_back();
  control("an");
  wait_until("the end of a supervisor", [&] {
    const UniqueFd fd(::open((removed / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return fd.get() < 0;
  });
  fs::remove_all(removed);
}

Command Tree::scanner_command(int capacity) const {
  const std::string scan = place_ / "scan";
  Command command;
  switch (candidate_.kind) {
    case Candidate::Kind::s6:
      command = candidate_.command(
          "s6-svscan", {candidate_.takes_services_max ? "-C" : "-c", std::to_string(capacity), "-t", "0", scan});
      if (watched_) command.argv.insert(command.argv.begin() + 1, "--watch");
      break;
    case Candidate::Kind::runit: command = candidate_.command("runsvdir", {scan}); break;
    case Candidate::Kind::bare: command = {.argv = {bench_program("bench-bare"), scan}}; break;
    case Candidate::Kind::contract: command = {.argv = {bench_program("bench-contract"), scan}}; break;
  }
  command.join = cgroup_.procs();
  return command;
}

void Tree::start(int capacity) {
  scanner_ = bench::start(scanner_command(capacity));
}

bool Tree::is_ready(const fs::path& service) const {
  if (candidate_.kind == Candidate::Kind::runit) return !read_file(service / "supervise/pid").empty();
  const std::optional<Status> status = read_status(service);
  return status && status->is_up() && (status->ready || readiness_ == Readiness::none);
}

// Asks one after the other, each only until it has been ready once: a look at all of them each time would cost more
// than what is measured.
bool Tree::is_ready() {
  while (ready_ < services_.size() && is_ready(services_[ready_])) ++ready_;
  return ready_ == services_.size();
}

void Tree::wait_ready() {
  ready_ = 0;
  wait_until("all services to be ready", [&] { return is_ready(); });
}

void Tree::stop() {
  if (candidate_.keeps_contract()) {
    control("t");
    (void)await(scanner_);
  } else {
    const std::vector<pid_t> supervisors = children(scanner_);
    ::kill(scanner_, candidate_.kind == Candidate::Kind::runit ? SIGHUP : SIGTERM);
    (void)await(scanner_);
    for (const pid_t pid : supervisors) wait_until("the end of a supervisor", [pid] { return has_ended(pid); });
  }
  scanner_ = -1;
}

double Tree::cpu_milliseconds() const {
  if (cgroup_.knows_cpu()) return cgroup_.cpu_milliseconds();
  double sum = bench::cpu_milliseconds(scanner_);
  for (const pid_t pid : descendants(scanner_)) sum += bench::cpu_milliseconds(pid);
  return sum;
}

void Tree::control(std::string_view bytes) const {
  wait_until("the scanner to listen",
             [&] { return ::access((place_ / "scan/.s6-svscan/control").c_str(), F_OK) == 0; });
  write_into_fifo(place_ / "scan/.s6-svscan/control", bytes);
}

}  // namespace s6::bench
