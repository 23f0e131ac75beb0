// The files that configure a supervisor: any content, through the functions that read them, against slow references;
// and what follows from them, the steps of a stop and the pauses between restarts.
#include <signal.h>

#include <cctype>
#include <optional>

#include "common/signal_name.hpp"
#include "supervise/config.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/memory_file.hpp"

using namespace s6;
using namespace s6::supervise;

namespace {

// The first line of the first `most` bytes.
std::string line_of(std::string_view content, std::size_t most) {
  std::string line;
  for (const char c : content.substr(0, most)) {
    if (c == '\n') break;
    line += c;
  }
  return line;
}

std::optional<std::uint32_t> number_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > UINT32_MAX) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(value)) : std::nullopt;
}

void check_files(std::string_view content) {
  static const fuzz::MemoryFile file;
  file.fill(content);
  const auto number = number_of(line_of(content, config::number_bytes));
  fuzz::check(config::read_number(file.path()) == number);
  const std::uint64_t milliseconds = number.value_or(5000);
  const bool endless = milliseconds == 0 || milliseconds > INT32_MAX;
  fuzz::check(config::read_timeout(file.path(), 5000) ==
              (endless ? sys::never : static_cast<sys::Nanoseconds>(milliseconds * 1'000'000)));
  const bool may_be_fd = number && *number >= 3 && *number < sys::descriptor_limit() && *number <= INT32_MAX;
  fuzz::check(config::read_descriptor(file.path(), 3) == (may_be_fd ? std::optional<int>(*number) : std::nullopt));
  const auto signal = parse_signal(line_of(content, config::signal_bytes));  // it has a fuzzer of its own
  fuzz::check(config::read_signal(file.path(), SIGTERM) == signal.value_or(SIGTERM));
}

void check_schedule(std::string_view content) {
  std::vector<std::string> items(1);
  for (const char c : content) {
    if (std::string_view(" \t\r\n").find(c) == std::string_view::npos)
      items.back() += c;
    else if (!items.back().empty())
      items.emplace_back();
  }
  if (items.back().empty()) items.pop_back();
  auto schedule = StopSchedule::parse(content);
  bool valid = items.size() <= StopSchedule::most_words;
  for (const std::string& item : items) valid = valid && (number_of(item) || parse_signal(item).value_or(0) > 0);
  fuzz::check(schedule.has_value() == valid);
  if (!valid) return;
  for (const std::string& item : items) {
    const auto word = schedule->next();
    fuzz::check(word.has_value());
    if (const auto wait = number_of(item))
      fuzz::check(word->signal == 0 && word->wait == sys::Nanoseconds{*wait} * 1'000'000);
    else
      fuzz::check(word->signal == parse_signal(item));
  }
  fuzz::check(!schedule->next());
}

// Restarts at times that go on by what the input says.
void check_restarts(fuzz::Input input) {
  const auto milliseconds = [&input] { return sys::Nanoseconds{input.number<std::uint16_t>()} * 1'000'000; };
  RestartPolicy policy;
  const auto given = input.number<std::uint8_t>();
  if ((given & 1) != 0) policy.delay = milliseconds();
  policy.delay_step = milliseconds();
  if ((given & 2) != 0) policy.delay_cap = milliseconds();
  policy.most = given >> 4;
  if ((given & 4) != 0) policy.period = milliseconds();

  RestartBurst burst;
  std::vector<sys::Nanoseconds> counted;  // the restarts of the burst
  sys::Nanoseconds now = 0;
  while (!input.rest().empty()) {
    now += sys::Nanoseconds{input.number<std::uint8_t>()} * 100'000'000;
    if (!counted.empty() && now - counted.front() > policy.period) counted.clear();
    const Restart restart = burst.next(policy, now);
    fuzz::check(restart.give_up == (policy.most != 0 && counted.size() >= policy.most));
    if (restart.give_up) continue;
    fuzz::check(restart.delay.has_value() == policy.delay.has_value());
    if (policy.delay) {
      sys::Nanoseconds expected = *policy.delay;
      for (std::size_t i = 0; i < counted.size(); ++i) expected += policy.delay_step;
      if (expected > policy.delay_cap) expected = std::max(policy.delay_cap, *policy.delay);
      fuzz::check(*restart.delay == expected);
    }
    counted.push_back(now);
    fuzz::check(burst.count() == counted.size());
  }
}

}  // namespace

// What is wrong with a file is said on stderr, thousands of times.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  fuzz::silence(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content = fuzz::text(data, size);
  check_files(content);
  check_schedule(content);
  check_restarts(fuzz::Input(data, size));
  return 0;
}
