#include "supervise/failures.hpp"

#include <algorithm>

#include "common/number.hpp"
#include "common/signal_name.hpp"
#include "common/text.hpp"

namespace s6::supervise {
namespace {

constexpr std::string_view separators = ",; \n\r\t";

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// These answer what is wrong, or nothing.
std::string_view add_exit_codes(Failures& failures, std::string_view item) noexcept {
  const std::string_view first = head(item, item.find('-'));
  const std::string_view last = first.size() == item.size()
                                    ? first
                                    : std::string_view(item.data() + first.size() + 1, item.size() - first.size() - 1);
  const auto from = parse_u32(first);
  const auto to = parse_u32(last);
  if (!from || !to) return "not an exit code, a range of exit codes or a signal";
  if (*from > 255 || *to > 255) return "exit codes end at 255";
  if (*to < *from) return "the range ends before it begins";
  std::fill(failures.exit_codes.begin() + *from, failures.exit_codes.begin() + *to + 1, true);
  return {};
}

std::string_view add_signal(Failures& failures, std::string_view item) noexcept {
  const auto signal = parse_signal(item);
  if (!signal) return "not an exit code, a range of exit codes or a signal";
  if (*signal < 1 || *signal >= static_cast<int>(Failures::signal_count)) return "there is no such signal";
  failures.signals[static_cast<std::size_t>(*signal)] = true;
  return {};
}

}  // namespace

ParsedFailures parse_failures(std::string_view list) noexcept {
  ParsedFailures parsed;
  while (!list.empty() && parsed.problem.empty()) {
    const std::string_view item = head(list, list.find_first_of(separators));
    parsed.culprit = item;
    parsed.problem =
        !item.empty() && is_digit(item[0]) ? add_exit_codes(parsed.failures, item) : add_signal(parsed.failures, item);
    list.remove_prefix(item.size());
    list.remove_prefix(std::min(list.find_first_not_of(separators), list.size()));
  }
  return parsed;
}

}  // namespace s6::supervise
