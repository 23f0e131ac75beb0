#include "svc/carry_out.hpp"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svc/send.hpp"
#include "svwait/watch.hpp"

namespace s6::svc {
namespace {

using Directories = std::span<const char* const>;

// A service that does not tell when it is ready is waited for until it is up. The first one speaks for all.
void check_readiness(Directories directories, Request& request) noexcept {
  if (!request.wants_readiness()) return;
  const PathBuffer path{directories[0], "/notification-fd"};
  const auto found = sys::access(path.c_str(), F_OK);
  if (found || found.error().code != ENOENT) return;
  cli::warn({path.view(), " does not exist, so nobody tells when the service is ready: waiting until it is up"});
  request.forget_readiness();
}

int send_and_wait(Directories directories, Request& request) noexcept {
  const sys::Nanoseconds start = sys::monotonic_now();
  check_readiness(directories, request);
  svwait::Watch watch(request.condition(), svwait::deadline_after(start, request.timeout));
  if (auto started = watch.start(directories); !started) watch.give_up(started.error());
  const auto commands = request.commands.view();
  if (const int code = commands.empty() ? 0 : send_to_all(directories, commands, watch.patience()); code != 0) {
    watch.heed_signals();
    watch.cancel();
    return code == Exit::out_of_time ? cli::timed_out : cli::system_error;
  }
  return watch.wait();
}

}  // namespace

std::span<const char* const> operands_or_die(std::span<const char* const> words, Request& request,
                                             const options::UsageText& usage, std::string_view exit_codes) noexcept {
  const auto parsed = parse(words, request);
  if (request.too_many)
    cli::die_usage(
        usage.view(),
        TextBuffer<256>{"too many commands, at most ", to_text(max_commands), " can be sent at a time"}.view());
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, exit_codes);
  return parsed.operands;
}

int carry_out(Directories directories, Request& request) noexcept {
  sys::ignore_signal(SIGPIPE);  // a supervisor that goes away while it is written to is an answer, not a death
  if (request.wait) return send_and_wait(directories, request);
  return send_to_all(directories, request.commands.view(), {});
}

}  // namespace s6::svc
