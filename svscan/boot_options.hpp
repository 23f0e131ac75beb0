#pragma once
// The command line of s6-svscanboot. Pure.
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "common/number.hpp"
#include "common/options.hpp"

namespace s6::svscan {

struct BootSettings {
  const char* console = nullptr;        // null: where this program's stderr goes
  const char* log_directory = nullptr;  // null: the default, see catch_all_directory()
  mode_t log_mode = 02750;
  const char* log_user = nullptr;
  const char* directives = "t";  // for s6-log
  bool of_a_user = false;        // the tree is a user's own, not the system's
  int notification = -1;
  // For s6-svscan, as they were written; null: not given.
  const char* notification_word = nullptr;
  const char* services = nullptr;
  const char* name_bytes = nullptr;
  const char* period = nullptr;
  bool watch = false;

  // Nothing else may have the descriptor that the outside world listens to.
  [[nodiscard]] constexpr int console_descriptor() const noexcept { return notification == 3 ? 4 : 3; }
};

constexpr std::optional<mode_t> parse_file_mode(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return std::nullopt;
  mode_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<mode_t>(c - '0');
  }
  return mode <= 07777 ? std::optional(mode) : std::nullopt;
}

namespace detail {

template <const char* BootSettings::*word>
constexpr auto keep_word = [](BootSettings& settings, char, const char* value) {
  settings.*word = value;
  return true;
};
template <const char* BootSettings::*word>
constexpr auto keep_number = [](BootSettings& settings, char, const char* value) {
  settings.*word = value;
  return parse_u32(value).has_value();
};

}  // namespace detail

inline constexpr options::Option<BootSettings> boot_option_table[] = {
    {{'c', "console", "console"},
     detail::keep_word<&BootSettings::console>,
     "the file for messages that cannot go to the log"},
    {{'D', "directory", "catchall-directory"},
     detail::keep_word<&BootSettings::log_directory>,
     "the directory of the log"},
    {{'m', "mode", "catchall-mode"},
     [](BootSettings& settings, char, const char* value) {
       const auto mode = parse_file_mode(value);
       settings.log_mode = mode.value_or(0);
       return mode.has_value();
     },
     "its mode, in octal; 2750 by default"},
    {{'l', "user", "catchall-user"}, detail::keep_word<&BootSettings::log_user>, "the user who writes the log"},
    {{'o', "directives", "catchall-options"},
     detail::keep_word<&BootSettings::directives>,
     "what s6-log is told; see s6-log(1)"},
    {{'u', {}, "user"},
     [](BootSettings& settings, char, const char*) { return settings.of_a_user = true; },
     "the tree is a user's, not the system's"},
    {{'d', "fd", "notification-fd"},
     [](BootSettings& settings, char, const char* value) {
       const auto fd = parse_u32(value);
       if (!fd || *fd < 3 || *fd > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return false;
       settings.notification = static_cast<int>(*fd);
       settings.notification_word = value;
       return true;
     },
     "write a newline to descriptor fd when commands are accepted"},
    {{'C', "services-max", "services-max"},
     detail::keep_number<&BootSettings::services>,
     "most supervisors; see s6-svscan"},
    {{'L', "name-max", "name-max"},
     detail::keep_number<&BootSettings::name_bytes>,
     "longest name of a service; see s6-svscan"},
    {{'t', "milliseconds", "timeout"},
     detail::keep_number<&BootSettings::period>,
     "scan every so many milliseconds; see s6-svscan"},
    {{options::no_letter, {}, "watch"},
     [](BootSettings& settings, char, const char*) { return settings.watch = true; },
     "scan as soon as an entry comes or goes"},
};

// s6-svscan's command line.
class ScannerArguments {
 public:
  ScannerArguments(const BootSettings& settings, const char* console, const char* directory) noexcept {
    add("s6-svscan");
    add("-X", console);
    add("-d", settings.notification_word);
    add("-C", settings.services);
    add("-L", settings.name_bytes);
    add("-t", settings.period);
    if (settings.watch) add("--watch");
    add("--");
    add(directory);
  }
  [[nodiscard]] const char* const* get() const noexcept { return words_.data(); }

 private:
  void add(const char* word) noexcept { words_[count_++] = word; }
  void add(const char* option, const char* value) noexcept {
    if (value == nullptr) return;
    add(option);
    add(value);
  }

  std::array<const char*, 15> words_{};  // the last one stays null
  std::size_t count_ = 0;
};

}  // namespace s6::svscan
