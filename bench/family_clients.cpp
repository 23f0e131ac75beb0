#include <memory>

#include "families.hpp"
#include "trace.hpp"

namespace s6::bench {
namespace {

constexpr int services = 500;

class Clients : public Scenario {
 public:
  explicit Clients(const Candidate& candidate) : tree_(candidate) {
    const bool runit = candidate.kind == Candidate::Kind::runit;
    tree_.add(runit ? 1 : services);
    tree_.start(services);
    tree_.wait_ready();
    const std::string service = tree_.services().front();
    svstat_ = runit ? candidate.command("sv", {"status", service}) : candidate.command("s6-svstat", {service});
    svc_ = runit ? candidate.command("sv", {"up", service}) : candidate.command("s6-svc", {"-u", service});
    std::vector<std::string> words{"-u"};
    for (const auto& directory : tree_.services()) words.push_back(directory);
    svwait_ = candidate.command("s6-svwait", words);
  }

  void sample(const Sink& sink) override {
    sample_program(sink, "svstat", svstat_);
    sample_program(sink, "svc", svc_);
    if (tree_.candidate().kind == Candidate::Kind::runit) return;
    sink("svwait-calls", static_cast<double>(count_calls(svwait_).all) / services);
    sink("svwait", run(svwait_).milliseconds);
  }

 private:
  static void sample_program(const Sink& sink, const std::string& id, const Command& command) {
    sink(id + "-faults", static_cast<double>(run(command).page_faults()));
    sink(id + "-calls", static_cast<double>(count_calls(command).all));
  }

  Tree tree_;
  Command svstat_;
  Command svc_;
  Command svwait_;
};

}  // namespace

Family clients_family() {
  return {.name = "clients",
          .figures = {{"svstat-faults", "s6-svstat: page faults", {.limit = 9}},
                      {"svstat-calls", "s6-svstat: system calls", {.limit = 11}},
                      {"svc-faults", "s6-svc: page faults", {.limit = 8}},
                      {"svc-calls", "s6-svc: system calls", {.limit = 9}},
                      {"svwait-calls", "s6-svwait on 500 services already up: system calls per service", {.limit = 5}},
                      {"svwait", "s6-svwait on 500 services already up, ms", {.ratio = 0.24}}},
          .rounds = 15,
          .quick_rounds = 2,
          .make = scenario<Clients>({Candidate::Kind::s6, Candidate::Kind::runit})};
}

}  // namespace s6::bench
