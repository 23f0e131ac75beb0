// s6-svunlink SCANDIR NAME: takes a service out of a scan directory, has s6-svscan end its supervisors, and waits until
// they have left.
#include <errno.h>
#include <signal.h>

#include "common/cli.hpp"
#include "common/number.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "svscan/control_directory.hpp"
#include "svscan/service_entry.hpp"
#include "svwait/listener.hpp"
#include "svwait/watch.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

struct Settings {
  bool wait = true;
  std::uint32_t timeout = 0;  // milliseconds
};

constexpr options::Option<Settings> option_table[] = {
    {{'X'}, [](Settings& s, char, const char*) { return s.wait = false, true; }},
    {{'t', "timeout"},
     [](Settings& s, char, const char* value) {
       const auto number = parse_u32(value);
       s.timeout = number.value_or(0);
       return number.has_value();
     }},
};

// Without a scanner there is nobody who could end the supervisors; they may do so all the same.
void unlink(const char* scan_directory, const PathBuffer& link) noexcept {
  if (auto removed = sys::unlink(link.c_str()); !removed && removed.error().code != ENOENT) cli::warn(removed.error());
  const auto sent = service_dir::send_control(scan_directory, control_directory, "an");
  if (sent.outcome != service_dir::Delivery::sent)
    cli::warn({"unable to command the s6-svscan on ", scan_directory, ": is one running?"});
}

// Through its real path: the link is gone when the subscription is to be removed.
Result<PathBuffer> real_event_directory(const PathBuffer& directory) noexcept {
  PathBuffer path;
  if (auto r = sys::real_path(service_dir::below(directory.c_str(), service_dir::event).c_str(), path); !r)
    return r.error();
  return path;
}

int unlink_and_wait(const char* scan_directory, const PathBuffer& link, sys::Nanoseconds deadline) noexcept {
  Pair pair;
  if (auto looked = look_at_pair(link.c_str(), pair); !looked) cli::die(looked.error());
  PathBuffer events[2];
  const char* wishes[4];
  std::size_t count = 0;
  for (std::size_t i = 0; pair.supervised && i < pair.count; ++i) {
    auto event = real_event_directory(pair.directories[i]);
    if (!event) continue;  // whose leaving cannot be heard is not waited for
    events[i] = *event;
    wishes[count++] = events[i].c_str();
    wishes[count++] = "x";  // what a supervisor says when it leaves
  }
  svwait::Listener listener(svwait::Quorum::all, deadline);
  listener.start_or_die(std::span<const char* const>(wishes, count));
  unlink(scan_directory, link);
  switch (listener.wait()) {
    case svwait::Listener::Outcome::too_late:
      cli::say(cli::Level::fatal, {link, " was taken out, but its supervisor has not left yet"});
      return cli::timed_out;
    case svwait::Listener::Outcome::heard:
    case svwait::Listener::Outcome::lost: break;
  }
  return cli::ok;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svunlink");
  sys::ignore_signal(SIGPIPE);
  Settings settings;
  const auto parsed = options::parse(option_table, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-svunlink", option_table, "scandir name");
  if (parsed.problem != options::Problem::none) cli::die_usage(usage, parsed);
  if (parsed.operands.size() < 2) cli::die_usage(usage, "a scan directory and the name of a service are needed");
  const char* const scan_directory = parsed.operands[0];
  const char* const name = parsed.operands[1];
  if (!is_entry_name(name)) cli::die_usage(usage, "the service's name may not be empty nor begin with . or /");

  const PathBuffer link = service_dir::below(scan_directory, name);
  if (settings.wait) return unlink_and_wait(scan_directory, link, svwait::deadline_after(start, settings.timeout));
  unlink(scan_directory, link);
  return cli::ok;
}
