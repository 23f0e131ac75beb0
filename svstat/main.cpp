// s6-svstat: prints the status of a service.
#include <errno.h>
#include <unistd.h>

#include <span>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"
#include "svstat/format.hpp"
#include "svstat/options.hpp"

using namespace s6;

namespace {

const char* parse_or_die(std::span<const char* const> words, svstat::Request& request) noexcept {
  const auto parsed = svstat::parse(words, request);
  const auto usage = svstat::usage();
  if (request.too_many) cli::die_usage(usage.view(), "too many option fields");
  if (request.has_unknown_field)
    cli::die_usage(usage.view(), TextBuffer<256>{"invalid option field: ", request.unknown_field}.view());
  if (parsed.problem != options::Problem::none) cli::die_usage(usage.view(), parsed);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  return parsed.operands[0];
}

bool is_normally_up_or_die(const char* directory) noexcept {
  const PathBuffer down{directory, "/", service_dir::down};
  const auto found = sys::access(down.c_str(), F_OK);
  if (!found && found.error().code != ENOENT) cli::die(found.error());
  return !found;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svstat");
  svstat::Request request;
  const auto words = std::span<const char* const>(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
  const char* const directory = parse_or_die(words, request);

  const auto supervisor = service_dir::test_supervisor(directory);
  if (!supervisor) cli::die(supervisor.error());
  if (!supervisor->locked)
    cli::die(cli::negative,
             {"unable to read status for ", directory, ": s6-supervise not running; is s6-svscan running?"});
  const auto status = service_dir::read_status(directory);
  if (!status) cli::die(status.error(), service_dir::explain_status_error(status.error()));

  const svstat::Facts facts{*status, sys::stamp_now(), is_normally_up_or_die(directory)};
  cli::print(request.field_count == 0 ? svstat::line(facts, request.style) : svstat::fields(facts, request.wanted()));
  return cli::ok;
}
