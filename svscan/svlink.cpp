// s6-svlink SCANDIR SERVICEDIR [NAME]: puts a service into a scan directory, has s6-svscan start supervisors for it and
// its logger, and waits until these run. A failure, or a signal that ends it, leaves neither the link nor a supervisor.
#include <errno.h>
#include <signal.h>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "svscan/linking.hpp"
#include "svwait/watch.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

PathBuffer absolute_or_die(const char* directory) noexcept {
  if (directory[0] == '/') return {directory};
  PathBuffer path;
  if (auto resolved = sys::real_path(directory, path); !resolved) cli::die(resolved.error());
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start_time = sys::monotonic_now();
  cli::set_program("s6-svlink");
  sys::ignore_signal(SIGPIPE);
  LinkSettings settings;
  const auto parsed = options::parse(link_options, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-svlink", link_options, "scandir servicedir [ name ]");
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage, parsed, "0 supervised, 1 no s6-svscan, 99 time over");
  if (parsed.operands.size() < 2) cli::die_usage(usage, "a scan directory and a service directory are needed");
  const char* const scan_directory = parsed.operands[0];
  const char* const directory = parsed.operands[1];
  const std::string_view name = parsed.operands.size() > 2 ? parsed.operands[2] : last_component(directory);
  if (*scan_directory == '\0' || *directory == '\0') cli::die_usage(usage, "empty name of a directory");
  if (!is_entry_name(name)) cli::die_usage(usage, "the service's name may not be empty nor begin with . or /");

  check_scanner_or_die(scan_directory, service_dir::remedy_without_scanner(scan_directory));
  Pair pair;
  look_at_service_or_die(directory, pair);
  Linking linking{scan_directory, pair, absolute_or_die(directory), service_dir::below(scan_directory, name)};
  if (!linking.link.ok()) cli::die(Error{ENAMETOOLONG, "look into", scan_directory});
  const sys::Nanoseconds deadline = svwait::deadline_after(start_time, settings.timeout);
  if (!pair.supervised) return link_and_wait(linking, settings, deadline);
  cli::warn({directory, " is already supervised: its supervisor is not started anew"});
  return link_supervised(linking, deadline);
}
