#include "supervise/config.hpp"

#include <errno.h>
#include <unistd.h>

#include <array>

#include "common/cli.hpp"
#include "common/number.hpp"
#include "common/signal_name.hpp"
#include "common/text.hpp"

namespace s6::supervise::config {
namespace {

constexpr std::string_view without_it = "going on without it";

// The first line of a file in a buffer of its own.
template <std::size_t N>
class Line {
 public:
  // false: there is no such file, or (with a warning) it cannot be read.
  bool read(const char* file) noexcept {
    auto size = sys::read_file(file, std::as_writable_bytes(std::span(content_)));
    if (!size) {
      if (size.error().code != ENOENT) cli::warn(size.error(), without_it);
      return false;
    }
    size_ = *size;
    return true;
  }
  [[nodiscard]] std::string_view text() const noexcept { return first_line({content_.data(), size_}); }
  [[nodiscard]] bool full() const noexcept { return size_ == N; }

 private:
  std::array<char, N> content_;
  std::size_t size_ = 0;
};

void warn_invalid(const char* file, std::string_view expected, std::string_view instead) noexcept {
  cli::warn({"invalid ", file, ": ", expected, " is expected; ", instead});
}

std::optional<std::uint32_t> read_number_or(const char* file, std::string_view instead) noexcept {
  Line<number_bytes> line;
  if (!line.read(file)) return std::nullopt;
  const auto number = parse_u32(line.text());
  if (!number) warn_invalid(file, "a decimal number", instead);
  return number;
}

}  // namespace

std::optional<std::uint32_t> read_number(const char* file) noexcept {
  return read_number_or(file, "using the default");
}

int read_signal(const char* file, int default_signal) noexcept {
  Line<signal_bytes> line;
  if (!line.read(file)) return default_signal;
  const auto signal = parse_signal(line.text());
  if (!signal) warn_invalid(file, "the name or number of a signal", "using the default");
  return signal.value_or(default_signal);
}

bool flag(const char* file) noexcept {
  return static_cast<bool>(sys::access(file, F_OK));
}

std::optional<int> read_descriptor(const char* file, int least) noexcept {
  const auto number = read_number_or(file, without_it);
  if (!number) return std::nullopt;
  const std::uint64_t limit = sys::descriptor_limit();
  if (*number >= static_cast<std::uint32_t>(least) && *number < limit && *number <= no_limit_above)
    return static_cast<int>(*number);
  const TextBuffer<64> range{"a descriptor from ", to_text(least), " to ", to_text(limit - 1)};
  warn_invalid(file, range, without_it);
  return std::nullopt;
}

sys::Nanoseconds read_timeout(const char* file, std::uint32_t default_milliseconds) noexcept {
  const std::uint32_t value = read_number(file).value_or(default_milliseconds);
  return value == 0 || value > no_limit_above ? sys::never : sys::Nanoseconds{value} * sys::millisecond;
}

RestartPolicy read_restart_policy() noexcept {
  RestartPolicy policy;
  // A file that is not there is still looked for at each death, so what depends on another is only read with it.
  if (const auto delay = read_number(restart_delay_file)) {
    policy.delay = *delay * sys::millisecond;
    policy.delay_step = read_number(restart_delay_step_file).value_or(0) * sys::millisecond;
    policy.delay_cap = read_timeout(restart_delay_cap_file, 0);
  }
  policy.most = read_number(restart_limit_file).value_or(0);
  if (policy.most != 0) policy.period = read_timeout(restart_period_file, 0);
  return policy;
}

std::optional<StopSchedule> read_stop_schedule() noexcept {
  Line<schedule_bytes> line;
  if (!line.read(stop_schedule_file)) return std::nullopt;
  auto schedule = line.full() ? std::nullopt : StopSchedule::parse(line.text());
  if (!schedule)
    warn_invalid(stop_schedule_file, "one line of signals and times in milliseconds", "using timeout-kill instead");
  return schedule;
}

}  // namespace s6::supervise::config
