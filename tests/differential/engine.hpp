#pragma once
// Lives under the real programs and ours at the same time: which ones to live, when a difference counts, and how a life
// that differs is made as short as it can be. What a life is, and what is compared, is the business of its kind.
//
//   S6_LIVES_SEED   the first life (1)
//   S6_LIVES        how many (20)
//   S6_LIFE         one life, as a failing one is reported: KIND/SEED, or KIND/SEED:STEP,STEP,... with these of its
//                   steps only
//
// A difference that does not come back is a race of the machine's: it is tried again, with more time, before it counts.
// Then steps are left out while they still differ, and the rest is printed.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace s6::test {

// A life of which some steps may be left out, as S6_LIFE names it.
struct Excerpt {
  std::uint64_t seed = 0;
  std::vector<std::size_t> steps;
};

struct LifeKind {
  std::string name;
  std::function<std::size_t(std::uint64_t seed)> count_steps;
  // What the two sides do differently; empty if they agree. Everything in it that takes time gets `patience_factor`
  // times as much of it as an idle machine needs.
  std::function<std::string(const Excerpt& excerpt, int patience_factor)> difference;
  std::function<std::string(const Excerpt& excerpt)> describe;  // in lines, for people
};

// Lives those lives of the kind that the environment asks for. One that differs fails the test.
void check_lives(const LifeKind& kind);

// A kind of which a life is a `Life`, with the members `setup` and `steps`, each a vector of what to_text() can
// describe.
template <class Life>
LifeKind kind_of(std::string name, Life (*make)(std::uint64_t seed),
                 std::string (*difference)(const Life& life, int patience_factor)) {
  const auto cut = [make](const Excerpt& excerpt) {
    const Life whole = make(excerpt.seed);
    Life life = whole;
    life.steps.clear();
    for (const std::size_t i : excerpt.steps) life.steps.push_back(whole.steps.at(i));
    return life;
  };
  const auto describe = [cut](const Excerpt& excerpt) {
    const Life life = cut(excerpt);
    std::string text = "setup:\n";
    for (const auto& step : life.setup) text += "  " + to_text(step) + "\n";
    text += "steps:\n";
    for (const auto& step : life.steps) text += "  " + to_text(step) + "\n";
    return text;
  };
  return {.name = std::move(name),
          .count_steps = [make](std::uint64_t seed) { return make(seed).steps.size(); },
          .difference = [=](const Excerpt& excerpt,
                            int patience_factor) { return difference(cut(excerpt), patience_factor); },
          .describe = describe};
}

// Waits until both sides have been calm for this long, at the same time: what is slow for one is slow for the other.
template <class Side>
void settle(Side& one, Side& other, std::chrono::milliseconds calm) {
  for (Side* side : {&one, &other}) side->begin_to_settle();
  for (;;) {
    const bool one_is = one.is_settled(calm), other_is = other.is_settled(calm);
    if (one_is && other_is) return;
  }
}

// Lives a life, and compares what can be seen of the sides in the beginning and after each step: the first difference,
// or nothing. A Side has apply(step), start() for the moment between setup and steps, begin_to_settle(),
// is_settled(calm) and snapshot(), which returns a text.
template <class Side, class Life>
std::string first_difference(Side& real, Side& ours, const Life& life, std::chrono::milliseconds calm) {
  for (const auto& step : life.setup)
    for (Side* side : {&real, &ours}) side->apply(step);
  for (Side* side : {&real, &ours}) side->start();
  std::string before = "in the beginning";
  for (std::size_t i = 0;; ++i) {
    settle(real, ours, calm);
    const std::string theirs = real.snapshot(), mine = ours.snapshot();
    if (theirs != mine) return before + "\n  real: " + theirs + "\n  ours: " + mine;
    if (i == life.steps.size()) return {};
    for (Side* side : {&real, &ours}) side->apply(life.steps[i]);
    before = "after step " + std::to_string(i) + ", " + to_text(life.steps[i]);
  }
}

}  // namespace s6::test
