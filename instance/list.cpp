// s6-instance-list SERVICE: prints the names of all instances, one a line.
#include "common/cli.hpp"
#include "common/line_output.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "instance/operands.hpp"
#include "svscan/linking.hpp"

using namespace s6;

namespace {

const char* parse_or_die(std::span<const char* const> words) noexcept {
  constexpr std::string_view usage = "s6-instance-list servicedir";
  const auto operands = options::operands_without_options(words);
  if (operands.empty()) cli::die_usage(usage, "no instanced service given");
  if (*operands[0] == '\0') cli::die_usage(usage, "empty name of a service directory");
  return operands[0];
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-instance-list");
  const PathBuffer scan = service_dir::below(parse_or_die(options::words_of(argc, argv)), instance::scan_directory);
  svscan::check_scanner_or_die(scan.c_str(), instance::service_is_needed);
  sys::DirectoryReader entries;
  if (auto opened = entries.open(scan.c_str()); !opened) cli::die(opened.error());
  LineOutput output;
  for (;;) {
    const auto entry = entries.next();
    if (!entry) cli::die(entry.error());
    if (!*entry) break;
    if ((*entry)->name[0] == '.') continue;
    output.add((*entry)->view());
    output.add("\n");
  }
  output.flush();
  return cli::ok;
}
