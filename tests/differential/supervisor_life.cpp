#include "supervisor_life.hpp"

#include <signal.h>
#include <string.h>

#include <array>
#include <span>
#include <string_view>

#include "chance.hpp"

namespace s6::test {
namespace {

using namespace std::string_view_literals;
using Step = SupervisorStep;

// Who is there beside the service decides what else may happen.
enum class Company : std::uint8_t {
  none,     // anything
  clients,  // the supervisor stays: what a client does that finds nobody to send to is told apart in later versions
            // only
  waiting,  // clients that only wait: the supervisor may leave
  killers,  // the supervisor is killed: nobody waits, as the real clients do not notice
};

// Delays are short, so that a life is; none is so short that it matters how fast the machine is. A notification-fd of 0
// or beyond the limit, and lock-fd, are different; so is a nul byte, which ends the text for the real ones.
struct Setting {
  std::string_view name;
  std::span<const std::string_view> values;
};
constexpr std::array notification_fds{"7\n"sv,  "7\n"sv,  "7"sv,    "8\n"sv,  "abc\n"sv, "7\nx"sv,         ""sv,
                                      "7 \n"sv, " 7\n"sv, "07\n"sv, "-1\n"sv, "0x7\n"sv, "99999999999\n"sv};
constexpr std::array kill_timeouts{"BRIEF\n"sv, "0\n"sv, "BRIEF"sv,    "soon\n"sv,
                                   "-1\n"sv,    ""sv,    "BRIEF \n"sv, "4294967296\n"sv};
constexpr std::array down_signals{"HUP\n"sv,  "SIGUSR1"sv,  "2\n"sv,  "nonsense\n"sv, "KILL\n"sv,    ""sv,
                                  "INT \n"sv, "sigint\n"sv, "65\n"sv, "-2\n"sv,       "SIGHUP\nx"sv, "STOP\n"sv};
constexpr std::array tally_limits{"1\n"sv, "3"sv, "0\n"sv, "many\n"sv, "2\n"sv, ""sv, "2 \n"sv, "99999999999\n"sv};
constexpr std::array<Setting, 4> settings{{{"notification-fd", notification_fds},
                                           {"timeout-kill", kill_timeouts},
                                           {"down-signal", down_signals},
                                           {"max-death-tally", tally_limits}}};
constexpr std::array finish_timeouts{"BRIEF\n"sv, "BRIEF"sv, "BRIEF\n\n"sv, "BRIEF\nx"sv, "0\n"sv, "0"sv};
// These leave it at five seconds, which pass while a life goes on: for a finish that takes no time. And for one that
// exists: later versions do not look at the timeout of what is not there.
constexpr std::array bad_finish_timeouts{""sv, "soon\n"sv, "-1\n"sv, "BRIEF \n"sv, "4294967296\n"sv};

class Maker {
 public:
  explicit Maker(std::uint64_t seed)
      : chance_(seed),
        company_(chance_.one_of(std::array{Company::none, Company::none, Company::none, Company::clients,
                                           Company::clients, Company::waiting, Company::killers})),
        gives_up_(!has_clients() || chance_.percent(40)),
        quick_finish_(chance_.percent(20)) {}

  SupervisorLife life();

 private:
  [[nodiscard]] bool has_clients() const { return company_ == Company::clients || company_ == Company::waiting; }
  std::string ending();
  std::string notification();
  Step run();
  Step finish();
  Step setting(const Setting& setting);
  Step control();
  Step client();
  Step signal();
  Step step();

  Chance chance_;
  Company company_;
  // Is there a finish that exits 125? Not while somebody waits for a restart: the real ones throw away letters that
  // come together.
  bool gives_up_;
  bool quick_finish_;      // it takes no time, and there always is one
  bool leaving_ = false;   // the supervisor has been told to
  bool orphaned_ = false;  // the supervisor may have been killed, and its service wait at a gate for ever
};

std::string Maker::ending() {
  if (chance_.percent(25)) return "die " + std::string(chance_.pick({"KILL"sv, "SEGV"sv, "TERM"sv, "HUP"sv})) + "\n";
  return "exit " + std::to_string(chance_.pick({0, 1, 7, 100, 111, 125, 127, 255})) + "\n";
}

// In pieces of any size, but the newline comes at once after them: without it the real supervisors stop. What comes
// after the newline is in the same piece: there need not be a reader any more.
std::string Maker::notification() {
  const std::string fd = std::string(chance_.pick({"7"sv, "7"sv, "7"sv, "8"sv}));
  std::string script;
  if (chance_.percent(40))
    for (unsigned pieces = 1 + chance_.below(3); pieces > 0; --pieces) {
      script += "notify " + fd + " " + std::string(1 + chance_.below(20), 'x') + "\n";
      if (chance_.percent(50)) script += "delay 1\n";
    }
  return script + "notify " + fd + " " + std::string(chance_.pick({"\\n"sv, "x\\n"sv, "\\nx"sv, "\\n\\n"sv})) + "\n";
}

// It never ends without being asked to: a service that dies again and again never comes to rest.
Step Maker::run() {
  std::string script;
  if (chance_.percent(60)) script += "record\n";
  for (const char* signal : {"TERM", "HUP", "INT", "USR1", "ALRM"})
    if (chance_.percent(20)) script += std::string(chance_.pick({"trap "sv, "ignore "sv})) + signal + "\n";
  const bool forks = chance_.percent(10);
  if (forks) script += "fork\n";
  script += "say up\n";
  if (chance_.percent(45)) script += "gate a\n" + notification();
  if (chance_.percent(50)) script += "gate b\n" + notification();
  if (chance_.percent(40)) return {Step::Kind::file, "run", script + "sleep\n"};
  script += "gate c\n";
  // Half a notification, and then none any more. A child would keep the pipe open.
  if (!forks && chance_.percent(15)) script += "notify 7 half\n";
  return {Step::Kind::file, "run", script + ending()};
}

Step Maker::finish() {
  std::string script = chance_.percent(60) ? "record\n" : "";
  if (chance_.percent(70)) script += "say finish\n";
  if (chance_.percent(20)) script += "ignore TERM HUP INT\n";
  if (!quick_finish_ && chance_.percent(40)) script += "gate f\n";
  if (!quick_finish_ && chance_.percent(10)) return {Step::Kind::file, "finish", script + "sleep\n"};
  std::string end = chance_.percent(20) ? "exit 125\n" : ending();
  if (!gives_up_ && end == "exit 125\n") end = "exit 1\n";
  return {Step::Kind::file, "finish", script + end};
}

Step Maker::setting(const Setting& setting) {
  if (chance_.percent(4)) return {Step::Kind::directory, std::string(setting.name), ""};
  return {Step::Kind::file, std::string(setting.name), std::string(chance_.one_of(setting.values))};
}

Step Maker::control() {
  // x ends the commands of one write with ours, P C K l Q are later than 2.11.
  constexpr std::string_view bytes = "uuudddooUDOrtkhabiq12pcy~";
  std::string text(1, chance_.one_of(bytes));
  // What follows sends no signal: a service that has just been started, or got one, need not be ready for it.
  constexpr std::string_view wishes = "uUoO~";
  if (chance_.percent(30))
    for (unsigned more = 1 + chance_.below(3); more > 0; --more) text += chance_.one_of(wishes);
  if (text.size() == 1 && company_ != Company::clients && chance_.percent(6)) {
    text = 'x';
    leaving_ = true;
  }
  return {Step::Kind::control, "", text};
}

Step Maker::client() {
  constexpr std::array wishes{"u"sv, "U"sv, "d"sv, "D"sv, "r"sv, "R"sv};
  const std::string wish(wishes[chance_.below(gives_up_ ? 4 : 6)]);
  const std::string time = chance_.percent(20) ? " TIME" : "";
  const std::string limit = time.empty() ? "" : " -t" + time;
  if (company_ == Company::waiting || chance_.percent(40)) {
    const auto logic = std::string(chance_.pick({""sv, " -a"sv, " -o"sv}));
    return {Step::Kind::client, "s6-svwait", "-" + wish + logic + limit + " DIR"};
  }
  const auto command = std::string(chance_.pick({"u"sv, "d"sv, "o"sv, "r"sv, "t"sv, "k"sv, "h"sv, "O"sv}));
  if (chance_.percent(40))
    return {Step::Kind::client, "s6-svlisten1", "-" + wish + limit + " DIR s6-svc -" + command + " DIR"};
  return {Step::Kind::client, "s6-svc", "-w" + wish + (time.empty() ? "" : " -T" + time) + " -" + command + " DIR"};
}

Step Maker::signal() {
  leaving_ = true;
  if (company_ != Company::killers || chance_.percent(50))
    return {Step::Kind::signal, "", "", chance_.pick({SIGTERM, SIGTERM, SIGHUP, SIGINT, SIGQUIT})};
  orphaned_ = true;
  return {Step::Kind::signal, "", "", SIGKILL};
}

Step Maker::step() {
  // A client that comes when the supervisor has gone believes its status, or, with ours, does not.
  if (has_clients() && !leaving_ && chance_.percent(30)) return client();
  const unsigned kind = chance_.below(100);
  if (kind < 48) return control();
  // Of two that wait at one gate, which one passes is chance.
  if (kind < 70 && !orphaned_)
    return {Step::Kind::gate, "", std::string(chance_.pick({"a"sv, "b"sv, "c"sv, "c"sv, "f"sv}))};
  if (kind < 76)
    return {Step::Kind::hit, "", "",
            chance_.pick({SIGKILL, SIGTERM, SIGTERM, SIGHUP, SIGSTOP, SIGCONT, SIGUSR1, SIGSEGV})};
  if (kind < (company_ == Company::killers ? 86U : 81U) && company_ != Company::clients) return signal();
  if (kind < 87) {
    constexpr std::array files{"down"sv, "timeout-kill"sv, "notification-fd"sv, "down-signal"sv, "finish"sv};
    return {Step::Kind::remove, std::string(files[chance_.below(quick_finish_ ? 4 : 5)]), ""};
  }
  if (kind < 90) return run();
  if (kind < 92) return finish();
  if (kind < 95) return setting(chance_.one_of(settings));
  if (kind < 97) return {chance_.percent(80) ? Step::Kind::file : Step::Kind::directory, "down", ""};
  return {Step::Kind::start, "", ""};
}

SupervisorLife Maker::life() {
  SupervisorLife life;
  life.setup.push_back(run());
  if (quick_finish_ || chance_.percent(60)) life.setup.push_back(finish());
  for (const Setting& one : settings)
    if (chance_.percent(one.name == "notification-fd" ? 65 : 35)) life.setup.push_back(setting(one));
  if (!quick_finish_)
    life.setup.push_back({Step::Kind::file, "timeout-finish", std::string(chance_.one_of(finish_timeouts))});
  else if (chance_.percent(50))
    life.setup.push_back(setting({"timeout-finish", bad_finish_timeouts}));
  if (chance_.percent(10)) life.setup.push_back({Step::Kind::file, "nosetsid", ""});
  if (chance_.percent(30)) life.setup.push_back({Step::Kind::file, "down", ""});
  const unsigned count = 4 + chance_.below(12);
  for (unsigned i = 0; i < count; ++i) life.steps.push_back(step());
  return life;
}

std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? "; " : c == '\0' ? "\\0" : std::string(1, c);
  return line;
}

}  // namespace

SupervisorLife make_supervisor_life(std::uint64_t seed) {
  return Maker(seed).life();
}

std::string to_text(const SupervisorStep& step) {
  switch (step.kind) {
    case Step::Kind::control: return "control " + step.text;
    case Step::Kind::signal: return "signal " + std::string(sigabbrev_np(step.signal));
    case Step::Kind::hit: return "hit the service with " + std::string(sigabbrev_np(step.signal));
    case Step::Kind::gate: return "gate " + step.text;
    case Step::Kind::file: return "file " + step.name + ": " + in_one_line(step.text);
    case Step::Kind::directory: return "directory " + step.name;
    case Step::Kind::remove: return "remove " + step.name;
    case Step::Kind::start: return "start";
    case Step::Kind::client: return step.name + " " + step.text;
  }
  return "?";
}

}  // namespace s6::test
