// The programs that read what a supervisor has written, the real ones and ours, on service directories that have no
// supervisor, only what one could have left: to every question both must print the same, complain or not, end alike or
// wait alike, and leave the files alike.
#include <regex>
#include <sstream>

#include "common/sys.hpp"
#include "engine.hpp"
#include "fabricated.hpp"
#include "harness.hpp"
#include "reader_life.hpp"
#include "watch.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using Step = ReaderStep;

// Later versions tell the process group as well: a named difference. And a change to come is shown as one of right now.
std::string without_differences(const std::string& printed) {
  std::string text = std::regex_replace(printed, std::regex(" pgid [0-9]+"), "");
  const std::uint64_t now = sys::stamp_now().label;
  const std::regex stamp("@([0-9a-f]{16})[0-9a-f]{8}");
  for (std::smatch found; std::regex_search(text, found, stamp);) {
    const std::uint64_t label = std::stoull(found[1], nullptr, 16);
    const std::string shown = label <= now && now - label < 60 ? "now" : "stamp " + found.str().substr(1);
    text = found.prefix().str() + shown + found.suffix().str();
  }
  return text;
}

class Side {
 public:
  Side(const Scene& scene, const std::string& name, fs::path programs)
      : programs_(std::move(programs)), service_(scene.path() / name, Status{}) {
    fs::remove(service_ / "supervise/status");
  }

  void apply(const Step& step) {
    switch (step.kind) {
      case Step::Kind::file: write_file(service_ / step.name, step.text); break;
      case Step::Kind::lock: lock_ = std::make_unique<LockHolder>(std::vector<fs::path>{service_.path()}); break;
      case Step::Kind::ask: answer_ = ask(step); break;
    }
  }

  // Nothing goes on by itself: it is settled when apply() returns.
  void start() {}
  void begin_to_settle() {}
  static bool is_settled(std::chrono::milliseconds) { return true; }

  std::string snapshot() {
    return std::exchange(answer_, {}) + ", files " + std::to_string(hash_of("supervise/status")) + " " +
           std::to_string(hash_of("supervise/death_tally"));
  }

 private:
  [[nodiscard]] std::size_t hash_of(std::string_view file) const {
    return std::hash<std::string>{}(read_file(service_ / file));
  }

  [[nodiscard]] std::string ask(const Step& step) const {
    std::vector<std::string> argv{programs_ / step.name};
    std::istringstream words(step.text);
    for (std::string word; words >> word;) argv.push_back(word == "DIR" ? service_.path().string() : word);
    Process process(Start{.argv = argv});
    const std::string end = outcome(process);
    return end + ", it prints \"" + without_differences(process.out()) +
           (process.err().empty() ? "\"" : "\" and complains");
  }

  fs::path programs_;
  Fabricated service_;
  std::unique_ptr<LockHolder> lock_;
  std::string answer_;
};

std::string difference(const ReaderLife& life, int) {
  Scene scene;
  scene.allow_orphans();  // the real s6-svwait, killed while it waits, leaves its helper
  Side real(scene, "real", programs().supervisors);
  Side ours(scene, "ours", programs().clients);
  return first_difference(real, ours, life, {});
}

TEST_SUITE("lives-reader") {
  TEST_CASE("readers: ours and the real ones understand the same files alike") {
    check_lives(kind_of("reader", make_reader_life, difference));
  }
}

}  // namespace
}  // namespace s6::test
