#include "svstat/prometheus.hpp"

#include <optional>

#include "svstat/utf8.hpp"

namespace s6::svstat {
namespace {

using Value = std::optional<std::uint64_t>;

struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  Value (*value)(const Observation& seen, const Tai64n& now);
};

Value of_status(const Observation& seen, bool (*holds)(const Status&)) noexcept {
  if (!seen.status) return std::nullopt;
  return holds(*seen.status) ? 1 : 0;
}

Value supervisor_is(const Observation& seen, bool (*holds)(const Keeper&)) noexcept {
  if (seen.supervisor.state == Keeper::State::unknown) return std::nullopt;
  return holds(seen.supervisor) ? 1 : 0;
}

constexpr Metric metrics[] = {
    {"s6_service_up", "gauge", "Whether the service runs.",
     [](const Observation& seen, const Tai64n&) { return of_status(seen, [](const Status& s) { return s.is_up(); }); }},
    {"s6_service_ready", "gauge", "Whether it runs and has said that it is ready.",
     [](const Observation& seen, const Tai64n&) {
       return of_status(seen, [](const Status& s) { return s.is_up() && s.ready; });
     }},
    {"s6_service_wanted_up", "gauge", "Whether its supervisor is to keep it up.",
     [](const Observation& seen, const Tai64n&) { return of_status(seen, [](const Status& s) { return s.want_up; }); }},
    {"s6_service_as_wanted", "gauge", "Whether it is in the state that it is wanted in, and that can be believed.",
     [](const Observation& seen, const Tai64n&) -> Value { return is_as_wanted(seen) ? 1 : 0; }},
    {"s6_service_paused", "gauge", "Whether it runs, but was told to pause.",
     [](const Observation& seen, const Tai64n&) {
       return of_status(seen, [](const Status& s) { return s.is_up() && s.paused; });
     }},
    {"s6_service_state_seconds", "gauge", "How long ago it was started or died last.",
     [](const Observation& seen, const Tai64n& now) -> Value {
       if (!seen.status) return std::nullopt;
       return tai::seconds_between(seen.status->changed, now);
     }},
    {"s6_service_ready_seconds", "gauge", "For how long it has been ready.",
     [](const Observation& seen, const Tai64n& now) -> Value {
       if (!seen.status || !seen.status->is_up() || !seen.status->ready) return std::nullopt;
       return tai::seconds_between(seen.status->ready_since, now);
     }},
    {"s6_service_restarts_total", "counter",
     "Starts after a death since its supervisor started; does not count further than its max-death-tally (100).",
     [](const Observation& seen, const Tai64n&) -> Value { return restarts_of(seen); }},
    {"s6_service_last_exit_code", "gauge", "How it ended the last time: its exit code, or 128 and the signal.",
     [](const Observation& seen, const Tai64n&) -> Value {
       const auto last = last_exit_of(seen);
       if (!last) return std::nullopt;
       return static_cast<std::uint64_t>(last->signal != 0 ? 128 + last->signal : last->code);
     }},
    {"s6_service_last_exit_signal", "gauge", "The signal that killed it the last time, 0 if it exited.",
     [](const Observation& seen, const Tai64n&) -> Value {
       const auto last = last_exit_of(seen);
       if (!last) return std::nullopt;
       return static_cast<std::uint64_t>(last->signal);
     }},
    {"s6_service_status_stale", "gauge", "Whether its status file does not tell the truth.",
     [](const Observation& seen, const Tai64n&) -> Value {
       if (!seen.status) return std::nullopt;
       return is_stale(seen) ? 1 : 0;
     }},
    {"s6_service_supervisor_alive", "gauge", "Whether it has a supervisor.",
     [](const Observation& seen, const Tai64n&) {
       return supervisor_is(seen, [](const Keeper& k) { return k.state != Keeper::State::missing; });
     }},
    {"s6_service_supervisor_answers", "gauge", "Whether it has a supervisor that runs and listens to commands.",
     [](const Observation& seen, const Tai64n&) {
       return supervisor_is(seen, [](const Keeper& k) { return k.state == Keeper::State::running; });
     }},
};

// The value of a label: UTF-8, with the bytes that are not, and controls, as \xNN.
void add_label_text(const Sink& sink, std::string_view text) noexcept {
  for (Shown shown(text); !shown.done();) {
    const auto piece = shown.next();
    for (std::string_view rest = piece.text; !rest.empty(); rest.remove_prefix(1)) {
      if (rest[0] == '\\' || rest[0] == '"') sink.add("\\");
      sink.add(head(rest, 1));
    }
  }
}

void add_sample(const Sink& sink, std::string_view metric, std::string_view scan_directory,
                std::initializer_list<std::string_view> service, Value value) noexcept {
  if (!value) return;
  sink.add(metric);
  sink.add("{scandir=\"");
  add_label_text(sink, scan_directory);
  if (service.size() > 0) sink.add("\",service=\"");
  for (const std::string_view part : service) add_label_text(sink, part);
  sink.add("\"} ");
  sink.add(*value);
  sink.add("\n");
}

void add_header(const Sink& sink, std::string_view name, std::string_view type, std::string_view help) noexcept {
  for (const std::string_view part :
       {std::string_view("# HELP "), name, std::string_view(" "), help, std::string_view("\n# TYPE "), name,
        std::string_view(" "), type, std::string_view("\n")})
    sink.add(part);
}

void add_scanners(const Sink& sink, std::span<const Scan> scans) noexcept {
  constexpr std::string_view name = "s6_scanner_alive";
  add_header(sink, name, "gauge", "Whether s6-svscan runs on the scan directory.");
  for (const Scan& scan : scans) {
    if (scan.scanner.state == Keeper::State::unknown) continue;
    add_sample(sink, name, scan.path, {}, scan.scanner.state == Keeper::State::missing ? 0 : 1);
  }
}

}  // namespace

void add_prometheus(const Sink& sink, std::span<const Scan> scans, const Tai64n& now) noexcept {
  add_scanners(sink, scans);
  for (const Metric& metric : metrics) {
    add_header(sink, metric.name, metric.type, metric.help);
    for (const Scan& scan : scans) {
      for (const Row& row : scan.rows) {
        add_sample(sink, metric.name, scan.path, {row.name}, metric.value(row.seen, now));
        if (row.has_logger) add_sample(sink, metric.name, scan.path, {row.name, "/log"}, metric.value(row.logger, now));
      }
    }
  }
}

}  // namespace s6::svstat
