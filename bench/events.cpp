#include "events.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "common/fifo_name.hpp"
#include "process.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

void wait_readable(int fd, std::string_view what) {
  pollfd ready{fd, POLLIN, 0};
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  if (::poll(&ready, 1, static_cast<int>(timeout.count())) != 1) fail("waited too long: " + std::string(what));
}

std::string fifo_name_of(std::uint64_t number) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return fifo_name::make(tai::from_unix(now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)), number).data();
}

}  // namespace

std::optional<Status> read_status(const fs::path& service) {
  const std::string raw = read_file(service / "supervise/status");
  return wire::decode(std::as_bytes(std::span(raw)));
}

Subscribers::Subscribers(const fs::path& service, int count) {
  for (int i = 0; i < count; ++i) {
    // The name counts only when it is complete, so that nobody writes into a FIFO that nobody reads yet.
    const fs::path path = service / "event" / fifo_name_of(static_cast<std::uint64_t>(i));
    const fs::path hidden = path.parent_path() / ("." + path.filename().string());
    if (::mkfifo(hidden.c_str(), 0622) != 0 || ::chmod(hidden.c_str(), 0622) != 0) fail_errno("cannot make a FIFO");
    // Both ends: without a writer the FIFO would be at its end, and readable for ever, after the first event.
    fds_.emplace_back(::open(hidden.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (fds_.back().get() < 0) fail_errno("cannot open a FIFO");
    fs::rename(hidden, path);
    paths_.push_back(path);
  }
}

Subscribers::~Subscribers() {
  for (const fs::path& path : paths_) ::unlink(path.c_str());
}

void Subscribers::forget() {
  char buffer[256];
  for (const UniqueFd& fd : fds_)
    while (::read(fd.get(), buffer, sizeof buffer) > 0) continue;
}

void Subscribers::expect(char letter) {
  for (const UniqueFd& fd : fds_) {
    for (bool seen = false; !seen;) {
      char buffer[256];
      const ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
      seen =
          size > 0 && std::string_view(buffer, static_cast<std::size_t>(size)).find(letter) != std::string_view::npos;
      if (!seen) wait_readable(fd.get(), "the event " + std::string(1, letter));
    }
  }
}

StatusWatch::StatusWatch(const fs::path& service) : service_(service), fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (::inotify_add_watch(fd_.get(), (service / "supervise").c_str(), IN_MOVED_TO) < 0) fail_errno("inotify_add_watch");
}

void StatusWatch::wait(const std::function<bool(const Status&)>& holds) {
  for (;;) {
    char buffer[4096];
    while (::read(fd_.get(), buffer, sizeof buffer) > 0) continue;
    const std::optional<Status> status = read_status(service_);
    if (status && holds(*status)) return;
    wait_readable(fd_.get(), "a new status of " + service_.string());
  }
}

}  // namespace s6::bench
