// Names in a fifodir: those that are made, and any others.
#include "common/fifo_name.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

// The 36 bits that went into a name; fails if a character stands for none.
std::uint64_t bits_of(std::string_view characters) {
  std::uint64_t bits = 0;
  for (auto c = characters.rbegin(); c != characters.rend(); ++c) {
    int value = -1;
    if (*c >= 'A' && *c <= 'Z') value = *c - 'A';
    if (*c >= 'a' && *c <= 'z') value = *c - 'a' + 26;
    if (*c >= '0' && *c <= '9') value = *c - '0' + 52;
    if (*c == '-') value = 62;
    if (*c == '_') value = 63;
    fuzz::check(value >= 0);
    bits = bits << 6 | static_cast<std::uint64_t>(value);
  }
  return bits;
}

void check_made(const Tai64n& now, std::uint64_t random) {
  const auto made = fifo_name::make(now, random);
  fuzz::check(made.back() == '\0');
  const std::string name = made.data();
  fuzz::check(name.size() == 39 && name.find('/') == std::string::npos);
  const auto label = tai::to_text(now);
  fuzz::check(name.substr(0, 33) == "ftrig1:" + std::string(label.begin(), label.end()) + ":");
  fuzz::check(bits_of(name.substr(33)) == (random & 0xfffffffff));
  fuzz::check(fifo_name::is_subscriber(name) && fifo_name::is_cleanable(name) && !fifo_name::is_temporary(name));
  const std::string hidden = "." + name;
  fuzz::check(fifo_name::is_temporary(hidden) && !fifo_name::is_subscriber(hidden) && !fifo_name::is_cleanable(hidden));
}

void check_any(const std::string& name) {
  const bool cleanable = name.size() == 39 && name.substr(0, 6) == "ftrig1";
  const bool subscriber = cleanable && name.substr(6, 2) == ":@";
  fuzz::check(fifo_name::is_cleanable(name) == cleanable);
  fuzz::check(fifo_name::is_subscriber(name) == subscriber);
  fuzz::check(fifo_name::is_temporary("." + name) == subscriber);
  fuzz::check(fifo_name::is_temporary(name) == (name.size() == 40 && name.substr(0, 9) == ".ftrig1:@"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_any(std::string(fuzz::text(data, size)));
  fuzz::Input input(data, size);
  const auto label = input.number<std::uint64_t>();
  const auto nanoseconds = input.number<std::uint32_t>();
  check_made({label, nanoseconds}, input.number<std::uint64_t>());
  return 0;
}
