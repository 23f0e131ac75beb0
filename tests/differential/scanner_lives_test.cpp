// Lives of a scan directory under the real s6-svscan and s6-supervise and under ours, at the same time: after every
// step both must supervise the same directories under the same names, with the same pipes between services and loggers;
// their services must have lived and told alike; and the scanners must complain, end and leave processes alike.
#include <algorithm>
#include <map>
#include <sstream>

#include "engine.hpp"
#include "harness.hpp"
#include "scanner.hpp"
#include "scanner_life.hpp"
#include "watch.hpp"

namespace s6::test {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using namespace std::string_literals;
namespace fs = std::filesystem;
using Step = ScannerStep;

// A service or a logger of the scanner's.
struct Supervised {
  explicit Supervised(const fs::path& path) : watched(path) {}

  // Only who waits there: a gate that is open already would let the next one end as soon as it comes.
  void release() {
    if (is_stubborn && watched.process() != 0) watched.dir().open_gate("g");
  }
  // Has the supervisor that it had at remember() ended?
  void remember() { before = watched.supervisor(); }
  [[nodiscard]] bool has_lost_its_supervisor() const { return before != 0 && watched.supervisor() != before; }

  Watched watched;
  bool is_stubborn = false;
  pid_t before = 0;
};

fs::path made(const fs::path& directory) {
  fs::create_directories(directory);
  return directory;
}

class Side {
 public:
  Side(const Scene& scene, const std::string& name, fs::path programs, int rescan)
      : programs_(std::move(programs)),
        rescan_(rescan),
        place_(made(scene.path() / name)),
        scan_(scene, name + "/scan") {
    (void)scan_.voice();
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void apply(const Step& step) {
    for (auto& [name, one] : services_) one.remember();
    is_new_ = false;
    switch (step.kind) {
      case Step::Kind::service: make_service(step); break;
      case Step::Kind::logger: make_logger(step); break;
      case Step::Kind::link: link(step); break;
      case Step::Kind::unlink: fs::remove(scan_ / step.name); break;
      case Step::Kind::rename:
        if (is_there(scan_ / step.name)) scan_.rename(step.name, step.text);
        break;
      case Step::Kind::clutter: clutter(step); break;
      case Step::Kind::control: send(step.text); break;
      case Step::Kind::signal:
        if (running()) scanner_->signal(step.signal);
        break;
      case Step::Kind::command: services_.at(step.name).watched.send(step.text); break;
      case Step::Kind::kill: kill_of(step); break;
      case Step::Kind::gate: services_.at(step.name).release(); break;
      case Step::Kind::program: scan_.program(step.name, step.text); break;
      case Step::Kind::remove: fs::remove(scan_.own(step.name)); break;
      case Step::Kind::dismiss:
        for (auto& [name, one] : services_)
          if (step.text == "all" || name.ends_with("/log")) one.watched.send("dx");
        break;
      case Step::Kind::release:
        for (auto& [name, one] : services_) one.release();
        break;
      case Step::Kind::start: start(); break;
    }
  }

  void start() {
    if (running()) return;
    scanner_.reset();
    complaints_ = 0;
    std::vector<std::string> options;
    if (rescan_ > 0) options = {"-t", std::to_string(rescan_)};
    scanner_ = std::make_unique<Scanner>(scan_, options, Start{.argv = {programs_ / "s6-svscan"}});
    is_new_ = true;
  }

  void begin_to_settle() { calm_.begin(); }
  bool is_settled(milliseconds calm) {
    // The real one starts a supervisor again, and looks at the directory, a second after a death. An automatic scan
    // comes after its time.
    const milliseconds restart = 1200ms + 3 * calm;
    listen();
    calm_.see(trace());
    if (calm_.lasts() < calm || calm_.since_begin() < milliseconds(rescan_) + calm) return false;
    return calm_.since_begin() >= restart || !(is_new_ || waits_for_restart());
  }

  std::string snapshot() {
    std::ostringstream text;
    text << "scanner "
         << (running()   ? "runs"
             : !scanner_ ? "was not started"
                         : describe(scanner_->wait()))
         << (complains() ? " and complains" : "") << ", its programs said \"" << std::exchange(said_, {}) << "\""
         << ", supervises " << supervised() << ", processes " << processes_in(place_) << ", record "
         << record_of_programs();
    for (auto& [name, one] : services_) text << "\n    " << name << ": " << one.watched.snapshot() << pipe_of(name);
    return text.str();
  }

 private:
  void make_service(const Step& step) {
    Supervised& one = services_.try_emplace(step.name, place_ / "services" / step.name).first->second;
    std::string script = "record\nsay up\n";
    if (step.text == "speaking") script += "notify 1 hello\\n\n";
    if (step.text == "stubborn") {
      one.is_stubborn = true;
      one.watched.dir().run("trap TERM\n" + script + "gate g\nexit 0");
      return;
    }
    one.watched.dir().run(script + "sleep");
    if (step.text == "idle") one.watched.dir().file("down", "");
  }

  void make_logger(const Step& step) {
    const fs::path path = place_ / "services" / step.name / "log";
    if (step.text == "file") return write_file(path, "");
    Supervised& one = services_.try_emplace(step.name + "/log", path).first->second;
    one.watched.dir().run_sh((step.text == "patient" ? "trap '' TERM\n"s : ""s) + "exec cat >voice");
    // At the end of its input it would end, again and again: a life with that never comes to rest.
    one.watched.dir().finish_sh("test $1 != 0 || exit 125");
    if (step.text == "idle") one.watched.dir().file("down", "");
    if (step.text != "stubborn") return;
    one.is_stubborn = true;
    one.watched.dir().run("trap TERM HUP\nsay up\ngate g\nexit 0");
  }

  void link(const Step& step) {
    if (!is_there(scan_ / step.text)) scan_.link(services_.at(step.name).watched.dir().path(), step.text);
  }

  void clutter(const Step& step) {
    if (is_there(scan_ / step.name)) return;
    if (step.text == "file") return write_file(scan_ / step.name, "");
    if (step.text == "fifo") return (void)mkfifo((scan_ / step.name).c_str(), 0600);
    fs::create_directories(scan_ / ".hidden");
  }

  void kill_of(const Step& step) {
    const Watched& one = services_.at(step.name).watched;
    const pid_t supervisor = one.supervisor(), process = one.process();
    if (step.text == "both" && supervisor != 0) return kill_supervisor(supervisor);
    if (step.text == "supervisor" && supervisor != 0) ::kill(supervisor, SIGKILL);
    if (step.text == "service" && process != 0) ::kill(process, SIGKILL);
  }

  bool running() { return scanner_ && scanner_->process().running(); }

  void send(const std::string& bytes) {
    const UniqueFd control(open(scan_.own("control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (control) (void)!write(control.get(), bytes.data(), bytes.size());
  }

  void listen() {
    if (services_.empty()) return;
    (void)wait_readable(-1, Clock::now() + 5ms);
    for (auto& [name, one] : services_) one.watched.listen();
    while (!scan_.voice().quiet()) said_ += scan_.voice().next() + "; ";
  }

  bool waits_for_restart() {
    return std::ranges::any_of(services_, [](const auto& entry) {
      return entry.second.has_lost_its_supervisor() || entry.second.watched.waits_for_restart();
    });
  }

  // Whatever changes when something happens.
  std::string trace() {
    std::string state = said_ + (running() ? "+" : "-");
    if (running()) state += supervised();
    for (auto& [name, one] : services_) state += '/' + one.watched.trace();
    return state;
  }

  // "NAME (DIRECTORY)" of each supervisor, in order.
  std::string supervised() {
    if (!running()) return "nothing";
    std::vector<std::string> names;
    for (const pid_t pid : its_children(scanner_->pid())) {
      const std::vector<std::string> words = command_line(pid);
      if (words.size() == 2) names.push_back(words[1] + " (" + relative(working_directory(pid)) + ")");
    }
    std::ranges::sort(names);
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
  }

  [[nodiscard]] std::string relative(const std::string& path) const {
    return fs::path(path).lexically_relative(place_ / "services");
  }

  // Of a service with a logger: is there one pipe between them, and in how many descriptors has the scanner its ends?
  std::string pipe_of(const std::string& name) {
    const auto logger = services_.find(name + "/log");
    if (logger == services_.end()) return {};
    const pid_t writer = services_.at(name).watched.supervisor(), reader = logger->second.watched.supervisor();
    const std::string in = reader != 0 ? fd_target(reader, 0) : "", out = writer != 0 ? fd_target(writer, 1) : "";
    std::string text = std::string(", writes to ") + (out.starts_with("pipe:") ? "a pipe"
                                                      : out.empty()            ? "nothing"
                                                                               : "else");
    text += std::string(", its logger reads ") + (in.starts_with("pipe:") ? "a pipe" : in.empty() ? "nothing" : "else");
    if (!in.empty() && !out.empty()) text += in == out ? ", the same" : ", another";
    const std::string& pipe = out.starts_with("pipe:") ? out : in;
    if (running() && pipe.starts_with("pipe:"))
      text += ", which the scanner has " + std::to_string(count_fds(scanner_->pid(), pipe)) + " times";
    return text;
  }

  std::string record_of_programs() {
    std::string text;
    for (const char* name : {"finish", "SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1", "SIGWINCH"}) {
      const fs::path record = scan_.own(std::string(name) + ".record");
      text += surroundings(record, place_, scanner_ ? scanner_->pid() : 0);
    }
    return text;
  }

  // Did it say anything on fd 2 since the last time?
  bool complains() {
    const std::size_t before = std::exchange(complaints_, scanner_ ? scanner_->messages().size() : 0);
    return complaints_ > before;
  }

  fs::path programs_;
  int rescan_;
  fs::path place_;
  ScanDir scan_;
  std::map<std::string, Supervised> services_;
  std::unique_ptr<Scanner> scanner_;
  bool is_new_ = false;  // the scanner, and so all that it starts
  std::size_t complaints_ = 0;
  std::string said_;
  Calm calm_;
};

std::string difference(const ScannerLife& life, int patience_factor) {
  const ScannerLife whole = completed(life);
  Scene scene;
  scene.allow_orphans();
  Side real(scene, "real", programs().supervisors, life.rescan);
  Side ours(scene, "ours", programs().clients, life.rescan);
  return first_difference(real, ours, whole, 100ms * patience_factor);
}

TEST_SUITE("lives-scanner") {
  TEST_CASE("scanners: ours and the real one live alike") {
    check_lives(kind_of("scanner", make_scanner_life, difference));
  }
}

}  // namespace
}  // namespace s6::test
