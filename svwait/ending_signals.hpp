#pragma once
// The signals that end a program, for one that has to clean up before it dies of them.
#include "common/result.hpp"
#include "common/sys.hpp"

namespace s6::svwait {

class EndingSignals {
 public:
  // From here on they are blocked, and wait to be asked for; those that are ignored stay ignored.
  Result<void> open() noexcept;
  [[nodiscard]] int fd() const noexcept { return queue_.fd(); }
  // One that has come: clean up, then sys::die_of() it. 0: none.
  [[nodiscard]] int next() noexcept { return queue_.next(); }

 private:
  sys::SignalQueue queue_;
};

}  // namespace s6::svwait
