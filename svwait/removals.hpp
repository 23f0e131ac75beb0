#pragma once
// Wakes a wait when somebody removes a subscription's FIFO, after which no event can come.
#include <cstddef>

#include "common/fifodir.hpp"
#include "common/sys.hpp"
#include "common/unique_fd.hpp"

namespace s6::svwait {

// A wait of this length is worth the means for what hardly ever happens: removed subscriptions and supervisors that
// die. For the end of a program that has watched files, the kernel lets it wait 5 to 20 ms, which is several times what
// an ordinary service takes to come up or to go down. What happened before is found out when the means are there.
constexpr sys::Nanoseconds time_to_arm = 200 * sys::millisecond;

// Of who waits for events in FIFOs.
constexpr std::size_t fixed_fds = 2;           // signals and removals come first in the poll table
constexpr std::size_t spare_descriptors = 16;  // for what is opened and closed on the way

// Where the system has no means for it, nothing wakes, and a look at the subscriptions is due whenever something else
// did.
class Removals {
 public:
  void open_later(sys::Nanoseconds now) noexcept { opens_at_ = sys::after(now, time_to_arm); }
  // When open() is due; never: it has been done, or is not wanted.
  [[nodiscard]] sys::Nanoseconds opens_at() const noexcept { return opens_at_; }
  void open() noexcept;
  void watch(const fifodir::Subscription& subscription) noexcept;
  [[nodiscard]] int fd() const noexcept { return watcher_.get(); }  // -1: cannot wake
  // `revents` is what poll found on fd(). true: see which subscriptions are still published. Never before open().
  [[nodiscard]] bool suspected(short revents) noexcept;

 private:
  UniqueFd watcher_;
  sys::Nanoseconds opens_at_ = sys::never;
};

}  // namespace s6::svwait
