// DOCTEST_CONFIG_NO_POSIX_SIGNALS: the runner takes signals itself, to leave no process and no directory behind.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "process.hpp"
#include "programs.hpp"

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  context.setOption("no-path-filenames", true);
  if (const int problem = s6::test::find_programs(); problem != 0) return problem;
  s6::test::set_up_runner();
  const int result = context.run();
  s6::test::tear_down_runner();
  return result;
}
