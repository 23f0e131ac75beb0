// TAI64N stamps against arithmetic with room to spare.
#include "common/tai.hpp"

#include <cstdio>

#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

__extension__ using Wide = __int128;

Tai64n stamp_from(fuzz::Input& input) {
  const auto label = input.number<std::uint64_t>();
  return {label, input.number<std::uint32_t>() % 1'000'000'000};
}

Wide nanoseconds_of(const Tai64n& stamp) {
  return static_cast<Wide>(stamp.label) * 1'000'000'000 + stamp.nanoseconds;
}

std::string text_of(const Tai64n& stamp) {
  const auto text = tai::to_text(stamp);
  return {text.begin(), text.end()};
}

void check_formats(const Tai64n& stamp) {
  std::array<std::byte, tai::packed_size> raw;
  tai::pack(stamp, raw);
  fuzz::check(tai::unpack(raw) == stamp);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "@%016llx%08x", static_cast<unsigned long long>(stamp.label),
                stamp.nanoseconds);
  fuzz::check(text_of(stamp) == text.data());
}

void check_order(const Tai64n& a, const Tai64n& b) {
  const Wide difference = nanoseconds_of(b) - nanoseconds_of(a);
  fuzz::check((a < b) == (difference > 0));
  fuzz::check((a < b) == (text_of(a) < text_of(b)));
  fuzz::check(tai::seconds_between(a, b) ==
              static_cast<std::uint64_t>(difference > 0 ? difference / 1'000'000'000 : 0));
}

void check_from_unix(std::int64_t seconds, std::uint32_t nanoseconds) {
  Wide label = (static_cast<Wide>(1) << 62) + seconds + 10;
  for (const std::int64_t leap : tai::leap_seconds)
    if (seconds >= leap) ++label;
  fuzz::check(tai::from_unix(seconds, nanoseconds) == Tai64n{static_cast<std::uint64_t>(label), nanoseconds});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const Tai64n a = stamp_from(input);
  const Tai64n b = stamp_from(input);
  check_formats(a);
  check_order(a, b);
  check_order(b, a);
  check_order(a, {a.label + 1, b.nanoseconds});
  check_from_unix(static_cast<std::int64_t>(a.label), a.nanoseconds);
  check_from_unix(static_cast<std::int64_t>(a.label % (std::uint64_t{1} << 32)), a.nanoseconds);
  return 0;
}
