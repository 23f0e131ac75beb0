#include "svc/options.hpp"

#include <signal.h>

#include "common/number.hpp"
#include "common/signal_name.hpp"

namespace s6::svc {
namespace {

struct SignalCommand {
  int signal;
  char command;
};
// The signals for which a supervisor has a command. No others can be sent through it.
constexpr auto signal_commands = std::to_array<SignalCommand>({{SIGALRM, 'a'},
                                                               {SIGABRT, 'b'},
                                                               {SIGQUIT, 'q'},
                                                               {SIGHUP, 'h'},
                                                               {SIGKILL, 'k'},
                                                               {SIGTERM, 't'},
                                                               {SIGINT, 'i'},
                                                               {SIGUSR1, '1'},
                                                               {SIGUSR2, '2'},
                                                               {SIGSTOP, 'p'},
                                                               {SIGCONT, 'c'},
                                                               {SIGWINCH, 'y'}});

bool add_command(Request& request, char letter, const char*) noexcept {
  request.too_many = !request.commands.add(letter);
  return !request.too_many;
}

bool add_signal(Request& request, char, const char* value) noexcept {
  const auto signal = parse_signal(value);
  if (!signal) return false;
  for (const SignalCommand& known : signal_commands)
    if (known.signal == *signal) return add_command(request, known.command, nullptr);
  return false;
}

// Only the first character counts.
bool set_wait(Request& request, char, const char* value) noexcept {
  request.wait = svwait::goal_of(*value);
  return request.wait.has_value();
}

bool set_timeout(Request& request, char, const char* value) noexcept {
  return read_u32(value, request.timeout);
}

constexpr options::Option<Request> table[] = {
    {{'a'}, add_command, "send SIGALRM"},
    {{'b'}, add_command, "send SIGABRT"},
    {{'q'}, add_command, "send SIGQUIT"},
    {{'h'}, add_command, "send SIGHUP"},
    {{'k'}, add_command, "send SIGKILL"},
    {{'t'}, add_command, "send SIGTERM"},
    {{'i'}, add_command, "send SIGINT"},
    {{'1'}, add_command, "send SIGUSR1"},
    {{'2'}, add_command, "send SIGUSR2"},
    {{'p'}, add_command, "send SIGSTOP: pause"},
    {{'c'}, add_command, "send SIGCONT: continue"},
    {{'y'}, add_command, "send SIGWINCH"},
    {{'r'}, add_command, "restart: send the down signal"},
    {{'l'}, add_command, "reload: send SIGHUP, or the signal in reload-signal"},
    {{'o'}, add_command, "once: start, and do not restart when it dies"},
    {{'d'}, add_command, "down: stop, and do not restart"},
    {{'u'}, add_command, "up: start, and restart when it dies"},
    {{'D'}, add_command, "down, and leave a file that keeps it down from now on"},
    {{'U'}, add_command, "up, and remove the file that keeps it down"},
    {{'x'}, add_command, "the supervisor exits when the service is down"},
    {{'O'}, add_command, "do not restart when it dies"},
    {{'Q'}, add_command, "as -O, and leave a file that keeps it down from now on"},
    {{'P'}, add_command, "send SIGSTOP to the process group"},
    {{'C'}, add_command, "send SIGCONT to the process group"},
    {{'K'}, add_command, "send SIGKILL to the process group"},
    {{'T', "ms"}, set_timeout, "with -w: give up after ms milliseconds; 0 is never"},
    {{'s', "signal"}, add_signal, "send this signal, a name or a number"},
    {{'w', "u|U|d|D|r|R"}, set_wait, "wait: u up, U up and ready, d down, D finished too, r, R restarted"},
};

}  // namespace

options::Outcome parse(std::span<const char* const> words, Request& request) noexcept {
  return options::parse(table, request, words);
}

options::UsageText usage(std::string_view program, std::string_view operands) noexcept {
  return options::usage(program, table, operands);
}

}  // namespace s6::svc
