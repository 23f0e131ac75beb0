// The request of s6-launch, and the other texts that chain/ reads: any words, a plan or a complaint, never a crash;
// what is accepted is in its range and points into the words.
#include <string>
#include <vector>

#include "chain/env_dir.hpp"
#include "chain/identity.hpp"
#include "chain/launch_plan.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

// nul bytes part the words.
std::vector<std::string> split(std::string_view in) {
  std::vector<std::string> words(1);
  for (const char c : in) {
    if (c == '\0')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

void check_values(const launch::Plan& plan) {
  fuzz::check(!plan.umask || *plan.umask <= 0777);
  fuzz::check(plan.file_mode <= 07777);
  fuzz::check(!plan.nice || (plan.nice->value >= -20 && plan.nice->value <= 19));
  fuzz::check(!plan.oom_score_adj || (plan.oom_score_adj->value >= -1000 && plan.oom_score_adj->value <= 1000));
  fuzz::check(!plan.io_priority || (plan.io_priority->value.io_class <= 3 && plan.io_priority->value.level <= 7));
  for (const launch::EnvironmentChange& change : plan.environment) {
    const bool set = change.kind == launch::EnvironmentChange::Kind::set;
    fuzz::check(!change.text.empty());
    if (set) fuzz::check(change.text.find('=') != std::string_view::npos && change.text[0] != '=');
  }
}

void check_request(std::string_view in) {
  const std::vector<std::string> words = split(in);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::vector<launch::EnvironmentChange> room(argv.size());
  const launch::CommandLine line = launch::parse(argv, room);
  fuzz::check(line.outcome.operands.size() <= argv.size());
  fuzz::check((line.expected != nullptr) == (line.outcome.problem == options::Problem::refused));
  (void)options::explain(line.outcome);
  if (line.outcome.problem == options::Problem::none) check_values(line.plan);
}

void check_limits(std::string_view in) {
  std::size_t count = 0;
  chain::UlimitReader reader(in);
  while (const auto limit = reader.next()) {
    fuzz::check(limit->resource < chain::resource_count);
    fuzz::check(++count <= in.size());
    const auto wanted = chain::changed({100, 200}, limit->change);
    const auto raised = chain::before_last_step(RLIMIT_AS, {100, 200}, wanted);
    fuzz::check(raised.soft >= wanted.soft && raised.hard >= wanted.hard);
  }
}

void check_lists(std::string_view in) {
  static chain::GroupList groups;
  static chain::GroupListText text;
  if (!groups.parse(in)) return;
  text.clear();
  chain::append_list(text, groups.view());
  const std::size_t count = groups.view().size();
  fuzz::check(groups.parse(text));
  fuzz::check(groups.view().size() == count);
}

void check_value(std::string_view in) {
  std::string content(in);
  const chain::EnvDirOptions options{.keep_blanks = in.size() % 2 == 0, .whole_file = in.size() % 3 == 0};
  const std::string_view value = chain::value_of(content, options);
  fuzz::check(value.data() >= content.data() && value.size() <= content.size());
  fuzz::check(value.find('\0') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in = fuzz::text(data, size);
  check_request(in);
  check_limits(in);
  check_lists(in);
  check_value(in);
  (void)chain::parse_limit(in);
  (void)launch::parse_securebits(in);
  return 0;
}
