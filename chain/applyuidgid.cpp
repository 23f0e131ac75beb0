// s6-applyuidgid: becomes another user and group, given by numbers, and then a program.
#include "chain/identity.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

struct Request {
  chain::Identity identity;
  bool forget = false;
  const char* bad_variable = nullptr;
  std::string_view complaint;  // about that variable
};
chain::GroupList groups;

bool set_forget(Request& request, char, const char*) noexcept {
  request.forget = true;
  return true;
}
bool set_user(Request& request, char, const char* value) noexcept {
  const auto user = parse_u32(value);
  if (user) request.identity.user = *user;
  return user.has_value();
}
bool set_group(Request& request, char, const char* value) noexcept {
  const auto group = parse_u32(value);
  if (group) request.identity.group = *group;
  return group.has_value();
}
bool set_groups(Request& request, char, const char* value) noexcept {
  request.identity.supplementary = chain::Supplementary::replace;
  return groups.parse(value);
}

bool set_from_environment(Request& request, char letter, const char*) noexcept {
  const struct {
    const char* name;
    bool (*apply)(Request&, char, const char*);
  } variables[] = {
      {chain::uid_variable, set_user}, {chain::gid_variable, set_group}, {chain::gidlist_variable, set_groups}};
  Environment environment;
  if (auto inherited = environment.inherit(); !inherited) cli::die(inherited.error());
  for (const auto& variable : variables) {
    const char* const value = environment.get(variable.name);
    if (value != nullptr && variable.apply(request, letter, value)) continue;
    request.bad_variable = variable.name;
    request.complaint =
        value == nullptr ? " is not set; s6-envuidgid sets it" : " has an invalid value; s6-envuidgid sets it";
    return false;
  }
  return true;
}

constexpr options::Option<Request> option_table[] = {
    {{'z'}, set_forget, "remove UID, GID and GIDLIST from the environment"},
    {{'u', "uid"}, set_user, "become this user id"},
    {{'g', "gid"}, set_group, "take this group id"},
    {{'G', "gidlist"}, set_groups, "have these supplementary groups, separated by commas"},
    {{'U'}, set_from_environment, "take all three from UID, GID and GIDLIST"},
};

std::span<const char* const> parse_or_die(std::span<const char* const> words, Request& request) noexcept {
  const auto parsed = options::parse(option_table, request, words);
  const auto usage = options::usage("s6-applyuidgid", option_table, "prog...");
  if (request.bad_variable != nullptr)
    cli::die(cli::usage_error, {"the environment variable ", request.bad_variable, request.complaint});
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, cli::exit_codes_of_chain);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no program given");
  return parsed.operands;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-applyuidgid");
  Request request;
  const auto program = parse_or_die(options::words_of(argc, argv), request);
  Environment environment;
  if (auto inherited = environment.inherit(); !inherited) cli::die(inherited.error());
  if (request.forget) chain::forget_identity(environment);
  if (auto assumed = chain::assume(request.identity, groups); !assumed)
    cli::die(assumed.error(), chain::remedy(assumed.error().code));
  exec_or_die(program.data(), environment.block());
}
