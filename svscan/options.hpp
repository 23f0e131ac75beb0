#pragma once
// The command line of s6-svscan. Pure: whether a descriptor is open is for the caller to find out.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "common/number.hpp"
#include "common/options.hpp"

namespace s6::svscan {

struct Settings {
  const char* directory = nullptr;
  std::uint32_t services = 1000;   // most supervisors at a time; a logger counts, too
  std::uint32_t name_bytes = 251;  // longest accepted name
  std::uint32_t period = 0;        // milliseconds between automatic scans, 0: none
  bool watch = false;              // scan when an entry comes or goes
  int notification = -1;           // where to say that commands are accepted
  int console = -1;                // the place for errors from before the tree had its own log
};

// What was written on the command line; the texts point into argv.
struct Words {
  const char* services = nullptr;
  const char* pairs = nullptr;  // the older way to say `services`: half as many
  const char* name_bytes = nullptr;
  const char* period = nullptr;
  bool watch = false;
  const char* notification = nullptr;
  const char* console = nullptr;
};

inline constexpr options::Option<Words> option_table[] = {
    {{'C', "services-max", "services-max"},
     [](Words& words, char, const char* value) {
       words.services = value;
       words.pairs = nullptr;
       return true;
     },
     "most supervisors, loggers counted; 1000 by default"},
    {{'c', "services-max/2"},
     [](Words& words, char, const char* value) {
       words.pairs = value;
       words.services = nullptr;
       return true;
     },
     "the same, halved, as older releases have it"},
    {{'L', "name-max", "name-max"},
     [](Words& words, char, const char* value) {
       words.name_bytes = value;
       return true;
     },
     "longest name of a service; 251 bytes by default"},
    {{'t', "milliseconds", "timeout"},
     [](Words& words, char, const char* value) {
       words.period = value;
       return true;
     },
     "scan every so many milliseconds; 0, the default, is never"},
    {{options::no_letter, {}, "watch"},
     [](Words& words, char, const char*) { return words.watch = true; },
     "scan as soon as an entry comes or goes"},
    {{'d', "fd", "notification-fd"},
     [](Words& words, char, const char* value) {
       words.notification = value;
       return true;
     },
     "write a newline to descriptor fd when commands are accepted"},
    {{'X', "fd", "console-holder"},
     [](Words& words, char, const char* value) {
       words.console = value;
       return true;
     },
     "descriptor fd is the console"},
};
inline constexpr const char* operand_text = "scandir";

struct CommandLine {
  Settings settings;
  options::Outcome outcome;
  bool directory_is_missing = false;
};

namespace detail {

// Reads `text` into `number` if the option was given.
inline bool read_number(const char* text, std::uint32_t& number) noexcept {
  return text == nullptr || read_u32(text, number);
}

// 0, 1 and 2 belong to the services.
inline bool read_descriptor(const char* text, int& fd) noexcept {
  if (text == nullptr) return true;
  const auto value = parse_u32(text);
  if (!value || *value < 3 || *value > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return false;
  fd = static_cast<int>(*value);
  return true;
}

inline options::Outcome refuse(const char* option, const char* value) noexcept {
  return {.problem = options::Problem::refused, .culprit = option, .value = value};
}

}  // namespace detail

// Numbers out of range are brought into it; only what is no number is refused. The grammar is checked first, then the
// operand, then the values. The console's descriptor is filled in whatever else is wrong: it is the last place for
// complaints.
inline CommandLine parse_command_line(std::span<const char* const> words) noexcept {
  using namespace detail;
  CommandLine line;
  Settings& settings = line.settings;
  Words given;
  line.outcome = options::parse(option_table, given, words);
  const bool console_is_valid = read_descriptor(given.console, settings.console);
  if (line.outcome.problem != options::Problem::none) return line;
  line.directory_is_missing = line.outcome.operands.empty();
  if (line.directory_is_missing) return line;
  settings.directory = line.outcome.operands[0];
  settings.watch = given.watch;

  std::uint32_t pairs = settings.services / 2;
  if (!read_number(given.pairs, pairs)) line.outcome = refuse("-c", given.pairs);
  if (given.pairs != nullptr) settings.services = std::min<std::uint32_t>(pairs, 80000) * 2;
  if (!read_number(given.services, settings.services)) line.outcome = refuse("-C", given.services);
  if (!read_number(given.name_bytes, settings.name_bytes)) line.outcome = refuse("-L", given.name_bytes);
  if (!read_number(given.period, settings.period)) line.outcome = refuse("-t", given.period);
  if (!read_descriptor(given.notification, settings.notification)) line.outcome = refuse("-d", given.notification);
  if (!console_is_valid) line.outcome = refuse("-X", given.console);
  // The one is closed at start-up, the other kept.
  if (settings.notification >= 0 && settings.notification == settings.console)
    line.outcome = refuse("-d", given.notification);
  settings.services = std::clamp<std::uint32_t>(settings.services, 4, 160000);
  settings.name_bytes = std::clamp<std::uint32_t>(settings.name_bytes, 11, 1019);
  return line;
}

}  // namespace s6::svscan
