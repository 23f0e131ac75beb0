#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "common/sys.hpp"

using namespace s6;

namespace {

UniqueFd opened() {
  auto fd = sys::open("/dev/null", O_RDONLY);
  REQUIRE(fd);
  return std::move(*fd);
}

}  // namespace

TEST_SUITE("discarded descriptors") {
  TEST_CASE("they are closed, and those between them are not") {
    UniqueFd first = opened(), second = opened(), kept = opened(), third = opened();
    const std::vector<int> numbers{first.get(), second.get(), third.get()};
    sys::Discarded discarded;
    discarded.take(std::move(first));
    discarded.take(std::move(second));
    discarded.take(std::move(third));
    discarded.close();
    CHECK(std::ranges::none_of(numbers, sys::is_open));
    CHECK(sys::is_open(kept.get()));
    discarded.close();  // has nothing to do
    CHECK(sys::is_open(kept.get()));
  }
  TEST_CASE("however many there are, few of them are open at a time") {
    sys::Discarded discarded;
    std::vector<int> numbers;
    for (int i = 0; i < 1000; ++i) {
      UniqueFd fd = opened();
      numbers.push_back(fd.get());
      discarded.take(std::move(fd));
    }
    discarded.close();
    CHECK(std::ranges::none_of(numbers, sys::is_open));
    CHECK(*std::ranges::max_element(numbers) < 200);
  }
}
