// Lives of a service under the real s6-supervise and under ours, at the same time: after every step both must have told
// the same events, published the same status, recorded the same deaths, done the same to the service and shown it the
// same surroundings, complained or not, and left the same processes; and the clients that wait for it, the real ones on
// the one side and ours on the other, must know the same.
#include <sstream>

#include "engine.hpp"
#include "fabricated.hpp"
#include "harness.hpp"
#include "supervisor_life.hpp"
#include "watch.hpp"

namespace s6::test {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Step = SupervisorStep;

class Side {
 public:
  // The directory of the programs, and a place of its own.
  Side(const Scene& scene, const std::string& name, fs::path programs, int patience_factor)
      : programs_(std::move(programs)),
        time_(1000ms * patience_factor),
        brief_(300ms * patience_factor),
        place_(scene.path() / name),
        service_(place_ / "service"),
        dir_(service_.dir()) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void apply(const Step& step) {
    switch (step.kind) {
      case Step::Kind::control: service_.send(step.text); break;
      case Step::Kind::signal:
        if (running()) process_->signal(step.signal);
        break;
      case Step::Kind::hit:
        if (const pid_t pid = service_.process(); pid != 0) kill(pid, step.signal);
        break;
      case Step::Kind::gate: dir_.open_gate(step.text); break;
      case Step::Kind::file: put(step); break;
      case Step::Kind::directory: fs::create_directories((dir_.remove(step.name), dir_ / step.name)); break;
      case Step::Kind::remove: dir_.remove(step.name); break;
      case Step::Kind::start: start(); break;
      case Step::Kind::client: start_client(step); break;
    }
  }

  void start() {
    if (running()) return;
    process_ = std::make_unique<Process>(Start{.argv = {programs_ / "s6-supervise", dir_.name()}, .cwd = place_});
    complaints_ = 0;
    // What there was of an earlier one may not have been compared yet.
    const auto heard = service_.seen().size();
    const auto started = Clock::now();
    while (service_.seen().find('s', heard) == std::string::npos && running() && Clock::now() - started < patience)
      listen(5ms);
  }

  void begin_to_settle() { calm_.begin(); }
  bool is_settled(milliseconds calm) {
    const milliseconds restart = 1200ms + 3 * calm;
    listen(1ms);
    calm_.see(trace());
    return calm_.lasts() >= (may_time_out() ? brief_ + calm : calm) &&
           (calm_.since_begin() >= restart || !service_.waits_for_restart()) && timeouts_are_over();
  }

  std::string snapshot() {
    return service_.snapshot() + ", supervisor " +
           (running()   ? "runs"
            : !process_ ? "was not started"
                        : describe(process_->wait())) +
           (complains() ? " and complains" : "") + ", clients " + clients() + ", processes " + processes_in(place_);
  }

 private:
  struct Client {
    std::string program;
    bool has_timeout;
    Process process;
  };

  void put(const Step& step) {
    dir_.remove(step.name);
    if (step.name == "run") return (void)dir_.run(step.text);
    if (step.name == "finish") return (void)dir_.finish(step.text);
    std::string text = step.text;
    replace_all(text, "BRIEF", std::to_string(brief_.count()));
    has_brief_kill_ |= text != step.text && step.name == "timeout-kill";
    has_brief_finish_ |= text != step.text && step.name == "timeout-finish";
    dir_.file(step.name, text);
  }

  void start_client(const Step& step) {
    std::vector<std::string> argv{programs_ / step.name};
    std::istringstream words(step.text);
    bool has_timeout = false;
    for (std::string word; words >> word;) {
      if (word == "TIME") {
        has_timeout = true;
        word = std::to_string(time_.count());
      }
      argv.push_back(word == "DIR" ? dir_.path().string() : word == "s6-svc" ? (programs_ / word).string() : word);
    }
    // Its directory is not the service's: what it leaves is not counted.
    clients_.push_back({step.name, has_timeout, Process(Start{.argv = argv, .cwd = place_.parent_path()})});
    (void)sleeps(clients_.back().process);
  }

  bool running() { return process_ && process_->running(); }

  void listen(milliseconds time) {
    (void)wait_readable(-1, Clock::now() + time);
    service_.listen();
  }

  // Whatever changes when something happens.
  std::string trace() {
    std::string state = service_.trace() + (running() ? "+" : "-");
    for (Client& client : clients_) state += client.process.running() ? '+' : '-';
    return state;
  }

  // May a process be there that is not given more than a brief time? Whether a service has been told to end cannot be
  // seen.
  [[nodiscard]] bool may_time_out() const {
    return service_.process() != 0 && (has_brief_kill_ || (has_brief_finish_ && service_.is_finishing()));
  }

  bool timeouts_are_over() {
    return std::ranges::none_of(clients_,
                                [](Client& client) { return client.has_timeout && client.process.running(); });
  }

  // Did it say anything on fd 2 since the last time?
  bool complains() {
    const std::size_t before = std::exchange(complaints_, process_ ? process_->err().size() : 0);
    return complaints_ > before;
  }

  std::string clients() {
    std::string text;
    for (Client& client : clients_) text += outcome_of(client) + " ";
    return text;
  }
  static std::string outcome_of(Client& client) {
    if (client.process.running()) return "waiting";
    return describe(client.process.wait());
  }

  fs::path programs_;
  milliseconds time_;   // TIME
  milliseconds brief_;  // BRIEF
  bool has_brief_kill_ = false, has_brief_finish_ = false;
  fs::path place_;
  Watched service_;
  ServiceDir& dir_;
  std::unique_ptr<Process> process_;
  std::vector<Client> clients_;
  std::size_t complaints_ = 0;
  Calm calm_;
};

std::string difference(const SupervisorLife& life, int patience_factor) {
  Scene scene;
  scene.allow_orphans();
  Side real(scene, "real", programs().supervisors, patience_factor);
  Side ours(scene, "ours", programs().clients, patience_factor);
  return first_difference(real, ours, life, 100ms * patience_factor);
}

TEST_SUITE("lives-supervisor") {
  TEST_CASE("supervisors: ours and the real one live alike") {
    check_lives(kind_of("supervisor", make_supervisor_life, difference));
  }
}

}  // namespace
}  // namespace s6::test
