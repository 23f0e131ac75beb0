// s6-setsid: becomes a program in a session or process group of its own.
#include <fcntl.h>
#include <signal.h>

#include <limits>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

enum class Complaint { warning, silent, fatal };

struct Request {
  bool session = true;  // or only a process group
  bool foreground = false;
  bool grab = false;  // even from the background
  Complaint complaint = Complaint::warning;
  std::optional<int> terminal;
};

bool set_session(Request& request, char, const char*) noexcept {
  request.session = true;
  return true;
}
bool set_group(Request& request, char, const char*) noexcept {
  request.session = false;
  return true;
}
bool set_foreground(Request& request, char, const char*) noexcept {
  request.foreground = true;
  return true;
}
bool set_grab(Request& request, char, const char*) noexcept {
  request.foreground = request.grab = true;
  return true;
}
bool set_foreground_group(Request& request, char letter, const char* value) noexcept {
  return set_group(request, letter, value) && set_foreground(request, letter, value);
}
bool set_grabbing_group(Request& request, char letter, const char* value) noexcept {
  return set_group(request, letter, value) && set_grab(request, letter, value);
}
bool set_strict(Request& request, char, const char*) noexcept {
  request.complaint = Complaint::fatal;
  return true;
}
bool set_lenient(Request& request, char, const char*) noexcept {
  request.complaint = Complaint::warning;
  return true;
}
bool set_quiet(Request& request, char, const char*) noexcept {
  request.complaint = Complaint::silent;
  return true;
}
bool set_terminal(Request& request, char, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (!number || *number > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return false;
  request.terminal = static_cast<int>(*number);
  return true;
}

using options::no_letter;
constexpr options::Option<Request> option_table[] = {
    {{'s', {}, "session"}, set_session, "make a session; the default"},
    {{'b', {}, "background-process-group"}, set_group, "make a process group"},
    {{no_letter, {}, "process-group"}, set_group, "the same as -b"},
    {{'f', {}, "foreground-process-group"},
     set_foreground_group,
     "make a process group, and give it the terminal's foreground"},
    {{no_letter, {}, "foreground"}, set_foreground, "take the terminal's foreground"},
    {{'g', {}, "foreground-process-group-grab"},
     set_grabbing_group,
     "as -f, even from the background, against SIGTTOU"},
    {{no_letter, {}, "grab"}, set_grab, "as --foreground, even from the background"},
    {{'i', {}, "strict"}, set_strict, "exit if that is refused"},
    {{'I', {}, "no-strict"}, set_lenient, "warn if that is refused, and go on; the default"},
    {{'q', {}, "quiet"}, set_quiet, "say nothing if that is refused, and go on"},
    {{'d', "fd", "ctty"}, set_terminal, "the terminal is on descriptor fd, not /dev/tty"},
};

void complain(Complaint how, const Result<void>& result) noexcept {
  if (result || how == Complaint::silent) return;
  if (how == Complaint::fatal) cli::die(result.error());
  cli::warn(result.error());
}

// Whoever is in the background and takes the terminal gets SIGTTOU, unless he ignores it.
Result<void> take_foreground(int terminal, bool grab) noexcept {
  const bool ignore = grab && !sys::is_ignored(SIGTTOU);
  if (ignore) sys::ignore_signal(SIGTTOU);
  const auto taken = sys::take_foreground(terminal);
  if (ignore) sys::default_signal(SIGTTOU);
  return taken;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-setsid");
  Request request;
  const auto parsed = options::parse(option_table, request, options::words_of(argc, argv));
  const auto usage = options::usage("s6-setsid", option_table, "prog...");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, cli::exit_codes_of_chain);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no program given");

  UniqueFd opened;
  if (request.foreground && !request.terminal) {
    auto terminal = sys::open("/dev/tty", O_RDWR | O_NOCTTY);
    if (!terminal) cli::die(terminal.error());
    opened = std::move(*terminal);
  }
  complain(request.complaint, request.session ? sys::new_session() : sys::new_process_group());
  if (request.foreground)
    complain(request.complaint, take_foreground(request.terminal.value_or(opened.get()), request.grab));
  exec_or_die(parsed.operands.data());
}
