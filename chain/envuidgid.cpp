// s6-envuidgid: puts the numbers of a user and his groups into the environment of a program.
#include "chain/identity.hpp"
#include "common/accounts.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

enum class Form { user_with_groups, user, group, both };

// What stands for names that nobody knows, and for what is not asked for.
struct Defaults {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  chain::GroupList groups;
};
Defaults defaults;

struct Request {
  Form form = Form::user_with_groups;
  bool numbers_are_names = false;
  bool have_defaults = false;
};

bool set_form(Request& request, char letter, const char*) noexcept {
  request.form = letter == 'u' ? Form::user : letter == 'g' ? Form::group : Form::both;
  return true;
}
bool set_numeric(Request& request, char, const char*) noexcept {
  request.numbers_are_names = true;
  return true;
}
bool set_strict(Request& request, char, const char*) noexcept {
  request.have_defaults = false;
  defaults.user = defaults.group = 0;
  defaults.groups.clear();
  return true;
}

// An empty part is 0.
bool parse_default(std::string_view text, std::uint32_t& number) noexcept {
  number = 0;
  if (text.empty()) return true;
  const auto value = parse_u32(text);
  if (value) number = *value;
  return value.has_value();
}
bool set_defaults(Request& request, char, const char* value) noexcept {
  request.have_defaults = true;
  const chain::Pair user = chain::split_pair(value);
  const chain::Pair group = chain::split_pair(user.second.value_or(""));
  return *value != '\0' && parse_default(user.first, defaults.user) && parse_default(group.first, defaults.group) &&
         defaults.groups.parse(group.second.value_or(""));
}

constexpr options::Option<Request> option_table[] = {
    {{'i'}, set_strict, "what is unknown is an error; the default"},
    {{'u'}, set_form, "account is a user only"},
    {{'g'}, set_form, "account is a group only"},
    {{'B'}, set_form, "account is USER:GROUP, of which one may be missing"},
    {{'n'}, set_numeric, "what is no known name may be a number"},
    {{'D', "uid:gid:gidlist"}, set_defaults, "use these numbers for what is unknown or missing"},
};

// What was found out; what is not there is not put into the environment.
struct Findings {
  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> group;
  const chain::GroupList* groups = nullptr;
};
chain::GroupList groups;

[[noreturn]] void die_unknown(const char* what, std::string_view name) noexcept {
  cli::die(cli::negative, {"unknown ", what, ": ", name});
}

std::uint32_t number_or_die(const Request& request, const char* what, const char* name,
                            std::uint32_t fallback) noexcept {
  if (const auto number = request.numbers_are_names ? parse_u32(name) : std::nullopt) return *number;
  if (!request.have_defaults) die_unknown(what, name);
  return fallback;
}

void find_group_or_die(const Request& request, const char* name, Findings& found) noexcept {
  const auto group = accounts::group_called(name);
  if (!group) cli::die(group.error());
  found.group = *group ? **group : number_or_die(request, "group", name, defaults.group);
}

void find_user_or_die(const Request& request, const char* name, Findings& found) noexcept {
  static accounts::User user;
  const auto known = accounts::find_user(name, user);
  if (!known) cli::die(known.error());
  found.user = *known ? user.id : number_or_die(request, "user", name, defaults.user);
  if (request.form != Form::user_with_groups) return;
  found.group = *known ? user.group : defaults.group;
  if (request.numbers_are_names) return;
  found.groups = *known ? &groups : &defaults.groups;
  if (!*known) return;
  const auto count = accounts::groups_of(name, groups.room());
  if (!count) cli::die(count.error());
  groups.resize(*count);
}

Findings find_or_die(const Request& request, const char* account) noexcept {
  Findings found;
  switch (request.form) {
    case Form::user_with_groups:
    case Form::user: find_user_or_die(request, account, found); break;
    case Form::group: find_group_or_die(request, account, found); break;
    case Form::both: {
      found = {.user = defaults.user, .group = defaults.group};
      const chain::Pair names = chain::split_pair(account);
      if (!names.second.value_or("").empty()) find_group_or_die(request, names.second->data(), found);
      const accounts::Name user{names.first};
      if (!user.ok()) die_unknown("user", names.first);
      if (!names.first.empty()) find_user_or_die(request, user.c_str(), found);
      break;
    }
  }
  return found;
}

Result<void> publish(const Findings& found, Environment& environment) noexcept {
  if (auto inherited = environment.inherit(); !inherited) return inherited;
  if (found.user)
    if (auto set = environment.set(chain::uid_variable, to_text(*found.user)); !set) return set;
  if (found.group)
    if (auto set = environment.set(chain::gid_variable, to_text(*found.group)); !set) return set;
  if (found.groups == nullptr) return {};
  static chain::GroupListText list;
  chain::append_list(list, found.groups->view());
  if (!list.ok()) return Error{E2BIG, "set the environment variable", chain::gidlist_variable};
  return environment.set(chain::gidlist_variable, list);
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-envuidgid");
  Request request;
  const auto parsed = options::parse(option_table, request, options::words_of(argc, argv));
  const auto usage = options::usage("s6-envuidgid", option_table, "account prog...");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed,
                          "those of prog, 1 no such account, 126 prog cannot be executed, 127 it is not there");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no account given");
  if (parsed.operands.size() < 2) cli::die_usage(usage.view(), "no program given");

  const Findings found = find_or_die(request, parsed.operands[0]);
  Environment environment;
  if (auto published = publish(found, environment); !published) cli::die(published.error());
  exec_or_die(parsed.operands.data() + 1, environment.block());
}
