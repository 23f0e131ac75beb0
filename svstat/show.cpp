#include "svstat/show.hpp"

#include <errno.h>
#include <unistd.h>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"
#include "svstat/format.hpp"
#include "svstat/json.hpp"
#include "svstat/look.hpp"
#include "svstat/output.hpp"

namespace s6::svstat {
namespace {

[[noreturn]] void die_of_look(const char* directory, const Error& error) noexcept {
  cli::die(error, service_dir::remedy(directory, service_dir::Use::look, error.code));
}

// Out of line, as it needs room for a path.
[[noreturn, gnu::noinline]] void die_of_down_file(const char* directory, const Error& error) noexcept {
  const PathBuffer path = service_dir::below(directory, service_dir::down);
  die_of_look(directory, {error.code, error.doing, path.c_str()});
}

bool is_normally_up_or_die(const char* directory) noexcept {
  const auto found = service_dir::access_below(directory, service_dir::down, F_OK);
  if (!found && found.error().code != ENOENT) die_of_down_file(directory, found.error());
  return !found;
}

void print_json(const char* directory) noexcept {
  Observation seen = look_at_service(directory);
  if (needs_second_look(seen)) {
    sys::nap(time_to_write);
    look_again(directory, seen);
  }
  Output output;
  add_json(output.sink(), directory, seen, sys::stamp_now());
  output.flush();
}

}  // namespace

std::span<const char* const> operands_or_die(std::span<const char* const> words, Request& request,
                                             const options::UsageText& usage) noexcept {
  const auto parsed = parse(words, request);
  if (request.too_many)
    cli::die_usage(usage.view(),
                   TextBuffer<256>{"too many fields, at most ", to_text(max_fields), " can be printed"}.view());
  if (request.has_unknown_field)
    cli::die_usage(
        usage.view(),
        TextBuffer<256>{"unknown field: ", request.unknown_field, "; the fields are in s6-svstat(1)"}.view());
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 printed, 1 not supervised");
  return parsed.operands;
}

void show_or_die(const char* directory, const Request& request) noexcept {
  sys::Discarded until_exit;
  const auto supervisor = service_dir::test_supervisor(directory, &until_exit);
  if (!supervisor) die_of_look(directory, supervisor.error());
  if (!supervisor->locked) {
    const std::string_view remedy = service_dir::remedy_without_supervisor(directory);
    cli::die(cli::negative, {"unable to read status for ", directory, ": s6-supervise not running",
                             remedy.empty() ? "" : "; ", remedy});
  }
  const auto status = service_dir::read_status(directory, &until_exit);
  if (!status) die_of_look(directory, status.error());
  if (request.json) return print_json(directory);

  const Facts facts{*status, sys::stamp_now(), is_normally_up_or_die(directory)};
  cli::print(request.field_count == 0 ? line(facts, request.style) : fields(facts, request.wanted()));
}

}  // namespace s6::svstat
