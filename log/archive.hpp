#pragma once
// The names of archives, and which of them have to go. Pure.
//
// An archive is called '@', 24 hexadecimal digits (the TAI64N stamp of its making), then ".s" for a file that was
// finished in order or ".u" for one that was found unfinished. Nothing else in a log directory is ever counted or
// removed.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/tai.hpp"

namespace s6::log {

inline constexpr std::size_t archive_name_size = tai::text_size + 2;

// Terminated.
using ArchiveName = std::array<char, archive_name_size + 1>;

enum class Ending : char { finished = 's', unfinished = 'u' };

constexpr ArchiveName archive_name(const Tai64n& stamp, Ending ending) noexcept {
  ArchiveName name{};
  const auto text = tai::to_text(stamp);
  std::copy(text.begin(), text.end(), name.begin());
  name[tai::text_size] = '.';
  name[tai::text_size + 1] = static_cast<char>(ending);
  return name;
}

constexpr bool is_hex_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// '@' and 24 hexadecimal digits.
constexpr bool starts_with_stamp(std::string_view text) noexcept {
  if (text.size() < tai::text_size || text[0] != '@') return false;
  return std::all_of(text.begin() + 1, text.begin() + tai::text_size, is_hex_digit);
}

constexpr bool is_archive(std::string_view name) noexcept {
  return name.size() == archive_name_size && starts_with_stamp(name) && name[tai::text_size] == '.' &&
         (name[tai::text_size + 1] == 's' || name[tai::text_size + 1] == 'u');
}

// Hands out stamps that always grow, also when the clock does not.
class GrowingStamp {
 public:
  constexpr Tai64n next(const Tai64n& now) noexcept {
    last_ = now > last_ ? now : one_later(last_);
    return last_;
  }

 private:
  static constexpr Tai64n one_later(const Tai64n& stamp) noexcept {
    return stamp.nanoseconds < 999'999'999 ? Tai64n{stamp.label, stamp.nanoseconds + 1} : Tai64n{stamp.label + 1, 0};
  }
  Tai64n last_;
};

// How much a log directory may hold besides its current file.
struct Quota {
  std::uint64_t archives = 10;
  std::uint64_t bytes = 0;  // 0: no limit
};

// One pass over a directory: counts all archives and remembers the oldest, at most `memory` of them, which is enough to
// know those that have to go, unless there are more: then another pass is due. Names that sort up to `floor`
// are passed over: they were tried in an earlier pass, and what could not be removed is nobody's log.
class OldestArchives {
 public:
  static constexpr std::size_t memory = 256;
  struct Archive {
    ArchiveName name{};
    std::uint64_t bytes = 0;
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {name.data(), archive_name_size}; }
  };

  constexpr void begin_pass(std::string_view floor) noexcept {
    count_ = bytes_ = 0;
    size_ = 0;
    std::copy(floor.begin(), floor.end(), floor_.begin());
    floor_size_ = floor.size();
  }

  // `name` is an archive's.
  constexpr void consider(std::string_view name, std::uint64_t bytes) noexcept {
    if (name <= std::string_view(floor_.data(), floor_size_)) return;
    ++count_;
    bytes_ += bytes;
    if (size_ == memory) {
      if (name >= oldest_[0].view()) return;
      std::pop_heap(oldest_.begin(), end(), is_older);
      --size_;
    }
    Archive& archive = oldest_[size_++];
    std::copy(name.begin(), name.end(), archive.name.begin());
    archive.bytes = bytes;
    std::push_heap(oldest_.begin(), end(), is_older);
  }

  // Those that have to go, the oldest first.
  constexpr std::span<const Archive> surplus(const Quota& quota) noexcept {
    std::sort_heap(oldest_.begin(), end(), is_older);
    std::uint64_t count = count_;
    std::uint64_t bytes = bytes_;
    std::size_t gone = 0;
    while (gone < size_ && (count > quota.archives || (quota.bytes != 0 && bytes > quota.bytes))) {
      --count;
      bytes -= oldest_[gone++].bytes;
    }
    more_ = gone == memory;
    return {oldest_.data(), gone};
  }
  // After surplus(): may there be more to remove than could be remembered?
  [[nodiscard]] constexpr bool another_pass_is_due() const noexcept { return more_; }

 private:
  static constexpr bool is_older(const Archive& a, const Archive& b) noexcept { return a.view() < b.view(); }
  constexpr std::array<Archive, memory>::iterator end() noexcept {
    return oldest_.begin() + static_cast<std::ptrdiff_t>(size_);
  }

  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<Archive, memory> oldest_{};
  std::size_t size_ = 0;
  ArchiveName floor_{};
  std::size_t floor_size_ = 0;
  bool more_ = false;
};

}  // namespace s6::log
