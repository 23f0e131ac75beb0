#include "supervise/machine.hpp"

#include <signal.h>

namespace s6::supervise {
namespace {

// A set of states, so that a rule that holds in two of them is written once.
struct States {
  std::uint8_t bits;
  [[nodiscard]] constexpr bool has(State s) const noexcept { return (bits >> static_cast<unsigned>(s) & 1) != 0; }
};
constexpr States operator|(States a, States b) noexcept {
  return {static_cast<std::uint8_t>(a.bits | b.bits)};
}
constexpr States only(State s) noexcept {
  return {static_cast<std::uint8_t>(1U << static_cast<unsigned>(s))};
}

constexpr States down = only(State::down);
constexpr States up = only(State::up);
constexpr States last_up = only(State::last_up);
constexpr States finish = only(State::finish);
constexpr States last_finish = only(State::last_finish);
constexpr States alive = up | last_up;              // ./run lives
constexpr States finishing = finish | last_finish;  // ./finish lives
constexpr States busy = alive | finishing;

struct Next {
  bool same = true;
  State state = State::down;
};
constexpr Next stay{};
constexpr Next to(State s) noexcept {
  return {false, s};
}

struct Rule {
  States in;
  Event on;
  Guard when;
  Next next;
  Want want;
  Effects then;
};

constexpr auto rules = [] {
  using enum Event;
  using enum Effect;
  using G = Guard;
  using W = Want;
  using S = State;
  return std::to_array<Rule>({
      // in, on, when, next, want, then
      // --- starting
      {down, timer_due, G::wanted_up, stay, W::keep, {spawn_run}},
      {down, timer_due, G::wanted_down, stay, W::keep, {disarm}},
      {down, spawned, G::any, to(S::up), W::keep, {disarm, stamp_changed, write_status, notify_u}},
      {down, spawn_failed, G::wanted_up, stay, W::keep, {arm_retry}},
      {down, spawn_failed, G::wanted_down, stay, W::keep, {disarm}},
      {down, spawn_refused, G::any, stay, W::keep, {disarm}},
      {down, cmd_up, G::any, stay, W::up, {write_status, spawn_run}},
      {down, cmd_up_kept, G::any, stay, W::up, {remove_down_file, write_status, spawn_run}},
      {down, cmd_once, G::any, stay, W::down, {write_status, spawn_run}},
      // --- not starting
      {down, cmd_down, G::any, stay, W::down, {disarm, write_status}},
      {down, cmd_down_kept, G::any, stay, W::down, {create_down_file, disarm, write_status}},
      {down, cmd_last_run, G::any, stay, W::down, {disarm, write_status}},
      {down, cmd_last_kept, G::any, stay, W::down, {create_down_file, disarm, write_status}},
      {down, cmd_exit, G::any, stay, W::keep, {quit}},
      {down, sig_term, G::any, stay, W::keep, {quit}},
      {down, sig_hup, G::any, stay, W::keep, {quit}},
      {down, sig_quit, G::any, stay, W::keep, {quit}},
      {down, sig_int, G::any, stay, W::keep, {quit}},
      // --- running
      {alive, ready, G::any, stay, W::keep, {mark_ready, stamp_ready, close_notification, write_status, notify_U}},
      {alive, timer_due, G::any, stay, W::keep, {kill_overdue, arm_again}},
      {alive, cmd_signal, G::any, stay, W::keep, {send_signal}},
      {alive, cmd_restart, G::any, stay, W::keep, {send_down_signal}},
      {alive, cmd_reload, G::any, stay, W::keep, {send_reload_signal}},
      {alive, cmd_pause, G::any, stay, W::keep, {send_stop, mark_paused, write_status}},
      {alive, cmd_continue, G::any, stay, W::keep, {send_cont, mark_unpaused, write_status}},
      {alive, cmd_pause_all, G::any, stay, W::keep, {stop_all, mark_paused, write_status}},
      {alive, cmd_continue_all, G::any, stay, W::keep, {cont_all, mark_unpaused, write_status}},
      {alive, cmd_kill_all, G::any, stay, W::keep, {kill_all}},
      // --- stopping
      {alive, cmd_down, G::any, stay, W::down, {send_down_signal, send_cont, mark_unpaused, arm_kill, write_status}},
      {alive,
       cmd_down_kept,
       G::any,
       stay,
       W::down,
       {create_down_file, send_down_signal, send_cont, mark_unpaused, arm_kill, write_status}},
      {alive,
       sig_term,
       G::any,
       to(S::last_up),
       W::down,
       {send_down_signal, send_cont, mark_unpaused, arm_kill, write_status}},
      // --- a wish about the future of a service that has a child
      {busy, cmd_up, G::any, stay, W::up, {write_status}},
      {busy, cmd_up_kept, G::any, stay, W::up, {remove_down_file, write_status}},
      {busy, cmd_once, G::any, stay, W::down, {write_status}},
      {busy, cmd_last_run, G::any, stay, W::down, {write_status}},
      {busy, cmd_last_kept, G::any, stay, W::down, {create_down_file, write_status}},
      {finishing, cmd_down, G::any, stay, W::down, {write_status}},
      {finishing, cmd_down_kept, G::any, stay, W::down, {create_down_file, write_status}},
      // --- leaving when the child has ended; its logger must see the end of its input meanwhile
      {alive, cmd_exit, G::any, to(S::last_up), W::keep, {null_stdio}},
      {alive, sig_hup, G::any, to(S::last_up), W::keep, {null_stdio}},
      {finishing, cmd_exit, G::any, to(S::last_finish), W::keep, {null_stdio}},
      {finishing, sig_hup, G::any, to(S::last_finish), W::keep, {null_stdio}},
      {finish, sig_term, G::any, to(S::last_finish), W::keep, {null_stdio}},
      // --- leaving at once, the child left to itself
      {busy, sig_quit, G::any, stay, W::keep, {quit}},
      {busy, sig_int, G::any, stay, W::keep, {interrupt_all, quit}},
      // --- ./run died
      {alive, run_died, G::any, stay, W::keep, {close_notification, disarm, stamp_changed, record_death, spawn_finish}},
      {up, finish_spawned, G::any, to(S::finish), W::keep, {arm_finish, write_status, notify_d}},
      {last_up, finish_spawned, G::any, to(S::last_finish), W::keep, {arm_finish, write_status, notify_d}},
      {up,
       finish_missing,
       G::wanted_up,
       to(S::down),
       W::keep,
       {stamp_ready_death, arm_restart, write_status, notify_dD}},
      {up, finish_missing, G::wanted_down, to(S::down), W::keep, {stamp_ready_death, write_status, notify_dD}},
      {last_up, finish_missing, G::any, to(S::down), W::keep, {stamp_ready_death, write_status, notify_dD, quit}},
      // --- ./finish died
      {finishing, timer_due, G::any, stay, W::keep, {warn_finish_overdue, send_cont, send_kill, arm_again}},
      {finish, finish_died, G::wanted_up, to(S::down), W::keep, {stamp_ready, arm_restart, write_status, notify_D}},
      {finish, finish_died, G::wanted_down, to(S::down), W::keep, {stamp_ready, disarm, write_status, notify_D}},
      {finish, finish_gave_up, G::any, to(S::down), W::down, {stamp_ready, disarm, write_status, notify_OD}},
      // --- a limit forbids another start
      {up,
       no_finish_limit,
       G::wanted_up,
       to(S::down),
       W::down,
       {stamp_ready_death, warn_gave_up, write_status, notify_dOD}},
      {finish,
       over_limit,
       G::wanted_up,
       to(S::down),
       W::down,
       {stamp_ready, disarm, warn_gave_up, write_status, notify_OD}},
      // --- the last ./finish died
      {last_finish, finish_died, G::any, to(S::down), W::keep, {stamp_ready, disarm, write_status, notify_D, quit}},
      {last_finish, finish_gave_up, G::any, to(S::down), W::down, {stamp_ready, disarm, write_status, notify_OD, quit}},
  });
}();

}  // namespace

void two_rules_match_the_same_situation();  // never defined: reaching it fails the build

namespace {

using Index = std::array<std::array<std::array<std::uint8_t, 2>, event_count>, state_count>;
constexpr std::uint8_t no_rule = 0xff;
static_assert(rules.size() < no_rule);

// Which rule applies to [state][event][wanted up?].
consteval Index build_index() {
  Index index{};
  for (auto& events : index)
    for (auto& wants : events) wants = {no_rule, no_rule};
  for (std::size_t r = 0; r < rules.size(); ++r)
    for (std::size_t s = 0; s < state_count; ++s)
      for (std::size_t w = 0; w < 2; ++w) {
        const Rule& rule = rules[r];
        if (!rule.in.has(static_cast<State>(s))) continue;
        if (rule.when == Guard::wanted_up && w == 0) continue;
        if (rule.when == Guard::wanted_down && w == 1) continue;
        std::uint8_t& slot = index[s][static_cast<std::size_t>(rule.on)][w];
        if (slot != no_rule) two_rules_match_the_same_situation();
        slot = static_cast<std::uint8_t>(r);
      }
  return index;
}
constexpr Index rule_for = build_index();

// What is true of every service that has just come into a state.
void enter(Model& model, State state) noexcept {
  switch (state) {
    case State::up:
      model.started = true;
      model.ready = model.paused = false;
      break;
    case State::finish:
    case State::last_finish: model.ready = model.paused = false; break;
    case State::down:
      model.ready = true;
      model.paused = false;
      break;
    case State::last_up: break;  // the same child goes on
  }
  model.state = state;
}

}  // namespace

Effects step(Model& model, Event event) noexcept {
  const std::uint8_t r =
      rule_for[static_cast<std::size_t>(model.state)][static_cast<std::size_t>(event)][model.want_up ? 1 : 0];
  if (r == no_rule) return {};
  const Rule& rule = rules[r];
  if (!rule.next.same) enter(model, rule.next.state);
  if (rule.want != Want::keep) model.want_up = rule.want == Want::up;
  for (const Effect effect : rule.then) {
    if (effect == Effect::mark_ready) model.ready = true;
    if (effect == Effect::mark_paused) model.paused = true;
    if (effect == Effect::mark_unpaused) model.paused = false;
  }
  return rule.then;
}

std::optional<Command> command_for(char byte) noexcept {
  using enum Event;
  switch (byte) {
    case 'a': return Command{cmd_signal, SIGALRM};
    case 'b': return Command{cmd_signal, SIGABRT};
    case 'q': return Command{cmd_signal, SIGQUIT};
    case 'h': return Command{cmd_signal, SIGHUP};
    case 'k': return Command{cmd_signal, SIGKILL};
    case 't': return Command{cmd_signal, SIGTERM};
    case 'i': return Command{cmd_signal, SIGINT};
    case '1': return Command{cmd_signal, SIGUSR1};
    case '2': return Command{cmd_signal, SIGUSR2};
    case 'y': return Command{cmd_signal, SIGWINCH};
    case 'p': return Command{cmd_pause};
    case 'c': return Command{cmd_continue};
    case 'P': return Command{cmd_pause_all};
    case 'C': return Command{cmd_continue_all};
    case 'K': return Command{cmd_kill_all};
    case 'r': return Command{cmd_restart};
    case 'l': return Command{cmd_reload};
    case 'o': return Command{cmd_once};
    case 'd': return Command{cmd_down};
    case 'u': return Command{cmd_up};
    case 'D': return Command{cmd_down_kept};
    case 'U': return Command{cmd_up_kept};
    case 'O': return Command{cmd_last_run};
    case 'Q': return Command{cmd_last_kept};
    case 'x': return Command{cmd_exit};
    default: return std::nullopt;
  }
}

}  // namespace s6::supervise
