#include "log/stamps.hpp"

#include <algorithm>
#include <utility>

namespace s6::log {

std::string_view Stamps::tai64n() noexcept {
  if (!std::exchange(tai_is_for_second_, true)) {
    const auto text = tai::to_text(tai::from_unix(now_.seconds, 0));
    std::copy(text.begin(), text.end(), tai_.begin());
    tai_.back() = ' ';
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint32_t rest = now_.nanoseconds;
  for (std::size_t i = tai::text_size; i-- > seconds_size; rest >>= 4) tai_[i] = digits[rest & 15];
  return {tai_.data(), tai_.size()};
}

std::string_view Stamps::local_time() noexcept {
  if (!std::exchange(local_is_for_second_, true)) {
    const auto text = calendar_text({now_.seconds}, Zone::local).value_or(CalendarText{"0000-00-00 00:00:00"});
    local_seconds_size_ = text.size() + 1;
    std::copy_n(text.c_str(), text.size(), local_.begin());
    local_[text.size()] = '.';
  }
  std::uint32_t rest = now_.nanoseconds;
  for (std::size_t i = local_seconds_size_ + 9; i-- > local_seconds_size_; rest /= 10)
    local_[i] = static_cast<char>('0' + rest % 10);
  local_[local_seconds_size_ + 9] = local_[local_seconds_size_ + 10] = ' ';
  return {local_.data(), local_seconds_size_ + 11};
}

}  // namespace s6::log
