// s6-svdt-clear: forgets how a service died.
#include <errno.h>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/replace_file.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-svdt-clear");
  const auto words = options::operands_without_options(options::words_of(argc, argv));
  if (words.empty()) cli::die_usage("s6-svdt-clear servicedir", "no service directory given");
  const char* const directory = words[0];

  const PathBuffer path = service_dir::below(directory, service_dir::death_tally);
  // A name of its own: the supervisor may be writing its death_tally.new right now.
  const PathBuffer temporary{path, ".", to_text(sys::random_bits()), ".new"};
  if (!temporary.ok()) cli::die(Error{ENAMETOOLONG, "clear the death tally of", directory});
  const char* const name = path.size() > 0 ? temporary.c_str() : "";
  if (auto cleared = replace_file(path.c_str(), name, 0666, {}); !cleared)
    cli::die(Error{cleared.error().code, "clear the death tally of", directory},
             cleared.error().code == ENOENT ? service_dir::remedy_without_supervisor(directory) : std::string_view());
  return cli::ok;
}
