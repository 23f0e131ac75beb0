// s6-supervise DIR: keeps one service alive.
#include <signal.h>

#include <utility>

#include "common/cli.hpp"
#include "common/sys.hpp"
#include "supervise/startup.hpp"
#include "supervise/supervisor.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-supervise");
  if (argc < 2) {
    cli::say(cli::Level::usage, {"s6-supervise dir"});
    return cli::usage_error;
  }
  // No options: every word is a directory's name, and words after the first are ignored.
  const char* name = argv[1];
  sys::ignore_signal(SIGPIPE);  // a closed fd 2 or a subscriber that leaves must not kill; children get the default
  if (auto r = sys::chdir(name); !r) cli::die(r.error());
  cli::set_program("s6-supervise", name);

  supervise::Startup startup = supervise::start_up_or_die();
  cli::never_wait_for_stderr();
  supervise::Supervisor(name, std::move(startup.resources), startup.wish).run();
  return cli::ok;
}
