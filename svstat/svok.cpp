// s6-svok: tells by its exit code whether a service is supervised.
#include <span>
#include <string_view>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-svok");
  auto words = std::span<const char* const>(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
  // There are no options, so "--" is only taken for an end of options where something follows it.
  if (words.size() > 1 && std::string_view(words[0]) == "--") words = words.subspan(1);
  if (words.empty()) cli::die_usage("s6-svok servicedir", "no service directory given");
  const auto supervisor = service_dir::test_supervisor(words[0]);
  if (!supervisor) cli::die(supervisor.error());
  return supervisor->locked ? cli::ok : cli::negative;
}
