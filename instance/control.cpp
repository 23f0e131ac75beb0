// s6-instance-control SERVICE NAME: what s6-svc does, for an instance.
#include "common/cli.hpp"
#include "instance/operands.hpp"
#include "svc/carry_out.hpp"

using namespace s6;
using namespace s6::instance;

int main(int argc, char** argv) {
  cli::set_program("s6-instance-control");
  svc::Request request;
  const auto usage = svc::usage("s6-instance-control", operand_text);
  const auto words = svc::operands_or_die(options::words_of(argc, argv), request, usage,
                                          "0 sent, or it came, 1 the instance failed, 99 time over, 102 no supervisor");
  const Paths paths = paths_or_die(operands_or_die(words, usage));
  const char* const directory = paths.link.c_str();
  return svc::carry_out({&directory, 1}, request);
}
