#include "svwait/removals.hpp"

#include <errno.h>

#include <array>
#include <cstddef>
#include <utility>

#include "common/sys.hpp"

namespace s6::svwait {

void Removals::open() noexcept {
  opens_at_ = sys::never;
  if (auto watcher = sys::file_watcher(); watcher) watcher_ = std::move(*watcher);
}

void Removals::watch(const fifodir::Subscription& subscription) noexcept {
  if (!watcher_) return;
  const auto watched = subscription.watch_removal(watcher_.get());
  // One that is gone already is found by looking.
  if (!watched && watched.error().code != ENOENT) watcher_.reset();
}

bool Removals::suspected(short revents) noexcept {
  if (opens_at_ != sys::never) return false;
  if (!watcher_) return true;
  if (revents == 0) return false;
  std::array<std::byte, 4096> drained;
  while (sys::read(watcher_.get(), drained)) {
  }
  return true;
}

}  // namespace s6::svwait
