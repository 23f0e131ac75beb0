#include "reader_life.hpp"

#include <array>
#include <string_view>

#include "chance.hpp"
#include "common/death_tally.hpp"
#include "common/status.hpp"
#include "common/tai.hpp"

namespace s6::test {
namespace {

using namespace std::string_view_literals;
using Step = ReaderStep;

template <std::size_t size>
std::string as_text(const std::array<std::byte, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : chance_(seed) {}

  ReaderLife life();

 private:
  std::string bytes(std::size_t size);
  Tai64n past();
  Tai64n any_time();
  std::uint16_t wait_status();
  std::string plausible_status();
  std::string random_status();
  Step status();
  Step tally();
  std::string fields();
  Step svstat();
  Step question();

  Chance chance_;
  bool abandoned_ =
      false;  // somebody held the lock once: then the real s6-svwait believes the status, and ours does not
};

std::string Maker::bytes(std::size_t size) {
  std::string text;
  while (text.size() < size) text += static_cast<char>(chance_.below(256));
  return text;
}

// Between 1970 and 2024.
Tai64n Maker::past() {
  return tai::from_unix(static_cast<std::int64_t>(chance_.below(1'700'000'000)), chance_.below(1'000'000'000));
}

Tai64n Maker::any_time() {
  if (chance_.percent(60)) return past();
  // In the years 2100 to 2236.
  return tai::from_unix(std::int64_t{4'102'444'800} + chance_.below(4'294'967'295), chance_.below(1'000'000'000));
}

std::uint16_t Maker::wait_status() {
  if (chance_.percent(40)) return static_cast<std::uint16_t>(chance_.below(256) << 8);                      // an exit
  if (chance_.percent(60)) return static_cast<std::uint16_t>(chance_.below(66) | (chance_.below(2) << 7));  // a signal
  return static_cast<std::uint16_t>(chance_.below(65536));
}

std::string Maker::plausible_status() {
  Status status{.changed = any_time(),
                // The age of a readiness to come is a huge number for the real one.
                .ready_since = past(),
                .pid = chance_.percent(40) ? 0 : static_cast<std::int32_t>(1 + chance_.below(0x7fffffff)),
                .wait_status = wait_status(),
                .paused = chance_.percent(50),
                .finishing = chance_.percent(50),
                .want_up = chance_.percent(50),
                .ready = chance_.percent(50)};
  return as_text(wire::encode(status));
}

// Any bytes; only the pid is one that fits, as the real ones cut others.
std::string Maker::random_status() {
  std::string raw = bytes(wire::status_size);
  raw.replace(24, 4, 4, '\0');
  raw[28] = static_cast<char>(raw[28] & 0x7f);
  if (chance_.percent(40)) raw.replace(24, 8, 8, '\0');
  // Its stamps are times: beyond that the real ones compute with numbers that overflow.
  for (const std::size_t at : {0U, 12U}) {
    std::array<std::byte, tai::packed_size> stamp{};
    tai::pack(at == 0 ? any_time() : past(), stamp);
    raw.replace(at, stamp.size(), as_text(stamp));
  }
  return raw;
}

Step Maker::status() {
  std::string raw = chance_.percent(60) ? plausible_status() : random_status();
  // Later versions take a pause of nothing for a service that was never started, and call nothing paused.
  if (raw.find_first_not_of('\0', 24) >= 32) raw.back() = static_cast<char>(static_cast<unsigned>(raw.back()) & ~1U);
  // Longer ones are read by the real ones, whatever they are.
  if (chance_.percent(15)) raw.resize(chance_.below(wire::status_size));
  return {Step::Kind::file, "supervise/status", raw};
}

// Whole records: the real one empties other files.
Step Maker::tally() {
  std::string raw;
  for (unsigned count = chance_.below(6); count > 0; --count) {
    if (chance_.percent(30)) {
      raw += bytes(wire::death_size);
      continue;
    }
    raw += as_text(wire::encode(
        Death{past(), static_cast<std::uint8_t>(chance_.below(256)), static_cast<std::uint8_t>(chance_.below(66))}));
  }
  return {Step::Kind::file, "supervise/death_tally", raw};
}

std::string Maker::fields() {
  constexpr std::array names{"up"sv,         "wantedup"sv,  "normallyup"sv, "ready"sv,  "paused"sv,
                             "pid"sv,        "exitcode"sv,  "signal"sv,     "signum"sv, "updownsince"sv,
                             "readysince"sv, "updownfor"sv, "readyfor"sv};
  std::string list(chance_.one_of(names));
  for (unsigned more = chance_.below(5); more > 0; --more) list += "," + std::string(chance_.one_of(names));
  return list;
}

Step Maker::svstat() {
  std::string words;
  if (chance_.percent(40)) {
    words = "-o " + fields() + " ";
  } else {
    for (const char* option : {"-u", "-w", "-N", "-r", "-p", "-e", "-s", "-t"})
      if (chance_.percent(12)) words += std::string(option) + " ";
  }
  if (chance_.percent(25)) words += "-n ";
  return {Step::Kind::ask, "s6-svstat", words + "DIR"};
}

Step Maker::question() {
  const unsigned kind = chance_.below(100);
  if (kind < 50) return svstat();
  if (kind < 70 && !abandoned_) {
    const auto logic = std::string(chance_.pick({""sv, "-a "sv, "-o "sv}));
    return {Step::Kind::ask, "s6-svwait",
            std::string(chance_.pick({""sv, "-u "sv, "-U "sv, "-d "sv, "-D "sv, "-r "sv, "-R "sv})) + logic + "DIR"};
  }
  if (kind < 80) return {Step::Kind::ask, "s6-svok", "DIR"};
  const auto style = std::string(chance_.pick({""sv, "-s "sv, "-S "sv}));
  // Told to show none, the real one does not look.
  const std::string limit = chance_.percent(30) ? "-n " + std::to_string(1 + chance_.below(5)) + " " : "";
  return {Step::Kind::ask, "s6-svdt", style + limit + "DIR"};
}

ReaderLife Maker::life() {
  ReaderLife life;
  if (chance_.percent(95)) life.setup.push_back(status());
  life.setup.push_back(tally());  // the real one makes one that is missing
  if (chance_.percent(30)) life.setup.push_back({Step::Kind::file, "down", ""});
  const bool supervised = chance_.percent(85);
  abandoned_ = !supervised && chance_.percent(50);
  if (supervised) life.setup.push_back({Step::Kind::lock, "", ""});
  if (abandoned_) life.setup.push_back({Step::Kind::file, "supervise/lock", ""});
  for (unsigned count = 6 + chance_.below(12); count > 0; --count)
    life.steps.push_back(chance_.percent(75) ? question() : chance_.percent(70) ? status() : tally());
  return life;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return text;
}

}  // namespace

ReaderLife make_reader_life(std::uint64_t seed) {
  return Maker(seed).life();
}

std::string to_text(const ReaderStep& step) {
  switch (step.kind) {
    case Step::Kind::file: return "file " + step.name + ": " + hexadecimal(step.text);
    case Step::Kind::lock: return "lock";
    case Step::Kind::ask: return step.name + " " + step.text;
  }
  return "?";
}

}  // namespace s6::test
