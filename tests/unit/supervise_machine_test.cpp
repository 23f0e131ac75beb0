// The supervisor's machine: the whole of it as a table that a reviewer can read, properties over every situation, and
// long random lives.
#include "supervise/machine.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/golden.hpp"

using namespace s6::supervise;

namespace {

std::string name_of(State value) {
  switch (value) {
    case State::down: return "down";
    case State::up: return "up";
    case State::finish: return "finish";
    case State::last_up: return "last_up";
    case State::last_finish: return "last_finish";
  }
  return "?";
}

std::string name_of(Event value) {
  switch (value) {
    case Event::timer_due: return "timer_due";
    case Event::spawned: return "spawned";
    case Event::spawn_failed: return "spawn_failed";
    case Event::spawn_refused: return "spawn_refused";
    case Event::ready: return "ready";
    case Event::run_died: return "run_died";
    case Event::finish_spawned: return "finish_spawned";
    case Event::finish_missing: return "finish_missing";
    case Event::finish_died: return "finish_died";
    case Event::finish_gave_up: return "finish_gave_up";
    case Event::over_limit: return "over_limit";
    case Event::no_finish_limit: return "no_finish_limit";
    case Event::sig_term: return "sig_term";
    case Event::sig_hup: return "sig_hup";
    case Event::sig_quit: return "sig_quit";
    case Event::sig_int: return "sig_int";
    case Event::cmd_up: return "cmd_up";
    case Event::cmd_down: return "cmd_down";
    case Event::cmd_once: return "cmd_once";
    case Event::cmd_up_kept: return "cmd_up_kept";
    case Event::cmd_down_kept: return "cmd_down_kept";
    case Event::cmd_last_run: return "cmd_last_run";
    case Event::cmd_last_kept: return "cmd_last_kept";
    case Event::cmd_exit: return "cmd_exit";
    case Event::cmd_signal: return "cmd_signal";
    case Event::cmd_restart: return "cmd_restart";
    case Event::cmd_reload: return "cmd_reload";
    case Event::cmd_pause: return "cmd_pause";
    case Event::cmd_continue: return "cmd_continue";
    case Event::cmd_pause_all: return "cmd_pause_all";
    case Event::cmd_continue_all: return "cmd_continue_all";
    case Event::cmd_kill_all: return "cmd_kill_all";
  }
  return "?";
}

std::string name_of(Effect value) {
  switch (value) {
    case Effect::none: return "none";
    case Effect::mark_ready: return "mark_ready";
    case Effect::mark_paused: return "mark_paused";
    case Effect::mark_unpaused: return "mark_unpaused";
    case Effect::stamp_changed: return "stamp_changed";
    case Effect::stamp_ready: return "stamp_ready";
    case Effect::stamp_ready_death: return "stamp_ready_death";
    case Effect::write_status: return "write_status";
    case Effect::record_death: return "record_death";
    case Effect::create_down_file: return "create_down_file";
    case Effect::remove_down_file: return "remove_down_file";
    case Effect::notify_u: return "notify_u";
    case Effect::notify_U: return "notify_U";
    case Effect::notify_d: return "notify_d";
    case Effect::notify_D: return "notify_D";
    case Effect::notify_dD: return "notify_dD";
    case Effect::notify_OD: return "notify_OD";
    case Effect::notify_dOD: return "notify_dOD";
    case Effect::send_signal: return "send_signal";
    case Effect::send_down_signal: return "send_down_signal";
    case Effect::send_reload_signal: return "send_reload_signal";
    case Effect::send_stop: return "send_stop";
    case Effect::send_cont: return "send_cont";
    case Effect::send_kill: return "send_kill";
    case Effect::stop_all: return "stop_all";
    case Effect::cont_all: return "cont_all";
    case Effect::kill_all: return "kill_all";
    case Effect::interrupt_all: return "interrupt_all";
    case Effect::kill_overdue: return "kill_overdue";
    case Effect::arm_restart: return "arm_restart";
    case Effect::arm_retry: return "arm_retry";
    case Effect::arm_kill: return "arm_kill";
    case Effect::arm_finish: return "arm_finish";
    case Effect::arm_again: return "arm_again";
    case Effect::disarm: return "disarm";
    case Effect::warn_finish_overdue: return "warn_finish_overdue";
    case Effect::warn_gave_up: return "warn_gave_up";
    case Effect::close_notification: return "close_notification";
    case Effect::null_stdio: return "null_stdio";
    case Effect::spawn_run: return "spawn_run";
    case Effect::spawn_finish: return "spawn_finish";
    case Effect::quit: return "quit";
  }
  return "?";
}

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

  TEST_CASE("a million random events never make two children, lie about readiness, or lose the way down") {
    std::mt19937 random(20260101);  // fixed: a failure must come back
    Model model;
    int children = 0;
    bool leaving = false;
    for (int i = 0; i < 1'000'000; ++i) {
      auto event = static_cast<Event>(random() % event_count);
      // Only what can happen: deaths of children that live, answers to spawns not at all.
      if (event == Event::run_died && !alive(model.state)) continue;
      if ((event == Event::finish_died || event == Event::finish_gave_up) && !finishing(model.state)) continue;
      if (event == Event::over_limit && (model.state != State::finish || !model.want_up)) continue;
      if (event == Event::ready && (!alive(model.state) || model.ready)) continue;
      if (event >= Event::spawned && event <= Event::spawn_refused) continue;
      if (event == Event::finish_spawned || event == Event::finish_missing) continue;
      if (event == Event::no_finish_limit) continue;
      if (event == Event::run_died || event == Event::finish_died || event == Event::finish_gave_up ||
          event == Event::over_limit)
        --children;
      for (bool more = true; more;) {
        more = false;
        for (const Effect e : list(step(model, event))) {
          if (e == Effect::spawn_run) {
            REQUIRE(children == 0);
            event = random() % 3 == 0 ? Event::spawn_failed : Event::spawned;
            if (event == Event::spawned) ++children;
            more = true;
          } else if (e == Effect::spawn_finish) {
            REQUIRE(children == 0);
            event = random() % 2 == 0 ? Event::finish_missing : Event::finish_spawned;
            if (event == Event::finish_spawned) ++children;
            const bool may_give_up = model.state == State::up && model.want_up;
            if (event == Event::finish_missing && may_give_up && random() % 4 == 0) event = Event::no_finish_limit;
            more = true;
          } else if (e == Effect::quit) {
            leaving = true;
          } else if (e == Effect::notify_u) {
            REQUIRE(children == 1);
          } else if (e == Effect::notify_D || e == Effect::notify_dD || e == Effect::notify_OD ||
                     e == Effect::notify_dOD) {
            REQUIRE(children == 0);
          }
        }
      }
      REQUIRE(children == (model.state == State::down ? 0 : 1));
      if (model.state == State::down) REQUIRE(model.ready);
      if (finishing(model.state)) REQUIRE(!model.ready);
      if (!alive(model.state)) REQUIRE(!model.paused);
      if (leaving) {
        leaving = false;
        children = 0;
        model = {};
      }
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
