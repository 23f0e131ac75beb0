#pragma once
// Memory for what is found in directories, of which nobody knows before how much it will be. It grows, is used again,
// and never given back.
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "common/result.hpp"
#include "common/sys.hpp"

namespace s6::svstat {

// Texts that stay where they are until clear().
class TextStore {
 public:
  // The joined parts, a nul behind them.
  Result<std::string_view> add(std::initializer_list<std::string_view> parts) noexcept {
    std::size_t size = 1;
    for (const std::string_view part : parts) size += part.size();
    if (auto room = make_room(size); !room) return room.error();
    char* const start = now_->data() + used_;
    char* end = start;
    for (const std::string_view part : parts) end = std::ranges::copy(part, end).out;
    *end = '\0';
    used_ += size;
    return std::string_view(start, size - 1);
  }
  void clear() noexcept {
    now_ = first_;
    used_ = 0;
  }

 private:
  struct Block {
    Block* next;
    std::size_t size;
    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  };
  static constexpr std::size_t least_block = std::size_t{1} << 18;

  Result<void> make_room(std::size_t size) noexcept {
    while (now_ != nullptr && now_->size - used_ < size && now_->next != nullptr) {
      now_ = now_->next;
      used_ = 0;
    }
    if (now_ != nullptr && now_->size - used_ >= size) return {};
    const std::size_t wanted = std::max(size, least_block);
    auto memory = sys::reserve(sizeof(Block) + wanted);
    if (!memory) return memory.error();
    auto* const block = ::new (*memory) Block{nullptr, wanted};
    (now_ == nullptr ? first_ : now_->next) = block;
    now_ = block;
    used_ = 0;
    return {};
  }

  Block* first_ = nullptr;
  Block* now_ = nullptr;
  std::size_t used_ = 0;  // of `now_`
};

// Elements one behind the other; they move when there are more.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Result<void> add(const T& element) noexcept {
    if (size_ == capacity_)
      if (auto grown = grow(); !grown) return grown;
    ::new (data_ + size_++) T(element);
    return {};
  }
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::span<T> all() noexcept { return {data_, size_}; }
  [[nodiscard]] std::span<const T> all() const noexcept { return {data_, size_}; }

 private:
  Result<void> grow() noexcept {
    const std::size_t more = capacity_ == 0 ? 64 : 2 * capacity_;
    auto memory =
        capacity_ == 0 ? sys::reserve(more * sizeof(T)) : sys::enlarge(data_, capacity_ * sizeof(T), more * sizeof(T));
    if (!memory) return memory.error();
    data_ = static_cast<T*>(*memory);
    capacity_ = more;
    return {};
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace s6::svstat
