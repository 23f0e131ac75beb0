#pragma once
// Memory for queues and for input: reserved at start, charged where it is touched, enlarged only for a line that is
// longer than all of it.
#include <algorithm>
#include <span>

#include "common/sys.hpp"

namespace s6::log {

inline Result<std::span<char>> reserve_memory(std::size_t bytes) noexcept {
  auto memory = sys::reserve(bytes);
  if (!memory) return memory.error();
  return std::span(static_cast<char*>(*memory), bytes);
}

// Enlarges what a Queue or an Input lives in to at least `bytes`; false: there is no memory.
template <class Owner>
bool make_room(Owner& owner, std::size_t bytes) noexcept {
  const std::size_t size = owner.memory().size();
  if (bytes <= size) return true;
  const std::size_t wanted = std::max(bytes, 2 * size);
  auto memory = sys::enlarge(owner.memory().data(), size, wanted);
  if (!memory) return false;
  owner.moved_to({static_cast<char*>(*memory), wanted});
  return true;
}

}  // namespace s6::log
