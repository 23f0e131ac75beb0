#pragma once
// The environment that a program is to get: that of this one, changed. This one's own stays as it is.
#include <cstddef>
#include <span>
#include <string_view>

#include "common/result.hpp"

namespace s6 {

class Environment {
 public:
  Environment() noexcept = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Starts with what this program was given. The texts are borrowed.
  Result<void> inherit() noexcept;
  // `entry` is NAME=VALUE, and borrowed.
  Result<void> put(const char* entry) noexcept;
  Result<void> set(std::string_view name, std::string_view value) noexcept;
  void unset(std::string_view name) noexcept;
  // All variables whose name begins so.
  void unset_prefix(std::string_view prefix) noexcept;
  void clear() noexcept;

  // Null if there is none.
  [[nodiscard]] const char* get(std::string_view name) const noexcept;
  // For an exec: terminated by a null pointer.
  [[nodiscard]] const char* const* block() const noexcept;

 private:
  template <class Unwanted>
  void remove_if(Unwanted unwanted) noexcept;
  Result<void> append(const char* entry) noexcept;

  std::span<const char*> entries_;  // one more than size_ is in use: the terminator
  std::size_t size_ = 0;
  std::span<char> room_;  // for texts of its own
};

}  // namespace s6
