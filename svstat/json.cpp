#include "svstat/json.hpp"

#include <errno.h>

#include <algorithm>
#include <optional>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/signal_name.hpp"
#include "svstat/stamp_text.hpp"
#include "svstat/utf8.hpp"

namespace s6::svstat {
namespace {

// An object or a list that is being written: it knows where commas belong.
class Json {
 public:
  explicit Json(const Sink& sink) noexcept : sink_(sink) {}

  void open(char bracket) noexcept { put(bracket, true); }
  void open_line(char bracket) noexcept {
    element();
    newline();
    first_ = true;
    open(bracket);
  }
  void close(char bracket) noexcept { put(bracket, false); }
  void newline() const noexcept { sink_.add("\n"); }

  Json& key(std::string_view name) noexcept {
    element();
    sink_.add("\"");
    sink_.add(name);  // nothing in ours needs to be escaped
    sink_.add("\":");
    first_ = true;  // no comma before the value
    return *this;
  }
  // A comma, if something stands before.
  void element() noexcept {
    if (!first_) sink_.add(",");
    first_ = false;
  }
  void string(std::string_view text) noexcept {
    element();
    add_json_string(sink_, text);
  }
  void raw(std::string_view text) noexcept {
    element();
    sink_.add(text);
  }
  void null() noexcept { raw("null"); }
  void boolean(bool value) noexcept { raw(value ? "true" : "false"); }
  void answer(Answer value) noexcept { value == Answer::unknown ? null() : boolean(value == Answer::yes); }
  template <std::integral Number>
  void number(Number value) noexcept {
    raw(to_text(value));
  }
  template <std::integral Number>
  void number_or_null(std::optional<Number> value) noexcept {
    value ? number(*value) : null();
  }
  // A stamp that is no date is null.
  void stamp(const Tai64n& time) noexcept {
    const auto text = iso_text(time);
    text.size() > 0 ? string(text) : null();
  }
  void hexadecimal(std::string_view bytes) noexcept {
    element();
    sink_.add("\"");
    add_hexadecimal(sink_, bytes);
    sink_.add("\"");
  }

 private:
  void put(char bracket, bool opens) noexcept {
    if (opens) element();
    sink_.add(std::string_view(&bracket, 1));
    first_ = opens;
  }

  const Sink& sink_;
  bool first_ = true;
};

void add_end(Json& json, const LastExit& last) noexcept {
  const bool killed = last.signal != 0;
  const std::string_view name = killed ? signal_name(last.signal) : std::string_view();
  json.key("exit_code").number_or_null(killed ? std::nullopt : std::optional(last.code));
  json.key("signal");
  name.empty() ? json.null() : json.string(TextBuffer<16>{"SIG", name});
  json.key("signal_number").number_or_null(killed ? std::optional(last.signal) : std::nullopt);
}

void add_last_exit(Json& json, const Observation& seen) noexcept {
  json.key("last_exit");
  const auto last = last_exit_of(seen);
  if (!last) return json.null();
  json.open('{');
  add_end(json, *last);
  json.close('}');
}

void add_deaths(Json& json, const Observation& seen, const Tai64n& now) noexcept {
  json.key("restarts").number_or_null(restarts_of(seen));
  json.key("deaths").number_or_null(seen.has_tally ? std::optional(seen.deaths) : std::nullopt);
  json.key("last_death");
  if (!seen.last_death) return json.null();
  const Death& death = *seen.last_death;
  json.open('{');
  json.key("time").stamp(death.stamp);
  json.key("seconds").number(tai::seconds_between(death.stamp, now));
  add_end(json, {death.exit_code, death.signal});
  json.close('}');
}

void add_keeper(Json& json, const Keeper& keeper) noexcept {
  json.open('{');
  json.key("state").string(name_of(keeper.state));
  json.key("pid").number_or_null(keeper.pid > 0 ? std::optional(keeper.pid) : std::nullopt);
  json.close('}');
}

void add_unreadable(Json& json, std::string_view file, std::string_view reason) noexcept {
  json.open('{');
  json.key("file").string(file);
  json.key("error").string(reason);
  json.close('}');
}

void add_unreadable(Json& json, const Observation& seen) noexcept {
  json.key("unreadable").open('[');
  if (seen.supervisor.error != 0) add_unreadable(json, service_dir::lock, cli::reason(seen.supervisor.error));
  if (!seen.status && seen.status_error != ENOENT)
    add_unreadable(json, service_dir::status, explain_status_problem(seen.status_error));
  if (!seen.has_tally && seen.tally_error != ENOENT)
    add_unreadable(json, service_dir::death_tally, explain_tally_problem(seen.tally_error));
  json.close(']');
}

void add_status(Json& json, const Status& status, const Tai64n& now) noexcept {
  const bool ready = status.pid != 0 && status.ready;
  json.key("up").boolean(status.is_up());
  json.key("ready").boolean(ready);
  json.key("wanted_up").boolean(status.want_up);
  json.key("paused").boolean(status.is_up() && status.paused);
  json.key("finishing").boolean(status.finishing);
  json.key("pid").number_or_null(status.pid > 0 ? std::optional(status.pid) : std::nullopt);
  json.key("since").stamp(std::min(status.changed, now));
  json.key("seconds").number(tai::seconds_between(status.changed, now));
  json.key("ready_since");
  ready ? json.stamp(std::min(status.ready_since, now)) : json.null();
  json.key("ready_seconds")
      .number_or_null(ready ? std::optional(tai::seconds_between(status.ready_since, now)) : std::nullopt);
}

void add_no_status(Json& json) noexcept {
  for (const std::string_view key :
       {"up", "ready", "wanted_up", "paused", "finishing", "pid", "since", "seconds", "ready_since", "ready_seconds"})
    json.key(key).null();
}

// The members that services and loggers have in common.
void add_members(Json& json, std::string_view name, const Observation& seen, const Tai64n& now) noexcept {
  json.key("name").string(name);
  json.key("name_hex");
  is_utf8(name) ? json.null() : json.hexadecimal(name);
  json.key("state").string(name_of(state_of(seen)));
  json.key("as_wanted").boolean(is_as_wanted(seen));
  seen.status ? add_status(json, *seen.status, now) : add_no_status(json);
  add_last_exit(json, seen);
  add_deaths(json, seen, now);
  json.key("down_file").answer(seen.down_file);
  json.key("notifies").answer(seen.notifies);
  json.key("stale");
  seen.status ? json.boolean(is_stale(seen)) : json.null();
  json.key("supervisor");
  add_keeper(json, seen.supervisor);
  add_unreadable(json, seen);
}

void add_tail(Json& json, const Row& row) noexcept {
  json.key("log");
  if (!row.has_tail) return json.null();
  json.open('{');
  json.key("file");
  row.tail.file.empty() ? json.null() : json.string(row.tail.file);
  json.key("error");
  row.tail.error == 0 ? json.null() : json.string(cli::reason(row.tail.error));
  json.key("lines").open('[');
  for (std::string_view rest = row.tail.lines; !rest.empty();) {
    const std::string_view line = head(rest, rest.find('\n'));
    json.string(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  json.close(']');
  json.close('}');
}

void add_logger(Json& json, const Row& row, const Tai64n& now) noexcept {
  json.key("logger");
  if (!row.has_logger) return json.null();
  json.open('{');
  add_members(json, "log", row.logger, now);
  add_tail(json, row);
  json.close('}');
}

void add_scan(Json& json, const Scan& scan, const Tai64n& now) noexcept {
  json.open('{');
  json.key("path").string(scan.path);
  json.key("scanner");
  add_keeper(json, scan.scanner);
  json.key("services").open('[');
  for (const Row& row : scan.rows) {
    json.open_line('{');  // a service a line
    add_members(json, row.name, row.seen, now);
    add_logger(json, row, now);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

}  // namespace

void add_json(const Sink& sink, std::span<const Scan> scans, const Tai64n& now) noexcept {
  Json json(sink);
  json.open('{');
  json.key("version").number(json_version);
  json.key("time").stamp(now);
  json.key("scan_directories").open('[');
  for (const Scan& scan : scans) add_scan(json, scan, now);
  json.close(']');
  json.close('}');
  json.newline();
}

void add_json(const Sink& sink, std::string_view name, const Observation& seen, const Tai64n& now) noexcept {
  Json json(sink);
  json.open('{');
  json.key("version").number(json_version);
  json.key("time").stamp(now);
  add_members(json, name, seen, now);
  json.close('}');
  json.newline();
}

}  // namespace s6::svstat
