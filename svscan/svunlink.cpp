// s6-svunlink SCANDIR NAME: takes a service out of a scan directory, has s6-svscan end its supervisors, and waits until
// they have left.
#include <errno.h>
#include <signal.h>
#include <unistd.h>

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

// An entry that is not there needs no removal, and without a scanner there is nobody who could end the supervisors;
// they may leave all the same.
Result<void> take_out(const char* scan_directory, const PathBuffer& link,
                      const service_dir::Patience& patience) noexcept {
  if (auto removed = sys::unlink(link.c_str()); !removed && removed.error().code != ENOENT) return removed;
  const auto sent = service_dir::send_control(scan_directory, control_directory, "an", patience);
  if (sent.code == ETIMEDOUT || sent.code == EINTR) return Error{sent.code, "command the s6-svscan on", scan_directory};
  if (sent.outcome != service_dir::Delivery::sent)
    cli::warn({"unable to command the s6-svscan on ", scan_directory, ": is one running?"});
  return {};
}

[[noreturn]] void fail(const Error& error) noexcept {
  switch (error.code) {
    case EISDIR: cli::die(error, "only links are taken out; stop the service, or move it away and scan");
    case ETIMEDOUT: cli::die(cli::timed_out, error, "it does not read its commands; is it stopped?");
    default: cli::die(error);
  }
}

// Through its real path: the link is gone when the subscription is to be removed. An event directory in which nobody
// can be heard is no reason to leave the service where it is; its supervisor is not waited for.
bool find_event_directory(const PathBuffer& directory, PathBuffer& event) noexcept {
  const PathBuffer path = service_dir::below(directory.c_str(), service_dir::event);
  auto found = sys::real_path(path.c_str(), event);
  if (found) found = sys::access(event.c_str(), W_OK | X_OK);
  if (!found) cli::warn(found.error(), "its supervisor is not waited for");
  return static_cast<bool>(found);
}

int unlink_and_wait(const char* scan_directory, const PathBuffer& link, sys::Nanoseconds deadline) noexcept {
  Pair pair;
  if (auto found = find_logger(link.c_str(), pair); !found) cli::die(found.error());
  if (auto found = find_supervisors(pair); !found) cli::die(found.error());
  PathBuffer events[2];
  const char* wishes[4];
  std::size_t count = 0;
  for (std::size_t i = 0; pair.supervised && i < pair.count; ++i) {
    if (!find_event_directory(pair.directories[i], events[i])) continue;
    wishes[count++] = events[i].c_str();
    wishes[count++] = "x";  // what a supervisor says when it leaves
  }
  svwait::Listener listener(svwait::Quorum::all, deadline);
  listener.start_or_die(std::span<const char* const>(wishes, count));
  if (auto taken_out = take_out(scan_directory, link, listener.patience()); !taken_out) {
    listener.cancel();
    listener.heed_signals();
    fail(taken_out.error());
  }
  switch (listener.wait()) {
    case svwait::Listener::Outcome::too_late:
      cli::say(cli::Level::fatal, {link, " was taken out, but its supervisor has not left yet"});
      return cli::timed_out;
    case svwait::Listener::Outcome::heard:
    case svwait::Listener::Outcome::lost:
    case svwait::Listener::Outcome::interrupted: break;
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
  if (!link.ok()) cli::die(Error{ENAMETOOLONG, "look into", scan_directory});
  const sys::Nanoseconds deadline = svwait::deadline_after(start, settings.timeout);
  if (settings.wait) return unlink_and_wait(scan_directory, link, deadline);
  if (auto taken_out = take_out(scan_directory, link, {.deadline = deadline}); !taken_out) fail(taken_out.error());
  return cli::ok;
}
