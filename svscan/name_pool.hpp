#pragma once
// Names, one after the other, each with its owner. The names of owners that have gone are squeezed out when they have
// come to be more than half of it all. Pure.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "svscan/hash_index.hpp"

namespace s6::svscan {

class NamePool {
 public:
  // What one name takes.
  static constexpr std::size_t space_for(std::size_t name_bytes) noexcept { return sizeof(Header) + name_bytes + 1; }

  explicit NamePool(std::span<char> memory) noexcept : memory_(memory) {}

  // Stores a name and returns its position; there must be room for all names together. When names move,
  // `moved(owner, new position)` is called.
  template <class Moved>
  std::uint32_t add(Index owner, std::string_view name, Moved moved) noexcept {
    const std::size_t need = space_for(name.size());
    if (end_ + need > memory_.size() || (dead_ > most_dead && dead_ > end_ / 2)) squeeze(moved);
    const std::size_t at = end_;
    set_header(at, {owner, static_cast<std::uint32_t>(name.size())});
    const auto text = at + sizeof(Header);
    std::ranges::copy(name, memory_.begin() + static_cast<std::ptrdiff_t>(text));
    memory_[text + name.size()] = '\0';
    end_ += need;
    return static_cast<std::uint32_t>(text);
  }
  // The same in another place with room for more: further up, where it may overlap the old one. Positions stay.
  void move_to(std::span<char> memory) noexcept {
    std::ranges::copy_backward(memory_.first(end_), memory.begin() + static_cast<std::ptrdiff_t>(end_));
    memory_ = memory;
  }
  void drop(std::uint32_t position) noexcept {
    Header header = header_of(position - sizeof(Header));
    header.owner = nothing;
    set_header(position - sizeof(Header), header);
    dead_ += space_for(header.size);
  }
  // Terminated. Valid until the next add().
  [[nodiscard]] std::string_view at(std::uint32_t position) const noexcept {
    return {&memory_[position], header_of(position - sizeof(Header)).size};
  }

 private:
  struct Header {
    Index owner;
    std::uint32_t size;
  };
  static constexpr std::size_t most_dead = 4096;

  [[nodiscard]] Header header_of(std::size_t at) const noexcept {
    Header header;
    std::memcpy(&header, &memory_[at], sizeof header);
    return header;
  }
  void set_header(std::size_t at, const Header& header) noexcept { std::memcpy(&memory_[at], &header, sizeof header); }

  template <class Moved>
  void squeeze(Moved moved) noexcept {
    std::size_t to = 0;
    for (std::size_t from = 0; from < end_;) {
      const Header header = header_of(from);
      const std::size_t size = space_for(header.size);
      if (header.owner != nothing) {
        if (to != from) {
          std::memmove(&memory_[to], &memory_[from], size);
          moved(header.owner, static_cast<std::uint32_t>(to + sizeof(Header)));
        }
        to += size;
      }
      from += size;
    }
    end_ = to;
    dead_ = 0;
  }

  std::span<char> memory_;
  std::size_t end_ = 0;
  std::size_t dead_ = 0;
};

}  // namespace s6::svscan
