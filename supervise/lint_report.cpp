#include "supervise/lint_report.hpp"

#include "common/cli.hpp"
#include "svstat/utf8.hpp"

namespace s6::supervise::lint {
namespace {

// Names are of others, and messages may have names in them: a terminal must not obey them.
void add_shown(const svstat::Sink& sink, std::string_view text) noexcept {
  for (svstat::Shown shown(text); !shown.done();) sink.add(shown.next().text);
}

}  // namespace

Report::Report(const svstat::Sink& sink, const Style& style) noexcept : sink_(sink), style_(style) {
  if (style_.json) sink_.add("{\"version\":1,\"findings\":[");
}

void Report::add(Code code, std::string_view path, std::string_view message) noexcept {
  const Rule& rule = rule_of(code);
  if (style_.quiet && rule.severity == Severity::hint) return;
  ++count(rule.severity);
  style_.json ? add_element(rule, path, message) : add_line(rule, path, message);
}

void Report::add_line(const Rule& rule, std::string_view path, std::string_view message) const noexcept {
  add_shown(sink_, path);
  sink_.add(": ");
  sink_.add(name_of(rule.severity));
  sink_.add(": ");
  add_shown(sink_, message);
  sink_.add(" [");
  sink_.add(rule.name);
  sink_.add("]\n");
}

void Report::add_element(const Rule& rule, std::string_view path, std::string_view message) noexcept {
  sink_.add(first_ ? "\n{\"severity\":\"" : ",\n{\"severity\":\"");
  first_ = false;
  sink_.add(name_of(rule.severity));
  sink_.add("\",\"code\":\"");
  sink_.add(rule.name);
  sink_.add("\",\"path\":");
  svstat::add_json_string(sink_, path);
  sink_.add(",\"path_hex\":");
  if (svstat::is_utf8(path)) {
    sink_.add("null");
  } else {
    sink_.add("\"");
    svstat::add_hexadecimal(sink_, path);
    sink_.add("\"");
  }
  sink_.add(",\"message\":");
  svstat::add_json_string(sink_, message);
  sink_.add("}");
}

void Report::end() noexcept {
  if (!style_.json) return;
  sink_.add("\n],\"errors\":");
  sink_.add(count(Severity::error));
  sink_.add(",\"warnings\":");
  sink_.add(count(Severity::warning));
  sink_.add(",\"hints\":");
  sink_.add(count(Severity::hint));
  sink_.add("}\n");
}

int Report::exit_code() const noexcept {
  if (count(Severity::error) > 0) return found_errors;
  return count(Severity::warning) > 0 ? found_warnings : cli::ok;
}

}  // namespace s6::supervise::lint
