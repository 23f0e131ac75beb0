// s6-ftrig-wait: waits until a regular expression can be found in what comes from a fifodir, and prints what has come.
#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svwait/listener.hpp"
#include "svwait/options.hpp"
#include "svwait/watch.hpp"

using namespace s6;

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-ftrig-wait");
  svwait::Request request;
  const auto words = options::words_of(argc, argv);
  const auto parsed = options::parse(svwait::ftrig_option_table_of_one, request, words);
  const auto usage = options::usage("s6-ftrig-wait", svwait::ftrig_option_table_of_one, "fifodir regexp");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 it came, 1 the fifodir was removed, 99 time over");
  if (parsed.operands.size() < 2) cli::die_usage(usage.view(), "a fifodir and a regular expression are needed");

  using Outcome = svwait::Listener::Outcome;
  svwait::Listener listener(svwait::Quorum::all, svwait::deadline_after(start, request.timeout));
  listener.start_or_die(parsed.operands.first(2));
  switch (listener.wait()) {
    case Outcome::heard: cli::print(listener.line()); return cli::ok;
    case Outcome::lost:
    case Outcome::interrupted:
    case Outcome::failed: return cli::negative;
    case Outcome::too_late: break;
  }
  return cli::timed_out;
}
