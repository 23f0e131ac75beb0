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
    {{'a'}, add_command}, {{'b'}, add_command},       {{'q'}, add_command},          {{'h'}, add_command},
    {{'k'}, add_command}, {{'t'}, add_command},       {{'i'}, add_command},          {{'1'}, add_command},
    {{'2'}, add_command}, {{'p'}, add_command},       {{'c'}, add_command},          {{'y'}, add_command},
    {{'r'}, add_command}, {{'l'}, add_command},       {{'o'}, add_command},          {{'d'}, add_command},
    {{'u'}, add_command}, {{'D'}, add_command},       {{'U'}, add_command},          {{'x'}, add_command},
    {{'O'}, add_command}, {{'Q'}, add_command},       {{'P'}, add_command},          {{'C'}, add_command},
    {{'K'}, add_command}, {{'T', "ms"}, set_timeout}, {{'s', "signal"}, add_signal}, {{'w', "u|U|d|D|r|R"}, set_wait},
};

}  // namespace

options::Outcome parse(std::span<const char* const> words, Request& request) noexcept {
  return options::parse(table, request, words);
}

options::UsageText usage(std::string_view program, std::string_view operands) noexcept {
  return options::usage(program, table, operands);
}

}  // namespace s6::svc
