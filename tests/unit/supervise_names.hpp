#pragma once
// The supervisor's states, events and effects in words, as the tests print them.
#include <string>

#include "supervise/machine.hpp"

namespace s6::test {

using supervise::Effect;
using supervise::Event;
using supervise::State;

inline std::string name_of(State value) {
  switch (value) {
    case State::down: return "down";
    case State::up: return "up";
    case State::finish: return "finish";
    case State::last_up: return "last_up";
    case State::last_finish: return "last_finish";
  }
  return "?";
}

inline std::string name_of(Event value) {
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

inline std::string name_of(Effect value) {
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

}  // namespace s6::test
