#include "svstat/format.hpp"

#include <algorithm>

#include "common/signal_name.hpp"
#include "common/wait_status.hpp"

namespace s6::svstat {
namespace {

struct NamedField {
  std::string_view name;
  Field field;
};
constexpr auto field_names = std::to_array<NamedField>({{"up", Field::up},
                                                        {"wantedup", Field::wanted_up},
                                                        {"normallyup", Field::normally_up},
                                                        {"ready", Field::ready},
                                                        {"paused", Field::paused},
                                                        {"pid", Field::pid},
                                                        {"pgid", Field::pgid},
                                                        {"exitcode", Field::exit_code},
                                                        {"signal", Field::signal},
                                                        {"signum", Field::signal_number},
                                                        {"updownsince", Field::up_down_since},
                                                        {"readysince", Field::ready_since},
                                                        {"updownfor", Field::up_down_for},
                                                        {"readyfor", Field::ready_for}});

WaitStatus death(const Status& status) noexcept {
  return {status.wait_status};
}

void append_signal(Line& line, int number, SignalStyle style) noexcept {
  if (style == SignalStyle::number) {
    line.append(number);
    return;
  }
  const std::string_view name = signal_name(number);
  line.append("SIG");
  line.append(name.empty() ? "???" : name);
}

void append_bool(Line& line, bool value) noexcept {
  line.append(value ? "true" : "false");
}

void append_stamp(Line& line, const Tai64n& stamp) noexcept {
  const auto text = tai::to_text(stamp);
  line.append(std::string_view(text.data(), text.size()));
}

// Whether the status tells of a death: a running or never started service has none to tell of.
bool tells_of_death(const Status& status) noexcept {
  return !status.is_up() && !status.never_started();
}

void append_field(Line& line, const Facts& facts, Field field) noexcept {
  const Status& status = facts.status;
  const WaitStatus last = death(status);
  switch (field) {
    case Field::up: return append_bool(line, status.is_up());
    case Field::wanted_up: return append_bool(line, status.want_up);
    case Field::normally_up: return append_bool(line, facts.normally_up);
    // Only of a process: a service that is down is never ready here, whatever the flag says.
    case Field::ready: return append_bool(line, status.pid != 0 && status.ready);
    case Field::paused: return append_bool(line, status.pid != 0 && status.paused);
    // Every service leads its own process group.
    case Field::pid:
    case Field::pgid: line.append(status.is_up() ? status.pid : -1); return;
    case Field::exit_code: line.append(tells_of_death(status) && last.exited() ? last.exit_code() : -1); return;
    case Field::signal:
      if (tells_of_death(status) && last.signal() != 0) return append_signal(line, last.signal(), SignalStyle::name);
      line.append("NA");
      return;
    case Field::signal_number: line.append(tells_of_death(status) && last.signal() != 0 ? last.signal() : -1); return;
    case Field::up_down_since: return append_stamp(line, std::min(status.changed, facts.now));
    case Field::ready_since: return append_stamp(line, status.ready_since);
    case Field::up_down_for: line.append(tai::seconds_between(status.changed, facts.now)); return;
    case Field::ready_for: line.append(tai::seconds_between(status.ready_since, facts.now)); return;
  }
}

void append_state(Line& line, const Status& status, SignalStyle style) noexcept {
  if (status.is_up()) {
    line.append("up (pid ");
    line.append(status.pid);
    line.append(" pgid ");
    line.append(status.pid);
  } else if (status.never_started()) {
    line.append("down (not started yet");
  } else if (const int signal = death(status).signal(); signal != 0) {
    line.append("down (signal ");
    append_signal(line, signal, style);
  } else {
    line.append("down (exitcode ");
    line.append(death(status).exit_code());
  }
  line.append(") ");
}

}  // namespace

std::optional<Field> field_of(std::string_view name) noexcept {
  const auto* found = std::ranges::find(field_names, name, &NamedField::name);
  if (found == field_names.end()) return std::nullopt;
  return found->field;
}

Line line(const Facts& facts, SignalStyle style) noexcept {
  const Status& status = facts.status;
  const bool up = status.is_up();
  const bool never_started = status.never_started();
  Line text;
  append_state(text, status, style);
  if (!never_started) {
    text.append(tai::seconds_between(status.changed, facts.now));
    text.append(" seconds");
  }
  if (up != facts.normally_up) text.append(facts.normally_up ? ", normally up" : ", normally down");
  if (up && status.paused) text.append(", paused");
  if (up != status.want_up) text.append(status.want_up ? ", want up" : ", want down");
  if (status.ready && !never_started) {
    text.append(", ready ");
    text.append(tai::seconds_between(status.ready_since, facts.now));
    text.append(" seconds");
  }
  text.append("\n");
  return text;
}

Line fields(const Facts& facts, std::span<const Field> wanted) noexcept {
  Line text;
  for (const Field field : wanted) {
    if (text.size() > 0) text.append(" ");
    append_field(text, facts, field);
  }
  text.append("\n");
  return text;
}

Line death_line(const Death& death, SignalStyle style) noexcept {
  Line text;
  append_stamp(text, death.stamp);
  text.append(death.signal != 0 ? " signal " : " exitcode ");
  if (death.signal != 0)
    append_signal(text, death.signal, style);
  else
    text.append(death.exit_code);
  text.append("\n");
  return text;
}

}  // namespace s6::svstat
