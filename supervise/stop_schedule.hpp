#pragma once
// What a service gets after its down signal until it is dead: an extension that s6 does not have, switched on by the
// file stop-schedule. Pure.
//
// Words with blanks between them, taken one after the other: a number is a time to wait in milliseconds, anything else
// a signal. "5000 INT 2000 KILL" waits five seconds, sends SIGINT, waits two more and sends SIGKILL. It ends with the
// service, or with the last word.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/nanoseconds.hpp"

namespace s6::supervise {

class StopSchedule {
 public:
  static constexpr std::size_t most_words = 32;

  struct Word {
    int signal = 0;  // 0: a wait
    Nanoseconds wait = 0;
  };

  // Nothing: some word is neither, or there are too many.
  static std::optional<StopSchedule> parse(std::string_view text) noexcept;

  // The word whose turn it is; nothing after the last.
  constexpr std::optional<Word> next() noexcept {
    if (at_ == count_) return std::nullopt;
    return words_[at_++];
  }

 private:
  std::array<Word, most_words> words_{};
  std::size_t count_ = 0;
  std::size_t at_ = 0;
};

}  // namespace s6::supervise
