// s6-svlisten1: runs a program once it listens to a service, and waits until that is in a given state.
#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svwait/listen.hpp"
#include "svwait/options.hpp"

using namespace s6;

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svlisten1");
  svwait::Request request;
  const auto words = options::words_of(argc, argv);
  const auto parsed = options::parse(svwait::option_table_of_one, request, words);
  const auto usage = options::usage("s6-svlisten1", svwait::option_table_of_one, "servicedir prog...");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 it came, 1 the service failed, 99 time over");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  if (parsed.operands.size() < 2) cli::die_usage(usage.view(), "no program given");
  return svwait::listen(request, start, parsed.operands.first(1), parsed.operands.data() + 1);
}
