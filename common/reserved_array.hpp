#pragma once
// Tables sized at start: zeroed memory, charged only where it is touched, never given back.
#include <cstddef>
#include <new>
#include <span>

#include "common/result.hpp"
#include "common/sys.hpp"

namespace s6 {

template <class T>
Result<std::span<T>> reserve_array(std::size_t count) noexcept {
  if (count == 0) return std::span<T>();
  auto memory = sys::reserve(count * sizeof(T));
  if (!memory) return memory.error();
  const std::span<T> array(static_cast<T*>(*memory), count);
  for (T& element : array) ::new (&element) T;
  return array;
}

}  // namespace s6
