// The supervisor's machine: the whole of it as a table that a reviewer can read, and properties over every situation.
// tests/model/ has its long random lives.
#include "supervise/machine.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/golden.hpp"
#include "tests/unit/supervise_names.hpp"

using namespace s6::supervise;
using s6::test::name_of;

namespace {

struct Situation {
  Model before;
  Event event;
};

// Every state with every event and either wish.
std::vector<Situation> all_situations() {
  std::vector<Situation> all;
  for (std::size_t s = 0; s < state_count; ++s)
    for (std::size_t e = 0; e < event_count; ++e)
      for (const bool want_up : {true, false}) {
        Model model;
        model.state = static_cast<State>(s);
        model.want_up = want_up;
        model.started = model.state != State::down;
        model.ready = model.state == State::down;
        all.push_back({model, static_cast<Event>(e)});
      }
  return all;
}

std::vector<Effect> list(const Effects& effects) {
  return {effects.begin(), std::find(effects.begin(), effects.end(), Effect::none)};
}

bool is_notify(Effect e) {
  return name_of(e).starts_with("notify_");
}
bool is_spawn(Effect e) {
  return e == Effect::spawn_run || e == Effect::spawn_finish;
}
bool contains(const std::vector<Effect>& effects, Effect e) {
  return std::find(effects.begin(), effects.end(), e) != effects.end();
}
bool alive(State s) {
  return s == State::up || s == State::last_up;
}
bool finishing(State s) {
  return s == State::finish || s == State::last_finish;
}

std::string outcome(const Situation& s) {
  Model model = s.before;
  const std::vector<Effect> effects = list(step(model, s.event));
  if (effects.empty()) return "-";
  std::string text;
  if (model.state != s.before.state) text += "-> " + name_of(model.state) + "  ";
  if (model.want_up != s.before.want_up) text += model.want_up ? "want up  " : "want down  ";
  for (const Effect e : effects) text += name_of(e) + " ";
  text.pop_back();
  return text;
}

}  // namespace

TEST_SUITE("supervise machine") {
  TEST_CASE("the whole table is the one that was reviewed") {
    std::ostringstream out;
    out << "state, event, wish, and what follows; - is nothing; * stands for either wish\n";
    const std::vector<Situation> all = all_situations();
    for (std::size_t i = 0; i < all.size(); i += 2) {
      if (all[i].event == Event{}) out << "\n" << name_of(all[i].before.state) << "\n";
      const std::string up = outcome(all[i]), down = outcome(all[i + 1]);
      auto line = [&](const char* wish, const std::string& text) {
        std::string event = name_of(all[i].event);
        event.resize(18, ' ');
        out << "  " << event << wish << "  " << text << "\n";
      };
      if (up == down) {
        line("*   ", up);
      } else {
        line("up  ", up);
        line("down", down);
      }
    }
    s6::test::check_golden("supervise.txt", out.str());
  }

  TEST_CASE("a status is written before the event that tells of it") {
    for (const Situation& s : all_situations()) {
      Model model = s.before;
      bool written = false;
      for (const Effect e : list(step(model, s.event))) {
        if (e == Effect::write_status) written = true;
        if (is_notify(e)) CHECK_MESSAGE(written, name_of(s.before.state) << " " << name_of(s.event));
      }
    }
  }

  TEST_CASE("a spawn is the last effect, since its outcome is the next event") {
    for (const Situation& s : all_situations()) {
      Model model = s.before;
      const std::vector<Effect> effects = list(step(model, s.event));
      for (std::size_t i = 0; i + 1 < effects.size(); ++i)
        CHECK_MESSAGE(!is_spawn(effects[i]), name_of(s.before.state) << " " << name_of(s.event));
    }
  }

  TEST_CASE("run is only started when down, finish only when run has died") {
    for (const Situation& s : all_situations()) {
      Model model = s.before;
      const std::vector<Effect> effects = list(step(model, s.event));
      if (contains(effects, Effect::spawn_run)) CHECK(s.before.state == State::down);
      if (contains(effects, Effect::spawn_finish)) CHECK(s.event == Event::run_died);
    }
  }

  TEST_CASE("who has been told to leave never stays") {
    for (const Situation& s : all_situations()) {
      if (s.before.state != State::last_up && s.before.state != State::last_finish) continue;
      Model model = s.before;
      const std::vector<Effect> effects = list(step(model, s.event));
      if (model.state == State::down) CHECK(contains(effects, Effect::quit));
      CHECK(model.state != State::up);
      CHECK(model.state != State::finish);
    }
  }

  TEST_CASE("no death is ignored and no timer fires without effect") {
    for (const Situation& s : all_situations()) {
      Model model = s.before;
      const bool something = !list(step(model, s.event)).empty();
      if (alive(s.before.state) && s.event == Event::run_died) CHECK(something);
      if (finishing(s.before.state) && (s.event == Event::finish_died || s.event == Event::finish_gave_up))
        CHECK(something);
      // The shell asks only then.
      if (s.before.state == State::finish && s.before.want_up && s.event == Event::over_limit) CHECK(something);
      if (s.event == Event::timer_due) CHECK(something);
    }
  }

  TEST_CASE("every byte of the control FIFO is known or skipped") {
    std::string known;
    for (int byte = 0; byte < 256; ++byte)
      if (command_for(static_cast<char>(byte))) known += static_cast<char>(byte);
    CHECK(known == "12CDKOPQUabcdhiklopqrtuxy");
  }

  TEST_CASE("signal bytes send the signals that their letters promise") {
    const std::pair<char, int> expected[] = {{'a', SIGALRM}, {'b', SIGABRT}, {'q', SIGQUIT}, {'h', SIGHUP},
                                             {'k', SIGKILL}, {'t', SIGTERM}, {'i', SIGINT},  {'1', SIGUSR1},
                                             {'2', SIGUSR2}, {'y', SIGWINCH}};
    for (const auto& [byte, signal] : expected) {
      const auto command = command_for(byte);
      REQUIRE(command);
      CHECK(command->event == Event::cmd_signal);
      CHECK(command->signal == signal);
    }
  }

  TEST_CASE("a service counts as never started until its first start, whatever is wished meanwhile") {
    Model model;
    for (const Event e :
         {Event::cmd_down, Event::cmd_last_run, Event::cmd_last_kept, Event::cmd_up, Event::spawn_failed}) {
      step(model, e);
      CHECK(!model.started);
    }
    step(model, Event::spawned);
    CHECK(model.started);
  }
}
