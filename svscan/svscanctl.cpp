// s6-svscanctl SCANDIR: sends commands to the s6-svscan that runs on SCANDIR. Without a command it tells whether one
// runs.
#include <errno.h>
#include <signal.h>

#include <cstddef>
#include <span>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"
#include "common/usage.hpp"
#include "svscan/control_directory.hpp"

using namespace s6;

namespace {

constexpr std::size_t most_commands = 64;
using Commands = TextBuffer<most_commands + 1>;

constexpr auto add_command = [](Commands& commands, char letter, const char*) {
  commands.append(std::string_view(&letter, 1));
  return true;
};
constexpr options::Option<Commands> option_table[] = {
    {{'z'}, add_command, "look for dead supervisors; never needed"},
    {{'a'}, add_command, "scan: start what is new"},
    {{'b'}, add_command, "abort: exit at once, services run on"},
    {{'h'}, add_command, "hang up: scan, and end what has gone"},
    {{'i'}, add_command, "interrupt: as -t"},
    {{'t'}, add_command, "terminate: end services, loggers read to their end, exit"},
    {{'q'}, add_command, "quit: end services and loggers, exit"},
    {{'n'}, add_command, "nuke: end what the last scan did not find"},
    {{'N'}, add_command, "as -n, and end its loggers at once"},
};

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svscanctl");
  sys::ignore_signal(SIGPIPE);  // a reader that goes away while we write is an answer, too
  Commands commands;
  const auto usage = options::usage("s6-svscanctl", option_table, "scandir");
  const auto line =
      options::parse(option_table, commands, std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0));
  if (line.problem != options::Problem::none) cli::answer_or_refuse(usage, line, "0 sent");
  if (line.operands.empty()) cli::die_usage(usage, "no scan directory given");
  if (!commands.ok())
    cli::die(cli::usage_error, {"too many commands, at most 64 can be sent at a time; call it twice"});

  const char* const directory = line.operands[0];
  const auto [outcome, code] = service_dir::send_control(directory, svscan::control_directory, commands);
  switch (outcome) {
    case service_dir::Delivery::sent: break;
    case service_dir::Delivery::not_listening:
      cli::die(cli::usage_error, {"unable to control ", directory, ": no s6-svscan is running on it; ",
                                  service_dir::remedy_without_scanner(directory)});
    case service_dir::Delivery::malformed:
      cli::die(cli::usage_error, {"unable to control ", directory, ": its ", svscan::control_fifo,
                                  " is not a FIFO, as s6-svscan makes it; remove it, and restart s6-svscan"});
    case service_dir::Delivery::failed:
      cli::die(Error{code, "control", directory},
               code == EACCES ? "only root and the user who runs s6-svscan can do this" : "");
  }
  return cli::ok;
}
