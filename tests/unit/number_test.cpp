#include "common/number.hpp"

#include <doctest/doctest.h>

using namespace s6;

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
  TEST_CASE("64 bits") {
    CHECK(parse_u64("18446744073709551615") == 18446744073709551615U);
    CHECK(!parse_u64("18446744073709551616"));
    CHECK(!parse_u64("99999999999999999999"));
    CHECK(!parse_u64(""));
  }
  TEST_CASE("octal, C's ways of writing, and signs") {
    CHECK(parse_octal("0755") == 0755U);
    CHECK(parse_octal("37777777777") == 0xffffffffU);
    for (const char* text : {"", "8", "0x1", "40000000000", "-1"}) CHECK(!parse_octal(text));
    CHECK(parse_c_u32("10") == 10U);
    CHECK(parse_c_u32("010") == 8U);
    CHECK(parse_c_u32("0x10") == 16U);
    CHECK(parse_c_u32("0xFfffFFff") == 0xffffffffU);
    for (const char* text : {"", "0x", "09", "0xg", "x10", "0x100000000", "-1"}) CHECK(!parse_c_u32(text));
    CHECK(parse_signed("5") == 5);
    CHECK(parse_signed("+5") == 5);
    CHECK(parse_signed("-999999999") == -999999999);
    for (const char* text : {"", "-", "+", "--5", "+-5", "- 5", "5-", "1000000000"}) CHECK(!parse_signed(text));
  }
}
