#pragma once
// What has been said about the entries of the scan directory, so that a lasting trouble is told once and not at every
// scan. A trouble that a complete scan did not meet again is forgotten. Pure.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "svscan/hash_index.hpp"

namespace s6::svscan {

class Complaints {
 public:
  static constexpr std::size_t most = 512;
  struct Entry {
    std::uint64_t hash;
    std::uint64_t scan;
  };

  // Works in memory that is used only as far as it is needed.
  explicit Complaints(std::span<Entry, most> entries) noexcept : entries_(entries) {}

  enum class Answer : std::uint8_t {
    say,  // it is new
    be_still,
    say_last  // it is new, but no more can be remembered: further ones will not be told
  };

  void begin_scan() noexcept { ++scan_; }

  // `about` tells different troubles of one entry apart.
  Answer ask(char about, std::string_view name) noexcept {
    const std::uint64_t hash = hash_text(name) * 31 + static_cast<unsigned char>(about);
    for (std::size_t i = 0; i < size_; ++i) {
      if (entries_[i].hash != hash) continue;
      entries_[i].scan = scan_;
      return Answer::be_still;
    }
    if (size_ == most) return Answer::be_still;
    entries_[size_++] = {hash, scan_};
    return size_ == most ? Answer::say_last : Answer::say;
  }

  void end_complete_scan() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if (entries_[i].scan == scan_) entries_[kept++] = entries_[i];
    size_ = kept;
  }

 private:
  std::span<Entry, most> entries_;
  std::size_t size_ = 0;
  std::uint64_t scan_ = 0;
};

}  // namespace s6::svscan
