#include "fabricated.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "common/fifodir.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "programs.hpp"

namespace s6::test {
namespace fs = std::filesystem;

// --- statuses -------------------------------------------------------------------------------------------------------
namespace status_of {
namespace {
Status now() {
  const Tai64n stamp = sys::stamp_now();
  return {.changed = stamp, .ready_since = stamp};
}
}  // namespace

Status up() {
  Status status = now();
  status.pid = 12345;
  status.want_up = true;
  return status;
}

Status ready() {
  Status status = up();
  status.ready = true;
  return status;
}

Status finishing() {
  Status status = up();
  status.finishing = true;
  return status;
}

Status down() {
  Status status = now();
  status.ready = true;
  return status;
}

Status not_started() {
  Status status = down();
  status.paused = true;
  return status;
}
}  // namespace status_of

std::string packed(const Status& status) {
  const auto raw = wire::encode(status);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

std::string packed_with_group(const Status& status) {
  std::string bytes = packed(status);
  return bytes.insert(32, bytes.substr(24, 8));
}

// --- service directories --------------------------------------------------------------------------------------------
Fabricated::Fabricated(fs::path path, const Status& status) : path_(std::move(path)) {
  fs::create_directories(path_ / "event");
  chmod((path_ / "event").c_str(), 03730);
  fs::create_directories(path_ / "supervise");
  chmod((path_ / "supervise").c_str(), 0700);
  write_status(status);
}

void Fabricated::write_status(std::string_view bytes) const {
  write_file(path_ / "supervise/status.new", bytes);
  fs::rename(path_ / "supervise/status.new", path_ / "supervise/status");
}

void Fabricated::notify(std::string_view letters) const {
  const std::string event = path_ / "event";
  if (!fifodir::notify(event.c_str(), letters)) FAIL("cannot notify " << event);
}

std::vector<std::string> Fabricated::subscribers() const {
  std::vector<std::string> names;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(path_ / "event", gone)) names.push_back(entry.path().filename());
  return names;
}

namespace {
bool is_subscribed(const Fabricated& service) {
  return std::ranges::any_of(service.subscribers(), [](std::string_view name) { return name.starts_with("ftrig1:"); });
}
}  // namespace

void Fabricated::wait_subscribed(Here here) const {
  eventually(
      "somebody subscribes to " + path_.string(), [&] { return is_subscribed(*this); }, here);
}

void Fabricated::wait_unsubscribed(Here here) const {
  eventually(
      "nobody is subscribed to " + path_.string(), [&] { return subscribers().empty(); }, here);
}

// --- locks ----------------------------------------------------------------------------------------------------------
namespace {

// Record locks survive exec, but not fork: they are taken last of all. The descriptors stay open.
void take_locks(const std::vector<fs::path>& directories) {
  for (const fs::path& directory : directories) {
    const int fd = open((directory / "supervise/lock").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock whole_file {};
    whole_file.l_type = F_WRLCK;
    whole_file.l_whence = SEEK_SET;
    if (fd < 0 || fcntl(fd, F_SETLK, &whole_file) < 0) {
      dprintf(2, "process-tests: cannot lock %s: %s\n", directory.c_str(), strerror(errno));
      _exit(126);
    }
  }
}

}  // namespace

LockHolder::LockHolder(const std::vector<fs::path>& directories, Here here)
    : process_({.argv = {"/bin/sleep", "1000"}, .in_child = [&directories] { take_locks(directories); }}) {
  const auto locked = [](const fs::path& directory) {
    const auto state = service_dir::test_supervisor(directory.c_str());
    return state && state->locked;
  };
  eventually(
      "supervise/lock is held", [&] { return std::ranges::all_of(directories, locked) || !process_.running(); }, here);
  if (!process_.running()) fail(here, "no lock: " + process_.err());
}

void LockHolder::kill(Here here) {
  process_.signal(SIGKILL);
  (void)process_.wait(here);
}

// --- control --------------------------------------------------------------------------------------------------------
Control::Control(const fs::path& directory, mode_t mode) {
  const fs::path fifo = directory / "supervise/control";
  if (mkfifo(fifo.c_str(), mode) < 0) FAIL("mkfifo " << fifo.string() << ": " << strerror(errno));
  // Only for reading: a FIFO that has a writer of ours never tells that its last reader is gone.
  fd_.reset(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd_) FAIL("open " << fifo.string() << ": " << strerror(errno));
}

std::string Control::take() {
  std::string bytes;
  std::array<char, 4096> buffer;
  for (ssize_t n; (n = read(fd_.get(), buffer.data(), buffer.size())) > 0;)
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
  return bytes;
}

std::string Control::next(Here here) {
  // Asked again and again: without a writer it always looks readable, as at an end of file.
  std::string bytes;
  eventually(
      "something comes to supervise/control",
      [&] {
        bytes = take();
        return !bytes.empty();
      },
      here);
  return bytes;
}

void Control::leave_room_for(std::size_t bytes) {
  const int page = static_cast<int>(sysconf(_SC_PAGESIZE));
  if (fcntl(fd_.get(), F_SETPIPE_SZ, page) != page) FAIL("F_SETPIPE_SZ: " << strerror(errno));
  const UniqueFd writer(open(("/proc/self/fd/" + std::to_string(fd_.get())).c_str(), O_WRONLY | O_CLOEXEC));
  const std::string filler(static_cast<std::size_t>(page) - bytes, '~');
  if (write(writer.get(), filler.data(), filler.size()) != static_cast<ssize_t>(filler.size()))
    FAIL("cannot fill supervise/control: " << strerror(errno));
}

std::size_t Control::size() const {
  int bytes = 0;
  if (ioctl(fd_.get(), FIONREAD, &bytes) < 0) FAIL("FIONREAD: " << strerror(errno));
  return static_cast<std::size_t>(bytes);
}

std::size_t Control::capacity() const {
  return static_cast<std::size_t>(fcntl(fd_.get(), F_GETPIPE_SZ));
}

// --- clients that wait ----------------------------------------------------------------------------------------------
namespace {

// How it sleeps, and how often it went to sleep so far; empty if it does not sleep.
std::string nap(pid_t pid) {
  if (process_state(pid) != 'S') return {};
  std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("voluntary_ctxt_switches:")) return line;
  return {};
}

// The process and its descendants. As descendants(), but without a look at every process there is.
std::vector<pid_t> family_of(pid_t pid) {
  std::vector<pid_t> family{pid};
  for (std::size_t i = 0; i < family.size(); ++i) {
    const std::string id = std::to_string(family[i]);
    std::istringstream list(read_file("/proc/" + id + "/task/" + id + "/children"));
    for (pid_t child; list >> child;) family.push_back(child);
  }
  return family;
}

// Looked at twice: who slept all the time between the two looks was asleep when the first round of looks was over, and
// so were all the others. Whoever has something to read is not asleep.
bool family_sleeps(pid_t pid) {
  const std::vector<pid_t> family = family_of(pid);
  std::vector<std::string> before;
  for (const pid_t member : family) {
    before.push_back(nap(member));
    if (before.back().empty()) return false;
  }
  for (std::size_t i = 0; i < family.size(); ++i)
    if (nap(family[i]) != before[i]) return false;
  return family_of(pid) == family;
}

}  // namespace

bool sleeps(Process& process, Here here) {
  bool asleep = false;
  eventually(
      "the client ends or sleeps",
      [&] {
        asleep = process.running() && family_sleeps(process.pid());
        return asleep || !process.running();
      },
      here);
  return asleep && process.running();
}

std::string outcome(Process& process, Here here) {
  return sleeps(process, here) ? "waiting" : ending(process, here);
}

std::string ending(Process& process, Here here) {
  const Exit exit = process.wait(here);
  return exit.signal != 0 ? "killed by " + std::to_string(exit.signal) : "exit " + std::to_string(exit.code);
}

std::string ending_of_ours(Named difference, Process& process, Here here) {
  return on_real(difference) ? outcome(process, here) : ending(process, here);
}

Process start_waiting(Start start, const std::vector<Fabricated>& services, Here here) {
  Process process(std::move(start));
  eventually(
      "the client subscribes to everything, or ends",
      [&] { return !process.running() || std::ranges::all_of(services, is_subscribed); }, here);
  (void)sleeps(process, here);
  return process;
}

namespace {
// Never the same directory twice: a client that was killed leaves its FIFOs.
std::vector<Fabricated> fabricate(const Scene& scene, const std::vector<Status>& statuses) {
  static int count = 0;
  std::vector<Fabricated> services;
  for (const Status& status : statuses)
    services.emplace_back(scene.path() / ("service-" + std::to_string(++count)), status);
  return services;
}
}  // namespace

Waiting::Waiting(const Scene& scene, const std::vector<std::string>& options, const std::vector<Status>& statuses,
                 Here here)
    : services_(fabricate(scene, statuses)),
      supervisors_(paths(), here),
      process_(start_waiting(command(options), services_, here)) {}

std::vector<fs::path> Waiting::paths() const {
  std::vector<fs::path> found;
  for (const Fabricated& service : services_) found.push_back(service.path());
  return found;
}

Start Waiting::command(const std::vector<std::string>& options) const {
  Start start{.argv = {client("s6-svwait")}};
  start.argv.insert(start.argv.end(), options.begin(), options.end());
  for (const Fabricated& service : services_) start.argv.push_back(service.path());
  return start;
}

Waiting& Waiting::tell(std::size_t service, std::string_view letters, Here here) {
  services_.at(service).notify(letters);
  (void)sleeps(process_, here);
  return *this;
}

}  // namespace s6::test
