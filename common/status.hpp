#pragma once
// supervise/status: what a supervisor says of its service. Pure.
//
// offset size
//      0   12  stamp of the last change between up and down (TAI64N)
//     12   12  stamp of the last change to ready, up or down
//     24    8  pid of run, of finish while it runs, or 0
//     32    2  wait status, as from waitpid(2), of the last run that died; 0 before the first death
//     34    1  flags: 1 paused, 2 finishing, 4 wanted up, 8 ready
//
// s6 2.13 wrote 43 bytes: the process group, 8 bytes at 32, came before the wait status. Read, never written here.
// Before 2.2 there were 26 bytes of another layout: refused.
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "common/bytes.hpp"
#include "common/tai.hpp"

namespace s6 {

struct Status {
  Tai64n changed;
  Tai64n ready_since;
  std::int32_t pid = 0;
  std::uint16_t wait_status = 0;
  bool paused = false;
  bool finishing = false;
  bool want_up = false;
  bool ready = false;

  friend constexpr bool operator==(const Status&, const Status&) = default;

  [[nodiscard]] constexpr bool is_up() const noexcept { return pid != 0 && !finishing; }
  // A service that was never started is marked by a pause of nothing (s6 2.13.2 and later).
  [[nodiscard]] constexpr bool never_started() const noexcept { return pid == 0 && !finishing && paused; }
};

namespace wire {

inline constexpr std::size_t status_size = 35;
inline constexpr std::size_t status_size_2_13 = 43;
inline constexpr std::size_t status_size_before_2_2 = 26;

constexpr std::array<std::byte, status_size> encode(const Status& s) noexcept {
  std::array<std::byte, status_size> raw{};
  const std::span<std::byte, status_size> out(raw);
  tai::pack(s.changed, out.subspan<0, 12>());
  tai::pack(s.ready_since, out.subspan<12, 12>());
  store_be(out.subspan(24, 8), static_cast<std::uint64_t>(s.pid));
  store_be(out.subspan(32, 2), s.wait_status);
  out[34] = static_cast<std::byte>(unsigned{s.paused} | unsigned{s.finishing} << 1 | unsigned{s.want_up} << 2 |
                                   unsigned{s.ready} << 3);
  return raw;
}

// Total: any bytes in, a status or nothing out. Nothing: neither of the two sizes, or a pid out of range. Flags that no
// version knows are ignored.
constexpr std::optional<Status> decode(std::span<const std::byte> in) noexcept {
  if (in.size() != status_size && in.size() != status_size_2_13) return std::nullopt;
  const std::size_t tail = in.size() - 3;
  const std::uint64_t pid = load_be(in.subspan(24, 8));
  const auto flags = std::to_integer<unsigned>(in[tail + 2]);
  if (pid > std::uint64_t{std::numeric_limits<std::int32_t>::max()}) return std::nullopt;
  return Status{.changed = tai::unpack(in.subspan<0, 12>()),
                .ready_since = tai::unpack(in.subspan<12, 12>()),
                .pid = static_cast<std::int32_t>(pid),
                .wait_status = static_cast<std::uint16_t>(load_be(in.subspan(tail, 2))),
                .paused = (flags & 1) != 0,
                .finishing = (flags & 2) != 0,
                .want_up = (flags & 4) != 0,
                .ready = (flags & 8) != 0};
}

static_assert(decode(encode(Status{.pid = 42, .ready = true}))->pid == 42);

}  // namespace wire
}  // namespace s6
