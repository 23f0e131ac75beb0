// s6-svlisten: runs a program once it listens to services, and waits until they are in a given state.
//
//   s6-svlisten [options] servicedir... "" prog...
//
// The service directories are a block, which ends at the first empty word. In execline one writes
// `s6-svlisten -u { a b } prog...`; in a shell `s6-svlisten -u a b '' prog...`, or, as execlineb does,
// `s6-svlisten -u ' a' ' b' '' prog...`: of each word one leading blank is taken off. The program is only started when
// nothing that it brings about can be missed. Its exit code does not count. With an empty block there is nothing to
// wait for, and s6-svlisten becomes the program.
#include <span>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/usage.hpp"
#include "svwait/block.hpp"
#include "svwait/listen.hpp"
#include "svwait/options.hpp"

using namespace s6;

namespace {

svwait::Block parse_or_die(std::span<const char*> words, svwait::Request& request) noexcept {
  const auto usage = options::usage("s6-svlisten", svwait::option_table, "servicedir... \"\" prog...");
  const auto parsed = options::parse(svwait::option_table, request, words);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 it came, 1 to 98 so many services failed, 99 time over");
  const svwait::Block block = svwait::split_block(words.last(parsed.operands.size()));
  if (block.problem != svwait::BlockProblem::none) cli::die_usage(usage.view(), explain(block.problem));
  return block;
}

// A restart of which one service is enough would need all of them to have been down: nobody could tell what it means.
void refuse_partial_restarts(svwait::Condition& condition) noexcept {
  if (condition.quorum != svwait::Quorum::any || !is_restart(condition.goal)) return;
  cli::warn({"-o does not go with -r and -R: waiting for all services, as with -a"});
  condition.quorum = svwait::Quorum::all;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svlisten");
  svwait::Request request;
  const auto words = std::span(const_cast<const char**>(argv), static_cast<std::size_t>(argc));
  const svwait::Block block = parse_or_die(words.subspan(argc > 0 ? 1 : 0), request);
  if (block.words.empty()) exec_or_die(block.program.data());
  refuse_partial_restarts(request.condition);
  return svwait::listen(request, start, block.words, block.program.data());
}
