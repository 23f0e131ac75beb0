// s6-instance-status SERVICE NAME: what s6-svstat does, for an instance.
#include "common/cli.hpp"
#include "instance/operands.hpp"
#include "svstat/show.hpp"

using namespace s6;
using namespace s6::instance;

int main(int argc, char** argv) {
  cli::set_program("s6-instance-status");
  svstat::Request request;
  const auto usage = svstat::usage("s6-instance-status", operand_text);
  const auto words = svstat::operands_or_die(options::words_of(argc, argv), request, usage);
  const Paths paths = paths_or_die(operands_or_die(words, usage));
  svstat::show_or_die(paths.link.c_str(), request);
  return cli::ok;
}
