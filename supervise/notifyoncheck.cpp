// s6-notifyoncheck: in ./run, becomes the service and leaves behind a process that finds out when it is ready.
#include <errno.h>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"
#include "supervise/config.hpp"
#include "supervise/readiness.hpp"

using namespace s6;
using supervise::CheckLoop;
using supervise::CheckPlan;

namespace {

struct Request {
  CheckPlan plan;
  std::optional<std::uint32_t> notification;  // without: what ./notification-fd says
  bool double_fork = false;
};

bool set_double_fork(Request& request, char, const char*) noexcept {
  request.double_fork = true;
  return true;
}
bool set_script(Request& request, char, const char* value) noexcept {
  request.plan.script = value;
  return true;
}
bool set_number(Request& request, char letter, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (!number) return false;
  switch (letter) {
    case '3': request.notification = *number; return true;
    case 's': request.plan.initial_sleep = *number; return true;
    case 'T': request.plan.global_timeout = *number; return true;
    case 't': request.plan.local_timeout = *number; return true;
    case 'w': request.plan.waiting_time = *number; return true;
    case 'n': request.plan.tries = *number; return true;
    default: return false;
  }
}

constexpr options::Option<Request> option_table[] = {
    {{'d', "", "doublefork"}, set_double_fork, "the checking process is no child of prog"},
    {{'3', "fd", "notification-fd"}, set_number, "use descriptor fd, not that of notification-fd"},
    {{'s', "ms", "initial-sleep"}, set_number, "milliseconds before the first check; 10 by default"},
    {{'T', "ms", "global-timeout"}, set_number, "milliseconds for all checks; 0, the default, is no limit"},
    {{'t', "ms", "local-timeout"}, set_number, "milliseconds for one check; 0, the default, is no limit"},
    {{'w', "ms", "waiting-time"}, set_number, "milliseconds between checks; 1000 by default"},
    {{'n', "tries", "tries"}, set_number, "how often to check; 7 by default, 0 is without limit"},
    {{'c', "script", "check-program"}, set_script, "run this, not ./data/check"},
};

std::span<const char* const> parse_or_die(std::span<const char* const> words, Request& request) noexcept {
  const auto parsed = options::parse(option_table, request, words);
  const auto usage = options::usage("s6-notifyoncheck", option_table, "prog...");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, cli::exit_codes_of_chain);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no program given");
  return parsed.operands;
}

std::uint32_t configured_descriptor_or_die() noexcept {
  constexpr const char* file = supervise::config::notification_fd_file;
  std::array<char, supervise::config::number_bytes> content;
  const auto size = sys::read_file(file, std::as_writable_bytes(std::span(content)));
  if (!size) cli::die(size.error(), "is the working directory a service directory? -3 names the descriptor otherwise");
  const auto number = parse_u32(supervise::config::first_line({content.data(), *size}));
  if (!number)
    cli::die(cli::usage_error, {"invalid ", file, ": a decimal number is expected; -3 names the descriptor otherwise"});
  return *number;
}

int notification_or_die(const Request& request) noexcept {
  const std::uint32_t number = request.notification ? *request.notification : configured_descriptor_or_die();
  const int fd = number <= supervise::config::no_limit_above ? static_cast<int>(number) : -1;
  if (!sys::is_open(fd))
    cli::die(Error{EBADF, "use the notification descriptor", to_text(number).c_str()},
             "s6-supervise opens it if the service directory has a notification-fd");
  return fd;
}

void check_supervised_or_die() noexcept {
  const auto supervisor = service_dir::test_supervisor(".");
  if (!supervisor) cli::die(supervisor.error());
  if (!supervisor->locked)
    cli::die(cli::usage_error, {"the working directory is no supervised service directory; this program is for ./run"});
}

// Returns in the process that becomes the service. The other one is its child or, after a double fork, nobody's that
// it knows of.
void leave_checks_behind_or_die(const Request& request, fifodir::Subscription& events, int notification) noexcept {
  const auto give_up = [&events](const Error& error) {
    events.cancel();
    cli::die(error);
  };
  auto child = sys::fork();
  if (!child) give_up(child.error());
  if (*child == 0 && request.double_fork) {
    const auto grandchild = sys::fork();
    if (!grandchild) give_up(grandchild.error());
    if (*grandchild > 0) cli::exit(cli::ok);
  }
  if (*child == 0) cli::exit(static_cast<int>(CheckLoop(request.plan, events, notification).run()));
  if (!request.double_fork) return;
  const auto between = sys::wait_for(*child);
  if (!between.status.exited() || between.status.exit_code() != 0) cli::exit(cli::system_error);  // it said why
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-notifyoncheck");
  Request request;
  const auto program = parse_or_die(options::words_of(argc, argv), request);
  const int notification = notification_or_die(request);
  check_supervised_or_die();

  // Before the service can die, so that its death is not missed. Both processes have the FIFO open then; that which
  // becomes the service loses it by that, and the other one removes it.
  fifodir::Subscription events;
  if (auto subscribed = events.subscribe(service_dir::event); !subscribed) cli::die(subscribed.error());
  leave_checks_behind_or_die(request, events, notification);

  UniqueFd(notification).reset();  // the service need not know
  exec_or_die(program.data());
}
