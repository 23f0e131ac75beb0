// Random lives of the supervisor's machine: millions of events, and after each of them everything that its effects are
// meant to bring about must be so.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/model/walk.hpp"
#include "tests/unit/supervise_names.hpp"

using namespace s6::supervise;
using s6::test::must;
using s6::test::name_of;

namespace {

bool is_alive(State s) {
  return s == State::up || s == State::last_up;
}
bool is_finishing(State s) {
  return s == State::finish || s == State::last_finish;
}
bool is_leaving(State s) {
  return s == State::last_up || s == State::last_finish;
}

// What can come from outside in this state: events that answer an effect come from the walk itself, deaths need a
// child, and no timer runs while a service is down and is to stay so.
bool can_come(State state, Event event, bool want_up) {
  switch (event) {
    case Event::timer_due: return state != State::down || want_up;
    case Event::ready:
    case Event::run_died: return is_alive(state);
    case Event::finish_died:
    case Event::finish_gave_up: return is_finishing(state);
    case Event::over_limit: return state == State::finish && want_up;
    case Event::spawned:
    case Event::spawn_failed:
    case Event::spawn_refused:
    case Event::finish_spawned:
    case Event::finish_missing:
    case Event::no_finish_limit: return false;
    default: return true;
  }
}
bool can_answer(State state, Event event, bool want_up) {
  switch (event) {
    case Event::spawned:
    case Event::spawn_failed:
    case Event::spawn_refused: return state == State::down;
    case Event::finish_spawned:
    case Event::finish_missing: return is_alive(state);
    case Event::no_finish_limit: return state == State::up && want_up;
    default: return false;
  }
}

// What readers of the status file and subscribers know.
struct Told {
  bool up = false, finishing = false, want_up = false, ready = true, paused = false;
  friend bool operator==(const Told&, const Told&) = default;
  static Told truth(const Model& model) {
    return {is_alive(model.state), is_finishing(model.state), model.want_up, model.ready, model.paused};
  }
};

// The machine and what surrounds it.
class Life {
 public:
  Life(std::mt19937& random, std::size_t (&visits)[state_count][event_count][2]) : random_(&random), visits_(&visits) {
    status_ = Told::truth(model_);
  }

  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] bool can(Event event) const {
    if (event == Event::timer_due) return timer_;
    if (event == Event::ready) return notification_;
    return can_come(model_.state, event, model_.want_up);
  }

  void feed(Event event) {
    if (event == Event::run_died || event == Event::finish_died || event == Event::finish_gave_up ||
        event == Event::over_limit)
      child_ = false;
    if (event == Event::run_died) ++deaths_;
    const bool was_leaving = is_leaving(model_.state);
    timer_is_answered_ = event != Event::timer_due;
    dispatch(event);
    if (!over_) check(was_leaving);
  }

 private:
  bool chance(unsigned one_in) { return (*random_)() % one_in == 0; }

  void dispatch(Event event) {
    ++(*visits_)[static_cast<std::size_t>(model_.state)][static_cast<std::size_t>(event)][model_.want_up ? 1 : 0];
    for (const Effect effect : step(model_, event)) carry_out(effect, event);
  }

  void carry_out(Effect effect, Event event) {
    switch (effect) {
      case Effect::spawn_run: dispatch(spawn_run()); break;
      case Effect::spawn_finish: dispatch(spawn_finish()); break;
      case Effect::write_status: status_ = Told::truth(model_); break;
      case Effect::record_death: ++recorded_deaths_; break;
      case Effect::notify_u: hear('u'); break;
      case Effect::notify_U: hear('U'); break;
      case Effect::notify_d: hear('d'); break;
      case Effect::notify_D: hear('D'); break;
      case Effect::notify_dD: hear('d'), hear('D'); break;
      case Effect::notify_OD: hear('O'), hear('D'); break;
      case Effect::notify_dOD: hear('d'), hear('O'), hear('D'); break;
      case Effect::arm_restart:
      case Effect::arm_retry:
      case Effect::arm_again: set_timer(true); break;
      case Effect::arm_kill:
      case Effect::arm_finish: set_timer(chance(2)); break;  // without the file there is no timeout
      case Effect::disarm: set_timer(false); break;
      case Effect::close_notification: notification_ = false; break;
      case Effect::null_stdio: must(is_leaving(model_.state), "who closes its stdio is to leave"); break;
      case Effect::quit:
        over_ = true;
        must(!child_ || event == Event::sig_quit || event == Event::sig_int, "no child is left behind");
        must(child_ || heard_ == 'D', "who leaves has told everything");
        break;
      default:
        if (effect >= Effect::send_signal && effect <= Effect::kill_overdue) must(child_, "signals go to a child");
    }
  }

  Event spawn_run() {
    must(!child_, "run is started where no child is");
    refused_ = false;
    if (chance(8)) {
      refused_ = chance(2);
      return refused_ ? Event::spawn_refused : Event::spawn_failed;
    }
    child_ = notification_ = true;
    return Event::spawned;
  }
  Event spawn_finish() {
    must(!child_, "finish is started where no child is");
    must(recorded_deaths_ == deaths_, "each death is recorded once, before anything else is done about it");
    child_ = chance(2);
    if (child_) return Event::finish_spawned;
    return model_.state == State::up && model_.want_up && chance(4) ? Event::no_finish_limit : Event::finish_missing;
  }

  void set_timer(bool armed) {
    timer_ = armed;
    timer_is_answered_ = true;
  }

  // Whoever hears a letter may read the status at once.
  void hear(char letter) {
    switch (letter) {
      case 'u': must(heard_ == 'D' && status_.up && !status_.ready, "u: up, after having been down"); break;
      case 'U': must(heard_ == 'u' && status_.up && status_.ready, "U: once, and ready"); break;
      case 'd': must((heard_ == 'u' || heard_ == 'U') && !status_.up, "d: not up any more"); break;
      case 'O': must(heard_ == 'd' && !status_.want_up, "O: not wanted up"); break;
      default: must((heard_ == 'd' || heard_ == 'O') && !status_.up && !status_.finishing && status_.ready, "D: done");
    }
    heard_ = letter;
  }

  void check(bool was_leaving) const {
    must(timer_is_answered_, "a timer that is due is armed again or disarmed");
    must(child_ == (model_.state != State::down), "a child in every state but down");
    must(status_ == Told::truth(model_), "the status is true");
    must(recorded_deaths_ == deaths_, "every death is recorded");
    must(!notification_ || (is_alive(model_.state) && !model_.ready), "readiness is only waited for where it may come");
    must(!was_leaving || is_leaving(model_.state), "who is to leave does not stay");
    if (model_.state != State::down) return;
    must(!model_.want_up || timer_ || refused_, "down: it is started again if it is wanted up");
    must(model_.want_up || !timer_, "down: no timer runs if it is to stay so");
    must(heard_ == 'D', "down: it has been told");
  }

  std::mt19937* random_;
  std::size_t (*visits_)[state_count][event_count][2];
  Model model_;
  Told status_;
  char heard_ = 'D';
  bool child_ = false;
  bool notification_ = false;
  bool timer_ = false;
  bool timer_is_answered_ = true;
  bool refused_ = false;  // the last start: the machine does not try again by itself
  bool over_ = false;
  long deaths_ = 0;
  long recorded_deaths_ = 0;
};

bool ends_a_life(Event event) {
  return event == Event::cmd_exit || (event >= Event::sig_term && event <= Event::sig_int);
}

void let_the_child_die(Life& life) {
  if (is_alive(life.model().state)) life.feed(Event::run_died);
  if (!life.over() && is_finishing(life.model().state)) life.feed(Event::finish_died);
}

// From everywhere there is a way down, and a way out, that takes no more than the deaths of what lives.
void check_ways_out(Life life) {
  Life other = life;
  life.feed(Event::cmd_down);
  let_the_child_die(life);
  must(life.over() || (life.model().state == State::down && !life.can(Event::timer_due)), "d brings it down for good");
  for (const Event event : {Event::sig_term, Event::sig_hup, Event::cmd_exit}) {
    Life copy = other;
    copy.feed(event);
    if (!copy.over()) let_the_child_die(copy);
    must(copy.over(), "TERM, HUP and x make it leave when its child is dead");
  }
}

}  // namespace

TEST_SUITE("random walks") {
  TEST_CASE("the supervisor's machine") {
    const long steps = s6::test::walk_steps();
    std::mt19937 random(s6::test::walk_seed());
    static std::size_t visits[state_count][event_count][2];
    s6::test::Trail<Event> trail;
    Life life(random, visits);
    try {
      for (long i = 0; i < steps;) {
        if (life.over()) life = Life(random, visits);
        const auto event = static_cast<Event>(random() % event_count);
        if (!life.can(event) || (ends_a_life(event) && random() % 8 != 0)) continue;
        trail.add(event);
        life.feed(event);
        if (++i % 64 == 0 && !life.over()) check_ways_out(life);
      }
    } catch (const s6::test::Violation& violation) {
      FAIL("broken: " << std::string(violation.what()) << "; in " << name_of(life.model().state) << ", after"
                      << trail.text([](Event e) { return name_of(e); }));
    }

    std::size_t possible = 0, least = SIZE_MAX;
    for (std::size_t s = 0; s < state_count; ++s)
      for (std::size_t e = 0; e < event_count; ++e)
        for (std::size_t w = 0; w < 2; ++w) {
          const auto state = static_cast<State>(s);
          const auto event = static_cast<Event>(e);
          if (!can_come(state, event, w == 1) && !can_answer(state, event, w == 1)) {
            CHECK(visits[s][e][w] == 0);
            continue;
          }
          ++possible;
          least = std::min(least, visits[s][e][w]);
          CHECK_MESSAGE(visits[s][e][w] > 0, name_of(state) << " " << name_of(event) << (w == 1 ? " up" : " down"));
        }
    MESSAGE(steps << " steps through all " << possible << " of " << state_count * event_count * 2
                  << " situations that can occur, each at least " << least << " times");
  }
}
