// s6-svlink SCANDIR SERVICEDIR [NAME]: puts a service into a scan directory, has s6-svscan start supervisors for it and
// its logger, and waits until these run. A failure leaves neither the link nor a supervisor.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/cli.hpp"
#include "common/fifodir.hpp"
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

enum class Down : unsigned char {
  no,
  at_first,  // -d: a down file while the supervisor starts
  kept       // -D: and it stays
};

struct Settings {
  Down down = Down::no;
  bool force = false;
  mode_t event_mode = fifodir::restricted_mode;
  std::uint32_t timeout = 0;  // milliseconds
};

constexpr options::Option<Settings> option_table[] = {
    {{'d'}, [](Settings& s, char, const char*) { return s.down = Down::at_first, true; }},
    {{'D'}, [](Settings& s, char, const char*) { return s.down = Down::kept, true; }},
    {{'f'}, [](Settings& s, char, const char*) { return s.force = true; }},
    {{'P'}, [](Settings& s, char, const char*) { return s.event_mode = fifodir::public_mode, true; }},
    {{'t', "timeout"},
     [](Settings& s, char, const char* value) {
       const auto number = parse_u32(value);
       s.timeout = number.value_or(0);
       return number.has_value();
     }},
};

// Everything that has to be undone if it does not come to a good end.
struct Linking {
  const char* scan_directory;
  const PathBuffer& link;
  const Pair& pair;
  Down down;
};

void remove_down_files(const Linking& linking) noexcept {
  for (std::size_t i = 0; i < linking.pair.count; ++i)
    (void)sys::unlink(service_dir::below(linking.pair.directories[i].c_str(), service_dir::down).c_str());
}

// s6-svscan is told, too: it would otherwise go on starting supervisors on a link that is gone.
void undo(const Linking& linking) noexcept {
  if (linking.down != Down::no) remove_down_files(linking);
  (void)sys::unlink(linking.link.c_str());
  (void)service_dir::send_control(linking.scan_directory, control_directory, "an");
  (void)service_dir::send_control(linking.pair.service(), service_dir::supervise, "xd");
  if (linking.pair.count == 2) (void)service_dir::send_control(linking.pair.logger(), service_dir::supervise, "xo");
}

void check_scanner_or_die(const char* scan_directory) noexcept {
  const PathBuffer path = service_dir::below(scan_directory, lock_file);
  auto fd = sys::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (!fd) cli::die(Error{fd.error().code, "open", path.c_str()}, "has an s6-svscan ever run there?");
  const auto state = sys::test_lock(fd->get());
  if (!state) cli::die(Error{state.error().code, "test the lock", path.c_str()});
  if (!state->locked) cli::die(cli::negative, {"no s6-svscan is running on ", scan_directory});
}

void check_run_or_die(const char* directory) noexcept {
  const PathBuffer path = service_dir::below(directory, "run");
  const auto run = sys::stat(path.c_str());
  if (!run) cli::die(Error{run.error().code, "find", path.c_str()});
  if ((run->st_mode & S_IXUSR) == 0) cli::die(cli::usage_error, {path, " is not executable; run: chmod +x ", path});
}

void look_at_service_or_die(const char* directory, Pair& pair) noexcept {
  check_run_or_die(directory);
  if (auto looked = look_at_pair(directory, pair); !looked)
    cli::die(looked.error().code == ENOTDIR ? cli::usage_error : cli::system_error, looked.error());
  if (pair.count == 2) check_run_or_die(pair.logger());
}

void make_event_directory_or_die(const PathBuffer& path, const Settings& settings) noexcept {
  const auto made = fifodir::make(path.c_str(), settings.event_mode);
  if (made) return;
  if (made.error().code != EEXIST) cli::die(made.error());
  if (!settings.force) return;
  if (auto r = fifodir::grant(path.c_str(), settings.event_mode, sys::effective_group()); !r) cli::die(r.error());
}

void make_down_file_or_die(const char* directory) noexcept {
  const PathBuffer path = service_dir::below(directory, service_dir::down);
  if (auto fd = sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK); !fd) cli::die(fd.error());
}

PathBuffer absolute_or_die(const char* directory) noexcept {
  if (directory[0] == '/') return {directory};
  PathBuffer path;
  if (auto resolved = sys::real_path(directory, path); !resolved) cli::die(resolved.error());
  return path;
}

// Only a service that is supervised already may have its link already.
void make_link_or_die(const char* directory, const PathBuffer& link, const Pair& pair) noexcept {
  const auto linked = sys::symlink(absolute_or_die(directory).c_str(), link.c_str());
  if (!linked && !(linked.error().code == EEXIST && pair.supervised))
    cli::die(linked.error(), linked.error().code == EEXIST ? "remove what is there, or take another name" : "");
}

Result<void> request_scan(const char* scan_directory) noexcept {
  const auto sent = service_dir::send_control(scan_directory, control_directory, "a");
  if (sent.outcome == service_dir::Delivery::sent) return {};
  return Error{sent.code, "command the s6-svscan on", scan_directory};
}

int link_and_wait(const char* directory, const Linking& linking, const Settings& settings,
                  sys::Nanoseconds deadline) noexcept {
  const Pair& pair = linking.pair;
  const PathBuffer events[] = {service_dir::below(pair.service(), service_dir::event),
                               service_dir::below(pair.logger(), service_dir::event)};
  for (std::size_t i = 0; i < pair.count; ++i) {
    if (settings.down != Down::no) make_down_file_or_die(pair.directories[i].c_str());
    make_event_directory_or_die(events[i], settings);
  }
  constexpr const char* supervisor_started = "s";
  const char* const wishes[] = {events[0].c_str(), supervisor_started, events[1].c_str(), supervisor_started};
  svwait::Listener listener(svwait::Quorum::all, deadline);
  listener.start_or_die(std::span(wishes).first(2 * pair.count));
  make_link_or_die(directory, linking.link, pair);
  if (auto requested = request_scan(linking.scan_directory); !requested) {
    undo(linking);
    listener.cancel();
    cli::die(requested.error());
  }
  const auto outcome = listener.wait();
  if (outcome != svwait::Listener::Outcome::heard) {
    undo(linking);
    return outcome == svwait::Listener::Outcome::too_late ? cli::timed_out : cli::system_error;
  }
  if (settings.down == Down::at_first) remove_down_files(linking);
  return cli::ok;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svlink");
  sys::ignore_signal(SIGPIPE);
  Settings settings;
  const auto parsed = options::parse(option_table, settings, options::words_of(argc, argv));
  const auto usage = options::usage("s6-svlink", option_table, "scandir servicedir [ name ]");
  if (parsed.problem != options::Problem::none) cli::die_usage(usage, parsed);
  if (parsed.operands.size() < 2) cli::die_usage(usage, "a scan directory and a service directory are needed");
  const char* const scan_directory = parsed.operands[0];
  const char* const directory = parsed.operands[1];
  const std::string_view name = parsed.operands.size() > 2 ? parsed.operands[2] : last_component(directory);
  if (*scan_directory == '\0' || *directory == '\0') cli::die_usage(usage, "empty name of a directory");
  if (!is_entry_name(name)) cli::die_usage(usage, "the service's name may not be empty nor begin with . or /");

  check_scanner_or_die(scan_directory);
  Pair pair;
  look_at_service_or_die(directory, pair);
  const PathBuffer link = service_dir::below(scan_directory, name);
  if (!pair.supervised) {
    const Linking linking{scan_directory, link, pair, settings.down};
    return link_and_wait(directory, linking, settings, svwait::deadline_after(start, settings.timeout));
  }
  cli::warn({directory, " is already supervised"});
  make_link_or_die(directory, link, pair);
  if (auto requested = request_scan(scan_directory); !requested) cli::die(requested.error());
  return cli::ok;
}
