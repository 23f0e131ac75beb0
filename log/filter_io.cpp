#include "log/filter_io.hpp"

#include <errno.h>

#include "common/cli.hpp"
#include "common/sys.hpp"

namespace s6::log {
namespace {

void wait_for(int fd, short events) noexcept {
  pollfd watched{.fd = fd, .events = events, .revents = 0};
  (void)sys::poll({&watched, 1}, never);  // what is wrong with it, the next attempt tells
}

void write_or_die(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = sys::write(1, std::as_bytes(std::span(text)));
    if (written)
      text.remove_prefix(*written);
    else if (written.error().code == EAGAIN)
      wait_for(1, POLLOUT);
    else
      cli::die(Error{written.error().code, "write to", "standard output"});
  }
}

}  // namespace

std::size_t read_or_die(std::span<char> space) noexcept {
  for (;;) {
    const auto got = sys::read(0, std::as_writable_bytes(space));
    if (got) return *got;
    if (got.error().code != EAGAIN) cli::die(Error{got.error().code, "read", "standard input"});
    wait_for(0, POLLIN);
  }
}

void FilterOutput::append(std::string_view text) noexcept {
  if (queue_.room() < text.size()) flush();
  if (queue_.room() < text.size()) return write_or_die(text);
  queue_.append(text);
}

void FilterOutput::flush() noexcept {
  write_or_die(queue_.front());
  queue_.clear();
}

}  // namespace s6::log
