// s6-ftrig-notify: writes a message to all who listen to a fifodir.
#include <signal.h>

#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/options.hpp"
#include "common/remedy.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-ftrig-notify");
  constexpr std::string_view usage = "s6-ftrig-notify fifodir message";
  const auto words = options::words_of(argc, argv);
  cli::answer_lone_word(usage, words, "0 sent");
  const auto operands = options::operands_without_options(words, 2);
  if (operands.size() < 2) cli::die_usage(usage, "a fifodir and a message are needed");
  sys::ignore_signal(SIGPIPE);  // a listener may leave at any time
  if (auto done = fifodir::notify(operands[0], operands[1]); !done)
    cli::die(done.error(), fifodir::remedy(done.error().code));
  return cli::ok;
}
