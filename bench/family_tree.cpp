#include <memory>

#include "families.hpp"
#include "trace.hpp"

namespace s6::bench {
namespace {

constexpr int brought_up = 990;
constexpr int torn_down = 500;
constexpr int traced = 100;

void sample_bring_up(const Candidate& candidate, const Sink& sink) {
  Tree tree(candidate);
  tree.add(brought_up);
  const Stopwatch stopwatch;
  tree.start(brought_up);
  tree.wait_ready();
  sink("bring-up-time", stopwatch.milliseconds());
  sink("bring-up", tree.cpu_milliseconds() / brought_up);
  tree.stop();
}

void sample_tear_down(const Candidate& candidate, const Sink& sink) {
  Tree tree(candidate);
  tree.add(torn_down);
  tree.start(torn_down);
  tree.wait_ready();
  const Stopwatch stopwatch;
  tree.stop();
  sink("tear-down", stopwatch.milliseconds());
}

long calls_with(const Candidate& candidate, int services) {
  Tree tree(candidate);
  tree.add(services);
  return count_calls_until(tree.scanner_command(services), [&] { return tree.is_ready(); }).all;
}

// The difference, so that what the scanner does for itself is left out.
void sample_start_calls(const Candidate& candidate, const Sink& sink) {
  const long one = calls_with(candidate, 1);
  sink("start-calls", static_cast<double>(calls_with(candidate, 1 + traced) - one) / traced);
}

}  // namespace

Family bring_up_family() {
  return {.name = "bring-up",
          .figures = {{"bring-up", "bring-up of 990: CPU per service, ms", {.ratio = 0.24}},
                      {"bring-up-time", "bring-up of 990 until all are ready, ms"}},
          .rounds = 7,
          .make = without_state(sample_bring_up)};
}

Family tear_down_family() {
  return {.name = "tear-down",
          .figures = {{"tear-down", "tear-down of 500 until nothing is left, ms", {.ratio = 0.27}}},
          .rounds = 9,
          .make = without_state(sample_tear_down)};
}

Family start_calls_family() {
  return {.name = "start-calls",
          .figures = {{"start-calls", "system calls of the whole tree per service start", {.limit = 90}}},
          .rounds = 3,
          .make = without_state(sample_start_calls)};
}

}  // namespace s6::bench
