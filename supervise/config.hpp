#pragma once
// The files in a service directory that configure its supervisor. Each is read anew whenever it matters, from the
// working directory. What cannot be used is warned about and the default taken.
//
// Only the text before the first newline counts; nothing is trimmed.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/sys.hpp"
#include "common/text.hpp"
#include "supervise/restarts.hpp"
#include "supervise/stop_schedule.hpp"

namespace s6::supervise::config {

inline constexpr const char* notification_fd_file = "notification-fd";
inline constexpr const char* lock_fd_file = "lock-fd";
inline constexpr const char* new_pid_namespace_file = "flag-newpidns";
inline constexpr const char* down_signal_file = "down-signal";
inline constexpr const char* reload_signal_file = "reload-signal";
inline constexpr const char* kill_timeout_file = "timeout-kill";
inline constexpr const char* kill_group_file = "flag-timeout-killpg";
inline constexpr const char* finish_timeout_file = "timeout-finish";
inline constexpr const char* death_tally_limit_file = "max-death-tally";

// Extensions: s6 does not know these and passes over them. Without them nothing is different.
inline constexpr const char* restart_delay_file = "restart-delay";            // milliseconds
inline constexpr const char* restart_delay_step_file = "restart-delay-step";  // milliseconds
inline constexpr const char* restart_delay_cap_file = "restart-delay-cap";    // milliseconds; 0: none
inline constexpr const char* restart_limit_file = "max-restarts";             // 0: none
inline constexpr const char* restart_period_file = "restart-period";          // milliseconds; 0: for ever
inline constexpr const char* stop_schedule_file = "stop-schedule";
inline constexpr const char* stop_group_file = "flag-stop-group";  // what stops the service goes to its process group

// How much of a file is looked at. A number of twelve digits is therefore read as its first eleven, as s6 does.
inline constexpr std::size_t number_bytes = 11;
inline constexpr std::size_t signal_bytes = 15;
inline constexpr std::size_t schedule_bytes = 512;
inline constexpr std::uint32_t no_limit_above = 2147483647;    // milliseconds; more means for ever
inline constexpr std::uint32_t default_finish_timeout = 5000;  // milliseconds

// Pure: what counts of a file's content.
constexpr std::string_view first_line(std::string_view content) noexcept {
  return head(content, content.find('\n'));
}

std::optional<std::uint32_t> read_number(const char* file) noexcept;
int read_signal(const char* file, int default_signal) noexcept;
bool flag(const char* file) noexcept;

// A descriptor number for the service, at least `least` and below the limit on descriptors.
std::optional<int> read_descriptor(const char* file, int least) noexcept;
// A delay in nanoseconds, `never` for none: 0, or more than no_limit_above milliseconds.
sys::Nanoseconds read_timeout(const char* file, std::uint32_t default_milliseconds) noexcept;

RestartPolicy read_restart_policy() noexcept;
// Nothing: there is none, so what s6 does holds.
[[gnu::noinline]] std::optional<StopSchedule> read_stop_schedule() noexcept;

}  // namespace s6::supervise::config
