#include <memory>

#include "events.hpp"
#include "families.hpp"
#include "trace.hpp"

namespace s6::bench {
namespace {

constexpr int services = 1000;

// Asleep, and has not run between two looks.
class Rest {
 public:
  explicit Rest(pid_t pid) : pid_(pid), start_(cpu_milliseconds(pid)), last_(start_) {}

  // After it has run since the beginning.
  bool has_come() {
    sleep_for(std::chrono::milliseconds(10));
    const double before = last_;
    last_ = cpu_milliseconds(pid_);
    return last_ > start_ && last_ == before && state(pid_) == 'S';
  }
  [[nodiscard]] double milliseconds() const { return last_ - start_; }

 private:
  pid_t pid_;
  double start_;
  double last_;
};

// `tell` makes the scanner look, unless it sees by itself.
template <class Tell>
void sample_addition(Tree& tree, Tell tell, const Sink& sink, const char* time, const char* cpu) {
  const double cpu_before = cpu_milliseconds(tree.scanner());
  Subscribers events(tree.add_with_events(), 1);
  const Stopwatch stopwatch;
  tell();
  events.expect('U');
  sink(time, stopwatch.milliseconds());
  sink(cpu, cpu_milliseconds(tree.scanner()) - cpu_before);
  tree.remove_last();
}

class Scanner : public Scenario {
 public:
  explicit Scanner(const Candidate& candidate) : tree_(candidate) {
    tree_.add(services);
    tree_.start(services + 1);
    tree_.wait_ready();
  }

  void sample(const Sink& sink) override {
    sink("rescan", rescan_milliseconds(tree_));
    sample_calls(sink);
    sample_addition(
        tree_, [this] { tree_.control("a"); }, sink, "add-one", "add-one-cpu");
  }

 private:
  void sample_calls(const Sink& sink) {
    Rest rest(tree_.scanner());
    const Calls calls = count_calls_of(
        tree_.scanner(), [&] { tree_.control("a"); }, [&] { return rest.has_come(); });
    sink("rescan-stats", static_cast<double>(calls.stat_like) / services);
    sink("rescan-calls", static_cast<double>(calls.all) / services);
  }

  Tree tree_;
};

// The same as the addition of one, but nobody tells the scanner.
class Watched : public Scenario {
 public:
  explicit Watched(const Candidate& candidate) : tree_(candidate) {
    if (!candidate.can_watch) return;
    tree_.add(services);
    tree_.watch();
    tree_.start(services + 1);
    tree_.wait_ready();
  }

  void sample(const Sink& sink) override {
    if (!tree_.candidate().can_watch) return;
    sleep_for(std::chrono::milliseconds(200));  // it scans at most ten times a second
    sample_addition(
        tree_, [] {}, sink, "watch-add-one", "watch-add-one-cpu");
  }

 private:
  Tree tree_;
};

}  // namespace

double rescan_milliseconds(const Tree& tree) {
  Rest rest(tree.scanner());
  tree.control("a");
  wait_until("the end of a scan", [&] { return rest.has_come(); });
  return rest.milliseconds();
}

Family watch_family() {
  return {.name = "watch",
          .figures = {{"watch-add-one", "--watch: one service added to 1000, until it is ready, ms"},
                      {"watch-add-one-cpu", "--watch: one service added to 1000: scanner CPU, ms"}},
          .rounds = 15,
          .quick_rounds = 2,
          .make = scenario<Watched>({Candidate::Kind::s6})};
}

Family scanner_family() {
  return {.name = "scanner",
          .figures = {{"rescan", "rescan of 1000 unchanged: scanner CPU, ms", {.ratio = 0.8}},
                      {"rescan-stats", "rescan of 1000 unchanged: stat-like calls per service", {.limit = 1.01}},
                      {"rescan-calls", "rescan of 1000 unchanged: system calls per service"},
                      {"add-one", "one service added to 1000: from the command until it is ready, ms"},
                      {"add-one-cpu", "one service added to 1000: scanner CPU, ms"}},
          .rounds = 15,
          .quick_rounds = 2,
          .make = scenario<Scanner>({Candidate::Kind::s6, Candidate::Kind::contract})};
}

}  // namespace s6::bench
