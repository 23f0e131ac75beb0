// s6-ftrig-listen: runs a program once it listens to fifodirs, and waits until regular expressions can be found in what
// comes from them.
//
//   s6-ftrig-listen [options] fifodir regexp fifodir regexp... "" prog...
//
// The fifodirs and expressions are a block, as the service directories of s6-svlisten are; see svlisten.cpp.
#include <span>

#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svwait/block.hpp"
#include "svwait/listen.hpp"
#include "svwait/listener.hpp"
#include "svwait/options.hpp"
#include "svwait/watch.hpp"

using namespace s6;

namespace {

svwait::Block parse_or_die(std::span<const char*> words, svwait::Request& request) noexcept {
  const auto usage =
      options::usage("s6-ftrig-listen", svwait::ftrig_option_table, "fifodir regexp fifodir regexp... \"\" prog...");
  const auto parsed = options::parse(svwait::ftrig_option_table, request, words);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 it came, 1 time over or a fifodir was removed");
  const svwait::Block block = svwait::split_block(words.last(parsed.operands.size()));
  if (block.problem != svwait::BlockProblem::none) cli::die_usage(usage.view(), explain(block.problem));
  if (block.words.empty()) cli::die_usage(usage.view(), "no fifodir given");
  if (block.words.size() % 2 != 0) cli::die_usage(usage.view(), "a fifodir without a regular expression");
  return block;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-ftrig-listen");
  svwait::Request request;
  const auto words = std::span(const_cast<const char**>(argv), static_cast<std::size_t>(argc));
  const svwait::Block block = parse_or_die(words.subspan(argc > 0 ? 1 : 0), request);

  const svwait::Limits limits;
  svwait::Listener listener(request.condition.quorum, svwait::deadline_after(start, request.timeout));
  listener.start_or_die(block.words);
  svwait::start_program_or_die(listener, block.program.data(), limits);
  // A timeout is no better than any other failure here: that is what s6 does.
  return listener.wait() == svwait::Listener::Outcome::heard ? cli::ok : cli::negative;
}
