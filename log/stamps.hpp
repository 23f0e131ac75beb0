#pragma once
// The stamps before a line. The clock is read once for each line that needs it, however many actions stamp it; what
// changes only every second is formatted only then. Pure but for the C library's local time: the clock's reading comes
// in as a value.
#include <array>
#include <string_view>

#include "common/nanoseconds.hpp"
#include "log/calendar.hpp"

namespace s6::log {

class Stamps {
 public:
  void set(const WallTime& now) noexcept {
    if (now.seconds != now_.seconds) tai_is_for_second_ = local_is_for_second_ = false;
    now_ = now;
  }
  // "@...", one space behind.
  std::string_view tai64n() noexcept;
  // "YYYY-MM-DD HH:MM:SS.nnnnnnnnn", two spaces behind.
  std::string_view local_time() noexcept;

 private:
  static constexpr std::size_t seconds_size = 17;  // '@' and 16 digits

  WallTime now_;
  bool tai_is_for_second_ = false;
  bool local_is_for_second_ = false;
  std::array<char, tai::text_size + 1> tai_{};
  std::array<char, 48> local_{};
  std::size_t local_seconds_size_ = 0;
};

}  // namespace s6::log
