#include "log/stream.hpp"

#include <errno.h>
#include <fcntl.h>

#include "common/sys.hpp"
#include "log/warnings.hpp"

namespace s6::log {

bool Stream::takes_more() const noexcept {
  if (most_at_once_ == 0) return true;
  pollfd fd{.fd = fd_, .events = POLLOUT, .revents = 0};
  const auto ready = sys::poll({&fd, 1}, 0);
  return ready && *ready == 1;
}

void Stream::flush() noexcept {
  while (!queue_.empty() && takes_more()) {
    const std::string_view text = most_at_once_ == 0 ? queue_.front() : head(queue_.front(), most_at_once_);
    const auto written = sys::write(fd_, std::as_bytes(std::span(text)));
    if (written) {
      queue_.pop(*written);
    } else if (written.error().code == EAGAIN) {
      return;
    } else {
      give_up(written.error().code);
    }
  }
}

// Nobody reads it, or there is no room: everything else goes on. Said even with -q: from here on lines are lost.
void Stream::give_up(int code) noexcept {
  queue_.clear();
  if (fd_ != 1) return;  // nobody is left to tell; the next alert tries again
  cli::warn({"unable to write to stdout, closing the stream - error was: ", cli::reason(code)});
  // The number stays taken, so that no file of ours becomes somebody's standard output.
  if (auto null = sys::open("/dev/null", O_WRONLY); null) (void)sys::dup_onto(null->get(), fd_);
  fd_ = -1;
}

}  // namespace s6::log
