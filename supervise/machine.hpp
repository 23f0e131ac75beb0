#pragma once
// What a supervisor does: every state, everything that can happen in it, and what follows. Pure: events come in as
// values, effects go out as values, and an effect that can fail (a spawn) answers with a new event.
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace s6::supervise {

enum class State : std::uint8_t {
  down,        // no child
  up,          // ./run lives
  finish,      // ./finish lives
  last_up,     // as up, but the supervisor leaves when the child has ended
  last_finish  // as finish, likewise
};
inline constexpr std::size_t state_count = 5;

enum class Event : std::uint8_t {
  timer_due,  // down: time to start; up: the stop took too long; finish: so did it
  spawned,    // answers to spawn_run
  spawn_failed,
  spawn_refused,  // the configuration contradicts itself: trying again would not help
  ready,          // a newline came on the notification pipe
  run_died,
  finish_spawned,  // answers to spawn_finish
  finish_missing,  // there is none, or it cannot be executed
  finish_died,
  finish_gave_up,   // it exited 125: permanent failure
  over_limit,       // finish_died, and a limit forbids to start it again
  no_finish_limit,  // finish_missing, likewise
  sig_term,
  sig_hup,
  sig_quit,
  sig_int,
  cmd_up,            // u
  cmd_down,          // d
  cmd_once,          // o: start now, but do not restart
  cmd_up_kept,       // U: u, and remove the down file
  cmd_down_kept,     // D: d, and make a down file
  cmd_last_run,      // O: do not restart from now on
  cmd_last_kept,     // Q: O, and make a down file
  cmd_exit,          // x: leave when the child has ended
  cmd_signal,        // a b q h k t i 1 2 y: one signal to the process
  cmd_restart,       // r: the down signal only
  cmd_reload,        // l: the reload signal
  cmd_pause,         // p
  cmd_continue,      // c
  cmd_pause_all,     // P: the process group
  cmd_continue_all,  // C
  cmd_kill_all       // K
};
inline constexpr std::size_t event_count = 32;

enum class Effect : std::uint8_t {
  none,
  // These change the model itself; the shell need not do anything.
  mark_ready,
  mark_paused,
  mark_unpaused,
  // Stamps of the status.
  stamp_changed,      // now
  stamp_ready,        // now
  stamp_ready_death,  // ready when it changed: there was no finish
  // Files and subscribers. A status is always written before the event that tells of it.
  write_status,
  record_death,
  create_down_file,
  remove_down_file,
  notify_u,
  notify_U,
  notify_d,
  notify_D,
  notify_dD,
  notify_OD,
  notify_dOD,
  // Signals to the child.
  send_signal,       // the one that came with the event
  send_down_signal,  // as configured, TERM by default
  send_reload_signal,
  send_stop,
  send_cont,
  send_kill,
  stop_all,
  cont_all,
  kill_all,
  interrupt_all,
  kill_overdue,  // KILL and CONT, to the group if so configured
  // The one timer.
  arm_restart,  // the throttle: one second after readiness or death
  arm_retry,    // after a failed start
  arm_kill,     // timeout-kill; none if it is not set
  arm_finish,   // timeout-finish
  arm_again,    // a killed child is killed again until it is dead
  disarm,
  // The rest.
  warn_finish_overdue,
  warn_gave_up,
  close_notification,
  null_stdio,
  spawn_run,     // answered by an event, so always the last effect
  spawn_finish,  // likewise
  quit
};

enum class Guard : std::uint8_t { any, wanted_up, wanted_down };
enum class Want : std::uint8_t { keep, up, down };

inline constexpr std::size_t max_effects = 8;
using Effects = std::array<Effect, max_effects>;  // ends at the first `none`

struct Model {
  State state = State::down;
  bool want_up = false;
  bool ready = true;  // a service that is down is ready when its finish is over
  bool paused = false;
  bool started = false;  // ever
};

// Says what follows from `event` and changes `model` accordingly. No effects: the event means nothing in this state.
Effects step(Model& model, Event event) noexcept;

// A command byte of supervise/control. Nothing: unknown, to be skipped silently.
struct Command {
  Event event;
  int signal = 0;  // for cmd_signal
};
std::optional<Command> command_for(char byte) noexcept;

}  // namespace s6::supervise
