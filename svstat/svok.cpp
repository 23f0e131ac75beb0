// s6-svok: tells by its exit code whether a service is supervised.
#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-svok");
  const auto words = options::operands_without_options(options::words_of(argc, argv));
  if (words.empty()) cli::die_usage("s6-svok servicedir", "no service directory given");
  const auto supervisor = service_dir::test_supervisor(words[0]);
  if (!supervisor)
    cli::die(supervisor.error(), service_dir::remedy(words[0], service_dir::Use::look, supervisor.error().code));
  return supervisor->locked ? cli::ok : cli::negative;
}
