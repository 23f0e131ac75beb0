#pragma once
// Capabilities by way of libcap: sets that a program started by this process gets, whoever its user is.
#include <sys/capability.h>

#include <cstdint>

#include "common/result.hpp"

namespace s6::launch {

class Capabilities {
 public:
  Capabilities() noexcept = default;
  Capabilities(const Capabilities&) = delete;
  Capabilities& operator=(const Capabilities&) = delete;
  ~Capabilities();

  // As cap_iab_from_text(3) reads it. false: it makes no sense.
  bool parse(const char* text) noexcept;
  [[nodiscard]] bool given() const noexcept { return iab_ != nullptr; }
  // Sets the inheritable, bounding and ambient sets.
  Result<void> apply() const noexcept;

 private:
  cap_iab_t iab_ = nullptr;
  const char* text_ = "";
};

// Raises CAP_SETPCAP for the time of it: a change of the user has lowered it.
Result<void> set_securebits(std::uint32_t bits, const char* text) noexcept;

// Empties the ambient set, as the kernel does when root becomes another user, but not when somebody else does.
Result<void> drop_ambient_capabilities() noexcept;

// Gives up what was kept across a change of the user: nothing is effective any more, and only what is inheritable is
// permitted, as the ambient set needs that.
Result<void> drop_kept_capabilities() noexcept;

}  // namespace s6::launch
