#pragma once
// The programs that s6-svscan runs: s6-supervise, the handlers of signals, and what takes its place at the end.
#include <array>
#include <cstddef>
#include <span>

#include "common/result.hpp"
#include "common/text.hpp"

namespace s6::svscan {

// Where s6-supervise is: in the directory by which this program was called, in the one where it really is, and where it
// was configured to be. PATH plays no part: an environment must not decide who supervises.
class SupervisePath {
 public:
  // To be constructed while the working directory is still the one the program was called in.
  SupervisePath() noexcept;
  SupervisePath(const SupervisePath&) = delete;
  SupervisePath& operator=(const SupervisePath&) = delete;
  [[nodiscard]] std::span<const char* const> candidates() const noexcept { return std::span(list_).first(count_); }

 private:
  void add(PathBuffer& path) noexcept;

  PathBuffer beside_name_;
  PathBuffer beside_file_;
  std::array<const char*, 3> list_{};
  std::size_t count_ = 0;
};

// Starts .s6-svscan/SIGNAME, if it is there for `signal`, and leaves it to itself.
enum class Handled : bool { no, yes };
Handled run_handler(int signal) noexcept;

// Replaces this process by .s6-svscan/finish. Without it the process ends with 0.
[[noreturn]] void finish(std::span<const int> handled_signals) noexcept;

// Says why, and replaces this process by .s6-svscan/crash: the supervisors are left to whoever cleans up.
[[noreturn]] void crash(const Error& why, int console, std::span<const int> handled_signals) noexcept;

// Puts the console back where errors go: on 1 and 2.
void restore_console(int console) noexcept;

}  // namespace s6::svscan
