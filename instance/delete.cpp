// s6-instance-delete SERVICE NAME: takes an instance out of its service, waits until its supervisors have left, and
// removes its directory. As long as a supervisor lives it keeps its directory, in which its finish script is; with -X,
// or out of time, the next s6-instance-create or s6-instance-delete removes that.
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "common/cli.hpp"
#include "common/sys.hpp"
#include "instance/claim.hpp"
#include "instance/operands.hpp"
#include "instance/tree.hpp"
#include "svscan/linking.hpp"
#include "svwait/watch.hpp"

using namespace s6;
using namespace s6::instance;

namespace {

// A supervisor tells that it leaves before it has left. false: it is still there, or nobody can see when it ends.
bool has_left(const char* directory, sys::Nanoseconds deadline) noexcept {
  for (;;) {
    const auto supervisor = service_dir::test_supervisor(directory);
    if (!supervisor || !supervisor->locked) return static_cast<bool>(supervisor);
    if (sys::monotonic_now() >= deadline || supervisor->holder == 0) return false;
    const auto process = sys::pidfd(supervisor->holder);
    if (!process && process.error().code == ESRCH) continue;
    if (!process) return false;
    pollfd fd{.fd = process->get(), .events = POLLIN, .revents = 0};
    (void)sys::poll({&fd, 1}, deadline);  // an error is seen by the next look
  }
}

bool have_left(const svscan::Pair& pair, sys::Nanoseconds deadline) noexcept {
  for (std::size_t i = 0; i < pair.count; ++i)
    if (!has_left(pair.directories[i].c_str(), deadline)) return false;
  return true;
}

void remove_or_die(const Paths& paths) noexcept {
  Tree tree;
  if (auto removed = tree.remove(paths.copy.c_str()); !removed) cli::die(removed.error());
}

// Without a directory there may still be a link.
int delete_absent(const Paths& paths, const Operands& operands, sys::Nanoseconds deadline) noexcept {
  cli::warn(
      {"there is no instance ", operands.name, " of ", operands.service, "; s6-instance-list tells which there are"});
  return svscan::unlink_without_waiting(paths.scan.c_str(), paths.link, deadline);
}

int delete_claimed(const Paths& paths, const svscan::UnlinkSettings& settings, sys::Nanoseconds deadline) noexcept {
  svscan::Pair pair;
  if (auto found = svscan::find_logger(paths.copy.c_str(), pair); !found) cli::die(found.error());
  svscan::find_supervisors_or_die(pair);
  const int code = settings.wait ? svscan::unlink_and_wait(paths.scan.c_str(), paths.link, pair, deadline)
                                 : svscan::unlink_without_waiting(paths.scan.c_str(), paths.link, deadline);
  if (code != cli::ok) return code;
  if (have_left(pair, settings.wait ? deadline : 0)) {
    remove_or_die(paths);
  } else if (settings.wait) {
    cli::warn(
        {paths.copy, " is left, as it has a supervisor still; the next s6-instance-delete or -create removes it"});
  }
  return cli::ok;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-instance-delete");
  sys::ignore_signal(SIGPIPE);
  svscan::UnlinkSettings settings;
  const auto parsed = options::parse(svscan::unlink_options, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-instance-delete", svscan::unlink_options, operand_text);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage, parsed, "0 deleted, 1 the service is not up, 99 time over");
  const Operands operands = operands_or_die(parsed.operands, usage);
  const Paths paths = paths_or_die(operands);

  act_as_owner_or_die(paths);
  svscan::check_scanner_or_die(paths.scan.c_str(), service_is_needed);
  const sys::Nanoseconds deadline = svwait::deadline_after(start, settings.timeout);
  const auto claimed = claim(paths.copy, paths.link);
  if (!claimed) cli::die(claimed.error());
  if (claimed->found == Found::busy)
    cli::die(cli::usage_error,
             {"instance ", operands.name, " of ", operands.service, " is just being created or deleted; try again"});
  const int code = claimed->found == Found::absent ? delete_absent(paths, operands, deadline)
                                                   : delete_claimed(paths, settings, deadline);
  sweep(paths);
  return code;
}
