// s6-svlink SCANDIR SERVICEDIR [NAME]: puts a service into a scan directory, has s6-svscan start supervisors for it and
// its logger, and waits until these run. A failure, or a signal
// that ends it, leaves neither the link nor a supervisor.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>

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

// One attempt, and what it has made so far: that has to be undone if it does not come to a good end.
struct Linking {
  const char* scan_directory;
  const Pair& pair;
  PathBuffer target;
  PathBuffer link;
  std::array<PathBuffer, 2> events = {};
  std::array<PathBuffer, 2> downs = {};
  std::array<bool, 2> made_down = {};
  bool made_link = false;
};

// s6-svscan is told, too: it would otherwise go on starting supervisors on a link that is gone.
void undo(const Linking& linking) noexcept {
  constexpr service_dir::Patience none{.deadline = 0};
  for (std::size_t i = 0; i < linking.pair.count; ++i)
    if (linking.made_down[i]) (void)sys::unlink(linking.downs[i].c_str());
  if (!linking.made_link) return;
  (void)sys::unlink(linking.link.c_str());
  (void)service_dir::send_control(linking.scan_directory, control_directory, "an", none);
  if (linking.pair.supervised) return;
  (void)service_dir::send_control(linking.pair.service(), service_dir::supervise, "xd", none);
  if (linking.pair.count == 2)
    (void)service_dir::send_control(linking.pair.logger(), service_dir::supervise, "xo", none);
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
  if (auto found = find_logger(directory, pair); !found)
    cli::die(found.error().code == ENOTDIR ? cli::usage_error : cli::system_error, found.error());
  if (pair.count == 2) check_run_or_die(pair.logger());
  if (auto found = find_supervisors(pair); !found) cli::die(found.error());
}

Result<void> make_event_directory(const PathBuffer& path, const Settings& settings) noexcept {
  auto made = fifodir::make(path.c_str(), settings.event_mode);
  if (made || made.error().code != EEXIST) return made;
  if (!settings.force) return {};
  return fifodir::grant(path.c_str(), settings.event_mode, sys::effective_group());
}

Result<void> make_down_file(const PathBuffer& path, bool& made) noexcept {
  const auto fd = sys::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  if (!fd && fd.error().code != EEXIST) return fd.error();
  made = static_cast<bool>(fd);
  return {};
}

void remove_down_files(const Linking& linking) noexcept {
  for (std::size_t i = 0; i < linking.pair.count; ++i)
    if (auto removed = sys::unlink(linking.downs[i].c_str()); !removed && removed.error().code != ENOENT)
      cli::warn(removed.error(), "the service will be down the next time, too");
}

PathBuffer absolute_or_die(const char* directory) noexcept {
  if (directory[0] == '/') return {directory};
  PathBuffer path;
  if (auto resolved = sys::real_path(directory, path); !resolved) cli::die(resolved.error());
  return path;
}

// Only a service that is supervised already may have its link already.
Result<void> make_link(Linking& linking) noexcept {
  auto linked = sys::symlink(linking.target.c_str(), linking.link.c_str());
  linking.made_link = static_cast<bool>(linked);
  if (!linked && linked.error().code == EEXIST && linking.pair.supervised) return {};
  return linked;
}

Result<void> request_scan(const char* scan_directory, const service_dir::Patience& patience) noexcept {
  const auto sent = service_dir::send_control(scan_directory, control_directory, "a", patience);
  if (sent.outcome == service_dir::Delivery::sent) return {};
  return Error{sent.code, "command the s6-svscan on", scan_directory};
}

Result<void> prepare(Linking& linking, const Settings& settings) noexcept {
  for (std::size_t i = 0; i < linking.pair.count; ++i) {
    const char* const directory = linking.pair.directories[i].c_str();
    linking.events[i] = service_dir::below(directory, service_dir::event);
    linking.downs[i] = service_dir::below(directory, service_dir::down);
    if (settings.down != Down::no)
      if (auto made = make_down_file(linking.downs[i], linking.made_down[i]); !made) return made;
    if (auto made = make_event_directory(linking.events[i], settings); !made) return made;
  }
  return {};
}

[[noreturn]] void fail(const Linking& linking, const Error& error) noexcept {
  undo(linking);
  switch (error.code) {
    case EEXIST: cli::die(error, "remove what is there, or take another name");
    case ETIMEDOUT: cli::die(cli::timed_out, error, "it does not read its commands; is it stopped?");
    default: cli::die(error);
  }
}

// Subscribes before s6-svscan can know of the service, so that no event is missed.
Result<void> start(Linking& linking, svwait::Listener& listener) noexcept {
  constexpr const char* supervisor_started = "s";
  const char* const wishes[] = {linking.events[0].c_str(), supervisor_started,  //
                                linking.events[1].c_str(), supervisor_started};
  if (auto started = listener.start(std::span(wishes).first(2 * linking.pair.count)); !started) return started;
  if (auto linked = make_link(linking); !linked) return linked;
  return request_scan(linking.scan_directory, listener.patience());
}

int link_and_wait(Linking& linking, const Settings& settings, sys::Nanoseconds deadline) noexcept {
  if (auto prepared = prepare(linking, settings); !prepared) fail(linking, prepared.error());
  svwait::Listener listener(svwait::Quorum::all, deadline);
  if (auto started = start(linking, listener); !started) {
    listener.cancel();
    if (started.error().code == EINTR) {
      undo(linking);
      listener.heed_signals();
    }
    fail(linking, started.error());
  }
  switch (listener.wait_or_signal()) {
    case svwait::Listener::Outcome::heard: break;
    case svwait::Listener::Outcome::interrupted:
      undo(linking);
      listener.heed_signals();
      break;
    case svwait::Listener::Outcome::too_late: undo(linking); return cli::timed_out;
    case svwait::Listener::Outcome::lost: undo(linking); return cli::system_error;
  }
  if (settings.down == Down::at_first) remove_down_files(linking);
  return cli::ok;
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start_time = sys::monotonic_now();
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
  Linking linking{scan_directory, pair, absolute_or_die(directory), service_dir::below(scan_directory, name)};
  if (!linking.link.ok()) cli::die(Error{ENAMETOOLONG, "look into", scan_directory});
  const sys::Nanoseconds deadline = svwait::deadline_after(start_time, settings.timeout);
  if (!pair.supervised) return link_and_wait(linking, settings, deadline);
  cli::warn({directory, " is already supervised"});
  if (auto linked = make_link(linking); !linked) fail(linking, linked.error());
  if (auto requested = request_scan(scan_directory, {.deadline = deadline}); !requested)
    fail(linking, requested.error());
  return cli::ok;
}
