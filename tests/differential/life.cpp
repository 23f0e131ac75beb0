#include "life.hpp"

#include <signal.h>
#include <string.h>

#include <array>
#include <initializer_list>
#include <random>
#include <string_view>

namespace s6::test {
namespace {

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Life life();

 private:
  struct Setting {
    std::string_view name;
    std::array<std::string_view, 5> values;
  };
  // Delays are short, so that a life is; none is so short that it matters how fast the machine is.
  static constexpr std::array<Setting, 5> settings{{
      {"notification-fd", {"7\n", "7", "8\n", "abc\n", "7\nx"}},
      {"timeout-kill", {"30\n", "0\n", "30", "soon\n", "-1\n"}},
      {"timeout-finish", {"30\n", "30", "30\n\n", "40\nx", "35\n"}},
      {"down-signal", {"HUP\n", "SIGUSR1", "2\n", "nonsense\n", "KILL\n"}},
      {"max-death-tally", {"1\n", "3", "0\n", "many\n", "2\n"}},
  }};

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Range>
  auto one_of(const Range& range) {
    return *(std::begin(range) + below(static_cast<unsigned>(std::size(range))));
  }
  std::string_view pick(std::initializer_list<std::string_view> texts) { return one_of(texts); }

  std::string ending() {
    if (chance(25)) return "die " + std::string(pick({"KILL", "SEGV", "TERM", "HUP"})) + "\n";
    return "exit " + std::to_string(one_of(std::array{0, 1, 7, 100, 111, 125, 127, 255})) + "\n";
  }

  // A newline always comes with what is written before it: without one the real supervisors stop.
  std::string notification() {
    return "notify " + std::string(pick({"7", "7", "7", "8"})) + " " +
           std::string(pick({"\\n", "x\\n", "\\nx", "\\n\\n"})) + "\n";
  }

  // It never ends without being asked to: a service that dies again and again never comes to rest.
  Step run() {
    std::string script;
    for (const char* signal : {"TERM", "HUP", "INT", "USR1", "ALRM"})
      if (chance(20)) script += std::string(pick({"trap ", "ignore "})) + signal + "\n";
    script += "say up\n";
    if (chance(45)) script += "gate a\n" + notification();
    if (chance(50)) script += "gate b\n" + notification();
    script += chance(60) ? "gate c\n" + ending() : "sleep\n";
    return {Step::Kind::file, "run", script};
  }

  Step finish() {
    std::string script = chance(70) ? "say finish\n" : "";
    if (chance(20)) script += "ignore TERM HUP INT\n";
    if (chance(40)) script += "gate f\n";
    if (chance(10)) return {Step::Kind::file, "finish", script + "sleep\n"};
    return {Step::Kind::file, "finish", script + (chance(20) ? "exit 125\n" : ending())};
  }

  Step control() {
    // x ends the commands of one write with ours, P C K l Q are later than 2.11.
    constexpr std::string_view bytes = "uuudddooUDOrtkhabiq12pcy~";
    std::string text(1, one_of(bytes));
    // What follows sends no signal: a service that has just been started, or got one, need not be ready for it.
    constexpr std::string_view wishes = "uUoO~";
    if (chance(30))
      for (unsigned more = 1 + below(3); more > 0; --more) text += one_of(wishes);
    if (text.size() == 1 && chance(6)) text = 'x';
    return {Step::Kind::control, "", text};
  }

  Step step() {
    const unsigned kind = below(100);
    if (kind < 55) return control();
    if (kind < 80) return {Step::Kind::gate, "", std::string(pick({"a", "b", "c", "c", "f"}))};
    if (kind < 84) return {Step::Kind::signal, "", "", one_of(std::array{SIGTERM, SIGTERM, SIGHUP})};
    if (kind < 87)
      return {Step::Kind::remove, std::string(pick({"down", "finish", "timeout-kill", "notification-fd"})), ""};
    if (kind < 91) return run();
    if (kind < 94) return finish();
    if (kind < 96) return {Step::Kind::file, "down", ""};
    return {Step::Kind::start, "", ""};
  }

  std::mt19937_64 random_;
};

Life Maker::life() {
  Life life;
  life.setup.push_back(run());
  if (chance(60)) life.setup.push_back(finish());
  for (const auto& [name, values] : settings)
    if (chance(35)) life.setup.push_back({Step::Kind::file, std::string(name), std::string(one_of(values))});
  if (chance(30)) life.setup.push_back({Step::Kind::file, "down", ""});
  const unsigned count = 4 + below(12);
  for (unsigned i = 0; i < count; ++i) life.steps.push_back(step());
  return life;
}

std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
  return line;
}

}  // namespace

Life make_life(std::uint64_t seed) {
  return Maker(seed).life();
}

std::string to_text(const Step& step) {
  switch (step.kind) {
    case Step::Kind::control: return "control " + step.text;
    case Step::Kind::signal: return "signal " + std::string(sigabbrev_np(step.signal));
    case Step::Kind::gate: return "gate " + step.text;
    case Step::Kind::file: return "file " + step.name + ": " + in_one_line(step.text);
    case Step::Kind::remove: return "remove " + step.name;
    case Step::Kind::start: return "start";
  }
  return "?";
}

}  // namespace s6::test
