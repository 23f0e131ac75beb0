#pragma once
// A stream of lines whose TAI64N stamps become dates. Pure but for the C library's local time.
//
// Only the beginnings of lines are looked at, and of a line only its beginning is held back: lines may be of any
// length.
#include <array>
#include <optional>
#include <string_view>

#include "log/archive.hpp"
#include "log/calendar.hpp"

namespace s6::log {

class LocalStamps {
 public:
  explicit LocalStamps(Zone zone) noexcept : zone_(zone) {}

  // Hands what comes out of `text` to emit(std::string_view), piece by piece.
  template <class Emit>
  void feed(std::string_view text, Emit emit) noexcept {
    while (!text.empty()) text.remove_prefix(within_line_ ? pass_on(text, emit) : collect(text, emit));
  }
  // The same for what is held back, at the end of the input.
  template <class Emit>
  void finish(Emit emit) noexcept {
    if (head_size_ > 0) emit(std::string_view(head_.data(), head_size_));
    head_size_ = 0;
  }

 private:
  template <class Emit>
  std::size_t pass_on(std::string_view text, Emit emit) noexcept {
    const std::size_t newline = text.find('\n');
    within_line_ = newline == std::string_view::npos;
    const std::string_view part = within_line_ ? text : head(text, newline + 1);
    emit(part);
    return part.size();
  }

  template <class Emit>
  std::size_t collect(std::string_view text, Emit emit) noexcept {
    const std::string_view wanted = head(text, head_.size() - head_size_);
    const std::size_t newline = wanted.find('\n');
    const bool has_newline = newline != std::string_view::npos;
    const std::string_view part = has_newline ? head(wanted, newline + 1) : wanted;
    std::copy(part.begin(), part.end(), head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
    head_size_ += part.size();
    if (!has_newline && head_size_ < head_.size()) return part.size();
    emit_head(emit);
    within_line_ = !has_newline;
    return part.size();
  }

  template <class Emit>
  void emit_head(Emit emit) noexcept {
    std::string_view line(head_.data(), head_size_);
    if (line.size() > tai::text_size && starts_with_stamp(line)) {
      if (const auto date = convert(line)) {
        emit(date->view());
        line.remove_prefix(tai::text_size);
      }
    }
    emit(line);
    head_size_ = 0;
  }

  std::optional<CalendarText> convert(std::string_view stamp) noexcept;

  Zone zone_;
  std::array<char, tai::text_size + 1> head_{};
  std::size_t head_size_ = 0;
  bool within_line_ = false;
  std::uint64_t last_label_ = 0;  // whose date this is; 0 is before every date
  CalendarText last_date_;
};

}  // namespace s6::log
