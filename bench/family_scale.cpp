#include <memory>

#include "families.hpp"

namespace s6::bench {
namespace {

// Each service is two processes, and for each of them there is at most so much memory.
constexpr double kib_per_service = 400;

long number_after(const std::string& text, const std::string& key) {
  const std::size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::stol(text.substr(at + key.size()));
}

void require_room_for(int services) {
  constexpr int others = 2000;  // processes that are there anyway
  if (number_after(read_file("/proc/sys/kernel/pid_max"), "") < 2L * services + others)
    fail("left out: kernel.pid_max is too low");
  if (static_cast<double>(number_after(read_file("/proc/meminfo"), "MemAvailable:")) < kib_per_service * services)
    fail("left out: not enough memory");
}

class Scale : public Scenario {
 public:
  Scale(const Candidate& candidate, int services) : candidate_(candidate), services_(services) {}

  void sample(const Sink& sink) override {
    require_room_for(services_);
    const auto record = [&](const std::string& id, double total) {
      sink("scale-" + id + "-" + std::to_string(services_), total / services_);
    };
    Tree tree(candidate_);
    tree.add(services_);
    tree.start(services_);
    tree.wait_ready();
    record("up", tree.cpu_milliseconds());
    if (candidate_.keeps_contract()) {
      record("rescan", rescan_milliseconds(tree) * 1000);
      record("memory", private_kib(tree.scanner()));
    }
    const Stopwatch stopwatch;
    tree.stop();
    record("down", stopwatch.milliseconds());
  }

 private:
  Candidate candidate_;
  int services_;
};

}  // namespace

Figure scale_figure(const ScaleFigure& figure, int services) {
  const std::string number = std::to_string(services);
  return {.id = std::string("scale-") + figure.id + "-" + number, .title = number + ": " + figure.title};
}

Family scale_family(int services) {
  Family family{.name = "scale-" + std::to_string(services), .rounds = services <= 1000 ? 5 : 3};
  for (const ScaleFigure& figure : scale_figures) family.figures.push_back(scale_figure(figure, services));
  family.make = [services](const Candidate& candidate) -> std::unique_ptr<Scenario> {
    if (candidate.kind == Candidate::Kind::runit) return nullptr;  // runsvdir ends at 1000
    return std::make_unique<Scale>(candidate, services);
  };
  return family;
}

}  // namespace s6::bench
