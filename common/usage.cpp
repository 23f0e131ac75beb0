#include "common/usage.hpp"

namespace s6::cli {
namespace {

// The first word of a usage line is the program's name.
std::string_view program_of(std::string_view usage_line) noexcept {
  return head(usage_line, usage_line.find(' '));
}

}  // namespace

void answer_or_refuse(std::string_view usage_line, const options::Outcome& outcome,
                      std::string_view exit_codes) noexcept {
  using options::Problem;
  if (outcome.problem == Problem::help)
    print(options::help(usage_line, outcome.options, exit_codes));
  else if (outcome.problem == Problem::version)
    print(TextBuffer<256>{program_of(usage_line), " (s6-native) ", S6_VERSION, "\n"});
  else
    die_usage(usage_line, options::explain(outcome));
  exit(ok);
}

void answer_lone_word(std::string_view usage_line, std::span<const char* const> words,
                      std::string_view exit_codes) noexcept {
  if (words.size() != 1) return;
  const options::Outcome outcome{.problem = options::request_of(words[0])};
  if (outcome.problem != options::Problem::unknown_option) answer_or_refuse(usage_line, outcome, exit_codes);
}

}  // namespace s6::cli
