#pragma once
// Putting a service into a scan directory and taking one out again, as s6-svlink, s6-svunlink and the programs for
// instances do. All of it speaks on fd 2 and answers with the exit code of the program.
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "common/fifodir.hpp"
#include "common/number.hpp"
#include "common/options.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"
#include "svscan/service_entry.hpp"

namespace s6::svscan {

// --- command lines -------------------------------------------------------------------------------------------------
enum class Down : std::uint8_t {
  no,
  at_first,  // -d: a down file while the supervisor starts
  kept       // -D: and it stays
};

struct LinkSettings {
  Down down = Down::no;
  bool force = false;
  mode_t event_mode = fifodir::restricted_mode;
  std::uint32_t timeout = 0;  // milliseconds
};

struct UnlinkSettings {
  bool wait = true;
  std::uint32_t timeout = 0;  // milliseconds
};

namespace detail {

template <class Settings>
constexpr auto set_timeout =
    [](Settings& settings, char, const char* value) { return read_u32(value, settings.timeout); };

}  // namespace detail

inline constexpr options::Option<LinkSettings> link_options[] = {
    {{'d'}, [](LinkSettings& s, char, const char*) { return s.down = Down::at_first, true; }, "do not start it now"},
    {{'D'},
     [](LinkSettings& s, char, const char*) { return s.down = Down::kept, true; },
     "do not start it, and leave its down file"},
    {{'f'},
     [](LinkSettings& s, char, const char*) { return s.force = true; },
     "set the mode and group of event directories that exist"},
    {{'P'},
     [](LinkSettings& s, char, const char*) { return s.event_mode = fifodir::public_mode, true; },
     "event directories are open to everybody"},
    {{'t', "timeout"}, detail::set_timeout<LinkSettings>, "give up after so many milliseconds; 0 is never"},
};

inline constexpr options::Option<UnlinkSettings> unlink_options[] = {
    {{'X'},
     [](UnlinkSettings& s, char, const char*) { return s.wait = false, true; },
     "do not wait for the supervisor to exit"},
    {{'t', "timeout"}, detail::set_timeout<UnlinkSettings>, "give up after so many milliseconds; 0 is never"},
};

// --- what both need to know ----------------------------------------------------------------------------------------
// Without an s6-svscan on the directory the program ends with 1; with 111 if that cannot be found out. `remedy` is what
// to do if there is none.
void check_scanner_or_die(const char* scan_directory, std::string_view remedy) noexcept;

// What find_supervisors() does, or says why it cannot and ends with 111.
void find_supervisors_or_die(Pair& pair) noexcept;

// --- putting in ----------------------------------------------------------------------------------------------------
// One attempt, and what it has made so far: that is undone if it does not come to a good end, also when a signal ends
// the program.
struct Linking {
  const char* scan_directory;
  const Pair& pair;
  PathBuffer target;
  PathBuffer link;
  // The last step of undoing, for what the caller has made.
  void (*undo_more)(const Linking& linking) noexcept = nullptr;
  std::array<PathBuffer, 2> events = {};
  std::array<PathBuffer, 2> downs = {};
  std::array<bool, 2> made_down = {};
  bool made_link = false;
};

// Looks whether a service, and its logger, can be started there. What cannot ends the program: 100 or 111.
void look_at_service_or_die(const char* directory, Pair& pair) noexcept;

// Links a service that is not supervised and waits until it is.
int link_and_wait(Linking& linking, const LinkSettings& settings, sys::Nanoseconds deadline) noexcept;

// Links one that is.
int link_supervised(Linking& linking, sys::Nanoseconds deadline) noexcept;

// --- taking out ----------------------------------------------------------------------------------------------------
// An entry that is not there needs no removal; it is no error.
int unlink_without_waiting(const char* scan_directory, const PathBuffer& link, sys::Nanoseconds deadline) noexcept;

// `pair` may be named by way of the link.
int unlink_and_wait(const char* scan_directory, const PathBuffer& link, const Pair& pair,
                    sys::Nanoseconds deadline) noexcept;

}  // namespace s6::svscan
