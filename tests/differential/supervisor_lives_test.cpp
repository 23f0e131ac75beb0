// Lives of a service under the real s6-supervise and under ours, at the same time: after every step both must have told
// the same events, published the same status, recorded the same deaths, done the same to the service and shown it the
// same surroundings, complained or not, and left the same processes; and the clients that wait for it, the real ones on
// the one side and ours on the other, must know the same.
#include <sys/ioctl.h>

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
  // The directory of the programs, and a place of its own; `time` is what TIME stands for.
  Side(const Scene& scene, const std::string& name, fs::path programs, milliseconds time)
      : programs_(std::move(programs)),
        time_(time),
        place_(scene.path() / name),
        dir_(place_ / "service"),
        events_(dir_.make_event() / "event") {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void apply(const Step& step) {
    switch (step.kind) {
      case Step::Kind::control: send(step.text); break;
      case Step::Kind::signal:
        if (running()) process_->signal(step.signal);
        break;
      case Step::Kind::hit: hit(step.signal); break;
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
    const auto started = Clock::now();
    while (seen_.find('s', heard_) == std::string::npos && running() && Clock::now() - started < patience) listen(5);
    heard_ = seen_.size();
  }

  void begin_to_settle() { calm_.begin(); }
  bool is_settled(milliseconds calm) {
    // A service that is wanted up comes back a second after its death, if at all.
    const milliseconds restart = 1200ms + 3 * calm;
    listen(1);
    calm_.see(trace());
    return calm_.lasts() >= calm && (calm_.since_begin() >= restart || !waits_for_restart()) && timeouts_are_over();
  }

  std::string snapshot() {
    std::ostringstream text;
    text << "events \"" << std::exchange(seen_, {}) << "\", status " << view_.look(raw_status())
         << ", the service said \"" << std::exchange(said_, {}) << "\", deaths ";
    heard_ = 0;
    for (const Death& death : dir_.deaths()) text << int{death.exit_code} << "/" << int{death.signal} << " ";
    text << (is_there(dir_ / "down") ? ", a down file" : ", no down file") << ", supervisor "
         << (running()   ? "runs"
             : !process_ ? "was not started"
                         : describe(process_->wait()))
         << (complains() ? " and complains" : "") << ", clients " << clients() << ", processes "
         << processes_in(place_);
    const pid_t parent = process_ ? process_->pid() : -1;
    for (const char* record : {"run.record", "finish.record"})
      text << ", " << record << ": " << surroundings(dir_ / record, place_, parent);
    return text.str();
  }

 private:
  struct Client {
    std::string program;
    bool has_timeout;
    Process process;
  };

  void put(const Step& step) {
    dir_.remove(step.name);
    if (step.name == "run")
      dir_.run(step.text);
    else if (step.name == "finish")
      dir_.finish(step.text);
    else
      dir_.file(step.name, step.text);
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

  // A status outlives its process, whose number may be another's by now.
  void hit(int number) {
    if (raw_status().empty()) return;
    const pid_t pid = dir_.status().pid;
    if (pid != 0 && working_directory(pid) == dir_.path()) kill(pid, number);
  }

  bool running() { return process_ && process_->running(); }

  void send(const std::string& bytes) {
    const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (control) (void)!write(control.get(), bytes.data(), bytes.size());
  }

  void listen(int time) {
    (void)wait_readable(events_.fd(), Clock::now() + milliseconds(time));
    seen_ += events_.take();
    while (!dir_.voice().quiet()) {
      const std::string line = dir_.voice().next();
      said_ += (line.starts_with("child ") ? "child" : line) + "; ";
    }
  }

  [[nodiscard]] std::string raw_status() const { return read_file(dir_ / "supervise/status"); }

  // Whatever changes when something happens.
  std::string trace() {
    std::string state = seen_ + '/' + said_ + '/' + raw_status() + (running() ? "+" : "-");
    for (Client& client : clients_) state += client.process.running() ? '+' : '-';
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
  milliseconds time_;
  fs::path place_;
  ServiceDir dir_;
  Events events_;
  std::unique_ptr<Process> process_;
  std::vector<Client> clients_;
  std::size_t complaints_ = 0;
  std::string seen_;
  std::size_t heard_ = 0;
  std::string said_;
  StatusView view_;
  Calm calm_;
};

std::string difference(const SupervisorLife& life, int patience_factor) {
  Scene scene;
  scene.allow_orphans();
  const milliseconds time = 1000ms * patience_factor;
  Side real(scene, "real", programs().supervisors, time);
  Side ours(scene, "ours", programs().clients, time);
  for (const Step& step : life.setup)
    for (Side* side : {&real, &ours}) side->apply(step);
  for (Side* side : {&real, &ours}) side->start();
  return first_difference(real, ours, life.steps, 100ms * patience_factor);
}

TEST_SUITE("lives-supervisor") {
  TEST_CASE("supervisors: ours and the real one live alike") {
    check_lives(kind_of("supervisor", make_supervisor_life, difference));
  }
}

}  // namespace
}  // namespace s6::test
