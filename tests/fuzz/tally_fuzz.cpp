// Any file as a death tally, also one that shrinks while it is read.
#include <errno.h>

#include "common/tally_reader.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/memory_file.hpp"

using namespace s6;

namespace {

std::vector<Death> newest(std::string_view content, std::size_t limit) {
  std::vector<Death> deaths;
  const auto bytes = std::as_bytes(std::span(content));
  for (std::size_t at = 0; at < bytes.size(); at += wire::death_size)
    deaths.push_back(wire::decode_death(bytes.subspan(at).first<wire::death_size>()));
  if (deaths.size() > limit) deaths.erase(deaths.begin(), deaths.end() - static_cast<std::ptrdiff_t>(limit));
  return deaths;
}

std::vector<Death> all_of(TallyReader& reader) {
  std::vector<Death> deaths;
  for (;;) {
    const auto death = reader.next();
    fuzz::check(static_cast<bool>(death));
    if (!*death) return deaths;
    deaths.push_back(**death);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  fuzz::Input input(data, size);
  const auto limit = input.number<std::uint16_t>();
  const auto cut = input.number<std::uint16_t>();
  const std::string_view content = input.rest();
  file.fill(content);
  TallyReader reader;
  const auto opened = reader.open(file.path(), limit);
  fuzz::check(static_cast<bool>(opened) == (content.size() % wire::death_size == 0));
  if (!opened) {
    fuzz::check(opened.error().code == EPROTO && !explain_tally_error(opened.error()).empty());
    return 0;
  }
  const std::vector<Death> expected = newest(content, limit);
  fuzz::check(all_of(reader) == expected);
  // The same again, and somebody cuts the file: what is read is the beginning of what was there.
  TallyReader disturbed;
  fuzz::check(static_cast<bool>(disturbed.open(file.path(), limit)));
  file.resize(cut % (content.size() + 1));
  const std::vector<Death> read = all_of(disturbed);
  fuzz::check(read.size() <= expected.size() && std::equal(read.begin(), read.end(), expected.begin()));
  return 0;
}
