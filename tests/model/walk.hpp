#pragma once
// What random walks share: how long they are, where they begin, and how one that went wrong tells the way it came.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace s6::test {

inline long number_from_environment(const char* name, long usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::strtol(text, nullptr, 10);
}
// Ten million steps are a matter of seconds where the compiler optimises.
#ifdef NDEBUG
inline constexpr long usual_steps = 10'000'000;
#else
inline constexpr long usual_steps = 300'000;
#endif

// S6_WALK_STEPS makes every walk shorter or longer, S6_WALK_SEED takes it elsewhere.
inline long walk_steps() {
  return number_from_environment("S6_WALK_STEPS", usual_steps);
}
inline unsigned walk_seed() {
  return static_cast<unsigned>(number_from_environment("S6_WALK_SEED", 20260101));
}

// Ends a walk. Cheaper than doctest's checks, of which a walk would make a hundred million.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void must(bool holds, const char* what) {
  if (!holds) [[unlikely]]
    throw Violation(what);
}

// The last things that happened.
template <class Event>
class Trail {
 public:
  void add(const Event& event) { events_[count_++ % events_.size()] = event; }

  template <class Name>
  [[nodiscard]] std::string text(Name name) const {
    std::string text;
    for (std::size_t i = count_ - std::min(count_, events_.size()); i < count_; ++i)
      text += "\n  " + name(events_[i % events_.size()]);
    return text;
  }

 private:
  std::array<Event, 40> events_{};
  std::size_t count_ = 0;
};

}  // namespace s6::test
