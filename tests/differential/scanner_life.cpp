#include "scanner_life.hpp"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "chance.hpp"

namespace s6::test {
namespace {

using namespace std::string_view_literals;
using Step = ScannerStep;
using What = Step::Kind;

// The service directories; an entry mostly has the name of its service.
constexpr std::array services{"a"sv, "b"sv, "c"sv, "d"sv, "e"sv};
constexpr std::array entries{"a"sv, "b"sv, "c"sv, "d"sv, "e"sv, "x y"sv, "-z"sv};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : chance_(seed), is_patient_(chance_.percent(50)) {}

  ScannerLife life();

 private:
  void make_service(std::vector<Step>& setup, std::string_view name);
  std::string service() { return std::string(chance_.one_of(services)); }
  std::string entry() { return std::string(chance_.one_of(entries)); }
  std::string service_or_logger();
  Step change();
  Step command();
  Step control();
  Step signal();
  Step kill();
  Step program();
  Step end();
  Step step();

  Chance chance_;
  // Do the loggers end at the end of their input only? Where TERM ends them, they are not told to leave together with
  // those who write to them: which end comes first would be chance.
  bool is_patient_;
  std::set<std::string, std::less<>> logged_, stubborn_;
};

void Maker::make_service(std::vector<Step>& setup, std::string_view name) {
  const auto kind = chance_.pick({"plain"sv, "plain"sv, "speaking"sv, "speaking"sv, "stubborn"sv, "idle"sv});
  if (kind == "stubborn") stubborn_.insert(std::string(name));
  setup.push_back({What::service, std::string(name), std::string(kind)});
  if (!chance_.percent(50)) return;
  auto logger = chance_.pick({"plain"sv, "plain"sv, "plain"sv, "stubborn"sv, "idle"sv, "file"sv});
  if (logger == "plain" && is_patient_) logger = "patient";
  setup.push_back({What::logger, std::string(name), std::string(logger)});
  if (logger == "file") return;
  logged_.insert(std::string(name));
  if (logger == "stubborn") stubborn_.insert(std::string(name) + "/log");
}

std::string Maker::service_or_logger() {
  const std::string name = service();
  return logged_.contains(name) && chance_.percent(40) ? name + "/log" : name;
}

Step Maker::change() {
  const unsigned kind = chance_.below(100);
  if (kind < 45) {
    const std::string name = service();
    return {What::link, name, chance_.percent(75) ? name : entry()};
  }
  if (kind < 80) return {What::unlink, entry(), ""};
  if (kind < 93) return {What::rename, entry(), entry()};
  return {What::clutter, "clutter", std::string(chance_.pick({"file"sv, "fifo"sv, "hidden"sv}))};
}

// What follows an x in one write is executed by the real supervisor only.
Step Maker::command() {
  return {What::command, service_or_logger(),
          std::string(chance_.pick({"u"sv, "d"sv, "o"sv, "r"sv, "t"sv, "x"sv, "dx"sv, "ux"sv, "O"sv}))};
}

Step Maker::control() {
  if (is_patient_ && chance_.percent(15)) return {What::control, "", std::string(chance_.pick({"N"sv, "aN"sv}))};
  return {What::control, "",
          std::string(chance_.pick({"a"sv, "a"sv, "a"sv, "an"sv, "an"sv, "na"sv, "n"sv, "h"sv, "z"sv, "y"sv, "za"sv,
                                    "aa"sv, "\n"sv, "\xff"sv}))};
}

Step Maker::signal() {
  return {What::signal, "", "", chance_.pick({SIGHUP, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGPWR})};
}

// A service that outlives its supervisor holds the pipe to its logger, for which the real scanner waits for ever at its
// end; and of two stubborn ones at one gate, which one passes is chance.
Step Maker::kill() {
  const std::string name = service_or_logger();
  const std::string root = name.substr(0, 1);
  if (!logged_.contains(root) && !stubborn_.contains(name) && chance_.percent(40))
    return {What::kill, name, "supervisor"};
  return {What::kill, name, std::string(chance_.pick({"service"sv, "both"sv}))};
}

Step Maker::program() {
  const auto name =
      std::string(chance_.pick({"finish"sv, "SIGHUP"sv, "SIGTERM"sv, "SIGUSR1"sv, "SIGWINCH"sv, "SIGINT"sv}));
  if (chance_.percent(25)) return {What::remove, name, ""};
  const std::string exit = chance_.percent(50) ? "exit " + std::to_string(chance_.below(256)) + "\n" : "";
  return {What::program, name, "record\nsay " + name + " %a\n" + exit};
}

// In 2.11 a later and weaker wish takes the place of the one before: a prune that of an end, and t that of q. A scan
// with the wish to end makes 2.15 wait for ever.
Step Maker::end() {
  if (is_patient_ && chance_.percent(30)) {
    if (chance_.percent(50)) return {What::signal, "", "", SIGQUIT};
    return {What::control, "", std::string(chance_.pick({"q"sv, "tq"sv}))};
  }
  if (chance_.percent(50)) return {What::signal, "", "", chance_.pick({SIGTERM, SIGINT, SIGABRT})};
  return {What::control, "", std::string(chance_.pick({"t"sv, "i"sv, "b"sv, "tb"sv, "bt"sv, "tt"sv, "zt"sv, "yt"sv}))};
}

Step Maker::step() {
  const unsigned kind = chance_.below(100);
  if (kind < 30) return change();
  if (kind < 55) return control();
  if (kind < 62) return signal();
  if (kind < 72) return kill();
  if (kind < 82) return command();
  if (kind < 88) return {What::gate, service_or_logger(), ""};
  if (kind < 92) return program();
  if (kind < 96) return end();
  return {What::start, "", ""};
}

ScannerLife Maker::life() {
  ScannerLife life;
  if (chance_.percent(15)) life.rescan = 300;
  for (const std::string_view name : services) {
    make_service(life.setup, name);
    if (chance_.percent(50)) life.setup.push_back({What::link, std::string(name), std::string(name)});
  }
  if (chance_.percent(40)) life.setup.push_back(program());
  const unsigned count = 5 + chance_.below(12);
  for (unsigned i = 0; i < count; ++i) life.steps.push_back(step());
  life.steps.push_back(end());
  return life;
}

bool changes_the_entries(const Step& step) {
  return step.kind == What::link || step.kind == What::unlink || step.kind == What::rename;
}

bool changes_the_directory(const Step& step) {
  return changes_the_entries(step) || step.kind == What::clutter;
}

bool scans(const Step& step) {
  if (step.kind == What::signal) return step.signal == SIGALRM;
  return step.kind == What::control && step.text.find_first_of("ah") != std::string::npos;
}

class Completion {
 public:
  explicit Completion(ScannerLife& life) : steps_(life.steps) {}
  void note(const Step& step);
  void add(const Step& step);

 private:
  [[nodiscard]] bool ends(const Step& step) const;
  [[nodiscard]] bool prunes(const Step& step) const;
  [[nodiscard]] bool is_handled(const Step& step) const;
  [[nodiscard]] bool is_a_second_name(const Step& step) const;
  [[nodiscard]] std::set<std::string> services_with_entries() const;
  void note_entry(const Step& step);
  void start();

  std::vector<Step>& steps_;
  std::set<std::string> programs_;
  std::set<std::string> logged_, lingering_;    // services, those that may outlive their end or whose logger may
  std::map<std::string, std::string> entries_;  // and their services
  std::set<std::string> removed_, returned_;    // pairs of which a half may linger
  bool running_ = true;
  bool changed_ = false;  // since the last scan
};

std::set<std::string> Completion::services_with_entries() const {
  std::set<std::string> found;
  for (const auto& [entry, service] : entries_) found.insert(service);
  return found;
}

void Completion::note_entry(const Step& step) {
  const std::set<std::string> before = services_with_entries();
  if (step.kind == What::link) entries_.try_emplace(step.text, step.name);
  if (step.kind == What::unlink) entries_.erase(step.name);
  if (step.kind == What::rename)
    if (const auto entry = entries_.find(step.name); entry != entries_.end() && step.name != step.text) {
      entries_[step.text] = entry->second;
      entries_.erase(entry);
    }
  const std::set<std::string> after = services_with_entries();
  for (const std::string& service : lingering_) {
    if (!logged_.contains(service) || before.contains(service) == after.contains(service)) continue;
    if (before.contains(service)) removed_.insert(service);
    if (before.contains(service)) returned_.erase(service);
    if (after.contains(service) && removed_.contains(service)) returned_.insert(service);
  }
}

// What a step does to the scan directory.
void Completion::note(const Step& step) {
  if (changes_the_entries(step)) return note_entry(step);
  if (step.kind == What::program) programs_.insert(step.name);
  if (step.kind == What::remove) programs_.erase(step.name);
  if (step.kind == What::logger && step.text != "file") logged_.insert(step.name);
  if ((step.kind == What::service || step.kind == What::logger) && step.text == "stubborn")
    lingering_.insert(step.name);
}

// 2.11 starts a supervisor when a scan meets its directory, later versions when the scan is over: with two entries for
// one directory the one gives it the first name, the others the last.
bool Completion::is_a_second_name(const Step& step) const {
  return step.kind == What::link &&
         std::ranges::any_of(entries_, [&step](const auto& entry) { return entry.second == step.name; });
}

bool Completion::ends(const Step& step) const {
  if (step.kind == What::control) return step.text.find_first_of("tiqb") != std::string::npos;
  if (step.kind != What::signal) return false;
  if (step.signal == SIGABRT) return true;
  return !is_handled(step) && (step.signal == SIGTERM || step.signal == SIGINT || step.signal == SIGQUIT);
}

bool Completion::prunes(const Step& step) const {
  if (step.kind == What::control) return step.text.find_first_of("nNh") != std::string::npos;
  return step.kind == What::signal && step.signal == SIGHUP && !is_handled(step);
}

bool Completion::is_handled(const Step& step) const {
  return programs_.contains("SIG" + std::string(sigabbrev_np(step.signal)));
}

// A supervisor that has outlived the scanner keeps the next one's from its place: a real one tries each second, ours
// waits. Loggers leave first, while what they read from is still there: otherwise which end comes first is chance.
void Completion::start() {
  steps_.push_back({What::dismiss, "", "loggers"});
  steps_.push_back({What::dismiss, "", "all"});
  steps_.push_back({What::release, "", ""});
  steps_.push_back({What::start, "", ""});
  running_ = true;
  changed_ = false;
  removed_.clear();
  returned_.clear();
}

void Completion::add(const Step& step) {
  if (is_a_second_name(step)) return;
  // To 2.11 half a pair that has been removed is not wanted again until it has ended: each prune tells it once more.
  if (running_ && prunes(step) && !returned_.empty()) return;
  note(step);
  if (step.kind == What::start) {
    if (!running_) start();
    return;
  }
  // What waits for the last supervisors is killed by a signal or not, and reads commands or not.
  if (!running_ && (step.kind == What::control || step.kind == What::signal)) return;
  // In 2.11 every death of a supervisor is a reason to scan.
  if (running_ && changed_ && may_end_a_supervisor(step) && !scans(step)) {
    steps_.push_back({What::control, "", "a"});
    changed_ = false;
  }
  if (changes_the_directory(step)) changed_ = true;
  if (scans(step)) changed_ = false;
  if (running_ && ends(step)) running_ = false;
  steps_.push_back(step);
}

std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
  return line;
}

}  // namespace

ScannerLife make_scanner_life(std::uint64_t seed) {
  return Maker(seed).life();
}

ScannerLife completed(const ScannerLife& life) {
  ScannerLife whole{life.setup, {}, life.rescan};
  Completion completion(whole);
  for (const Step& step : life.setup) completion.note(step);
  for (const Step& step : life.steps) completion.add(step);
  return whole;
}

bool may_end_a_supervisor(const Step& step) {
  switch (step.kind) {
    case What::control: return step.text.find_first_of("nNh") != std::string::npos;
    case What::signal: return step.signal == SIGHUP;
    case What::command:
    case What::kill:
    case What::gate:
    case What::dismiss:
    case What::release: return true;
    default: return false;
  }
}

std::string to_text(const Step& step) {
  switch (step.kind) {
    case What::service: return "service " + step.name + ": " + step.text;
    case What::logger: return "logger of " + step.name + ": " + step.text;
    case What::link: return "link " + step.name + " as " + step.text;
    case What::unlink: return "unlink " + step.name;
    case What::rename: return "rename " + step.name + " to " + step.text;
    case What::clutter: return "clutter " + step.name + ": " + step.text;
    case What::control: return "control " + in_one_line(step.text);
    case What::signal: return "signal " + std::string(sigabbrev_np(step.signal));
    case What::command: return "command " + step.text + " to " + step.name;
    case What::kill: return "kill " + step.text + " of " + step.name;
    case What::gate: return "gate of " + step.name;
    case What::program: return "program " + step.name + ": " + in_one_line(step.text);
    case What::remove: return "remove program " + step.name;
    case What::dismiss: return "dismiss " + step.text;
    case What::release: return "release all";
    case What::start: return "start";
  }
  return "?";
}

}  // namespace s6::test
