#pragma once
// What s6-svlint can find in a directory, and the rules that find it. A rule gets names, modes, contents and times as
// values and decides; looking at the directory is left to lint_directory. Pure.
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/text.hpp"
#include "supervise/config.hpp"
#include "supervise/exec_failure.hpp"

namespace s6::supervise::lint {

enum class Severity : std::uint8_t {
  hint,     // legitimate, but worth knowing
  warning,  // probably not what was meant; the service is started all the same
  error     // a service or program that cannot be started, or that others can take over
};
std::string_view name_of(Severity severity) noexcept;

enum class Code : std::uint8_t {
  run_missing,
  not_executable,
  noexec,
  no_interpreter,
  interpreter_missing,
  carriage_return,
  fd_clash,
  others_can_write,
  foreign_owner,
  interpreter_relative,
  interpreter_line_long,
  invalid_value,
  value_cut,
  fd_range,
  standard_fd,
  useless_signal,
  no_effect,
  tally_limit,
  misspelt_name,
  log_not_directory,
  down_while_up,
  group_can_write,
  control_open,
  event_open,
  dangling_link,
  name_long,
  unreadable,
  extra_lines,
  no_time_limit,
  kill_signal,
  foreign_name,
  nested_logger,
  down,
  not_a_service
};

// The identifiers are a contract: scripts look for them.
struct Rule {
  std::string_view name;
  Severity severity;
};
inline constexpr Rule rules[] = {
    {"run-missing", Severity::error},
    {"not-executable", Severity::error},
    {"noexec", Severity::error},
    {"no-interpreter", Severity::error},
    {"interpreter-missing", Severity::error},
    {"carriage-return", Severity::error},
    {"fd-clash", Severity::error},
    {"others-can-write", Severity::error},
    {"foreign-owner", Severity::error},
    {"interpreter-relative", Severity::warning},
    {"interpreter-line-long", Severity::warning},
    {"invalid-value", Severity::warning},
    {"value-cut", Severity::warning},
    {"fd-range", Severity::warning},
    {"standard-fd", Severity::warning},
    {"useless-signal", Severity::warning},
    {"no-effect", Severity::warning},
    {"tally-limit", Severity::warning},
    {"misspelt-name", Severity::warning},
    {"log-not-directory", Severity::warning},
    {"down-while-up", Severity::warning},
    {"group-can-write", Severity::warning},
    {"control-open", Severity::warning},
    {"event-open", Severity::warning},
    {"dangling-link", Severity::warning},
    {"name-long", Severity::warning},
    {"unreadable", Severity::warning},
    {"extra-lines", Severity::hint},
    {"no-time-limit", Severity::hint},
    {"kill-signal", Severity::hint},
    {"foreign-name", Severity::hint},
    {"nested-logger", Severity::hint},
    {"down", Severity::hint},
    {"not-a-service", Severity::hint},
};
static_assert(std::size(rules) == static_cast<std::size_t>(Code::not_a_service) + 1);

constexpr const Rule& rule_of(Code code) noexcept {
  return rules[static_cast<std::size_t>(code)];
}

// Where findings go: a report, or a list in a test. `file` is relative to the directory that is looked at.
class Findings {
 public:
  using Add = void (*)(void* target, Code code, std::string_view file, std::string_view message);
  Findings(Add function, void* target) noexcept : add_(function), target_(target) {}
  void add(Code code, std::string_view file, std::string_view message) const noexcept {
    add_(target_, code, file, message);
  }

 private:
  Add add_;
  void* target_;
};

// --- programs -------------------------------------------------------------------------------------------------------

struct ProgramFacts {
  mode_t mode = 0;            // with the type of the file
  bool noexec = false;        // of its file system
  std::string_view head;      // its first bytes, head_size at most
  int interpreter_error = 0;  // why its interpreter cannot be executed, if it is a script
};
struct ProgramVerdict {
  Code code;
  int exec_error;  // what execve would fail with, for explain_exec_failure(); 0: it would not
};
// Nothing: it can be executed.
std::optional<ProgramVerdict> judge_program(const ProgramFacts& facts) noexcept;

// --- settings -------------------------------------------------------------------------------------------------------

enum class Kind : std::uint8_t { number, timeout, descriptor, signal, schedule, flag };
struct Setting {
  std::string_view file;
  Kind kind;
};
inline constexpr Setting settings[] = {
    {config::notification_fd_file, Kind::descriptor},
    {config::lock_fd_file, Kind::descriptor},
    {config::new_pid_namespace_file, Kind::flag},
    {config::down_signal_file, Kind::signal},
    {config::reload_signal_file, Kind::signal},
    {config::kill_timeout_file, Kind::timeout},
    {config::kill_group_file, Kind::flag},
    {config::finish_timeout_file, Kind::timeout},
    {config::death_tally_limit_file, Kind::number},
    {config::restart_delay_file, Kind::number},
    {config::restart_delay_step_file, Kind::number},
    {config::restart_delay_cap_file, Kind::timeout},
    {config::restart_limit_file, Kind::number},
    {config::restart_period_file, Kind::timeout},
    {config::stop_schedule_file, Kind::schedule},
    {config::stop_group_file, Kind::flag},
};

// The settings of a service: first all files that there are, then what they mean together.
class Settings {
 public:
  explicit Settings(std::uint64_t descriptor_limit) noexcept : descriptor_limit_(descriptor_limit) {}

  // `setting` is one of the table, `content` the beginning of its file, content_size bytes at most.
  static constexpr std::size_t content_size = config::schedule_bytes + 1;
  void take(const Setting& setting, std::string_view content, const Findings& findings) noexcept;
  void judge_together(bool has_finish, const Findings& findings) const noexcept;

 private:
  struct Value {
    bool present = false;
    std::optional<std::uint32_t> number;  // nothing: the supervisor uses the default; 1 for flags and schedules
  };
  // Of a file of the table.
  [[nodiscard]] const Value& of(std::string_view file) const noexcept;
  [[nodiscard]] bool has_limit(std::string_view file) const noexcept;
  std::optional<std::uint32_t> judge_value(const Setting& setting, std::string_view content,
                                           const Findings& findings) const noexcept;
  std::optional<std::uint32_t> judge_descriptor(std::string_view file, std::uint32_t number,
                                                const Findings& findings) const noexcept;
  void judge_ending(bool has_finish, const Findings& findings) const noexcept;
  void judge_restarts(const Findings& findings) const noexcept;

  std::uint64_t descriptor_limit_;
  std::array<Value, std::size(settings)> values_{};
};

// --- names ----------------------------------------------------------------------------------------------------------

struct NameVerdict {
  enum Kind : std::uint8_t { unremarkable, misspelt, foreign } kind = unremarkable;
  std::string_view other;  // misspelt: the name that was probably meant; foreign: whose it is
};
NameVerdict judge_service_file(std::string_view name) noexcept;
NameVerdict judge_scanner_file(std::string_view name) noexcept;  // in .s6-svscan

// What s6-svscan executes in .s6-svscan.
inline constexpr std::string_view scanner_programs[] = {"finish",  "crash",   "SIGHUP",  "SIGINT", "SIGTERM",
                                                        "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPWR", "SIGWINCH"};

// --- rights ---------------------------------------------------------------------------------------------------------

enum class Place : std::uint8_t {
  part,  // what is executed, or the directory that has it
  above  // a directory on the way: with the sticky bit nobody takes away what is another's
};
struct Rights {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;
};
// Who else than root and `runner`, the user who runs the services, decides what is executed? Nothing: nobody.
std::optional<Code> judge_rights(const Rights& rights, uid_t runner, Place place) noexcept;

// "3 days", "1 hour": a time in seconds for people.
TextBuffer<32> age_text(std::int64_t seconds) noexcept;

}  // namespace s6::supervise::lint
