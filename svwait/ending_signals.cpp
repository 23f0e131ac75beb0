#include "svwait/ending_signals.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

namespace s6::svwait {
namespace {
constexpr std::array signals = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGALRM, SIGQUIT};
}  // namespace

Result<void> EndingSignals::open() noexcept {
  std::array<int, signals.size()> wanted{};
  const auto end = std::ranges::remove_copy_if(signals, wanted.begin(), sys::is_ignored).out;
  auto queue = sys::SignalQueue::open(std::span(wanted.begin(), end));
  if (!queue) return queue.error();
  queue_ = std::move(*queue);
  return {};
}

}  // namespace s6::svwait
