#include "common/death_tally.hpp"

#include <doctest/doctest.h>

using namespace s6;

TEST_SUITE("death tally") {
  TEST_CASE("the literal bytes, and back") {
    const Death death{{0x4000000066012345, 0x0a0b0c0d}, 137, 9};
    const std::array<int, wire::death_size> expected = {0x40, 0,    0,    0,    0x66, 0x01, 0x23,
                                                        0x45, 0x0a, 0x0b, 0x0c, 0x0d, 137,  9};
    const auto raw = wire::encode(death);
    for (std::size_t i = 0; i < raw.size(); ++i) CHECK(std::to_integer<int>(raw[i]) == expected[i]);
    CHECK(wire::decode_death(raw) == death);
  }
  TEST_CASE("a death by signal has 128 + signal as its code") {
    CHECK(Death::of({}, {0x0300}) == Death{{}, 3, 0});
    CHECK(Death::of({}, {0xff00}) == Death{{}, 255, 0});
    CHECK(Death::of({}, {9}) == Death{{}, 137, 9});
    CHECK(Death::of({}, {0x8b}) == Death{{}, 139, 11});
  }
  TEST_CASE("the newest stay, one place is left for the new one") {
    const auto tail = wire::tally_tail(10 * wire::death_size, 4);
    CHECK(tail.offset == 7 * wire::death_size);
    CHECK(tail.length == 3 * wire::death_size);
    CHECK(wire::tally_tail(3 * wire::death_size, 4).length == 3 * wire::death_size);
    CHECK(wire::tally_tail(3 * wire::death_size, 4).offset == 0);
    CHECK(wire::tally_tail(4 * wire::death_size, 4).offset == wire::death_size);
    CHECK(wire::tally_tail(5 * wire::death_size, 1).length == 0);
    CHECK(wire::tally_tail(0, 100).length == 0);
  }
  TEST_CASE("of a damaged tally nothing stays") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{13}, std::size_t{15}, std::size_t{29}})
      CHECK(wire::tally_tail(size, 100).length == 0);
  }
}
