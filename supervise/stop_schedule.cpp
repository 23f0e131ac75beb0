#include "supervise/stop_schedule.hpp"

#include <algorithm>

#include "common/number.hpp"
#include "common/signal_name.hpp"
#include "common/text.hpp"

namespace s6::supervise {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::optional<StopSchedule::Word> parse_word(std::string_view text) noexcept {
  if (const auto number = parse_u32(text)) return StopSchedule::Word{.signal = 0, .wait = *number * millisecond};
  const auto signal = parse_signal(text);
  if (!signal || *signal < 1) return std::nullopt;
  return StopSchedule::Word{.signal = *signal, .wait = 0};
}

}  // namespace

std::optional<StopSchedule> StopSchedule::parse(std::string_view text) noexcept {
  StopSchedule schedule;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return schedule;
    const std::string_view item = head(text, text.find_first_of(blanks));
    const auto word = parse_word(item);
    if (!word || schedule.count_ == most_words) return std::nullopt;
    schedule.words_[schedule.count_++] = *word;
    text.remove_prefix(item.size());
  }
}

}  // namespace s6::supervise
