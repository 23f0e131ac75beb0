#include <signal.h>

#include <memory>

#include "events.hpp"
#include "families.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

constexpr int services = 200;

class Storm : public Scenario {
 public:
  explicit Storm(const Candidate& candidate) : tree_(candidate) {
    tree_.add(services);
    tree_.start(services);
  }

  void sample(const Sink& sink) override {
    tree_.wait_ready();
    sleep_for(second_of_readiness);
    std::vector<pid_t> pids;
    for (const fs::path& service : tree_.services()) pids.push_back(pid_of(service));
    const double cpu_before = tree_.cpu_milliseconds();
    const Stopwatch stopwatch;
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    for (std::size_t i = 0; i < pids.size(); ++i)
      wait_until("all services to be restarted", [&] { return is_new(tree_.services()[i], pids[i]); });
    sink("storm", stopwatch.milliseconds());
    if (tree_.cgroup().knows_cpu()) sink("storm-cpu", (tree_.cpu_milliseconds() - cpu_before) / services);
  }

 private:
  static pid_t pid_of(const fs::path& service) {
    const std::optional<Status> status = read_status(service);
    if (!status || !status->is_up()) fail("a service that should be up is not");
    return status->pid;
  }

  static bool is_new(const fs::path& service, pid_t old) {
    const std::optional<Status> status = read_status(service);
    return status && status->is_up() && status->ready && status->pid != old;
  }

  Tree tree_;
};

}  // namespace

Family storm_family() {
  return {.name = "storm",
          .figures = {{"storm", "restart storm: 200 killed at once, until all are ready again, ms"},
                      {"storm-cpu", "restart storm: CPU per service, ms"}},
          .rounds = 15,
          .make = scenario<Storm>({Candidate::Kind::s6, Candidate::Kind::bare, Candidate::Kind::contract})};
}

}  // namespace s6::bench
