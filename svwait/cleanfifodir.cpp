// s6-cleanfifodir: removes from a fifodir the FIFOs of listeners that are gone.
#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/options.hpp"
#include "common/remedy.hpp"
#include "common/usage.hpp"

using namespace s6;

int main(int argc, char** argv) {
  cli::set_program("s6-cleanfifodir");
  const auto operands = options::operands_without_options(options::words_of(argc, argv));
  if (operands.empty()) cli::die_usage("s6-cleanfifodir fifodir", "no fifodir given");
  if (auto done = fifodir::clean(operands[0]); !done) cli::die(done.error(), fifodir::remedy(done.error().code));
  return cli::ok;
}
