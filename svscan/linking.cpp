#include "svscan/linking.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "svscan/control_directory.hpp"
#include "svwait/listener.hpp"

namespace s6::svscan {
namespace {

constexpr const char* command_scanner = "command the s6-svscan on";

// For errors of those who command an s6-svscan, and others.
[[noreturn]] void die_of_scanner(const Error& error) noexcept {
  const bool commanding = error.doing == std::string_view(command_scanner);
  if (error.code == ETIMEDOUT) cli::die(cli::timed_out, error, "it does not read its commands; is it stopped?");
  if (commanding && (error.code == ENXIO || error.code == EPIPE)) cli::die(error, "it has ended meanwhile");
  if (commanding && error.code == EACCES) cli::die(error, "only root and the user who runs it can do this");
  cli::die(error);
}

// --- putting in ----------------------------------------------------------------------------------------------------
// s6-svscan is told, too: it would otherwise go on starting supervisors on a link that is gone.
void undo_link(const Linking& linking) noexcept {
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

void undo(const Linking& linking) noexcept {
  undo_link(linking);
  if (linking.undo_more != nullptr) linking.undo_more(linking);
}

void check_run_or_die(const char* directory) noexcept {
  const PathBuffer path = service_dir::below(directory, "run");
  const auto run = sys::stat(path.c_str());
  if (!run)
    cli::die(Error{run.error().code, "find", path.c_str()},
             run.error().code == ENOENT ? service_dir::remedy_without_supervisor(directory) : std::string_view());
  if ((run->st_mode & S_IXUSR) == 0) cli::die(cli::usage_error, {path, " is not executable; run: chmod +x ", path});
}

Result<void> make_event_directory(const PathBuffer& path, const LinkSettings& settings) noexcept {
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
      cli::warn(removed.error(), "the next supervisor will not start the service");
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
  return Error{sent.code, command_scanner, scan_directory};
}

Result<void> prepare(Linking& linking, const LinkSettings& settings) noexcept {
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
  if (error.code == EEXIST) cli::die(error, "remove what is there, or take another name");
  die_of_scanner(error);
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

// --- taking out ----------------------------------------------------------------------------------------------------
// An entry that is not there needs no removal, and without a scanner there is nobody who could end the supervisors;
// they may leave all the same.
Result<void> take_out(const char* scan_directory, const PathBuffer& link,
                      const service_dir::Patience& patience) noexcept {
  if (auto removed = sys::unlink(link.c_str()); !removed && removed.error().code != ENOENT) return removed;
  const auto sent = service_dir::send_control(scan_directory, control_directory, "an", patience);
  if (sent.code == ETIMEDOUT || sent.code == EINTR) return Error{sent.code, command_scanner, scan_directory};
  if (sent.outcome == service_dir::Delivery::not_listening)
    cli::warn({"no s6-svscan is running on ", scan_directory, ": a supervisor, if there is one, is not ended"});
  else if (sent.outcome != service_dir::Delivery::sent)
    cli::warn(Error{sent.code, command_scanner, scan_directory}, "a supervisor, if there is one, is not ended");
  return {};
}

[[noreturn]] void fail_to_unlink(const Error& error) noexcept {
  if (error.code == EISDIR) cli::die(error, "only links are taken out; stop the service, or move it away and scan");
  die_of_scanner(error);
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

}  // namespace

void check_scanner_or_die(const char* scan_directory, std::string_view remedy) noexcept {
  const PathBuffer path = service_dir::below(scan_directory, lock_file);
  auto fd = sys::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (!fd && fd.error().code == ENOENT)
    cli::die(cli::system_error, {"unable to open ", path, ": no s6-svscan has ever run there; ", remedy});
  if (!fd)
    cli::die(Error{fd.error().code, "open", path.c_str()},
             fd.error().code == EACCES ? "only root and the user who runs s6-svscan can do this" : "");
  const auto state = sys::test_lock(fd->get());
  if (!state) cli::die(Error{state.error().code, "test the lock", path.c_str()});
  if (!state->locked) cli::die(cli::negative, {"no s6-svscan is running on ", scan_directory, "; ", remedy});
}

void look_at_service_or_die(const char* directory, Pair& pair) noexcept {
  check_run_or_die(directory);
  if (auto found = find_logger(directory, pair); !found)
    cli::die(found.error().code == ENOTDIR ? cli::usage_error : cli::system_error, found.error(),
             found.error().code == ENOTDIR ? "the log of a service is the service directory of its logger" : "");
  if (pair.count == 2) check_run_or_die(pair.logger());
  find_supervisors_or_die(pair);
}

void find_supervisors_or_die(Pair& pair) noexcept {
  const auto found = find_supervisors(pair);
  if (found) return;
  if (found.error().code == EINVAL)
    cli::die(cli::system_error, {"of ", pair.service(), " and its log only one has a supervisor; ",
                                 "s6-svc -x ends that, or s6-svscan starts the other"});
  cli::die(found.error(), service_dir::remedy(pair.service(), service_dir::Use::look, found.error().code));
}

int link_and_wait(Linking& linking, const LinkSettings& settings, sys::Nanoseconds deadline) noexcept {
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
    case svwait::Listener::Outcome::lost:
    case svwait::Listener::Outcome::failed: undo(linking); return cli::system_error;
  }
  if (settings.down == Down::at_first) remove_down_files(linking);
  return cli::ok;
}

int link_supervised(Linking& linking, sys::Nanoseconds deadline) noexcept {
  if (auto linked = make_link(linking); !linked) fail(linking, linked.error());
  if (auto requested = request_scan(linking.scan_directory, {.deadline = deadline}); !requested)
    fail(linking, requested.error());
  return cli::ok;
}

int unlink_without_waiting(const char* scan_directory, const PathBuffer& link, sys::Nanoseconds deadline) noexcept {
  if (auto done = take_out(scan_directory, link, {.deadline = deadline}); !done) fail_to_unlink(done.error());
  return cli::ok;
}

int unlink_and_wait(const char* scan_directory, const PathBuffer& link, const Pair& pair,
                    sys::Nanoseconds deadline) noexcept {
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
    fail_to_unlink(taken_out.error());
  }
  switch (listener.wait()) {
    case svwait::Listener::Outcome::too_late:
      cli::say(cli::Level::fatal,
               {link, " was taken out, but its supervisor has not left yet; it does when the service has ended"});
      return cli::timed_out;
    case svwait::Listener::Outcome::heard:
    case svwait::Listener::Outcome::lost:
    case svwait::Listener::Outcome::interrupted:
    case svwait::Listener::Outcome::failed: break;
  }
  return cli::ok;
}

}  // namespace s6::svscan
