// s6-svstat: prints the status of a service.
#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svstat/show.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-svstat");
  svstat::Request request;
  const auto usage = svstat::usage("s6-svstat", "servicedir");
  const auto operands = svstat::operands_or_die(options::words_of(argc, argv), request, usage);
  if (operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  svstat::show_or_die(operands[0], request);
  return cli::ok;
}
