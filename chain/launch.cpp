// s6-launch: becomes a program with exactly the process state that is asked for.
#include <errno.h>

#include <utility>

#include "chain/env_dir.hpp"
#include "chain/launch_plan.hpp"
#include "chain/launch_steps.hpp"
#include "common/accounts.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/reserved_array.hpp"
#include "common/usage.hpp"

using namespace s6;
using launch::EnvironmentChange;
using launch::Launch;

namespace {

constexpr std::string_view usage = "s6-launch [ --option | --option=value ]... prog... (s6-launch --help explains)";

template <class T>
T or_die(Result<T> result) noexcept {
  if (!result) cli::die(result.error());
  return std::move(*result);
}
void or_die(const Result<void>& result) noexcept {
  if (!result) cli::die(result.error());
}

[[noreturn]] void die_of_request(std::initializer_list<std::string_view> parts) noexcept {
  cli::die(cli::usage_error, parts);
}

launch::CommandLine parse_or_die(std::span<const char* const> words) noexcept {
  const auto room = or_die(reserve_array<EnvironmentChange>(words.size()));
  const auto line = launch::parse(words, room);
  if (line.plan.help) {
    cli::print(launch::help_text);
    cli::exit(cli::ok);
  }
  if (line.expected != nullptr) die_of_request({options::explain(line.outcome), ": ", line.expected});
  if (line.outcome.problem != options::Problem::none) cli::answer_or_refuse(usage, line.outcome, "");
  if (line.complaint != nullptr) cli::die_usage(usage, line.complaint);
  return line;
}

// --- who -----------------------------------------------------------------------------------------------------------
accounts::User account;

gid_t group_or_die(const char* text) noexcept {
  const auto known = or_die(accounts::group_called(text));
  if (known) return *known;
  const auto number = parse_u32(text);
  if (!number) die_of_request({"unknown group: ", text});
  return *number;
}

// Is there an account? Names come first, as with chown(1): a name may consist of digits.
bool find_user_or_die(Launch& launch, const char* text) noexcept {
  if (or_die(accounts::find_user(text, account))) {
    launch.user = account.id;
    return true;
  }
  const auto number = parse_u32(text);
  if (!number) die_of_request({"unknown user: ", text});
  launch.user = *number;
  return or_die(accounts::find_user(static_cast<uid_t>(*number), account));
}

void find_own_groups_or_die(Launch& launch, bool has_account) noexcept {
  launch.set_groups = true;
  launch.groups.add(*launch.group);
  if (!has_account) return;
  const auto room = launch.groups.room().subspan(1);
  launch.groups.resize(1 + or_die(accounts::groups_of(account.name.c_str(), room)));
}

void list_groups_or_die(Launch& launch, std::string_view list) noexcept {
  launch.set_groups = true;
  launch.groups.clear();
  while (!list.empty()) {
    const std::string_view element = head(list, list.find(','));
    const accounts::Name name{element};
    if (element.empty() || !name.ok()) die_of_request({"invalid list of groups: ", launch.plan.groups});
    if (!launch.groups.add(group_or_die(name.c_str()))) die_of_request({"too many groups: ", launch.plan.groups});
    if (element.size() == list.size()) return;
    list.remove_prefix(element.size() + 1);
    if (list.empty()) die_of_request({"invalid list of groups: ", launch.plan.groups});
  }
}

void find_identity_or_die(Launch& launch) noexcept {
  const launch::Plan& plan = launch.plan;
  bool has_account = false;
  const char* group = plan.group;
  if (plan.user != nullptr) {
    const chain::Pair pair = chain::split_pair(plan.user);
    const accounts::Name name{pair.first};
    if (pair.first.empty() || !name.ok() || (pair.second && pair.second->empty()))
      die_of_request({"invalid value for option --user=", plan.user, ": USER or USER:GROUP is expected"});
    has_account = find_user_or_die(launch, name.c_str());
    if (pair.second) group = pair.second->data();
    if (!has_account && (group == nullptr || plan.account_environment))
      die_of_request({"there is no account for user ", plan.user,
                      plan.account_environment ? ", which --account-env needs" : "; say --user=USER:GROUP"});
    if (has_account) launch.group = account.group;
  }
  if (group != nullptr) launch.group = group_or_die(group);
  if (plan.groups != nullptr) return list_groups_or_die(launch, plan.groups);
  if (plan.user != nullptr) find_own_groups_or_die(launch, has_account);
}

// --- the environment -----------------------------------------------------------------------------------------------
void set_account_environment_or_die(Environment& environment) noexcept {
  or_die(environment.set("HOME", account.home));
  or_die(environment.set("USER", account.name));
  or_die(environment.set("LOGNAME", account.name));
  or_die(environment.set("SHELL", account.shell.view().empty() ? std::string_view("/bin/sh") : account.shell));
}

void read_env_dir_or_die(const char* path, Environment& environment) noexcept {
  static chain::EnvDir directory;
  or_die(directory.open(path));
  or_die(directory.apply({.unlimited = true}, environment));
}

void make_environment_or_die(Launch& launch) noexcept {
  Environment& environment = launch.environment;
  if (!launch.plan.clear_environment) or_die(environment.inherit());
  if (launch.plan.account_environment) set_account_environment_or_die(environment);
  for (const EnvironmentChange& change : launch.plan.environment) {
    switch (change.kind) {
      case EnvironmentChange::Kind::set: or_die(environment.put(change.text.data())); break;
      case EnvironmentChange::Kind::unset: environment.unset(change.text); break;
      case EnvironmentChange::Kind::unset_prefix: environment.unset_prefix(change.text); break;
      case EnvironmentChange::Kind::directory: read_env_dir_or_die(change.text.data(), environment); break;
    }
  }
}

void parse_capabilities_or_die(Launch& launch) noexcept {
  const char* const text = launch.plan.capabilities;
  if (text == nullptr || launch.capabilities.parse(text)) return;
  die_of_request({"invalid value for option --capabilities=", text,
                  ": capabilities with commas between them are expected, each after ^ (ambient), % (inheritable) "
                  "or ! (never)"});
}

// --- becoming the program ------------------------------------------------------------------------------------------
[[noreturn]] void die_as_before(Launch& launch, int code, const Error& error) noexcept {
  if (launch.own_stderr) (void)sys::dup_onto(launch.own_stderr.get(), 2);
  const bool executing = code != cli::system_error;
  cli::die(code, error, executing ? explain_exec_failure(error) : chain::remedy(error.code));
}

[[noreturn]] void become_or_die(Launch& launch, std::span<const char* const> program) noexcept {
  const auto argv = or_die(reserve_array<const char*>(program.size() + 1));
  std::ranges::copy(program, argv.begin());
  if (launch.plan.argv0 != nullptr) argv[0] = launch.plan.argv0;
  if (auto applied = launch::apply(launch); !applied) die_as_before(launch, cli::system_error, applied.error());
  const Error error = exec_in_path(program[0], argv.data(), launch.environment.block());
  die_as_before(launch, exec_failure_code(error), error);
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-launch");
  or_die(sys::open_missing_stdio());
  const auto line = parse_or_die(options::words_of(argc, argv));
  static Launch launch;
  launch.plan = line.plan;
  find_identity_or_die(launch);
  make_environment_or_die(launch);
  parse_capabilities_or_die(launch);
  become_or_die(launch, line.outcome.operands);
}
