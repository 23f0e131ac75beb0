#include "scene.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/service_dir.hpp"
#include "programs.hpp"

namespace s6::test {
namespace fs = std::filesystem;
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

void make_fifo(const fs::path& path) {
  if (mkfifo(path.c_str(), 0666) < 0) FAIL("mkfifo " << path.string() << ": " << strerror(errno));
  chmod(path.c_str(), 0666);  // whatever the umask: services of other users write there too
}

UniqueFd open_both_ways(const fs::path& fifo) {
  UniqueFd fd(open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) FAIL("open " << fifo.string() << ": " << strerror(errno));
  return fd;
}

UniqueFd open_control(const ServiceDir& dir) {
  return UniqueFd(open((dir / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

// --- files ---------------------------------------------------------------------------------------------------------
std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

void write_file(const fs::path& path, std::string_view content, mode_t mode) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  if (chmod(path.c_str(), mode) < 0) FAIL("write " << path.string() << ": " << strerror(errno));
}

bool is_there(const fs::path& path) {
  struct stat st;
  return lstat(path.c_str(), &st) == 0;
}

std::string mode_of(const fs::path& path) {
  struct stat st;
  if (stat(path.c_str(), &st) < 0) return "none";
  std::array<char, 16> text;
  snprintf(text.data(), text.size(), "%04o", st.st_mode & 07777U);
  return text.data();
}

ino_t inode_of(const fs::path& path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

void scripted(const fs::path& path, std::string_view script) {
  write_file(path.string() + ".script", script);
  fs::remove(path);
  fs::create_symlink(runner_directory() / "test-service", path);
}

std::string recorded(const fs::path& record, std::string_view key, Here here) {
  std::istringstream lines(read_file(record));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(std::string(key) + " ")) return line.substr(key.size() + 1);
  fail(here, "no " + std::string(key) + " in " + record.string());
}

// --- FIFOs ---------------------------------------------------------------------------------------------------------
Voice::Voice(const fs::path& fifo) {
  make_fifo(fifo);
  fd_ = open_both_ways(fifo);
}

void Voice::collect() {
  std::array<char, 4096> bytes;
  for (ssize_t n; (n = read(fd_.get(), bytes.data(), bytes.size())) > 0;)
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
}

bool Voice::take_line(std::string& line) {
  collect();
  const auto end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return true;
}

std::string Voice::next(Here here) {
  std::string line;
  while (!take_line(line))
    if (!wait_readable(fd_.get())) fail(here, "the service says nothing");
  return line;
}

void Voice::expect(std::string_view line, Here here) {
  const std::string said = next(here);
  if (said != line) fail(here, "the service says " + in_quotes(said) + " instead of " + in_quotes(line));
}

void Voice::wait_for(std::string_view line, Here here) {
  while (next(here) != line) continue;
}

bool Voice::quiet() {
  collect();
  return buffer_.empty();
}

Events::Events(const fs::path& fifodir, Here here)
    : directory_(std::make_unique<std::string>(fifodir)), subscription_(std::make_unique<fifodir::Subscription>()) {
  if (auto subscribed = subscription_->subscribe(directory_->c_str()); !subscribed)
    fail(here, "cannot subscribe to " + *directory_ + ": " + strerror(subscribed.error().code));
}

void Events::collect() {
  std::array<char, 256> buffer;
  for (std::string_view got; !(got = subscription_->read(buffer)).empty();) all_ += got;
}

void Events::await_one(Here here, std::string_view wanted) {
  const std::size_t before = all_.size();
  collect();
  if (all_.size() > before) return;
  if (!wait_readable(subscription_->fd()))
    fail(here, "waiting for event " + in_quotes(wanted) + ", unread is " + in_quotes(all_.substr(consumed_)) +
                   ", in all came " + in_quotes(all_));
  collect();
}

void Events::expect(std::string_view letters, Here here) {
  for (;;) {
    const std::string_view unread = std::string_view(all_).substr(consumed_);
    if (unread.starts_with(letters)) break;
    if (!letters.starts_with(unread))
      fail(here,
           "events " + in_quotes(unread) + " instead of " + in_quotes(letters) + ", in all came " + in_quotes(all_));
    await_one(here, letters);
  }
  consumed_ += letters.size();
  CHECK(true);  // counted as an assertion that was made
}

std::string Events::until(char letter, Here here) {
  for (;;) {
    const auto at = all_.find(letter, consumed_);
    if (at != std::string::npos) {
      const std::string passed = all_.substr(consumed_, at + 1 - consumed_);
      consumed_ = at + 1;
      return passed;
    }
    await_one(here, std::string_view(&letter, 1));
  }
}

bool Events::quiet() {
  collect();
  return consumed_ == all_.size();
}

std::string Events::take() {
  collect();
  const std::string unread = all_.substr(consumed_);
  consumed_ = all_.size();
  return unread;
}

const std::string& Events::all() {
  collect();
  return all_;
}

std::string Events::next_read(Here here) {
  std::array<char, 256> buffer;
  if (!wait_readable(subscription_->fd())) fail(here, "no event comes, in all came " + in_quotes(all_));
  const std::string got(subscription_->read(buffer));
  all_ += got;
  consumed_ = all_.size();
  return got;
}

// --- status --------------------------------------------------------------------------------------------------------
std::string flags(const Status& status) {
  std::string text;
  if (status.paused) text += 'P';
  if (status.finishing) text += 'F';
  if (status.want_up) text += 'W';
  if (status.ready) text += 'R';
  return text;
}

double milliseconds_between(const Tai64n& from, const Tai64n& to) {
  const auto seconds = static_cast<double>(static_cast<std::int64_t>(to.label - from.label));
  return seconds * 1e3 + (static_cast<double>(to.nanoseconds) - static_cast<double>(from.nanoseconds)) / 1e6;
}

// --- service directories -------------------------------------------------------------------------------------------
ServiceDir::ServiceDir(fs::path path)
    : path_((fs::create_directories(path), std::move(path))), voice_(path_ / "voice") {}

ServiceDir& ServiceDir::file(std::string_view name, std::string_view content, mode_t mode) {
  write_file(path_ / name, content, mode);
  return *this;
}

ServiceDir& ServiceDir::remove(std::string_view name) {
  fs::remove_all(path_ / name);
  return *this;
}

ServiceDir& ServiceDir::run(std::string_view script) {
  scripted(path_ / "run", script);
  return *this;
}

ServiceDir& ServiceDir::finish(std::string_view script) {
  scripted(path_ / "finish", script);
  return *this;
}

ServiceDir& ServiceDir::run_sh(std::string_view body) {
  fs::remove(path_ / "run");
  return file("run", "#!/bin/sh\n" + std::string(body) + "\n", 0755);
}

ServiceDir& ServiceDir::finish_sh(std::string_view body) {
  fs::remove(path_ / "finish");
  return file("finish", "#!/bin/sh\n" + std::string(body) + "\n", 0755);
}

UniqueFd& ServiceDir::gate(std::string_view name) {
  for (auto& [its_name, fd] : gates_)
    if (its_name == name) return fd;
  // Whoever comes first makes it, the test or the service.
  const fs::path fifo = path_ / name;
  if (mkfifo(fifo.c_str(), 0666) < 0 && errno != EEXIST) FAIL("mkfifo " << fifo.string() << ": " << strerror(errno));
  return gates_.emplace_back(name, open_both_ways(fifo)).second;
}

void ServiceDir::open_gate(std::string_view name) {
  if (write(gate(name).get(), "+", 1) != 1) FAIL("cannot open the gate " << std::string(name));
}

Status ServiceDir::status(Here here) const {
  auto read = service_dir::read_status(path_.c_str());
  if (!read) fail(here, path_.string() + "/supervise/status: " + strerror(read.error().code));
  return *read;
}

std::vector<Death> ServiceDir::deaths() const {
  const std::string content = read_file(path_ / "supervise/death_tally");
  const auto bytes = std::as_bytes(std::span(content));
  std::vector<Death> found;
  for (std::size_t at = 0; at + wire::death_size <= bytes.size(); at += wire::death_size)
    found.push_back(wire::decode_death(bytes.subspan(at).first<wire::death_size>()));
  return found;
}

bool ServiceDir::supervised() const {
  auto lock = service_dir::test_supervisor(path_.c_str());
  return lock && lock->locked;
}

void ServiceDir::send(std::string_view bytes, Here here) const {
  const UniqueFd control = open_control(*this);
  if (!control) fail(here, "nobody listens to " + (path_ / "supervise/control").string());
  if (write(control.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    fail(here, "the control fifo of " + path_.string() + " is full");
}

ServiceDir& ServiceDir::make_event() {
  fs::create_directories(path_ / "event");
  chmod((path_ / "event").c_str(), 03730);
  return *this;
}

// --- supervisors ---------------------------------------------------------------------------------------------------
namespace {

Start completed(Start how, const ServiceDir& dir) {
  if (how.argv.empty()) how.argv = {supervisor("s6-supervise"), dir.name()};
  if (how.cwd.empty()) how.cwd = dir.path().parent_path();
  return how;
}

}  // namespace

Supervisor::Supervisor(ServiceDir& dir, Start how, Here here)
    : dir_(dir), events_(dir.make_event().path() / "event", here), process_(completed(std::move(how), dir)) {}

void Supervisor::expect(std::string_view letters, Here here) {
  INFO("s6-supervise said: ", process_.err());
  events_.expect(letters, here);
}

void Supervisor::settle(Here here) {
  for (int i = 0; i < 2; ++i) {
    send("~", here);
    wait_drained(dir_, here);
  }
}

void Supervisor::expect_message(std::string_view part, Here here) {
  eventually(
      "a message with " + in_quotes(part), [&] { return contains(process_.err(), part); }, here);
}

void wait_drained(const ServiceDir& dir, Here here) {
  // Opened for reading: that cannot fail for want of a reader. Nothing is read from it.
  const UniqueFd control(open((dir / "supervise/control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!control) fail(here, "no control fifo in " + dir.path().string());
  eventually(
      "supervise/control is read",
      [&] {
        int waiting = 0;
        return ioctl(control.get(), FIONREAD, &waiting) == 0 && waiting == 0;
      },
      here);
}

// --- the test's own place ------------------------------------------------------------------------------------------
Scene::Scene() {
  static int count = 0;
  path_ = runner_directory() / ("scene-" + std::to_string(++count));
  fs::create_directory(path_);
}

Scene::~Scene() {
  // What is about to end by itself gets the time to do so.
  const auto deadline = Clock::now() + (orphans_allowed_ ? std::chrono::seconds(0) : std::chrono::seconds(5));
  std::vector<pid_t> left;
  while (!(left = descendants(getpid())).empty() && Clock::now() < deadline)
    if (auto fd = sys::pidfd(left.front())) (void)wait_readable(fd->get(), deadline);
  if (!orphans_allowed_) {
    for (const pid_t pid : left)
      FAIL_CHECK("the test left process " << pid << " behind: " << read_file("/proc/" + std::to_string(pid) + "/comm"));
  }
  kill_all_descendants();
  if (test_failed()) {
    for (const auto& entry : fs::directory_iterator(runner_directory() / "output"))
      if (const std::string text = read_file(entry.path()); !text.empty())
        std::cout << "--- " << entry.path().filename().string() << "\n" << text;
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(runner_directory() / "output")) fs::remove(entry.path(), ignored);
  if (getenv("S6_TEST_KEEP") == nullptr) fs::remove_all(path_, ignored);
}

void Scene::give_to(uid_t user) const {
  if (chown(path_.c_str(), user, user) < 0) FAIL("chown: " << strerror(errno));
  for (const auto& entry : fs::recursive_directory_iterator(path_))
    if (lchown(entry.path().c_str(), user, user) < 0) FAIL("chown: " << strerror(errno));
}

bool is_root() {
  return geteuid() == 0;
}

}  // namespace s6::test
