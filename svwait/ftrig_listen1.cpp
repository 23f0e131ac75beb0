// s6-ftrig-listen1: runs a program once it listens to a fifodir, waits until a regular expression can be found in what
// comes from there, and prints what has come.
#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svwait/listen.hpp"
#include "svwait/listener.hpp"
#include "svwait/options.hpp"
#include "svwait/watch.hpp"

using namespace s6;

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-ftrig-listen1");
  svwait::Request request;
  const auto words = options::words_of(argc, argv);
  const auto parsed = options::parse(svwait::ftrig_option_table_of_one, request, words);
  const auto usage = options::usage("s6-ftrig-listen1", svwait::ftrig_option_table_of_one, "fifodir regexp prog...");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 it came, 1 time over or the fifodir was removed");
  if (parsed.operands.size() < 3)
    cli::die_usage(usage.view(), "a fifodir, a regular expression and a program are needed");

  const svwait::Limits limits;
  svwait::Listener listener(svwait::Quorum::all, svwait::deadline_after(start, request.timeout));
  listener.start_or_die(parsed.operands.first(2));
  svwait::start_program_or_die(listener, parsed.operands.data() + 2, limits);
  if (listener.wait() != svwait::Listener::Outcome::heard) return cli::negative;  // as s6: a timeout, too
  cli::print(listener.line());
  return cli::ok;
}
