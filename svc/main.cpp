// s6-svc: sends commands to supervisors, and waits for what they bring about if asked to.
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svc/options.hpp"
#include "svc/send.hpp"
#include "svwait/watch.hpp"

using namespace s6;

namespace {

using Directories = std::span<const char* const>;

Directories parse_or_die(std::span<const char* const> words, svc::Request& request) noexcept {
  const auto parsed = svc::parse(words, request);
  const auto usage = svc::usage();
  if (request.too_many) cli::die_usage(usage.view(), "too many commands");
  if (parsed.problem != options::Problem::none) cli::die_usage(usage.view(), parsed);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  if (std::ranges::any_of(parsed.operands, [](const char* directory) { return *directory == '\0'; }))
    cli::die_usage(usage.view(), "empty name of a service directory");
  return parsed.operands;
}

// A service that does not tell when it is ready is waited for until it is up. The first one speaks for all.
void check_readiness(Directories directories, svc::Request& request) noexcept {
  if (!request.wants_readiness()) return;
  const PathBuffer path{directories[0], "/notification-fd"};
  const auto found = sys::access(path.c_str(), F_OK);
  if (found || found.error().code != ENOENT) return;
  cli::warn({path.view(), " does not exist: waiting until the service is up, not ready"});
  request.forget_readiness();
}

int send_and_wait(Directories directories, svc::Request& request, sys::Nanoseconds start) noexcept {
  check_readiness(directories, request);
  svwait::Watch watch(request.condition(), svwait::deadline_after(start, request.timeout));
  if (auto started = watch.start(directories); !started) watch.give_up(started.error());
  const auto commands = request.commands.view();
  if (const int code = commands.empty() ? 0 : svc::send_to_all(directories, commands, watch.patience()); code != 0) {
    watch.heed_signals();
    watch.cancel();
    return code == svc::Exit::out_of_time ? cli::timed_out : cli::system_error;
  }
  return watch.wait();
}

}  // namespace

int main(int argc, char** argv) {
  const sys::Nanoseconds start = sys::monotonic_now();
  cli::set_program("s6-svc");
  svc::Request request;
  const auto words = std::span<const char* const>(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
  const Directories directories = parse_or_die(words, request);
  sys::ignore_signal(SIGPIPE);  // a supervisor that goes away while it is written to is an answer, not a death
  if (request.wait) return send_and_wait(directories, request, start);
  return svc::send_to_all(directories, request.commands.view(), {});
}
