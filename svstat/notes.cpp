#include <errno.h>

#include "common/cli.hpp"
#include "common/signal_name.hpp"
#include "svstat/stamp_text.hpp"
#include "svstat/table.hpp"

namespace s6::svstat {
namespace {

// Begins another part.
void next_part(Notes& notes) noexcept {
  if (notes.size() > 0) notes.append("; ");
}

void append_all(Notes& notes, std::initializer_list<std::string_view> parts) noexcept {
  for (const std::string_view part : parts) notes.append(part);
}

void add_part(Notes& notes, std::initializer_list<std::string_view> parts) noexcept {
  next_part(notes);
  append_all(notes, parts);
}

void add_supervisor(Notes& notes, const Observation& seen) noexcept {
  const Keeper& supervisor = seen.supervisor;
  switch (supervisor.state) {
    case Keeper::State::unknown:
      if (seen.status || seen.status_error != supervisor.error)
        add_part(notes, {"supervisor cannot be seen: ", cli::reason(supervisor.error)});
      return;
    case Keeper::State::deaf: return add_part(notes, {"supervisor does not answer: nobody reads supervise/control"});
    case Keeper::State::stopped:
      return add_part(notes, {"supervisor does not answer: process ", to_text(supervisor.pid), " is stopped"});
    case Keeper::State::missing:
    case Keeper::State::running: return;
  }
}

// Of a status that nobody keeps up to date, or that is wrong.
void add_stale(Notes& notes, const Observation& seen) noexcept {
  if (!is_stale(seen)) return;
  const Status& status = *seen.status;
  const std::string_view says = status.is_up() ? "up" : status.finishing ? "finishing" : "down";
  add_part(notes, {"stale status: it says ", says});
  if (status.pid == 0) return;
  const std::string_view verdict = seen.process == Answer::no    ? " does not exist"
                                   : seen.process == Answer::yes ? " exists"
                                                                 : " cannot be seen";
  append_all(notes, {", process ", to_text(status.pid), verdict});
}

void add_unreadable(Notes& notes, const Observation& seen) noexcept {
  if (!seen.status) {
    if (seen.status_error == ENOENT)
      add_part(notes, {"never supervised"});
    else
      add_part(notes, {"cannot read supervise/status: ", explain_status_problem(seen.status_error)});
  }
  if (!seen.has_tally && seen.tally_error != ENOENT && (seen.status || seen.tally_error != seen.status_error))
    add_part(notes, {"cannot read supervise/death_tally: ", explain_tally_problem(seen.tally_error)});
}

void append_end(Notes& notes, const LastExit& end) noexcept {
  if (end.signal == 0) return append_all(notes, {"exit code ", to_text(end.code)});
  const std::string_view name = signal_name(end.signal);
  if (name.empty()) return append_all(notes, {"signal ", to_text(end.signal)});
  append_all(notes, {"SIG", name});
}

void add_deaths(Notes& notes, const Observation& seen, const Tai64n& now) noexcept {
  if (seen.last_death) {
    const Death& last = *seen.last_death;
    add_part(notes, {to_text(seen.deaths), seen.deaths == 1 ? " death, " : " deaths, last "});
    append_end(notes, {last.exit_code, last.signal});
    append_all(notes, {last.signal != 0 ? " " : ", ", age_text(tai::seconds_between(last.stamp, now)), " ago"});
    return;
  }
  const auto end = last_exit_of(seen);
  if (!end) return;
  add_part(notes, {"last "});
  append_end(notes, *end);
}

}  // namespace

Notes notes_of(const Observation& seen, const Tai64n& now) noexcept {
  Notes notes;
  add_supervisor(notes, seen);
  add_stale(notes, seen);
  add_unreadable(notes, seen);
  if (seen.status && seen.status->is_up() && seen.status->paused && state_of(seen) != State::paused)
    add_part(notes, {"paused"});
  if (seen.down_file == Answer::yes) add_part(notes, {"down file"});
  add_deaths(notes, seen, now);
  return notes;
}

}  // namespace s6::svstat
