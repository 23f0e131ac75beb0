#pragma once
// When a service that died is started again, and when it is given up: extensions that s6 does not have, each switched
// on by a file in the service directory. Pure.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/nanoseconds.hpp"

namespace s6::supervise {

// What the files say.
struct RestartPolicy {
  // From the end of the service, and of its finish, to its next start. Without: the rule of s6, a second from the
  // moment when it got ready or, if it never did, from its end.
  std::optional<Nanoseconds> delay;
  Nanoseconds delay_step = 0;     // more for each further restart of a burst
  Nanoseconds delay_cap = never;  // but not more than this
  std::uint32_t most = 0;         // restarts in a burst; 0: no limit
  Nanoseconds period = never;     // a burst is over when so much has passed since its first restart
};

struct Restart {
  bool give_up = false;
  std::optional<Nanoseconds> delay;  // without: the rule of s6
};

// Counts the restarts of a burst. A service that is told to start begins a new one.
class RestartBurst {
 public:
  // The service has died and is wanted up.
  constexpr Restart next(const RestartPolicy& policy, Nanoseconds now) noexcept {
    if (count_ > 0 && policy.period != never && now - began_ > policy.period) reset();
    if (policy.most != 0 && count_ >= policy.most) return {.give_up = true, .delay = {}};
    if (count_ == 0) began_ = now;
    const std::uint32_t before = count_;
    if (count_ < most_counted) ++count_;
    if (!policy.delay) return {};
    // No overflow: a step is 2^31 ms at most, so the product stays below 2^31 * 10^6 * 2^10.
    const Nanoseconds longer = policy.delay_step * std::min(before, most_steps);
    return {.give_up = false,
            .delay = std::min(after(longer, *policy.delay), std::max(policy.delay_cap, *policy.delay))};
  }
  constexpr void reset() noexcept { count_ = 0; }
  [[nodiscard]] constexpr std::uint32_t count() const noexcept { return count_; }

 private:
  static constexpr std::uint32_t most_counted = UINT32_MAX;
  static constexpr std::uint32_t most_steps = 1024;
  std::uint32_t count_ = 0;
  Nanoseconds began_ = 0;
};

}  // namespace s6::supervise
