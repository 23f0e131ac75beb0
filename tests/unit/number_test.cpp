#include "common/number.hpp"

#include <doctest/doctest.h>

using s6::parse_u32;

TEST_SUITE("number") {
  TEST_CASE("decimal digits, the whole text, 32 bits") {
    CHECK(parse_u32("0") == 0);
    CHECK(parse_u32("00200") == 200);
    CHECK(parse_u32("4294967295") == 4294967295);
    CHECK(parse_u32("000000000000000000000000004294967295") == 4294967295);
  }
  TEST_CASE("nothing else") {
    for (const char* text : {"", "-1", "+1", " 5", "5 ", "0x10", "abc", "1.0", "4294967296", "5000000000",
                             "18446744073709551617", "99999999999999999999999999"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_u32(text).has_value());
    }
  }
}
