#pragma once
// Wakes a wait when somebody removes a subscription's FIFO, after which no event can come.
#include "common/fifodir.hpp"
#include "common/unique_fd.hpp"

namespace s6::svwait {

// Where the system has no means for it, nothing wakes, and a look at the subscriptions is due whenever something else
// did.
class Removals {
 public:
  void open() noexcept;
  void watch(const fifodir::Subscription& subscription) noexcept;
  [[nodiscard]] int fd() const noexcept { return watcher_.get(); }  // -1: cannot wake
  // `revents` is what poll found on fd(). true: see which subscriptions are still published.
  [[nodiscard]] bool suspected(short revents) noexcept;

 private:
  UniqueFd watcher_;
};

}  // namespace s6::svwait
