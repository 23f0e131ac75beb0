// Any bytes: a status or nothing, never a crash; what decodes from 35 bytes encodes to the same bytes but for the flags
// that no version knows.
#include <algorithm>

#include "common/death_tally.hpp"
#include "common/status.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto in = fuzz::bytes(data, size);
  if (const auto status = wire::decode(in)) {
    fuzz::check(size == wire::status_size || size == wire::status_size_2_13);
    fuzz::check(status->pid >= 0);
    const auto out = wire::encode(*status);
    fuzz::check(wire::decode(out) == status);
    if (size == wire::status_size) {
      fuzz::check(std::ranges::equal(std::span(out).first(34), in.first(34)));
      fuzz::check(out[34] == (in[34] & std::byte{15}));
    }
  }
  if (size >= wire::death_size) {
    const auto record = in.first<wire::death_size>();
    fuzz::check(std::ranges::equal(wire::encode(wire::decode_death(record)), record));
  }
  for (const std::uint32_t limit : {1U, 2U, 100U, wire::max_deaths}) {
    const auto tail = wire::tally_tail(size, limit);
    fuzz::check(tail.offset + tail.length <= size);
    fuzz::check(tail.length % wire::death_size == 0);
    fuzz::check(tail.length / wire::death_size < limit);
  }
  return 0;
}
