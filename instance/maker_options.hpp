#pragma once
// The command line of s6-instance-maker, and the scripts it writes. Pure.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/number.hpp"
#include "common/options.hpp"
#include "common/shell.hpp"
#include "common/text.hpp"

namespace s6::instance {

struct MakerSettings {
  std::uint32_t instances = 500;  // most at a time
  const char* user = nullptr;     // null: as whoever runs the tree that it will be in
  const char* log_user = nullptr;
  const char* log_directory = nullptr;  // null: not logged
  std::uint32_t stamp = 1;              // 1: TAI64N, 2: ISO 8601, 3: both
  std::uint32_t archives = 10;
  std::uint32_t file_size = 1000000;
  std::uint32_t total_size = 0;  // 0: no limit
  const char* prefix = nullptr;
  const char* rc = nullptr;  // null: a service directory; else names for s6-rc
};

// SERVICE[/LOGGER[/PIPELINE]]
struct RcNames {
  std::string_view service;
  std::string_view logger;    // empty: none
  std::string_view pipeline;  // empty: none
};

constexpr bool is_rc_name(std::string_view name) noexcept {
  return !name.empty() && name[0] != '.' && name.find('\n') == std::string_view::npos;
}

constexpr std::optional<RcNames> parse_rc_names(std::string_view text) noexcept {
  RcNames names;
  for (std::string_view* const name : {&names.service, &names.logger, &names.pipeline}) {
    *name = head(text, text.find('/'));
    if (!is_rc_name(*name)) return std::nullopt;
    if (name->size() == text.size()) {
      const bool distinct = names.service != names.logger && names.service != names.pipeline &&
                            (names.pipeline.empty() || names.logger != names.pipeline);
      return distinct ? std::optional(names) : std::nullopt;
    }
    text.remove_prefix(name->size() + 1);
  }
  return std::nullopt;  // a third slash
}

namespace detail {

template <auto member>
constexpr auto keep_text = [](MakerSettings& settings, char, const char* value) {
  settings.*member = value;
  return true;
};
// Words for other programs: an empty user is none, and a path has to hold wherever the service is run from.
template <auto member>
constexpr auto keep_user = [](MakerSettings& settings, char, const char* value) {
  settings.*member = value;
  return *value != '\0' && *value != '-';
};
template <auto member>
constexpr auto keep_count =
    [](MakerSettings& settings, char, const char* value) { return read_u32(value, settings.*member); };

}  // namespace detail

inline constexpr options::Option<MakerSettings> maker_options[] = {
    {{'c', "max"}, detail::keep_count<&MakerSettings::instances>, "most instances, 2 to 90000; 500 by default"},
    {{'u', "user"}, detail::keep_user<&MakerSettings::user>, "the user of the instances"},
    {{'l', "loguser"}, detail::keep_user<&MakerSettings::log_user>, "the user of the logger"},
    {{'L', "logdir"},
     [](MakerSettings& settings, char, const char* value) {
       settings.log_directory = value;
       return *value == '/';
     },
     "log to this directory, an absolute path"},
    {{'t', "stamptype"},
     [](MakerSettings& settings, char, const char* value) {
       const auto number = parse_u32(value);
       settings.stamp = number.value_or(0);
       return number.has_value() && *number <= 3;
     },
     "stamps of the log: 0 none, 1 TAI64N, 2 ISO 8601, 3 both"},
    {{'n', "nfiles"}, detail::keep_count<&MakerSettings::archives>, "archived logs to keep; 10 by default"},
    {{'s', "filesize"},
     detail::keep_count<&MakerSettings::file_size>,
     "bytes of a log before it is archived; 1000000 by default"},
    {{'S', "maxsize"},
     detail::keep_count<&MakerSettings::total_size>,
     "bytes of all archives; 0, the default, is no limit"},
    {{'P', "prefix"}, detail::keep_text<&MakerSettings::prefix>, "put this before each line of the log"},
    {{'r', "service[/logger[/pipeline]]"},
     detail::keep_text<&MakerSettings::rc>,
     "make source directories for s6-rc with these names"},
};

// Paths, or names to be looked for in PATH, as they are to stand in scripts.
struct Programs {
  const char* s6_svscan = "s6-svscan";
  const char* s6_log = "s6-log";
  const char* s6_setuidgid = "s6-setuidgid";
};

using Script = TextBuffer<6 * 4096>;

inline void append_setuidgid(Script& script, const Programs& programs, const char* user) noexcept {
  if (user == nullptr) return;
  shell::append_quoted(script, programs.s6_setuidgid);
  script.append(" ");
  shell::append_quoted(script, user);
  script.append(" ");
}

// The run script of the instanced service. The directories are made there, too: s6-rc only copies the template. With a
// user they belong to that user, for whom the s6-svscan on one of them runs. An instance may have a logger, so that
// there are up to two supervisors for each.
inline bool append_run_script(Script& script, const MakerSettings& settings, const Programs& programs) noexcept {
  script.append(
      "#!/bin/sh\n"
      "exec 2>&1\n"
      "mkdir -p instance instances || exit 111\n");
  if (settings.user != nullptr) {
    const std::string_view user = settings.user;
    script.append("chown -- ");
    shell::append_quoted(script, user);
    script.append(user.find(':') == std::string_view::npos ? ": " : " ");
    script.append("instance instances || exit 111\n");
  }
  script.append("exec ");
  append_setuidgid(script, programs, settings.user);
  shell::append_quoted(script, programs.s6_svscan);
  script.append(" -d3 -C");
  script.append(std::clamp<std::uint32_t>(settings.instances, 2, 90000) * 2);
  return script.append(" -- instance\n");
}

// That of its logger.
inline bool append_log_script(Script& script, const MakerSettings& settings, const Programs& programs) noexcept {
  script.append("#!/bin/sh\nexec ");
  append_setuidgid(script, programs, settings.log_user);
  shell::append_quoted(script, programs.s6_log);
  script.append(" -bd3 --");
  if ((settings.stamp & 1) != 0) script.append(" t");
  if ((settings.stamp & 2) != 0) script.append(" T");
  script.append(" n");
  script.append(settings.archives);
  script.append(" s");
  script.append(settings.file_size);
  if (settings.total_size != 0) {
    script.append(" S");
    script.append(settings.total_size);
  }
  if (settings.prefix != nullptr) {
    script.append(" p");
    shell::append_quoted(script, settings.prefix);
  }
  script.append(" ");
  shell::append_quoted(script, settings.log_directory);
  return script.append("\n");
}

}  // namespace s6::instance
