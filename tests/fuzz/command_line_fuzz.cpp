// Any command line through the tables of the programs: what is accepted is in its range, what is refused is named, and
// what one program writes for another is read there as it was meant.
#include <cstring>

#include "log/options.hpp"
#include "supervise/machine.hpp"
#include "svc/options.hpp"
#include "svscan/boot_options.hpp"
#include "svscan/options.hpp"
#include "svstat/options.hpp"
#include "svwait/options.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using options::Problem;

namespace {

using Line = std::span<const char* const>;

// True of every outcome.
void check_outcome(const options::Outcome& outcome, Line line) {
  const bool is_wrong =
      outcome.problem != Problem::none && outcome.problem != Problem::help && outcome.problem != Problem::version;
  fuzz::check((options::explain(outcome).size() == 0) == !is_wrong);
  if (outcome.problem != Problem::none) return;
  fuzz::check(outcome.operands.size() <= line.size());
  fuzz::check(std::equal(outcome.operands.rbegin(), outcome.operands.rend(), line.rbegin()));
}

void check_svscan(Line line) {
  const svscan::CommandLine read = svscan::parse_command_line(line);
  const svscan::Settings& settings = read.settings;
  fuzz::check(settings.console == -1 || settings.console >= 3);
  if (read.outcome.problem == Problem::refused) return;
  check_outcome(read.outcome, line);
  if (read.outcome.problem != Problem::none || read.directory_is_missing) return;
  fuzz::check(settings.directory == read.outcome.operands[0]);
  fuzz::check(settings.services >= 4 && settings.services <= 160'000);
  fuzz::check(settings.name_bytes >= 11 && settings.name_bytes <= 1019);
  fuzz::check(settings.notification == -1 || settings.notification >= 3);
  fuzz::check(settings.notification == -1 || settings.notification != settings.console);
}

// s6-svscanboot starts s6-svscan: its numbers arrive there.
void check_svscanboot(Line line) {
  svscan::BootSettings boot;
  const auto outcome = options::parse(svscan::boot_option_table, boot, line);
  check_outcome(outcome, line);
  if (outcome.problem != Problem::none) return;
  fuzz::check(boot.log_mode <= 07777);
  const std::string console = std::to_string(boot.console_descriptor());
  const svscan::ScannerArguments arguments(boot, console.c_str(), "/run/service");
  std::size_t count = 0;
  while (arguments.get()[count] != nullptr) ++count;
  const svscan::CommandLine read = svscan::parse_command_line(Line(arguments.get() + 1, count - 1));
  fuzz::check(read.outcome.problem == Problem::none && !read.directory_is_missing);
  fuzz::check(std::strcmp(read.settings.directory, "/run/service") == 0);
  fuzz::check(read.settings.console == boot.console_descriptor());
  fuzz::check(read.settings.notification == boot.notification);
  if (boot.period != nullptr) fuzz::check(read.settings.period == parse_u32(boot.period));
  if (boot.services != nullptr)
    fuzz::check(read.settings.services == std::clamp<std::uint32_t>(*parse_u32(boot.services), 4, 160'000));
}

// Each byte that s6-svc sends is a command for s6-supervise.
void check_svc(Line line) {
  svc::Request request;
  const auto outcome = svc::parse(line, request);
  check_outcome(outcome, line);
  fuzz::check(request.commands.view().size() <= svc::max_commands);
  for (const char byte : request.commands.view()) fuzz::check(supervise::command_for(byte).has_value());
  fuzz::check(!request.too_many || outcome.problem == Problem::refused);
  const bool ready = request.wants_readiness();
  request.forget_readiness();
  fuzz::check(!request.wants_readiness() && (ready || !request.wait || *request.wait != svwait::Goal::ready));
}

void check_svstat(Line line) {
  svstat::Request request;
  const auto outcome = svstat::parse(line, request);
  check_outcome(outcome, line);
  fuzz::check(request.field_count <= request.fields.size());
  fuzz::check(!(request.too_many || request.has_unknown_field) || outcome.problem == Problem::refused);
  if (request.has_unknown_field) fuzz::check(!svstat::field_of(request.unknown_field).has_value());
}

void check_svwait(Line line) {
  svwait::Request request;
  check_outcome(options::parse(svwait::option_table, request, line), line);
  svwait::Request of_one;
  const auto outcome = options::parse(svwait::option_table_of_one, of_one, line);
  check_outcome(outcome, line);
  if (outcome.problem == Problem::none) fuzz::check(of_one.condition.quorum == svwait::Quorum::all);
}

void check_log(Line line) {
  log::Options settings;
  const auto outcome = options::parse(log::option_table, settings, line);
  check_outcome(outcome, line);
  fuzz::check(settings.line_limit == 0 || settings.line_limit >= log::least_line_limit);
  fuzz::check(settings.verbosity <= 1 + 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::CommandLine words(fuzz::text(data, size));
  const Line line = words.argv();
  check_svscan(line);
  check_svscanboot(line);
  check_svc(line);
  check_svstat(line);
  check_svwait(line);
  check_log(line);
  return 0;
}
