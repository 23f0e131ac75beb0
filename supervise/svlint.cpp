// s6-svlint: says what is wrong or suspicious in service directories before they are supervised.
#include <errno.h>
#include <sys/stat.h>

#include "common/cli.hpp"
#include "common/usage.hpp"
#include "supervise/lint_directory.hpp"
#include "supervise/svlint_options.hpp"
#include "svstat/output.hpp"

using namespace s6;
using namespace s6::supervise::lint;

namespace {

std::span<const char* const> parse_or_die(std::span<const char* const> words, Request& request) noexcept {
  const auto parsed = options::parse(option_table, request, words);
  const auto usage = options::usage("s6-svlint", option_table, operand_text);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage, parsed, "0 nothing worse than hints, 1 errors, 2 warnings");
  if (parsed.operands.empty()) cli::die_usage(usage, "which directory?");
  return parsed.operands;
}

// Without the slashes at its end, so that paths in it look well.
PathBuffer plain(const char* operand) noexcept {
  std::string_view path = operand;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return {path};
}

void check_or_die(const char* directory) noexcept {
  const auto st = sys::stat(directory);
  if (!st) cli::die(Error{st.error().code, "look at", directory});
  if (!S_ISDIR(st->st_mode)) cli::die(Error{ENOTDIR, "look at", directory}, "a service is a directory");
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svlint");
  Request request;
  const auto directories = parse_or_die(options::words_of(argc, argv), request);
  for (const char* const directory : directories) check_or_die(directory);

  svstat::Output output;
  Report report(output.sink(), request.style);
  Inspector inspector(report, sys::effective_user());
  for (const char* const operand : directories) {
    const PathBuffer directory = plain(operand);  // not too long: it has been looked at
    request.scan || is_scan_directory(directory.c_str()) ? inspector.look_at_scan_directory(directory.c_str())
                                                         : inspector.look_at_service(directory.c_str());
  }
  report.end();
  output.flush();
  return report.exit_code();
}
