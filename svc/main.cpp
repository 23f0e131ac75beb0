// s6-svc: sends commands to supervisors, and waits for what they bring about if asked to.
#include <algorithm>

#include "common/cli.hpp"
#include "common/usage.hpp"
#include "svc/carry_out.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-svc");
  svc::Request request;
  const auto usage = svc::usage("s6-svc", "servicedir...");
  const auto directories =
      svc::operands_or_die(options::words_of(argc, argv), request, usage,
                           "0 sent, or it came, 1 to 98 so many services failed, 99 time over, 102 no supervisor");
  if (directories.empty()) cli::die_usage(usage.view(), "no service directory given");
  if (std::ranges::any_of(directories, [](const char* directory) { return *directory == '\0'; }))
    cli::die_usage(usage.view(), "empty name of a service directory");
  return svc::carry_out(directories, request);
}
