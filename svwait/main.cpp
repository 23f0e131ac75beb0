// s6-svwait: waits until services are in a given state.
#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svwait/options.hpp"
#include "svwait/watch.hpp"

using namespace s6;

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svwait");
  svwait::Request request;
  const auto words = options::words_of(argc, argv);
  const auto parsed = options::parse(svwait::option_table, request, words);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(options::usage("s6-svwait", svwait::option_table, "servicedir...").view(), parsed,
                          "0 it came, 1 to 98 so many services failed, 99 time over");

  svwait::Watch watch(request.condition, svwait::deadline_after(start, request.timeout));
  if (watch.is_over_already(parsed.operands)) return cli::ok;
  if (auto started = watch.start(parsed.operands); !started) watch.give_up(started.error());
  return watch.wait();
}
