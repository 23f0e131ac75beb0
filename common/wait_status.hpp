#pragma once
// The 16 bits that waitpid(2) gives for a dead process, read without <sys/wait.h> so that pure code can. Pure.
#include <cstdint>

namespace s6 {

struct WaitStatus {
  std::uint16_t raw = 0;

  [[nodiscard]] constexpr int signal() const noexcept { return stopped() ? 0 : raw & 0x7f; }  // 0: it was not killed
  [[nodiscard]] constexpr bool exited() const noexcept { return (raw & 0x7f) == 0; }
  [[nodiscard]] constexpr int exit_code() const noexcept { return raw >> 8 & 0xff; }
  // Stopped or continued: no supervisor writes it, but a file may hold it.
  [[nodiscard]] constexpr bool stopped() const noexcept { return (raw & 0x7f) == 0x7f; }
};

}  // namespace s6
