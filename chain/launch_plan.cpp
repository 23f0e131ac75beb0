#include "chain/launch_plan.hpp"

#include "common/number.hpp"
#include "common/text.hpp"

namespace s6::launch {
namespace {

struct NamedNumber {
  std::string_view name;
  int number;
};

// ioprio_set(2)
constexpr NamedNumber io_classes[] = {{"none", 0}, {"realtime", 1}, {"best-effort", 2}, {"idle", 3}};
constexpr int io_class_none = 0, io_class_idle = 3;
constexpr int default_io_level = 4, last_io_level = 7;

// sched(7)
constexpr NamedNumber schedulers[] = {{"other", 0}, {"fifo", 1}, {"rr", 2}, {"batch", 3}, {"idle", 5}};

// capabilities(7): the number of the bit
constexpr NamedNumber securebits[] = {
    {"noroot", 0},    {"noroot-locked", 1},    {"no-setuid-fixup", 2},      {"no-setuid-fixup-locked", 3},
    {"keep-caps", 4}, {"keep-caps-locked", 5}, {"no-cap-ambient-raise", 6}, {"no-cap-ambient-raise-locked", 7}};

std::optional<int> number_of(std::span<const NamedNumber> names, std::string_view text) noexcept {
  for (const NamedNumber& known : names)
    if (known.name == text) return known.number;
  return std::nullopt;
}

std::string_view after(std::string_view text, std::size_t position) noexcept {
  return {text.data() + position + 1, text.size() - position - 1};
}

}  // namespace

std::optional<IoPriority> parse_io_priority(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  const std::string_view class_text = head(text, colon);
  auto io_class = number_of(io_classes, class_text);
  if (!io_class && class_text.size() == 1) io_class = parse_signed(class_text);
  if (!io_class || *io_class < io_class_none || *io_class > io_class_idle) return std::nullopt;
  const auto level = colon == std::string_view::npos ? std::optional<std::int32_t>(default_io_level)
                                                     : parse_signed(after(text, colon));
  if (!level || *level < 0 || *level > last_io_level) return std::nullopt;
  // These two have no levels; the kernel refuses one for the first.
  const bool has_levels = *io_class != io_class_none && *io_class != io_class_idle;
  return IoPriority{*io_class, has_levels ? *level : 0};
}

std::optional<int> parse_scheduler(std::string_view text) noexcept {
  if (const auto known = number_of(schedulers, text)) return known;
  const auto number = parse_u32(text);
  if (!number || *number > 99) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<std::uint32_t> parse_securebits(std::string_view text) noexcept {
  if (const auto number = parse_c_u32(text)) return number;
  std::uint32_t bits = 0;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto bit = number_of(securebits, head(text, comma));
    if (!bit) return std::nullopt;
    bits |= std::uint32_t{1} << *bit;
    if (comma == std::string_view::npos) return bits;
    text = after(text, comma);
  }
}

namespace {

// --- options into the plan -----------------------------------------------------------------------------------------
struct Request {
  Plan plan;
  std::span<EnvironmentChange> room;
  const char* expected = nullptr;

  bool refuse(const char* what_is_expected) noexcept {
    expected = what_is_expected;
    return false;
  }
  bool change_environment(EnvironmentChange::Kind kind, std::string_view text) noexcept {
    const std::size_t used = plan.environment.size();
    if (used == room.size()) return refuse("there is no room for so many changes of the environment");
    room[used] = {kind, text};
    plan.environment = room.first(used + 1);
    return true;
  }
};

template <const char* Plan::*text>
bool set_text(Request& request, char, const char* value) noexcept {
  request.plan.*text = value;
  return *value != '\0' || request.refuse("something is expected here");
}

// Unlike other texts a list of groups and a set of capabilities may be empty.
template <const char* Plan::*text>
bool set_list(Request& request, char, const char* value) noexcept {
  request.plan.*text = value;
  return true;
}

template <bool Plan::*flag>
bool set_flag(Request& request, char, const char*) noexcept {
  return request.plan.*flag = true;
}

template <Session session>
bool set_session(Request& request, char, const char*) noexcept {
  request.plan.session = session;
  return true;
}

template <Output Plan::*stream, Output::Kind kind>
bool set_output(Request& request, char, const char* path) noexcept {
  request.plan.*stream = {kind, path};
  return path == nullptr || *path != '\0' || request.refuse("the name of a file is expected");
}

bool set_umask(Request& request, char, const char* value) noexcept {
  request.plan.umask = parse_octal(value);
  if (!request.plan.umask || *request.plan.umask > 0777) return request.refuse("an octal number up to 777 is expected");
  return true;
}

bool set_file_mode(Request& request, char, const char* value) noexcept {
  const auto mode = parse_octal(value);
  if (!mode || *mode > 07777) return request.refuse("an octal number up to 7777 is expected");
  request.plan.file_mode = *mode;
  return true;
}

template <Maybe<int> Plan::*member, int least, int most>
bool set_number(Request& request, const char* value, const char* expected) noexcept {
  const auto number = parse_signed(value);
  if (!number || *number < least || *number > most) return request.refuse(expected);
  request.plan.*member = {*number, value};
  return true;
}
bool set_nice(Request& request, char, const char* value) noexcept {
  return set_number<&Plan::nice, -20, 19>(request, value, "a number from -20 to 19 is expected");
}
bool set_oom_score_adj(Request& request, char, const char* value) noexcept {
  return set_number<&Plan::oom_score_adj, -1000, 1000>(request, value, "a number from -1000 to 1000 is expected");
}
bool set_scheduler_priority(Request& request, char, const char* value) noexcept {
  return set_number<&Plan::scheduler_priority, 0, 99>(request, value, "a number from 0 to 99 is expected");
}

template <auto member, auto parse>
bool set_parsed(Request& request, const char* value, const char* expected) noexcept {
  const auto parsed = parse(value);
  if (!parsed) return request.refuse(expected);
  request.plan.*member = {*parsed, value};
  return true;
}
bool set_io_priority(Request& request, char, const char* value) noexcept {
  return set_parsed<&Plan::io_priority, parse_io_priority>(
      request, value, "CLASS or CLASS:LEVEL is expected: 0 to 3, none, realtime, best-effort or idle; 0 to 7");
}
bool set_scheduler(Request& request, char, const char* value) noexcept {
  return set_parsed<&Plan::scheduler, parse_scheduler>(
      request, value, "other, batch, idle, fifo, rr or the number of a policy is expected");
}
bool set_securebits(Request& request, char, const char* value) noexcept {
  return set_parsed<&Plan::securebits, parse_securebits>(
      request, value,
      "a number as in C, or names with commas between them are expected: noroot, no-setuid-fixup, keep-caps, "
      "no-cap-ambient-raise, and each with -locked");
}

void add_limit(Plan& plan, const chain::LimitRequest& limit, const char* text) noexcept {
  Plan::Limit& present = plan.limits[limit.resource];
  present = {chain::merged(present.change, limit.change), text};
}
bool set_limit(Request& request, char, const char* value) noexcept {
  const auto limit = chain::parse_limit(value);
  if (!limit)
    return request.refuse(
        "RESOURCE=BOTH or RESOURCE=SOFT:HARD is expected: as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, "
        "nofile, nproc, rss, rtprio, rttime, sigpending or stack; a number or unlimited");
  add_limit(request.plan, *limit, value);
  return true;
}
bool set_ulimit(Request& request, char, const char* value) noexcept {
  chain::UlimitReader reader(value);
  while (const auto limit = reader.next()) add_limit(request.plan, *limit, value);
  return reader.ok() || request.refuse("words as for the shell's ulimit are expected: -n 1024, -H -c unlimited");
}

bool set_variable(Request& request, char, const char* value) noexcept {
  if (std::string_view(value).find('=') == std::string_view::npos || *value == '=')
    return request.refuse("NAME=VALUE is expected");
  return request.change_environment(EnvironmentChange::Kind::set, value);
}
bool unset_variable(Request& request, char, const char* value) noexcept {
  std::string_view name = value;
  const bool is_prefix = name.ends_with('*');
  if (is_prefix) name.remove_suffix(1);
  if (name.empty() || name.find_first_of("=*") != std::string_view::npos)
    return request.refuse("NAME, or PREFIX* is expected");
  return request.change_environment(is_prefix ? EnvironmentChange::Kind::unset_prefix : EnvironmentChange::Kind::unset,
                                    name);
}
bool set_env_dir(Request& request, char, const char* value) noexcept {
  if (*value == '\0') return request.refuse("the name of a directory is expected");
  return request.change_environment(EnvironmentChange::Kind::directory, value);
}

using options::no_letter;
constexpr options::Option<Request> option_table[] = {
    {{no_letter, "user[:group]", "user"}, set_text<&Plan::user>},
    {{no_letter, "group", "group"}, set_text<&Plan::group>},
    {{no_letter, "group,...", "groups"}, set_list<&Plan::groups>},
    {{no_letter, {}, "account-env"}, set_flag<&Plan::account_environment>},
    {{no_letter, "dir", "chroot"}, set_text<&Plan::chroot>},
    {{no_letter, "dir", "directory"}, set_text<&Plan::directory>},
    {{no_letter, "octal", "umask"}, set_umask},
    {{no_letter, "file", "stdin"}, set_text<&Plan::input>},
    {{no_letter, "file", "stdout"}, set_output<&Plan::output, Output::Kind::append>},
    {{no_letter, "file", "stdout-truncate"}, set_output<&Plan::output, Output::Kind::truncate>},
    {{no_letter, "file", "stderr"}, set_output<&Plan::error, Output::Kind::append>},
    {{no_letter, "file", "stderr-truncate"}, set_output<&Plan::error, Output::Kind::truncate>},
    {{no_letter, {}, "stderr-to-stdout"}, set_output<&Plan::error, Output::Kind::stdout_too>},
    {{no_letter, "octal", "file-mode"}, set_file_mode},
    {{no_letter, "name", "argv0"}, set_list<&Plan::argv0>},
    {{no_letter, {}, "clear-env"}, set_flag<&Plan::clear_environment>},
    {{no_letter, "name=value", "env"}, set_variable},
    {{no_letter, "name", "unset-env"}, unset_variable},
    {{no_letter, "dir", "env-dir"}, set_env_dir},
    {{no_letter, "resource=soft[:hard]", "limit"}, set_limit},
    {{no_letter, "words", "ulimit"}, set_ulimit},
    {{no_letter, "n", "nice"}, set_nice},
    {{no_letter, "class[:level]", "ionice"}, set_io_priority},
    {{no_letter, "n", "oom-score-adj"}, set_oom_score_adj},
    {{no_letter, "policy", "scheduler"}, set_scheduler},
    {{no_letter, "n", "scheduler-priority"}, set_scheduler_priority},
    {{no_letter, "dir", "cgroup"}, set_text<&Plan::cgroup>},
    {{no_letter, {}, "session"}, set_session<Session::own_session>},
    {{no_letter, {}, "process-group"}, set_session<Session::own_group>},
    {{no_letter, "iab", "capabilities"}, set_list<&Plan::capabilities>},
    {{no_letter, "bits", "securebits"}, set_securebits},
    {{no_letter, {}, "no-new-privs"}, set_flag<&Plan::no_new_privileges>},
    {{no_letter, {}, "help"}, set_flag<&Plan::help>},
};

constexpr auto names = [] {
  std::array<std::string_view, std::size(option_table)> list;
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = option_table[i].spec.long_name;
  return list;
}();

const char* complaint_about(const Plan& plan, std::span<const char* const> program) noexcept {
  if (plan.account_environment && plan.user == nullptr) return "--account-env needs --user";
  if (plan.group != nullptr && plan.user != nullptr && std::string_view(plan.user).find(':') != std::string_view::npos)
    return "the group is given twice, by --user and by --group";
  if (plan.scheduler_priority && !plan.scheduler) return "--scheduler-priority needs --scheduler";
  if (program.empty()) return "no program given";
  return nullptr;
}

}  // namespace

CommandLine parse(std::span<const char* const> words, std::span<EnvironmentChange> room) noexcept {
  Request request{.room = room};
  CommandLine line;
  line.outcome = options::parse(option_table, request, words);
  line.plan = request.plan;
  line.expected = request.expected;
  if (line.outcome.problem == options::Problem::none)
    line.complaint = complaint_about(line.plan, line.outcome.operands);
  return line;
}

std::span<const std::string_view> option_names() noexcept {
  return names;
}

const std::string_view help_text =
    R"(usage: s6-launch [ --option | --option=value ]... prog [ argument... ]

Gives this process the state that is asked for, then becomes prog. What is not asked for stays as it is. Of several
equal options the last one wins; those for the environment and for limits add up.

Who
  --user=USER[:GROUP]   the user, with his own group and all groups that he is a member of; or with GROUP. Names or
                        numbers; a number without an account needs :GROUP
  --group=GROUP         another group than the user's own; without --user, only that
  --groups=G,G,...      exactly these supplementary groups; none, if the list is empty
  --account-env         HOME, USER, LOGNAME and SHELL as the account of --user has them

Where
  --chroot=DIR          the root directory; the working directory is then / unless --directory is given, too
  --directory=DIR       the working directory, looked up in the new root
  --umask=OCTAL         the file mode creation mask
  --stdin=FILE          descriptor 0 reads FILE. The user must have the right to open it, and it is looked up in the new
                        root and working directory; so it is with the files of the next four
  --stdout=FILE         descriptor 1 appends to FILE
  --stdout-truncate=FILE
                        descriptor 1 replaces what is in FILE
  --stderr=FILE         descriptor 2 appends to FILE
  --stderr-truncate=FILE
                        descriptor 2 replaces what is in FILE
  --stderr-to-stdout    descriptor 2 is a copy of 1
  --file-mode=OCTAL     of files that have to be made for that, less the umask: 0660 if not given

With what
  --clear-env           start with an empty environment instead of one's own; in effect before the other options
  --env=NAME=VALUE      set a variable
  --unset-env=NAME      remove one; NAME* removes all whose names begin with NAME
  --env-dir=DIR         each file in DIR is a variable, its first line the value; an empty file removes it
  --argv0=NAME          what prog is told as its own name

How much, and how urgent
  --limit=RESOURCE=BOTH, --limit=RESOURCE=SOFT:HARD
                        a resource limit, in the units of setrlimit(2): a number or "unlimited"; SOFT or HARD may be
                        left out. as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime
                        sigpending stack
  --ulimit=WORDS        the same as a shell's ulimit takes it, in one word: --ulimit='-n 1024 -S -c unlimited'
  --nice=N              -20 to 19
  --ionice=CLASS[:LEVEL]
                        0 to 3 or none, realtime, best-effort, idle; 0 to 7
  --oom-score-adj=N     -1000 to 1000
  --scheduler=POLICY    other, batch, idle, fifo, rr or a number
  --scheduler-priority=N
                        0 to 99; the lowest that POLICY has if not given
  --cgroup=DIR          join this cgroup, a directory that exists
  --session             a session of its own
  --process-group       a process group of its own

With which rights
  --capabilities=IAB    capabilities, as cap_iab_from_text(3) reads them: ^cap_net_raw for one that prog has whoever
                        the user is, !cap_sys_admin for one that can never be had again
  --securebits=BITS     a number as in C, or names: noroot, no-setuid-fixup, keep-caps, no-cap-ambient-raise, and each
                        of them with -locked
  --no-new-privs        no program can gain rights from now on

And
  --help                print this
  --version             print the version

prog is looked for in the directories of the PATH that s6-launch was started with.

Exit codes: 100 the request is wrong, 111 the system refused a step (nothing was run), 127 there is no such program,
126 it cannot be executed; otherwise those of prog.
)";

}  // namespace s6::launch
