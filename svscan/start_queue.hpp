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

  // Memory for as many members as there may be; `places` zeroed.
  StartQueue(std::span<Entry> heap, std::span<std::uint32_t> places) noexcept : heap_(heap), places_(places) {}

  // The same in another place with room for more: further up, where it may overlap the old one.
  void move_to(std::span<Entry> heap, std::span<std::uint32_t> places) noexcept {
    std::ranges::copy_backward(places_, places.begin() + static_cast<std::ptrdiff_t>(places_.size()));
    std::ranges::fill(places.subspan(places_.size()), 0);
    std::ranges::copy_backward(heap_.first(size_), heap.begin() + size_);
    heap_ = heap;
    places_ = places;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const Entry& first() const noexcept { return heap_[0]; }  // only if not empty
  [[nodiscard]] bool contains(Index who) const noexcept { return places_[who] != 0; }

  // Adds `who`, or moves it.
  void set(Index who, Nanoseconds due) noexcept {
    std::uint32_t i = contains(who) ? places_[who] - 1 : size_++;
    place(i, {due, who});
    i = rise(i);
    sink(i);
  }
  void remove(Index who) noexcept {
    if (!contains(who)) return;
    const std::uint32_t hole = places_[who] - 1;
    places_[who] = 0;
    --size_;
    if (hole == size_) return;
    place(hole, heap_[size_]);
    sink(rise(hole));
  }

 private:
  void place(std::uint32_t i, Entry entry) noexcept {
    heap_[i] = entry;
    places_[entry.who] = i + 1;
  }
  void exchange(std::uint32_t a, std::uint32_t b) noexcept {
    const Entry entry = heap_[a];
    place(a, heap_[b]);
    place(b, entry);
  }
  std::uint32_t rise(std::uint32_t i) noexcept {
    for (; i > 0 && heap_[i].due < heap_[(i - 1) / 2].due; i = (i - 1) / 2) exchange(i, (i - 1) / 2);
    return i;
  }
  void sink(std::uint32_t i) noexcept {
    for (;;) {
      std::uint32_t least = i;
      for (std::uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < size_; ++child)
        if (heap_[child].due < heap_[least].due) least = child;
      if (least == i) return;
      exchange(i, least);
      i = least;
    }
  }

  std::span<Entry> heap_;
  std::span<std::uint32_t> places_;  // position in the heap + 1; 0: not in it
  std::uint32_t size_ = 0;
};

}  // namespace s6::svscan
