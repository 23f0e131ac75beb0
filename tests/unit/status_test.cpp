#include "common/status.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

using namespace s6;

namespace {

constexpr Status sample{.changed = {0x4000000066012345, 0x0a0b0c0d},
                        .ready_since = {0x4000000066012344, 1},
                        .pid = 0x01020304,
                        .wait_status = 0x8b,
                        .want_up = true,
                        .ready = true};

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

const auto sample_bytes = bytes({0x40, 0,    0, 0, 0x66, 0x01, 0x23, 0x45, 0x0a, 0x0b, 0x0c, 0x0d,  //
                                 0x40, 0,    0, 0, 0x66, 0x01, 0x23, 0x44, 0,    0,    0,    1,     //
                                 0,    0,    0, 0, 1,    2,    3,    4,                             //
                                 0,    0x8b,                                                        //
                                 0x0c});

}  // namespace

TEST_SUITE("status") {
  TEST_CASE("the literal bytes") {
    CHECK(std::ranges::equal(wire::encode(sample), sample_bytes));
    CHECK(wire::decode(sample_bytes) == sample);
  }
  TEST_CASE("each flag has its bit") {
    const auto flags = [](const Status& s) { return std::to_integer<int>(wire::encode(s)[34]); };
    CHECK(flags({}) == 0);
    CHECK(flags({.paused = true}) == 1);
    CHECK(flags({.finishing = true}) == 2);
    CHECK(flags({.want_up = true}) == 4);
    CHECK(flags({.ready = true}) == 8);
  }
  TEST_CASE("43 bytes: the process group before the wait status is skipped") {
    std::vector<std::byte> raw(sample_bytes.begin(), sample_bytes.begin() + 32);
    for (int i = 0; i < 8; ++i) raw.push_back(std::byte{0xee});
    raw.insert(raw.end(), sample_bytes.begin() + 32, sample_bytes.end());
    CHECK(raw.size() == 43);
    CHECK(wire::decode(raw) == sample);
  }
  TEST_CASE("no other size is a status") {
    const std::vector<std::byte> raw(64);
    for (std::size_t size = 0; size <= raw.size(); ++size)
      CHECK(wire::decode(std::span(raw).first(size)).has_value() == (size == 35 || size == 43));
  }
  TEST_CASE("a pid that is none is refused") {
    auto raw = wire::encode(sample);
    raw[28] = std::byte{0x7f};
    CHECK(wire::decode(raw).has_value());
    raw[28] = std::byte{0x80};
    CHECK_FALSE(wire::decode(raw).has_value());
    raw[28] = std::byte{0};
    raw[24] = std::byte{1};
    CHECK_FALSE(wire::decode(raw).has_value());
  }
  TEST_CASE("whatever is decoded is encoded the same, but for unknown flags") {
    std::mt19937 random(20);
    for (int round = 0; round < 10000; ++round) {
      std::array<std::byte, wire::status_size> raw{};
      for (std::byte& b : raw) b = static_cast<std::byte>(random());
      for (std::size_t i = 24; i < 28; ++i) raw[i] = std::byte{0};
      const auto decoded = wire::decode(raw);
      CHECK(decoded.has_value() == (std::to_integer<int>(raw[28]) < 0x80));
      raw[34] &= std::byte{15};
      if (decoded) CHECK(wire::encode(*decoded) == raw);
    }
  }
  TEST_CASE("up, and never started") {
    CHECK(Status{.pid = 1}.is_up());
    CHECK_FALSE(Status{}.is_up());
    CHECK_FALSE(Status{.pid = 1, .finishing = true}.is_up());
    CHECK(Status{.paused = true}.never_started());
    CHECK_FALSE(Status{}.never_started());
    CHECK_FALSE(Status{.pid = 1, .paused = true}.never_started());
    CHECK_FALSE(Status{.paused = true, .finishing = true}.never_started());
  }
}
