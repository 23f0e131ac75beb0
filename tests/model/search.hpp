#pragma once
// An exhaustive search: every order in which the moves of a world can follow each other, each state visited once.
//
// A World is a value with
//   std::vector<Move> moves() const      what can happen next
//   std::string take(const Move&)        lets it happen; what is broken by it, or nothing
//   std::string at_rest() const          nothing can happen any more: what is wrong with that, or nothing
//   Key key() const                      the same for the same state
// and text(Move) for the story of a violation.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace s6::test {

// 128 bits of hash stand for a state: among the millions of a search, two that differ do not share one.
class Key {
 public:
  void add(std::uint64_t value) {
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      bits_[i] = (bits_[i] ^ value) * multipliers[i];
      bits_[i] ^= bits_[i] >> 29;
    }
  }
  friend bool operator==(const Key&, const Key&) = default;
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.bits_[0]; }
  };

 private:
  static constexpr std::array<std::uint64_t, 2> multipliers{0x9e3779b97f4a7c15, 0xd6e8feb86659fd93};
  std::array<std::uint64_t, 2> bits_{1, 2};
};

struct Found {
  std::string violation;  // empty: none
  std::vector<std::string> story;
  std::size_t states = 0;
  std::size_t moves = 0;
  std::size_t ends = 0;     // states in which nothing can happen any more
  std::size_t longest = 0;  // way without a state twice
};

// Depth first, so that a way back to a state on the way is seen: then things could go on for ever, which is a
// violation, too. Without one every way comes to an end, however unfair the order is.
template <class World>
Found search(const World& start) {
  using Move = typename decltype(start.moves())::value_type;
  struct Step {
    World world;
    std::vector<Move> moves;
    Key key;
    std::size_t next = 0;
  };
  Found found;
  std::unordered_map<Key, bool, Key::Hash> on_the_way;  // all that were visited; true: on the way from the start
  std::vector<Step> way;
  const auto enter = [&](const World& world) {
    way.push_back({world, world.moves(), world.key()});
    on_the_way[way.back().key] = true;
    ++found.states;
    found.longest = std::max(found.longest, way.size());
    if (!way.back().moves.empty()) return std::string();
    ++found.ends;
    return world.at_rest();
  };
  const auto tell = [&](std::string violation) {
    found.violation = std::move(violation);
    for (const Step& step : way)
      if (step.next > 0) found.story.push_back(text(step.moves[step.next - 1]));
    return found;
  };
  if (auto broken = enter(start); !broken.empty()) return tell(std::move(broken));
  while (!way.empty()) {
    Step& last = way.back();
    if (last.next == last.moves.size()) {
      on_the_way[last.key] = false;
      way.pop_back();
      continue;
    }
    World world = last.world;
    ++found.moves;
    if (auto broken = world.take(last.moves[last.next++]); !broken.empty()) return tell(std::move(broken));
    const auto known = on_the_way.find(world.key());
    if (known == on_the_way.end()) {
      if (auto broken = enter(world); !broken.empty()) return tell(std::move(broken));
    } else if (known->second) {
      return tell("this can go on for ever");
    }
  }
  return found;
}

}  // namespace s6::test
