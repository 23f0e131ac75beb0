// Any command line as a block of words before a program.
#include "svwait/block.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

std::vector<std::string> strings(std::span<const char* const> words) {
  return {words.begin(), words.end()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::CommandLine line(fuzz::text(data, size));
  std::vector<std::string> block;
  std::vector<std::string> program;
  bool terminated = false;
  for (const std::string& word : line.words()) {
    if (terminated)
      program.push_back(word);
    else if (word.empty())
      terminated = true;
    else
      block.push_back(word[0] == ' ' ? word.substr(1) : word);
  }
  const svwait::Block split = svwait::split_block(line.argv());
  fuzz::check((split.problem == svwait::BlockProblem::unterminated) == !terminated);
  fuzz::check((split.problem == svwait::BlockProblem::no_program) == (terminated && program.empty()));
  fuzz::check(svwait::explain(split.problem).empty() == (split.problem == svwait::BlockProblem::none));
  if (split.problem != svwait::BlockProblem::none) return 0;
  fuzz::check(strings(split.words) == block);
  fuzz::check(strings(split.program) == program);
  return 0;
}
