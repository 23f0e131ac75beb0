#pragma once
// Who may look at a service, command it and wait for it, as the modes of three files say. Pure.
//
//   status   supervise/          0700 owner, 0710 and a group, 0711 everybody
//   control  supervise/control   0600 owner, 0620 and a group
//   events   event/              03730 a group, 01733 everybody
#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace s6::svc {

enum class Audience : std::uint8_t { owner, group, everybody };

// What a mode means; nothing for modes that mean none of it. Bits that grant nothing here are let pass: setgid on
// supervise/ comes from a setgid parent.
constexpr std::optional<Audience> status_audience(mode_t mode) noexcept {
  if ((mode & 05066) != 0) return std::nullopt;
  if ((mode & 0001) != 0) return Audience::everybody;
  return (mode & 0010) != 0 ? Audience::group : Audience::owner;
}
constexpr std::optional<Audience> control_audience(mode_t mode) noexcept {
  if ((mode & 0157) != 0) return std::nullopt;
  return (mode & 0020) != 0 ? Audience::group : Audience::owner;
}
constexpr std::optional<Audience> events_audience(mode_t mode) noexcept {
  if ((mode & 07777) == 01733) return Audience::everybody;
  if ((mode & 07777) == 03730) return Audience::group;
  return std::nullopt;
}

constexpr mode_t status_mode(Audience audience) noexcept {
  return audience == Audience::everybody ? 0711 : audience == Audience::group ? 0710 : 0700;
}
constexpr mode_t control_mode(Audience audience) noexcept {
  return audience == Audience::group ? 0620 : 0600;
}
constexpr mode_t events_mode(Audience audience) noexcept {
  return audience == Audience::group ? 03730 : 01733;
}

// One of the three, as it is to be. Without a group: that of the owner.
struct Grant {
  mode_t mode = 0;
  std::optional<gid_t> group;

  friend constexpr bool operator==(const Grant&, const Grant&) = default;
};

// What options change. The last of several wins.
struct Change {
  std::optional<Grant> status;
  std::optional<Grant> control;
  std::optional<Grant> events;

  // `gid` is what -g, -G, -O and -E are given.
  constexpr void apply(char option, gid_t gid = 0) noexcept {
    using enum Audience;
    switch (option) {
      case 'u': return supervise(owner, owner, gid);
      case 'g': return supervise(group, owner, gid);
      case 'G': return supervise(group, group, gid);
      case 'o': return supervise(everybody, owner, gid);
      case 'O': return supervise(everybody, group, gid);
      case 'e': events = grant_of(events_mode(everybody), everybody, gid); return;
      case 'E': events = grant_of(events_mode(group), group, gid); return;
      default: return;
    }
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return !status && !control && !events; }

 private:
  static constexpr Grant grant_of(mode_t mode, Audience audience, gid_t gid) noexcept {
    return audience == Audience::group ? Grant{mode, gid} : Grant{mode, std::nullopt};
  }
  constexpr void supervise(Audience who_looks, Audience who_commands, gid_t gid) noexcept {
    status = grant_of(status_mode(who_looks), who_looks, gid);
    control = grant_of(control_mode(who_commands), who_commands, gid);
  }
};

}  // namespace s6::svc
