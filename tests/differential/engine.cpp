#include "engine.hpp"

#include <stdlib.h>

#include <iostream>
#include <optional>
#include <sstream>

#include "harness.hpp"

namespace s6::test {
namespace {

// The last word: what is a difference comes back however much time both are given.
std::string lasting_difference(const LifeKind& kind, const Excerpt& excerpt) {
  std::string found;
  for (const int patience_factor : {1, 3, 10}) {
    renew_alarm();
    found = kind.difference(excerpt, patience_factor);
    if (found.empty()) return {};
  }
  return found;
}

Excerpt whole(const LifeKind& kind, std::uint64_t seed) {
  Excerpt excerpt{seed, {}};
  for (std::size_t i = 0; i < kind.count_steps(seed); ++i) excerpt.steps.push_back(i);
  return excerpt;
}

// Leaves out what can be left out, the last steps first.
bool shrink(const LifeKind& kind, Excerpt& excerpt, std::string& found, Clock::time_point deadline) {
  bool shorter = false;
  for (std::size_t i = excerpt.steps.size(); i-- > 0 && Clock::now() < deadline;) {
    Excerpt candidate = excerpt;
    candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(i));
    if (const std::string still = lasting_difference(kind, candidate); !still.empty()) {
      excerpt = std::move(candidate);
      found = still;
      shorter = true;
    }
  }
  return shorter;
}

// As S6_LIFE takes it.
std::string name_of(const LifeKind& kind, const Excerpt& excerpt) {
  std::string name = kind.name + "/" + std::to_string(excerpt.seed);
  for (std::size_t i = 0; i < excerpt.steps.size(); ++i)
    name += (i == 0 ? ":" : ",") + std::to_string(excerpt.steps[i]);
  return excerpt.steps.empty() ? name + ":" : name;
}

// Are they alike? Told at once if not, and not as a failure yet: a test that has failed shows all that its processes
// say, and there will be many more of them.
bool are_alike(const LifeKind& kind, Excerpt excerpt, Clock::time_point deadline) {
  std::string found = lasting_difference(kind, excerpt);
  if (found.empty()) return true;
  while (shrink(kind, excerpt, found, deadline)) continue;
  std::cout << "S6_LIFE=" << name_of(kind, excerpt) << " differs " << found << "\n"
            << kind.describe(excerpt) << std::endl;
  return false;
}

// Nothing: it is a life of another kind.
std::optional<Excerpt> excerpt_of(const LifeKind& kind, const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) FAIL("S6_LIFE is KIND/SEED or KIND/SEED:STEP,STEP,...");
  if (text.substr(0, slash) != kind.name) return {};
  const auto colon = text.find(':', slash);
  Excerpt excerpt = whole(kind, std::stoull(text.substr(slash + 1)));
  if (colon == std::string::npos) return excerpt;
  excerpt.steps.clear();
  std::istringstream numbers(text.substr(colon + 1));
  for (std::string number; std::getline(numbers, number, ',');) excerpt.steps.push_back(std::stoull(number));
  return excerpt;
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace

void check_lives(const LifeKind& kind) {
  if (const char* const one = getenv("S6_LIFE")) {
    if (const auto excerpt = excerpt_of(kind, one)) CHECK(are_alike(kind, *excerpt, Clock::time_point::max()));
    return;
  }
  // Several that differ must not take so long to be made short that ctest ends us before they are told.
  const auto deadline = Clock::now() + std::chrono::minutes(5);
  const std::uint64_t first = number_from("S6_LIVES_SEED", 1), count = number_from("S6_LIVES", 20);
  int different = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    if (!are_alike(kind, whole(kind, seed), deadline)) ++different;
  CHECK(different == 0);
}

}  // namespace s6::test
