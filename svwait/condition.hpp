#pragma once
// When a wait for services is over: what is known of each service, how letters change it, and what that means for the
// wanted condition. Pure.
//
// Letters of a supervisor: u run was started, U it is ready, d run died, D finish ended too, O it failed for good,
// x the supervisor leaves, s a supervisor has started.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/status.hpp"

namespace s6::svwait {

enum class Goal : std::uint8_t {
  up,               // -u
  ready,            // -U: up and ready
  down,             // -d: run is dead
  finished,         // -D: and finish is done
  restarted,        // -r: first at rest, then up
  restarted_ready,  // -R: first at rest, then ready
};

constexpr std::optional<Goal> goal_of(char option) noexcept {
  switch (option) {
    case 'u': return Goal::up;
    case 'U': return Goal::ready;
    case 'd': return Goal::down;
    case 'D': return Goal::finished;
    case 'r': return Goal::restarted;
    case 'R': return Goal::restarted_ready;
    default: return std::nullopt;
  }
}

enum class Quorum : std::uint8_t { all, any };

// What the first half of a restart must reach.
enum class Rest : std::uint8_t { down, finished };

struct Condition {
  Goal goal = Goal::up;
  Quorum quorum = Quorum::all;
  Rest rest = Rest::down;
};

constexpr bool is_restart(Goal goal) noexcept {
  return goal == Goal::restarted || goal == Goal::restarted_ready;
}

// Why a service will not come up, as far as one can tell.
enum class Verdict : std::uint8_t {
  none,
  failed,  // its supervisor gave it up; holds until it is started again
  gone,    // it has no supervisor; holds until there is a new one
};

struct Service {
  bool up = false;
  bool ready = false;  // ready if up, finished if not
  // A living supervisor stands behind `up`. While none does the service is not taken for up, nor for down.
  bool vouched = true;
  Verdict verdict = Verdict::none;
  bool was_down = false;
  bool was_finished = false;

  friend constexpr bool operator==(const Service&, const Service&) = default;
};

namespace detail {
constexpr Service in_state(Service s, bool up, bool ready) noexcept {
  s.up = up;
  s.ready = ready;
  s.was_down = s.was_down || !up;
  s.was_finished = s.was_finished || (!up && ready);
  return s;
}
constexpr Service started(Service s, bool ready) noexcept {
  s = in_state(s, true, ready);
  s.vouched = true;
  s.verdict = Verdict::none;
  return s;
}
}  // namespace detail

constexpr Service from_status(const Status& status) noexcept {
  return detail::in_state({}, status.is_up(), status.ready);
}

// The supervisor died without a word.
constexpr Service abandoned(Service s) noexcept {
  s.vouched = false;
  return s;
}

// And no other came in its place; or for another reason nothing more can be learnt.
constexpr Service lost(Service s) noexcept {
  s.verdict = Verdict::gone;
  return s;
}

// After any letter but `s`.
constexpr Service after(Service s, char letter) noexcept {
  switch (letter) {
    case 'd': return detail::in_state(s, false, false);
    case 'D': return detail::in_state(s, false, true);
    case 'u': return detail::started(s, false);
    case 'U': return detail::started(s, true);
    case 'O': s.verdict = Verdict::failed; return s;
    case 'x': s.verdict = Verdict::gone; return s;
    default: return s;
  }
}

// After `s`, with the status that the new supervisor wrote before it (nothing if it could not be read). A down that is
// wanted up is no down: the service is about to be started, and nobody knows yet what became of the old process.
constexpr Service after_new_supervisor(Service s, const std::optional<Status>& status) noexcept {
  s = abandoned(s);
  s.verdict = Verdict::none;
  if (!status) return s;
  if (status->is_up()) return detail::started(s, status->ready);
  return status->want_up ? s : detail::in_state(s, false, status->ready);
}

constexpr bool meets(const Service& s, Goal goal) noexcept {
  switch (goal) {
    case Goal::up: return s.up && s.vouched;
    case Goal::ready: return s.up && s.ready && s.vouched;
    case Goal::down: return !s.up;
    case Goal::finished: return !s.up && s.ready;
    case Goal::restarted: return meets(s, Goal::up);
    case Goal::restarted_ready: return meets(s, Goal::ready);
  }
  return false;
}

constexpr bool has_rested(const Service& s, Rest rest) noexcept {
  return rest == Rest::down ? s.was_down : s.was_finished;
}

enum class Standing : std::uint8_t { satisfied, failed, pending };

constexpr Standing standing(const Service& s, const Condition& wanted) noexcept {
  if (wanted.goal == Goal::down || wanted.goal == Goal::finished) {
    // Down is down, whoever says so and whatever comes after. Without a supervisor a service never gets there.
    if (meets(s, wanted.goal)) return Standing::satisfied;
    return s.verdict == Verdict::gone ? Standing::failed : Standing::pending;
  }
  if (s.verdict != Verdict::none) return Standing::failed;
  const bool first_half = !is_restart(wanted.goal) || has_rested(s, wanted.rest);
  return first_half && meets(s, wanted.goal) ? Standing::satisfied : Standing::pending;
}

// Counts the services by their standing, so that each letter costs the same however many services there are.
class Tally {
 public:
  constexpr explicit Tally(const Condition& wanted) noexcept : wanted_(wanted) {}

  constexpr void add(const Service& s) noexcept { count(s, 1); }
  constexpr void remove(const Service& s) noexcept { count(s, -1); }

  // The exit code once the wait is over. A failure is at most 98: 99 means something else.
  [[nodiscard]] constexpr std::optional<int> result() const noexcept {
    if (wanted_.quorum == Quorum::any && satisfied_ > 0 && not_rested_ == 0) return 0;
    if (pending_ > 0) return std::nullopt;
    return static_cast<int>(std::min<std::ptrdiff_t>(failed_, max_failures));
  }

  static constexpr int max_failures = 98;

 private:
  constexpr void count(const Service& s, std::ptrdiff_t by) noexcept {
    const Standing its = standing(s, wanted_);
    if (its == Standing::satisfied) satisfied_ += by;
    if (its == Standing::failed) failed_ += by;
    if (its == Standing::pending) pending_ += by;
    // The first half of a restart waits for all services, even if one of them is enough for the second half.
    if (is_restart(wanted_.goal) && its != Standing::failed && !has_rested(s, wanted_.rest)) not_rested_ += by;
  }

  Condition wanted_;
  std::ptrdiff_t satisfied_ = 0;
  std::ptrdiff_t failed_ = 0;
  std::ptrdiff_t pending_ = 0;
  std::ptrdiff_t not_rested_ = 0;
};

}  // namespace s6::svwait
