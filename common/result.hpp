#pragma once
// Failing is a value: every operation that the system may refuse returns Result<T>.
#include <utility>

namespace s6 {

// What failed. The two texts point at storage that outlives the error (literals, argv, buffers of the caller): an
// Error never allocates.
struct Error {
  int code = 0;            // errno, never 0 in an Error that is reported
  const char* doing = "";  // completes "unable to ...": "open", "lock"
  const char* path = "";   // the object of it, empty if there is none
};

template <class T>
class [[nodiscard]] Result {
 public:
  explicit Result(std::in_place_t) noexcept {}  // a value that is filled where it is, as it is large
  Result(T value) noexcept : value_(std::move(value)) {}
  Result(Error error) noexcept : error_(error) {}
  explicit operator bool() const noexcept { return error_.code == 0; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] T& operator*() noexcept { return value_; }
  [[nodiscard]] const T& operator*() const noexcept { return value_; }
  [[nodiscard]] T* operator->() noexcept { return &value_; }
  [[nodiscard]] const T* operator->() const noexcept { return &value_; }

 private:
  T value_{};
  Error error_{};
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(Error error) noexcept : error_(error) {}
  explicit operator bool() const noexcept { return error_.code == 0; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_{};
};

}  // namespace s6
