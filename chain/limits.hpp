#pragma once
// Resource limits as words: which there are, and what a request makes of what is in force. Pure.
#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/sys.hpp"

namespace s6::chain {

struct Resource {
  int number;                      // RLIMIT_...
  std::string_view name;           // setrlimit(2)'s, in lower case
  std::string_view ulimit_letter;  // of the shells; one letter, or two where they do not agree
  std::uint64_t ulimit_unit;       // in which ulimit counts
};

// Blocks of core and fsize are of 512 bytes, as POSIX wants it; only bash counts in KiB.
inline constexpr Resource resources[] = {
    {RLIMIT_AS, "as", "v", 1024},
    {RLIMIT_CORE, "core", "c", 512},
    {RLIMIT_CPU, "cpu", "t", 1},
    {RLIMIT_DATA, "data", "d", 1024},
    {RLIMIT_FSIZE, "fsize", "f", 512},
    {RLIMIT_LOCKS, "locks", "xw", 1},
    {RLIMIT_MEMLOCK, "memlock", "l", 1024},
    {RLIMIT_MSGQUEUE, "msgqueue", "q", 1},
    {RLIMIT_NICE, "nice", "e", 1},
    {RLIMIT_NOFILE, "nofile", "n", 1},
    {RLIMIT_NPROC, "nproc", "up", 1},
    {RLIMIT_RSS, "rss", "m", 1024},
    {RLIMIT_RTPRIO, "rtprio", "r", 1},
    {RLIMIT_RTTIME, "rttime", "R", 1},
    {RLIMIT_SIGPENDING, "sigpending", "i", 1},
    {RLIMIT_STACK, "stack", "s", 1024},
};
inline constexpr std::size_t resource_count = std::size(resources);

// Indices into `resources`.
std::optional<std::size_t> resource_called(std::string_view name) noexcept;
std::optional<std::size_t> resource_of_ulimit(char letter) noexcept;

// What to make of one of the two limits of a resource.
struct LimitValue {
  enum class Kind : std::uint8_t { keep, number, current_soft, current_hard };
  Kind kind = Kind::keep;
  std::uint64_t number = 0;
  friend constexpr bool operator==(const LimitValue&, const LimitValue&) = default;
};
struct LimitChange {
  LimitValue soft;
  LimitValue hard;
  friend constexpr bool operator==(const LimitChange&, const LimitChange&) = default;
};
// A hard limit alone takes the soft one down with it.
sys::ResourceLimit changed(const sys::ResourceLimit& current, const LimitChange& change) noexcept;
// Limits in two steps: raised while there is the right to, lowered when nothing else is left to be done that they could
// hinder. Only the number of processes counts where the user changes, and hinders nothing before.
sys::ResourceLimit before_last_step(int resource, const sys::ResourceLimit& current,
                                    const sys::ResourceLimit& wanted) noexcept;
// `later` comes on top of `earlier`; what it says of "soft" and "hard" is about the limits before both.
LimitChange merged(const LimitChange& earlier, const LimitChange& later) noexcept;

struct LimitRequest {
  std::size_t resource = 0;  // index
  LimitChange change;
};
// "nofile=1024" (both limits), "nofile=1024:4096" (soft, then hard), "nofile=1024:" (soft), "nofile=:4096" (hard).
// Values are numbers in the kernel's own unit, or "unlimited".
std::optional<LimitRequest> parse_limit(std::string_view text) noexcept;

// The words of a shell's ulimit, one or several calls' worth: "-n 1024 -Su 30 -H -c unlimited". -S or -H holds for the
// letters of its own word, or where it stands alone, for the rest.
class UlimitReader {
 public:
  explicit UlimitReader(std::string_view text) noexcept : rest_(text) {}
  // Nothing at the end, or where something is wrong.
  std::optional<LimitRequest> next() noexcept;
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  std::string_view take_word() noexcept;
  std::optional<LimitRequest> fail() noexcept;

  std::string_view rest_;
  bool soft_ = true;
  bool hard_ = true;
  bool ok_ = true;
};

}  // namespace s6::chain
