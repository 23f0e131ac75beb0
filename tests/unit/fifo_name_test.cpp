#include "common/fifo_name.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace s6;

namespace {
const std::string example = "ftrig1:@400000006b02b8ff3b214d22:onCDY9";
}

TEST_SUITE("fifo name") {
  TEST_CASE("a made name is one that notifiers write to") {
    const auto name = fifo_name::make({0x400000006b02b8ff, 0x3b214d22}, 0);
    CHECK(std::strlen(name.data()) == fifo_name::size);
    CHECK(std::string(name.data()) == "ftrig1:@400000006b02b8ff3b214d22:AAAAAA");
    CHECK(fifo_name::is_subscriber(name.data()));
  }
  TEST_CASE("six random bits to a character") {
    const auto tail = [](std::uint64_t random) {
      return std::string(fifo_name::make({}, random).data()).substr(fifo_name::size - fifo_name::random_size);
    };
    CHECK(tail(1) == "BAAAAA");
    CHECK(tail(63) == "_AAAAA");
    CHECK(tail(std::uint64_t{62} << 30) == "AAAAA-");
    CHECK(tail(~std::uint64_t{0}) == "______");
  }
  TEST_CASE("who is a subscriber") {
    CHECK(fifo_name::is_subscriber(example));
    CHECK_FALSE(fifo_name::is_subscriber(example + "x"));
    CHECK_FALSE(fifo_name::is_subscriber(example.substr(1)));
    CHECK_FALSE(fifo_name::is_subscriber("." + example.substr(1)));
    CHECK_FALSE(fifo_name::is_subscriber("ftrig2" + example.substr(6)));
    CHECK_FALSE(fifo_name::is_subscriber(""));
  }
  TEST_CASE("what a cleaner may look at") {
    CHECK(fifo_name::is_cleanable(example));
    CHECK(fifo_name::is_cleanable("ftrig1" + std::string(33, 'x')));
    CHECK_FALSE(fifo_name::is_cleanable("ftrig1" + std::string(32, 'x')));
    CHECK_FALSE(fifo_name::is_cleanable("." + example));
    CHECK(fifo_name::is_temporary("." + example));
    CHECK_FALSE(fifo_name::is_temporary(example));
    CHECK_FALSE(fifo_name::is_temporary(".." + example.substr(1)));
  }
}
