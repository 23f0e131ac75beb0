#include "supervise/lint.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/death_tally.hpp"
#include "common/number.hpp"
#include "common/signal_name.hpp"

namespace s6::supervise::lint {

std::string_view name_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::hint: return "hint";
    case Severity::warning: return "warning";
    case Severity::error: break;
  }
  return "error";
}

// --- programs -------------------------------------------------------------------------------------------------------

namespace {

std::optional<ProgramVerdict> judge_script(const ProgramFacts& facts, const HeadVerdict& head) noexcept {
  if (facts.interpreter_error != 0) return ProgramVerdict{Code::interpreter_missing, facts.interpreter_error};
  if (!head.interpreter.starts_with('/')) return ProgramVerdict{Code::interpreter_relative, 0};
  if (facts.head.size() == head_size && facts.head.find('\n') == std::string_view::npos)
    return ProgramVerdict{Code::interpreter_line_long, 0};
  return std::nullopt;
}

}  // namespace

std::optional<ProgramVerdict> judge_program(const ProgramFacts& facts) noexcept {
  if (!S_ISREG(facts.mode) || (facts.mode & 0111) == 0) return ProgramVerdict{Code::not_executable, EACCES};
  if (facts.noexec) return ProgramVerdict{Code::noexec, EACCES};
  const HeadVerdict head = inspect_head(facts.head);
  switch (head.kind) {
    case Head::empty:
    case Head::no_magic:
    case Head::script_without_interpreter: return ProgramVerdict{Code::no_interpreter, ENOEXEC};
    case Head::script_with_cr: return ProgramVerdict{Code::carriage_return, 0};
    case Head::script: return judge_script(facts, head);
    case Head::elf: break;
  }
  return std::nullopt;
}

// --- settings -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view uses_default = "the supervisor warns and uses the default";

// `expected`: what the line should be.
void add_invalid(std::string_view file, std::string_view line, std::string_view expected,
                 const Findings& findings) noexcept {
  if (line.ends_with('\r'))
    return findings.add(
        Code::invalid_value, file,
        TextBuffer<256>{"its line ends in a carriage return: ", uses_default, "; save it with Unix line ends"});
  const bool blank = line.find_first_of(" \t") != std::string_view::npos;
  findings.add(Code::invalid_value, file,
               TextBuffer<256>{expected, " is expected", blank ? ", without blanks" : "", ": ", uses_default});
}

std::optional<std::uint32_t> judge_signal(std::string_view file, std::string_view line,
                                          const Findings& findings) noexcept {
  constexpr int last_signal = 64;
  const auto signal = parse_signal(line);
  if (!signal) {
    add_invalid(file, line, "the name or number of a signal", findings);
    return std::nullopt;
  }
  if (*signal < 1 || *signal > last_signal)
    findings.add(Code::useless_signal, file, "there is no such signal, so none is sent; write another");
  else if (file == config::down_signal_file && (*signal == SIGSTOP || *signal == SIGCONT))
    findings.add(Code::useless_signal, file, "this signal ends no service; write another, such as TERM");
  else if (*signal == SIGKILL)
    findings.add(Code::kill_signal, file, "the service cannot catch it, so it cannot clean up behind itself");
  return static_cast<std::uint32_t>(*signal);
}

std::optional<std::uint32_t> judge_schedule(std::string_view file, std::string_view content,
                                            const Findings& findings) noexcept {
  if (content.size() < config::schedule_bytes && StopSchedule::parse(config::first_line(content))) return 1;
  findings.add(Code::invalid_value, file,
               "one line of signals and times in milliseconds is expected, 32 words at most: the supervisor warns and "
               "uses timeout-kill instead");
  return std::nullopt;
}

}  // namespace

void Settings::take(const Setting& setting, std::string_view content, const Findings& findings) noexcept {
  Value& value = values_[static_cast<std::size_t>(&setting - settings)];
  value.present = true;
  value.number = setting.kind == Kind::flag ? 1 : judge_value(setting, content, findings);
}

std::optional<std::uint32_t> Settings::judge_value(const Setting& setting, std::string_view content,
                                                   const Findings& findings) const noexcept {
  const std::string_view whole = config::first_line(content);
  if (content.find_first_not_of(" \t\r\n", whole.size()) != std::string_view::npos)
    findings.add(Code::extra_lines, setting.file, "only the first line counts");
  if (setting.kind == Kind::schedule) return judge_schedule(setting.file, content, findings);
  const std::size_t most = setting.kind == Kind::signal ? config::signal_bytes : config::number_bytes;
  if (whole.size() > most)
    findings.add(Code::value_cut, setting.file,
                 TextBuffer<128>{"only the first ", to_text(most), " bytes are read; make it shorter"});
  const std::string_view line = head(whole, most);
  if (setting.kind == Kind::signal) return judge_signal(setting.file, line, findings);
  const auto number = parse_u32(line);
  if (!number) {
    add_invalid(setting.file, line, "a decimal number", findings);
    return std::nullopt;
  }
  if (setting.kind == Kind::descriptor) return judge_descriptor(setting.file, *number, findings);
  if (setting.file == config::death_tally_limit_file && *number > wire::max_deaths)
    findings.add(Code::tally_limit, setting.file,
                 TextBuffer<128>{"no more than ", to_text(wire::max_deaths), " deaths are remembered"});
  return number;
}

std::optional<std::uint32_t> Settings::judge_descriptor(std::string_view file, std::uint32_t number,
                                                        const Findings& findings) const noexcept {
  if (number == 0 || number >= descriptor_limit_ || number > config::no_limit_above) {
    findings.add(Code::fd_range, file,
                 TextBuffer<160>{"a descriptor from 1 to ", to_text(descriptor_limit_ - 1),
                                 " is expected: the supervisor warns and does without it"});
    return std::nullopt;
  }
  if (number < 3)
    findings.add(Code::standard_fd, file,
                 TextBuffer<160>{"it takes the place of standard ", number == 1 ? "output" : "error",
                                 " of the service; 3 is usual"});
  return number;
}

const Settings::Value& Settings::of(std::string_view file) const noexcept {
  const auto found = std::find_if(std::begin(settings), std::end(settings),
                                  [file](const Setting& setting) { return setting.file == file; });
  return values_[static_cast<std::size_t>(found - std::begin(settings))];
}

bool Settings::has_limit(std::string_view file) const noexcept {
  const auto number = of(file).number;
  return number && *number != 0 && *number <= config::no_limit_above;
}

void Settings::judge_together(bool has_finish, const Findings& findings) const noexcept {
  const auto notification = of(config::notification_fd_file).number;
  if (notification && notification == of(config::lock_fd_file).number)
    findings.add(Code::fd_clash, config::lock_fd_file,
                 "it names the same descriptor as notification-fd, so the service is never started; change one");
  judge_ending(has_finish, findings);
  judge_restarts(findings);
}

void Settings::judge_ending(bool has_finish, const Findings& findings) const noexcept {
  const Value& kill = of(config::kill_timeout_file);
  const bool scheduled = of(config::stop_schedule_file).number.has_value();
  if (kill.present && scheduled)
    findings.add(Code::no_effect, config::kill_timeout_file, "stop-schedule takes its place; remove one");
  else if (kill.number && !has_limit(config::kill_timeout_file))
    findings.add(Code::no_time_limit, config::kill_timeout_file,
                 "it stands for never, as without the file: a service that does not end is not killed");
  if (of(config::kill_group_file).present && (scheduled || !has_limit(config::kill_timeout_file)))
    findings.add(Code::no_effect, config::kill_group_file,
                 scheduled ? "stop-schedule takes the place of timeout-kill; flag-stop-group is what goes with it"
                           : "it needs a time in timeout-kill");
  const Value& finish = of(config::finish_timeout_file);
  if (finish.present && !has_finish)
    findings.add(Code::no_effect, config::finish_timeout_file, "there is no finish that it could limit");
  else if (finish.number && !has_limit(config::finish_timeout_file))
    findings.add(Code::no_time_limit, config::finish_timeout_file,
                 "a finish that does not end keeps the service from being started again, for ever");
}

void Settings::judge_restarts(const Findings& findings) const noexcept {
  const auto delay = of(config::restart_delay_file).number;
  for (const std::string_view file : {config::restart_delay_step_file, config::restart_delay_cap_file})
    if (of(file).present && !delay) findings.add(Code::no_effect, file, "it needs a number in restart-delay");
  const auto cap = of(config::restart_delay_cap_file).number;
  if (delay && has_limit(config::restart_delay_cap_file) && *cap < *delay)
    findings.add(Code::no_effect, config::restart_delay_cap_file,
                 "it is less than restart-delay, which is waited for anyway");
  if (of(config::restart_period_file).present && of(config::restart_limit_file).number.value_or(0) == 0)
    findings.add(Code::no_effect, config::restart_period_file, "it needs a number in max-restarts, more than 0");
}

// --- names ----------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view other_service_files[] = {"run", "finish", "down", "log", "event", "supervise", "data"};

struct ForeignFile {
  std::string_view name;
  std::string_view owner;
};
constexpr ForeignFile foreign_files[] = {
    {"check", "runit; here a check is data/check, run by s6-notifyoncheck"},
    {"conf", "runit"},
    {"control", "runit"},
    {"start", "nosh and perp"},
    {"stop", "nosh"},
    {"restart", "nosh"},
    {"rc.main", "perp"},
    {"rc.log", "perp"},
    {"no-setpgrp", "daemontools-encore"},
    {"nosetsid", "old releases of s6"},
    {"type", "s6-rc"},
    {"up", "s6-rc"},
    {"dependencies", "s6-rc"},
    {"dependencies.d", "s6-rc"},
    {"producer-for", "s6-rc"},
    {"consumer-for", "s6-rc"},
    {"pipeline-name", "s6-rc"},
    {"timeout-up", "s6-rc"},
    {"timeout-down", "s6-rc"},
};

constexpr std::size_t longest_judged = 32;  // longer than any name that is known

constexpr char plain(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '_' || c == '.' || c == ' ' ? '-' : c;
}

// How many letters have to be put in, taken out or changed; case, and what stands between words, aside. Both are at
// most longest_judged long.
constexpr std::size_t edits_between(std::string_view a, std::string_view b) noexcept {
  std::array<std::size_t, longest_judged + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (plain(a[i - 1]) != plain(b[j - 1]) ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

// A short word is near to many others.
constexpr std::size_t edits_allowed(std::string_view known) noexcept {
  constexpr std::size_t short_name = 8;
  return known.size() < short_name ? 1 : 2;
}

// The nearest of the known names so far.
class Nearest {
 public:
  explicit constexpr Nearest(std::string_view name) noexcept : name_(name) {}
  constexpr void compare(std::string_view known) noexcept {
    if (name_ == known) exact_ = true;
    if (name_.size() > longest_judged || name_.ends_with('~')) return;  // an editor's backup
    const std::size_t edits = edits_between(name_, known);
    if (edits > edits_allowed(known) || edits >= edits_) return;
    edits_ = edits;
    nearest_ = known;
  }
  [[nodiscard]] constexpr NameVerdict verdict() const noexcept {
    if (exact_ || nearest_.empty()) return {};
    return {NameVerdict::misspelt, nearest_};
  }

 private:
  std::string_view name_;
  std::string_view nearest_;
  std::size_t edits_ = longest_judged;
  bool exact_ = false;
};

}  // namespace

NameVerdict judge_service_file(std::string_view name) noexcept {
  for (const ForeignFile& file : foreign_files)
    if (name == file.name) return {NameVerdict::foreign, file.owner};
  Nearest nearest(name);
  for (const std::string_view known : other_service_files) nearest.compare(known);
  for (const Setting& setting : settings) nearest.compare(setting.file);
  return nearest.verdict();
}

NameVerdict judge_scanner_file(std::string_view name) noexcept {
  Nearest nearest(name);
  for (const std::string_view known : {"lock", "control"}) nearest.compare(known);
  for (const std::string_view known : scanner_programs) nearest.compare(known);
  return nearest.verdict();
}

// --- rights ---------------------------------------------------------------------------------------------------------

std::optional<Code> judge_rights(const Rights& rights, uid_t runner, Place place) noexcept {
  if (rights.owner != 0 && rights.owner != runner) return Code::foreign_owner;
  if (place == Place::above && (rights.mode & S_ISVTX) != 0) return std::nullopt;
  if ((rights.mode & S_IWOTH) != 0) return Code::others_can_write;
  if ((rights.mode & S_IWGRP) != 0 && rights.group != 0) return Code::group_can_write;
  return std::nullopt;
}

TextBuffer<32> age_text(std::int64_t seconds) noexcept {
  constexpr struct {
    std::int64_t seconds;
    std::string_view name;
  } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  const std::int64_t age = std::max<std::int64_t>(seconds, 0);
  const auto* unit = std::find_if(std::begin(units), std::end(units) - 1,
                                  [age](const auto& candidate) { return age >= candidate.seconds; });
  const std::int64_t count = age / unit->seconds;
  return {to_text(count), " ", unit->name, count == 1 ? "" : "s"};
}

}  // namespace s6::supervise::lint
