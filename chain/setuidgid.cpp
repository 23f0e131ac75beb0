// s6-setuidgid: becomes another user, with all his groups, and then a program.
#include "chain/identity.hpp"
#include "common/accounts.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

constexpr const char* usage = "s6-setuidgid account prog...";
chain::GroupList groups;

std::span<const char* const> parse_or_die(std::span<const char* const> words) noexcept {
  cli::answer_lone_word(usage, words,
                        "those of prog, 1 no such user, 126 prog cannot be executed, 127 it is not there");
  const auto operands = options::operands_without_options(words, 2);
  if (operands.size() < 2) cli::die_usage(usage, "an account and a program are needed");
  if (operands.data() == words.data() && *operands[0] == '-') cli::die_usage(usage, "there are no options");
  return operands;
}

// UID:GID, and no other groups.
chain::Identity parse_numbers_or_die(const chain::Pair& text) noexcept {
  const auto user = parse_u32(text.first);
  const auto group = parse_u32(*text.second);
  if (!user || !group)
    cli::die_usage(usage, "user:group must be two numbers; s6-launch --user=user:group takes names, too");
  return {*user, *group, chain::Supplementary::replace};
}

chain::Identity look_up_or_die(const char* name) noexcept {
  static accounts::User user;
  const auto known = accounts::find_user(name, user);
  if (!known) cli::die(known.error());
  if (!*known) cli::die(cli::negative, {"unknown user: ", name});
  const auto count = accounts::groups_of(name, groups.room());
  if (!count) cli::die(count.error());
  groups.resize(*count);
  return {user.id, user.group, chain::Supplementary::replace};
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-setuidgid");
  const auto operands = parse_or_die(options::words_of(argc, argv));
  const char* const account = operands[0];
  const char* const* const program = operands.data() + 1;
  if (*account == '\0') exec_or_die(program);

  Environment environment;
  if (auto inherited = environment.inherit(); !inherited) cli::die(inherited.error());
  const chain::Pair numbers = chain::split_pair(account);
  const auto identity = numbers.second ? parse_numbers_or_die(numbers) : look_up_or_die(account);
  // The variables of s6-envuidgid belong to another identity now, unless somebody asked for these very numbers.
  if (!numbers.second) chain::forget_identity(environment);
  if (auto assumed = chain::assume(identity, groups); !assumed)
    cli::die(assumed.error(), chain::remedy(assumed.error().code));
  exec_or_die(program, environment.block());
}
