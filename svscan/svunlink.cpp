// s6-svunlink SCANDIR NAME: takes a service out of a scan directory, has s6-svscan end its supervisors, and waits until
// they have left.
#include <errno.h>
#include <signal.h>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "svscan/linking.hpp"
#include "svwait/watch.hpp"

using namespace s6;
using namespace s6::svscan;

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svunlink");
  sys::ignore_signal(SIGPIPE);
  UnlinkSettings settings;
  const auto parsed = options::parse(unlink_options, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-svunlink", unlink_options, "scandir name");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage, parsed, "0 taken out, 99 time over");
  if (parsed.operands.size() < 2) cli::die_usage(usage, "a scan directory and the name of a service are needed");
  const char* const scan_directory = parsed.operands[0];
  const char* const name = parsed.operands[1];
  if (!is_entry_name(name)) cli::die_usage(usage, "the service's name may not be empty nor begin with . or /");

  const PathBuffer link = service_dir::below(scan_directory, name);
  if (!link.ok()) cli::die(Error{ENAMETOOLONG, "look into", scan_directory});
  const sys::Nanoseconds deadline = svwait::deadline_after(start, settings.timeout);
  if (!settings.wait) return unlink_without_waiting(scan_directory, link, deadline);
  Pair pair;
  if (auto found = find_logger(link.c_str(), pair); !found) cli::die(found.error());
  find_supervisors_or_die(pair);
  return unlink_and_wait(scan_directory, link, pair, deadline);
}
