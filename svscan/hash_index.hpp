#pragma once
// A hash table of indexes into somebody else's records: open addressing, linear probing. It knows neither the records
// nor their keys; the callers' functions do. Of the memory given at construction it uses only as much as its content
// needs. Pure.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace s6::svscan {

using Index = std::uint32_t;
inline constexpr Index nothing = UINT32_MAX;

constexpr std::uint64_t hash_number(std::uint64_t number) noexcept {
  number *= 0x9e3779b97f4a7c15;
  return number ^ number >> 32;
}
constexpr std::uint64_t hash_text(std::string_view text) noexcept {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash ^ hash >> 32;
}

class HashIndex {
 public:
  static constexpr std::size_t least_cells = 64;
  // How many cells `records` need at most: a power of two, at most half of them in use.
  static constexpr std::size_t cells_for(std::size_t records) noexcept {
    std::size_t cells = least_cells;
    while (cells < records * 2) cells *= 2;
    return cells;
  }

  // Memory of cells_for() cells, of which the first least_cells are zeroed.
  explicit HashIndex(std::span<std::uint32_t> cells) noexcept : cells_(cells) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // One more would make it slow: widen(), then put() everything again.
  [[nodiscard]] bool is_crowded() const noexcept { return (size_ + 1) * 2 > width_ && width_ < cells_.size(); }
  void widen() noexcept {
    width_ *= 2;
    size_ = 0;
    std::ranges::fill(cells_.first(width_), 0);
  }

  // The same in another place with room for more: further up, where it may overlap the old one.
  void move_to(std::span<std::uint32_t> cells) noexcept {
    std::copy_backward(cells_.data(), cells_.data() + width_, cells.data() + width_);
    cells_ = cells;
  }

  void put(Index who, std::uint64_t hash) noexcept {
    std::size_t i = hash & mask();
    while (cells_[i] != 0) i = next(i);
    cells_[i] = who + 1;
    ++size_;
  }

  // Calls `visit(index)` for every member that may have this hash until it answers true; returns that member.
  template <class Visit>
  [[nodiscard]] Index find(std::uint64_t hash, Visit visit) const noexcept {
    for (std::size_t i = hash & mask(); cells_[i] != 0; i = next(i))
      if (visit(cells_[i] - 1)) return cells_[i] - 1;
    return nothing;
  }

  // Removes `who`, a member. `hash_of(index)` is asked for the keys of its neighbours, which move up.
  template <class HashOf>
  void erase(Index who, HashOf hash_of) noexcept {
    std::size_t hole = hash_of(who) & mask();
    while (cells_[hole] != who + 1) hole = next(hole);
    for (std::size_t i = next(hole); cells_[i] != 0; i = next(i)) {
      const std::size_t home = hash_of(cells_[i] - 1) & mask();
      // A member may only move up as far as its home.
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;
      cells_[hole] = cells_[i];
      hole = i;
    }
    cells_[hole] = 0;
    --size_;
  }

 private:
  [[nodiscard]] std::size_t mask() const noexcept { return width_ - 1; }
  [[nodiscard]] std::size_t next(std::size_t i) const noexcept { return (i + 1) & mask(); }

  std::span<std::uint32_t> cells_;  // index + 1; 0: free
  std::size_t width_ = least_cells;
  std::size_t size_ = 0;
};

}  // namespace s6::svscan
