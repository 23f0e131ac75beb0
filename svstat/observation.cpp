#include "svstat/observation.hpp"

#include <array>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/tally_reader.hpp"
#include "common/wait_status.hpp"

namespace s6::svstat {

std::string_view name_of(Keeper::State state) noexcept {
  switch (state) {
    case Keeper::State::unknown: return "unknown";
    case Keeper::State::missing: return "missing";
    case Keeper::State::deaf: return "not listening";
    case Keeper::State::stopped: return "stopped";
    case Keeper::State::running: return "running";
  }
  return {};
}

std::string_view name_of(State state) noexcept {
  constexpr std::array<std::string_view, state_count> names = {"unknown", "no supervisor", "stale",     "not started",
                                                               "down",    "restarting",    "finishing", "starting",
                                                               "up",      "ready",         "paused",    "stopping"};
  return names[static_cast<std::size_t>(state)];
}

State state_of(const Observation& seen) noexcept {
  if (seen.supervisor.state == Keeper::State::missing) return State::no_supervisor;
  if (!seen.status) return State::unknown;
  const Status& status = *seen.status;
  if (is_stale(seen)) return State::stale;
  if (status.finishing) return State::finishing;
  if (status.is_up()) {
    if (!status.want_up) return State::stopping;
    if (status.paused) return State::paused;
    if (status.ready) return State::ready;
    return seen.notifies == Answer::yes ? State::starting : State::up;
  }
  if (status.never_started()) return State::not_started;
  return status.want_up ? State::restarting : State::down;
}

bool is_stale(const Observation& seen) noexcept {
  if (!seen.status) return false;
  return seen.supervisor.state == Keeper::State::missing || (seen.status->pid != 0 && seen.process == Answer::no);
}

bool is_as_wanted(const Observation& seen) noexcept {
  if (!seen.status || !seen.supervisor.answers() || is_stale(seen)) return false;
  const Status& status = *seen.status;
  if (!status.want_up) return true;
  return status.is_up() && !status.paused && (status.ready || seen.notifies != Answer::yes);
}

std::optional<std::uint32_t> restarts_of(const Observation& seen) noexcept {
  if (!seen.has_tally || !seen.status) return std::nullopt;
  // The last death has not been followed by a start yet.
  return seen.deaths > 0 && !seen.status->is_up() ? seen.deaths - 1 : seen.deaths;
}

std::optional<LastExit> last_exit_of(const Observation& seen) noexcept {
  if (seen.status && !seen.status->is_up() && !seen.status->never_started()) {
    const WaitStatus last{seen.status->wait_status};
    if (last.signal() != 0) return LastExit{0, last.signal()};
    return LastExit{last.exit_code(), 0};
  }
  if (!seen.last_death) return std::nullopt;
  return LastExit{seen.last_death->signal != 0 ? 0 : seen.last_death->exit_code, seen.last_death->signal};
}

std::string_view explain_status_problem(int code) noexcept {
  const std::string_view text = service_dir::explain_status_error({.code = code});
  return text.empty() ? cli::reason(code) : text;
}

std::string_view explain_tally_problem(int code) noexcept {
  const std::string_view text = explain_tally_error({.code = code});
  return text.empty() ? cli::reason(code) : text;
}

}  // namespace s6::svstat
