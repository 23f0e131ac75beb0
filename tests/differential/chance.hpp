#pragma once
// Chance, for whoever makes up a life: the same seed draws the same on every machine.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string_view>

namespace s6::test {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number() { return random_(); }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool percent(unsigned percent) { return below(100) < percent; }
  template <class Range>
  auto one_of(const Range& range) {
    return *(std::begin(range) + below(static_cast<unsigned>(std::size(range))));
  }
  std::string_view pick(std::initializer_list<std::string_view> texts) { return one_of(texts); }
  int pick(std::initializer_list<int> numbers) { return one_of(numbers); }

 private:
  std::mt19937_64 random_;
};

}  // namespace s6::test
