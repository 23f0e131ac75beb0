#pragma once
// Who is to be started when: a binary heap in which every member knows its place, so that a start can be moved or
// cancelled. Pure.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "common/nanoseconds.hpp"
#include "svscan/hash_index.hpp"

namespace s6::svscan {

class StartQueue {
 public:
  struct Entry {
    Nanoseconds due;
    Index who;
  };
  // Cell i has what is known of member i, and who stands at place i of the heap.
  struct Cell {
    Nanoseconds due;
    std::uint32_t place;  // in the heap, + 1; 0: not in it
    Index who;
  };

  // Zeroed cells for as many members as there may be.
  explicit StartQueue(std::span<Cell> cells) noexcept : cells_(cells) {}

  // The same in another place with room for more: further up, where it may overlap the old one.
  void move_to(std::span<Cell> cells) noexcept {
    std::ranges::copy_backward(cells_, cells.begin() + static_cast<std::ptrdiff_t>(cells_.size()));
    std::ranges::fill(cells.subspan(cells_.size()), Cell{});
    cells_ = cells;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Entry first() const noexcept { return {due_at(0), cells_[0].who}; }  // only if not empty
  [[nodiscard]] bool contains(Index who) const noexcept { return cells_[who].place != 0; }

  // Adds `who`, or moves it.
  void set(Index who, Nanoseconds due) noexcept {
    const std::uint32_t i = contains(who) ? cells_[who].place - 1 : size_++;
    cells_[who].due = due;
    put(i, who);
    sink(rise(i));
  }
  void remove(Index who) noexcept {
    if (!contains(who)) return;
    const std::uint32_t hole = cells_[who].place - 1;
    cells_[who].place = 0;
    --size_;
    if (hole == size_) return;
    put(hole, cells_[size_].who);
    sink(rise(hole));
  }

 private:
  [[nodiscard]] Nanoseconds due_at(std::uint32_t place) const noexcept { return cells_[cells_[place].who].due; }
  void put(std::uint32_t place, Index who) noexcept {
    cells_[place].who = who;
    cells_[who].place = place + 1;
  }
  void exchange(std::uint32_t a, std::uint32_t b) noexcept {
    const Index who = cells_[a].who;
    put(a, cells_[b].who);
    put(b, who);
  }
  std::uint32_t rise(std::uint32_t i) noexcept {
    for (; i > 0 && due_at(i) < due_at((i - 1) / 2); i = (i - 1) / 2) exchange(i, (i - 1) / 2);
    return i;
  }
  void sink(std::uint32_t i) noexcept {
    for (;;) {
      std::uint32_t least = i;
      for (std::uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < size_; ++child)
        if (due_at(child) < due_at(least)) least = child;
      if (least == i) return;
      exchange(i, least);
      i = least;
    }
  }

  std::span<Cell> cells_;
  std::uint32_t size_ = 0;
};

}  // namespace s6::svscan
