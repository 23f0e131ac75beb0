#include "common/cli.hpp"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <span>

#include "common/sys.hpp"

namespace s6::cli {
namespace {

std::string_view program_name = "s6";
std::string_view object_name;
bool may_wait = true;
int copy = -1;

constexpr std::string_view level_text(Level level) noexcept {
  switch (level) {
    case Level::info: return ": info: ";
    case Level::warning: return ": warning: ";
    case Level::fatal: return ": fatal: ";
    case Level::usage: return ": usage: ";
  }
  return ": ";
}

// A line in one call, so that lines of two processes never interleave. What is not taken is lost: there is nobody left
// to tell.
class Line {
 public:
  void add(std::string_view text) noexcept {
    if (count_ < parts_.size() && !text.empty()) parts_[count_++] = {const_cast<char*>(text.data()), text.size()};
  }
  void send() noexcept {
    if (!may_wait) {
      pollfd fd{.fd = 2, .events = POLLOUT, .revents = 0};
      if (::poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0) return;
    }
    const int saved = errno;
    const int count = static_cast<int>(count_);
    (void)!::writev(2, parts_.data(), count);
    if (copy >= 0) (void)!::writev(copy, parts_.data(), count);
    errno = saved;
  }

 private:
  std::array<struct iovec, 24> parts_{};
  std::size_t count_ = 0;
};

Line begin(Level level) noexcept {
  Line line;
  line.add(program_name);
  if (!object_name.empty()) {
    line.add(" ");
    line.add(object_name);
  }
  line.add(level_text(level));
  return line;
}

}  // namespace

void set_program(std::string_view program, std::string_view object) noexcept {
  program_name = program;
  object_name = object;
}

void never_wait_for_stderr() noexcept {
  may_wait = false;
}

void set_copy(int fd) noexcept {
  copy = fd;
}

std::string_view reason(int code) noexcept {
  return ::strerror(code);
}

void say(Level level, std::initializer_list<std::string_view> parts) noexcept {
  Line line = begin(level);
  for (const std::string_view part : parts) line.add(part);
  line.add("\n");
  line.send();
}

void say(Level level, const Error& error, std::string_view remedy) noexcept {
  const std::string_view path = error.path;
  say(level, {"unable to ", error.doing, path.empty() ? "" : " ", path, ": ", reason(error.code),
              remedy.empty() ? "" : "; ", remedy});
}

void exit(int code) noexcept {
  ::_exit(code);
}

void die(int code, std::initializer_list<std::string_view> parts) noexcept {
  say(Level::fatal, parts);
  exit(code);
}
void die(const Error& error, std::string_view remedy) noexcept {
  die(system_error, error, remedy);
}
void die(int code, const Error& error, std::string_view remedy) noexcept {
  say(Level::fatal, error, remedy);
  exit(code);
}

void print(std::string_view text) noexcept {
  if (auto written = sys::write_all(1, std::as_bytes(std::span(text))); !written)
    die(Error{written.error().code, "write to", "standard output"});
}

}  // namespace s6::cli
