// s6-instance-create SERVICE NAME: makes a copy of the template for a new instance, has the service's s6-svscan start a
// supervisor for it and its logger, and waits until these run. A failure leaves nothing.
#include <errno.h>
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

// A supervisor that has been started and told to leave still needs its directory; then that is left to the next sweep.
void remove_copy(const svscan::Linking& linking) noexcept {
  svscan::Pair pair = linking.pair;
  if (!svscan::find_supervisors(pair) || pair.supervised) return;
  Tree tree;
  (void)tree.remove(pair.service());
}

void copy_template_or_die(const Paths& paths) noexcept {
  Tree tree;
  const auto copied = tree.copy(paths.model.c_str(), paths.copy.c_str());
  if (copied) return;
  Tree remains;
  (void)remains.remove(paths.copy.c_str());
  cli::die(copied.error());
}

// Told of the template, where it can be mended.
void check_template_or_die(const Paths& paths) noexcept {
  svscan::Pair pair;
  svscan::look_at_service_or_die(paths.model.c_str(), pair);
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-instance-create");
  sys::ignore_signal(SIGPIPE);
  svscan::LinkSettings settings;
  const auto parsed = options::parse(svscan::link_options, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-instance-create", svscan::link_options, operand_text);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage, parsed, "0 supervised, 1 the service is not up, 99 time over");
  const Operands operands = operands_or_die(parsed.operands, usage);
  const Paths paths = paths_or_die(operands);

  act_as_owner_or_die(paths);
  svscan::check_scanner_or_die(paths.scan.c_str(), service_is_needed);
  check_template_or_die(paths);
  sweep(paths);
  const UniqueFd lock = make_or_die(paths);
  copy_template_or_die(paths);
  svscan::Pair pair;
  if (auto found = svscan::find_logger(paths.copy.c_str(), pair); !found) cli::die(found.error());
  svscan::Linking linking{paths.scan.c_str(), pair, paths.target, paths.link, remove_copy};
  return svscan::link_and_wait(linking, settings, svwait::deadline_after(start, settings.timeout));
}
