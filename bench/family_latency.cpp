#include <signal.h>

#include <memory>

#include "events.hpp"
#include "families.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

constexpr int services = 20;
constexpr int stopped_by_command = 5;  // of the services, in each round
constexpr int subscribers = 100;
constexpr int fan_outs = 5;

class Latency : public Scenario {
 public:
  explicit Latency(const Candidate& candidate) : tree_(candidate) {
    tree_.add(services);
    tree_.start(services);
    tree_.wait_ready();
  }

  void sample(const Sink& sink) override {
    const Candidate& candidate = tree_.candidate();
    const bool runit = candidate.kind == Candidate::Kind::runit;
    if (!runit) sample_restarts(sink);
    if (candidate.keeps_contract()) sample_events(sink);
    if (runit || candidate.kind == Candidate::Kind::s6) sample_commands(sink);
  }

 private:
  void sample_restarts(const Sink& sink) {
    tree_.wait_ready();
    sleep_for(second_of_readiness);
    for (const fs::path& service : tree_.services()) sink("restart", restart(service));
  }

  static double restart(const fs::path& service) {
    StatusWatch watch(service);
    pid_t old = 0;
    watch.wait([&old](const Status& status) {
      old = status.pid;
      return status.is_up();
    });
    const Stopwatch stopwatch;
    ::kill(old, SIGKILL);
    watch.wait([old](const Status& status) { return status.is_up() && status.pid != old; });
    return stopwatch.milliseconds();
  }

  void sample_events(const Sink& sink) {
    tree_.wait_ready();
    for (const fs::path& service : tree_.services()) sink("down-event", down_and_up(service, 1));
    for (int i = 0; i < fan_outs; ++i) sink("fan-out", down_and_up(tree_.services().front(), subscribers));
  }

  // The time for the way down.
  static double down_and_up(const fs::path& service, int count) {
    Subscribers events(service, count);
    const Stopwatch stopwatch;
    send(service, "d");
    events.expect('D');
    const double time = stopwatch.milliseconds();
    events.forget();
    send(service, "u");
    events.expect('U');
    return time;
  }

  void sample_commands(const Sink& sink) {
    const bool runit = tree_.candidate().kind == Candidate::Kind::runit;
    // runsv sometimes leaves a service down that was told to come up at once, with success, in the round before.
    if (runit)
      for (const fs::path& service : tree_.services()) run_on(service, {"sv", "up"});
    tree_.wait_ready();
    const std::vector<std::string> down =
        runit ? std::vector<std::string>{"sv", "down"} : std::vector<std::string>{"s6-svc", "-wD", "-d"};
    const std::vector<std::string> up =
        runit ? std::vector<std::string>{"sv", "up"} : std::vector<std::string>{"s6-svc", "-wu", "-u"};
    for (int i = 0; i < stopped_by_command; ++i) {
      const fs::path& service = tree_.services()[static_cast<std::size_t>(i)];
      sink("svc-round-trip", run_on(service, down) + run_on(service, up));
    }
  }

  double run_on(const fs::path& service, std::vector<std::string> words) {
    const std::string program = words.front();
    words.erase(words.begin());
    words.push_back(service);
    return run(tree_.candidate().command(program, words)).milliseconds;
  }

  Tree tree_;
};

}  // namespace

Family latency_family() {
  return {.name = "latency",
          .figures = {{"restart", "ready service, SIGKILL to new pid in status, ms", {.ratio = 0.38}},
                      {.id = "restart-p99",
                       .title = "ready service, SIGKILL to new pid: 99th percentile by median",
                       .target = {.limit = 2},
                       .statistic = Statistic::p99_over_median,
                       .samples = "restart"},
                      {"down-event", "byte `d` to event `D`, no finish, ms", {.ratio = 0.24}},
                      {"svc-round-trip", "`s6-svc -wD -d` then `-wu -u`, ms", {.ratio = 0.14}},
                      {"fan-out", "byte `d` to event `D` for the last of 100 subscribers, ms"}},
          .rounds = 15,
          .make = scenario<Latency>()};
}

}  // namespace s6::bench
