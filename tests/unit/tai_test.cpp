#include "common/tai.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string_view>

using namespace s6;

TEST_SUITE("tai") {
  TEST_CASE("the offset is 37 s today and was less before") {
    CHECK(tai::from_unix(1'700'000'000, 0).label - tai::epoch_label == 1'700'000'037);
    CHECK(tai::from_unix(1'483'228'799, 0).label - tai::epoch_label == 1'483'228'799 + 36);
    CHECK(tai::from_unix(1'483'228'800, 0).label - tai::epoch_label == 1'483'228'800 + 37);
    CHECK(tai::from_unix(0, 0).label - tai::epoch_label == 10);
    CHECK(tai::from_unix(-100, 0).label == tai::epoch_label - 90);
    constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();
    CHECK(tai::from_unix(end_of_time, 0).label == tai::epoch_label + std::uint64_t{end_of_time} + 37);
  }
  TEST_CASE("the text is @ and 24 lower-case digits") {
    const auto text = tai::to_text({tai::epoch_label + 0x2b02b8ff, 0x3b214d22});
    CHECK(std::string_view(text.data(), text.size()) == "@400000002b02b8ff3b214d22");
  }
  TEST_CASE("seconds between stamps are whole, rounded down, and never negative") {
    const Tai64n early{tai::epoch_label + 10, 900'000'000};
    CHECK(tai::seconds_between(early, {tai::epoch_label + 12, 899'999'999}) == 1);
    CHECK(tai::seconds_between(early, {tai::epoch_label + 12, 900'000'000}) == 2);
    CHECK(tai::seconds_between(early, {tai::epoch_label + 10, 0}) == 0);
    CHECK(tai::seconds_between(early, {tai::epoch_label - 50, 0}) == 0);
  }
  TEST_CASE("packing is big-endian and comes back") {
    std::array<std::byte, tai::packed_size> raw{};
    tai::pack({0x4000000066012345, 0x0a0b0c0d}, raw);
    CHECK(raw[0] == std::byte{0x40});
    CHECK(raw[7] == std::byte{0x45});
    CHECK(raw[8] == std::byte{0x0a});
    CHECK(raw[11] == std::byte{0x0d});
    CHECK(tai::unpack(raw) == Tai64n{0x4000000066012345, 0x0a0b0c0d});
  }
  TEST_CASE("back to Unix time, leap seconds included") {
    const auto back = [](std::uint64_t label) { return tai::to_unix(label); };
    CHECK_FALSE(back(tai::epoch_label + 9).has_value());
    CHECK(back(tai::epoch_label + 10)->seconds == 0);
    CHECK_FALSE(back(std::uint64_t{1} << 63).has_value());
    CHECK(back(0x40000000586846a3)->seconds == 1'483'228'799);
    CHECK_FALSE(back(0x40000000586846a3)->leap);
    CHECK(back(0x40000000586846a4)->seconds == 1'483'228'799);
    CHECK(back(0x40000000586846a4)->leap);
    CHECK(back(0x40000000586846a5)->seconds == 1'483'228'800);
    for (const std::int64_t since : tai::leap_seconds)
      for (std::int64_t t = since - 3; t < since + 3; ++t) {
        const auto time = back(tai::from_unix(t, 0).label);
        CHECK(time->seconds == t);
        CHECK_FALSE(time->leap);
      }
  }
}
