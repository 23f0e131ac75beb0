// Lives of a service under the real s6-supervise and under ours, at the same time: after every step both must have told
// the same events, published the same status, recorded the same deaths and done the same to the service.
//
//   S6_LIVES_SEED   the first life (1)
//   S6_LIVES        how many (20)
//   S6_LIFE         one life, as a failing one is reported: SEED, or SEED:STEP,STEP,... with these of its steps only
//
// A difference that does not come back is a race of the machine's: it is tried again, with more time, before it counts.
// Then the life is made as short as it can be while they still differ, and printed.
#include <sys/ioctl.h>

#include <iostream>
#include <sstream>

#include "harness.hpp"
#include "life.hpp"

namespace s6::test {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Snapshot {
  std::string events;
  std::string status;
  std::string said;  // by the service
  std::string deaths;
  bool down_file = false;
  std::string supervisor;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

std::string to_text(const Snapshot& s) {
  return "events \"" + s.events + "\", status " + s.status + ", the service said \"" + s.said + "\", deaths " +
         s.deaths + (s.down_file ? ", a down file" : ", no down file") + ", supervisor " + s.supervisor;
}

// One of the two.
class Side {
 public:
  Side(const Scene& scene, const std::string& program, const std::string& name)
      : program_(program), dir_(scene.service(name)), events_(dir_.make_event() / "event") {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void apply(const Step& step) {
    switch (step.kind) {
      case Step::Kind::control: send(step.text); break;
      case Step::Kind::signal:
        if (running()) process_->signal(step.signal);
        break;
      case Step::Kind::gate: dir_.open_gate(step.text); break;
      case Step::Kind::file: put(step); break;
      case Step::Kind::remove: dir_.remove(step.name); break;
      case Step::Kind::start: start(); break;
    }
  }

  void start() {
    if (running()) return;
    process_ = std::make_unique<Process>(Start{.argv = {program_, dir_.name()}, .cwd = dir_.path().parent_path()});
    const auto started = Clock::now();
    while (seen_.find('s', heard_) == std::string::npos && running() && Clock::now() - started < patience) listen(5);
    heard_ = seen_.size();
  }

  // A new wait for the end of all that happens.
  void begin_to_settle() { begin_ = since_ = Clock::now(); }
  bool is_settled(milliseconds calm) {
    // A service that is wanted up comes back a second after its death, if at all.
    const milliseconds restart = 1200ms + 3 * calm;
    listen(1);
    if (std::string now = trace(); now != trace_) {
      trace_ = std::move(now);
      since_ = Clock::now();
    }
    const auto now = Clock::now();
    return now - since_ >= calm && (now - begin_ >= restart || !waits_for_restart());
  }

  Snapshot snapshot() {
    Snapshot s;
    s.events = std::exchange(seen_, {});
    heard_ = 0;
    s.said = std::exchange(said_, {});
    s.supervisor = running() ? "runs" : !process_ ? "was not started" : describe(process_->wait());
    s.down_file = is_there(dir_ / "down");
    if (!raw_status().empty()) {
      Status status = dir_.status();
      // Only later versions mark a service that was never started as paused.
      if (status.pid == 0) status.paused = false;
      s.status = flags(status) + (status.pid != 0 ? " with a process" : "") + " wait status " +
                 std::to_string(status.wait_status);
    }
    for (const Death& death : dir_.deaths())
      s.deaths += std::to_string(death.exit_code) + "/" + std::to_string(death.signal) + " ";
    return s;
  }

 private:
  void put(const Step& step) {
    if (step.name == "run")
      dir_.run(step.text);
    else if (step.name == "finish")
      dir_.finish(step.text);
    else
      dir_.file(step.name, step.text);
  }

  bool running() { return process_ && process_->running(); }

  void send(const std::string& bytes) {
    const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (control) (void)!write(control.get(), bytes.data(), bytes.size());
  }

  void listen(int time) {
    (void)wait_readable(events_.fd(), Clock::now() + milliseconds(time));
    seen_ += events_.take();
    while (!dir_.voice().quiet()) said_ += dir_.voice().next() + "; ";
  }

  [[nodiscard]] std::string raw_status() const { return read_file(dir_ / "supervise/status"); }

  // Whatever changes when something happens.
  std::string trace() {
    std::string state = seen_ + '/' + said_ + '/' + raw_status() + (running() ? "+" : "-");
    const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    int waiting = 0;
    if (control && ioctl(control.get(), FIONREAD, &waiting) == 0) state += std::to_string(waiting);
    return state;
  }

  bool waits_for_restart() {
    if (!running() || raw_status().empty()) return false;
    const Status status = dir_.status();
    return status.want_up && status.pid == 0;
  }

  static std::string describe(const Exit& exit) {
    std::ostringstream text;
    text << exit;
    return text.str();
  }

  std::string program_;
  ServiceDir dir_;
  Events events_;
  std::unique_ptr<Process> process_;
  std::string seen_;
  std::size_t heard_ = 0;
  std::string said_;
  std::string trace_;
  Clock::time_point begin_, since_;
};

void settle(Side& one, Side& other, milliseconds calm) {
  for (Side* side : {&one, &other}) side->begin_to_settle();
  // Both must be calm at the same time: what is slow for one of them is slow for the other.
  while (!(one.is_settled(calm) & other.is_settled(calm))) continue;
}

// Empty: they agree.
std::string difference(const Life& life, int patience_factor) {
  Scene scene;
  scene.allow_orphans();
  Side real(scene, supervisor("s6-supervise"), "real");
  Side ours(scene, client("s6-supervise"), "ours");
  for (const Step& step : life.setup)
    for (Side* side : {&real, &ours}) side->apply(step);
  for (Side* side : {&real, &ours}) side->start();

  const milliseconds calm(100 * patience_factor);
  std::string before = "in the beginning";
  for (std::size_t i = 0;; ++i) {
    settle(real, ours, calm);
    const Snapshot theirs = real.snapshot(), mine = ours.snapshot();
    if (theirs != mine) return before + "\n  real: " + to_text(theirs) + "\n  ours: " + to_text(mine);
    if (i == life.steps.size()) return {};
    for (Side* side : {&real, &ours}) side->apply(life.steps[i]);
    before = "after step " + std::to_string(i) + ", " + to_text(life.steps[i]);
  }
}

// The last word: what is a difference comes back however much time both are given.
std::string lasting_difference(const Life& life) {
  std::string found;
  for (const int factor : {1, 3, 10}) {
    found = difference(life, factor);
    if (found.empty()) return {};
  }
  return found;
}

// A life of which some steps are left out, as S6_LIFE names it.
struct Excerpt {
  std::uint64_t seed;
  std::vector<std::size_t> steps;

  [[nodiscard]] Life life() const {
    const Life whole = make_life(seed);
    Life life{whole.setup, {}};
    for (const std::size_t i : steps) life.steps.push_back(whole.steps.at(i));
    return life;
  }
};

Excerpt whole(std::uint64_t seed) {
  Excerpt excerpt{seed, {}};
  for (std::size_t i = 0; i < make_life(seed).steps.size(); ++i) excerpt.steps.push_back(i);
  return excerpt;
}

Excerpt excerpt_of(const std::string& text) {
  const auto colon = text.find(':');
  Excerpt excerpt = whole(std::stoull(text));
  if (colon == std::string::npos) return excerpt;
  excerpt.steps.clear();
  std::istringstream numbers(text.substr(colon + 1));
  for (std::string number; std::getline(numbers, number, ',');) excerpt.steps.push_back(std::stoull(number));
  return excerpt;
}

bool shrink(Excerpt& excerpt, std::string& found) {
  bool shorter = false;
  for (std::size_t i = excerpt.steps.size(); i-- > 0;) {
    Excerpt candidate = excerpt;
    candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(i));
    if (const std::string still = lasting_difference(candidate.life()); !still.empty()) {
      excerpt = std::move(candidate);
      found = still;
      shorter = true;
    }
  }
  return shorter;
}

void check(Excerpt excerpt) {
  std::string found = lasting_difference(excerpt.life());
  CHECK(found.empty());
  if (found.empty()) return;
  while (shrink(excerpt, found)) continue;
  std::ostringstream text;
  text << "S6_LIFE=" << excerpt.seed;
  for (std::size_t i = 0; i < excerpt.steps.size(); ++i) text << (i == 0 ? ':' : ',') << excerpt.steps[i];
  text << " differs " << found << "\nsetup:\n";
  const Life life = excerpt.life();
  for (const Step& step : life.setup) text << "  " << to_text(step) << "\n";
  text << "steps:\n";
  for (const Step& step : life.steps) text << "  " << to_text(step) << "\n";
  FAIL_CHECK(text.str());
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST_SUITE("lives") {
  TEST_CASE("ours and the real one live alike") {
    if (const char* const one = getenv("S6_LIFE")) return check(excerpt_of(one));
    const std::uint64_t first = number_from("S6_LIVES_SEED", 1), count = number_from("S6_LIVES", 20);
    for (std::uint64_t seed = first; seed < first + count; ++seed) check(whole(seed));
  }
}

}  // namespace
}  // namespace s6::test
