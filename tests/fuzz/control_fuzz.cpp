// Streams of control bytes and deaths through the supervisor's machine, with a slow model of what must hold.
#include "supervise/machine.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using namespace s6::supervise;

namespace {

// The wish as the last command left it: the one thing that every command stream must agree on.
bool wish_after(bool wish, char byte) {
  switch (byte) {
    case 'u':
    case 'U': return true;
    case 'd':
    case 'D':
    case 'o':
    case 'O':
    case 'Q': return false;
    default: return wish;
  }
}

struct Life {
  Model model;
  bool child = false;
  Effect timer = Effect::disarm;  // what it was armed for
  bool over = false;
  int runs = 0;  // attempts to start ./run

  void feed(Event event, bool spawn_works) {
    for (bool more = true; more;) {
      more = false;
      for (const Effect effect : step(model, event)) {
        if (effect == Effect::spawn_run || effect == Effect::spawn_finish) {
          fuzz::check(!child);
          const bool run = effect == Effect::spawn_run;
          child = spawn_works;
          if (run) ++runs;
          event = run ? (spawn_works ? Event::spawned : Event::spawn_failed)
                      : (spawn_works ? Event::finish_spawned : Event::finish_missing);
          more = true;
        }
        if (effect >= Effect::arm_restart && effect <= Effect::disarm) timer = effect;
        if (effect == Effect::quit) over = true;
      }
    }
    if (over) return;
    fuzz::check(child == (model.state != State::down));
    if (model.state == State::down && model.want_up)  // it will be started again
      fuzz::check(timer == Effect::arm_restart || timer == Effect::arm_retry);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Life life;
  bool wish = false;
  for (std::size_t i = 0; i < size && !life.over; ++i) {
    const bool works = (i & 3) != 3;
    const char byte = static_cast<char>(data[i]);
    if (data[i] == 0x80 && life.child) {  // whatever child there is dies
      life.child = false;
      const bool finish = life.model.state == State::finish || life.model.state == State::last_finish;
      life.feed(finish ? Event::finish_died : Event::run_died, works);
    } else if (data[i] == 0x81 && life.timer != Effect::disarm) {
      life.timer = Effect::disarm;
      life.feed(Event::timer_due, works);
    } else if (const auto command = command_for(byte)) {
      const bool starts =
          life.model.state == State::down && std::string_view("uUo").find(byte) != std::string_view::npos;
      const int runs = life.runs;
      life.feed(command->event, works);
      fuzz::check(!starts || life.runs == runs + 1);
      wish = wish_after(wish, byte);
    }
    fuzz::check(life.model.want_up == wish);
  }
  return 0;
}
