#include "families.hpp"

namespace s6::bench {
namespace {

constexpr int services = 200;
constexpr int base_services = 10;  // what a tree costs by itself is the difference to a tree of so many
constexpr std::chrono::seconds settling{2};
constexpr std::chrono::seconds idle_time{10};

std::vector<pid_t> supervisors_of(const Tree& tree) {
  std::vector<pid_t> pids = children(tree.scanner());
  if (static_cast<int>(pids.size()) < tree.size()) fail("there are less supervisors than services");
  return pids;
}

struct Activity {
  double switches = 0;
  double cpu = 0;
};

Activity activity_of(const std::vector<pid_t>& pids) {
  Activity sum;
  for (const pid_t pid : pids) {
    sum.switches += static_cast<double>(context_switches(pid));
    sum.cpu += cpu_milliseconds(pid);
  }
  return sum;
}

void sample_sizes(const Tree& tree, const Sink& sink) {
  Samples sizes;
  for (const pid_t pid : supervisors_of(tree)) sizes.push_back(private_kib(pid));
  sink("supervise-uss", median(sizes));
  if (tree.candidate().kind != Candidate::Kind::bare) sink("svscan-uss", private_kib(tree.scanner()));
}

void sample_activity(const Tree& tree, const Sink& sink) {
  std::vector<pid_t> pids = supervisors_of(tree);
  pids.push_back(tree.scanner());
  const Activity before = activity_of(pids);
  sleep_for(idle_time);
  const Activity after = activity_of(pids);
  sink("idle-switches", after.switches - before.switches);
  sink("idle-cpu", after.cpu - before.cpu);
}

void sample(const Candidate& candidate, const Sink& sink) {
  Tree small(candidate);
  small.add(base_services);
  small.start(services);
  small.wait_ready();
  Tree tree(candidate);
  tree.add(services);
  tree.start(services);
  tree.wait_ready();
  sleep_for(settling);
  if (tree.cgroup().knows_memory())
    sink("service-memory", (tree.cgroup().memory_kib() - small.cgroup().memory_kib()) / (services - base_services));
  small.stop();
  sample_activity(tree, sink);
  sample_sizes(tree, sink);  // last: a look at the memory map is not free for the one who is looked at
  tree.stop();
}

}  // namespace

Family idle_family() {
  return {
      .name = "idle",
      .figures = {{"supervise-uss", "private memory (USS) of an idle s6-supervise, KiB", {.ratio = 0.13, .limit = 16}},
                  {"service-memory", "memory charged per service, the kernel's included, KiB", {0.58, 175}},
                  {"svscan-uss", "USS of s6-svscan with 200 services, KiB", {0.59, 96}},
                  {"idle-switches", "10 s idle, 200 services: context switches", {.limit = 0}},
                  {"idle-cpu", "10 s idle, 200 services: CPU, ms", {.limit = 0}}},
      .rounds = 5,
      .make = without_state(sample)};
}

}  // namespace s6::bench
