#include "common/program_path.hpp"

#include <doctest/doctest.h>
#include <errno.h>

#include <filesystem>
#include <string>

#include "common/sys.hpp"
#include "tests/refusal.hpp"

using namespace s6;

TEST_SUITE("program path") {
  TEST_CASE("a program is looked for beside this one, then where it was configured to be") {
    ProgramPath::Text text;
    const ProgramPath path("unit-tests", text, "/configured/unit-tests");
    REQUIRE(path.candidates().size() == 3);
    CHECK(std::filesystem::equivalent(path.candidates()[0], "/proc/self/exe"));
    CHECK(std::filesystem::equivalent(path.candidates()[1], "/proc/self/exe"));
    CHECK(path.candidates()[2] == std::string("/configured/unit-tests"));
    CHECK(path.for_script() == path.candidates()[0]);
  }
  TEST_CASE("what is nowhere is left to the PATH") {
    ProgramPath::Text text;
    CHECK(ProgramPath("no-such-program", text).for_script() == std::string("no-such-program"));
  }
  TEST_CASE("a name for which there is no room has no place") {
    ProgramPath::Text text;
    const std::string name(path_size, 'x');
    CHECK(ProgramPath(name.c_str(), text).candidates().empty());
  }
  TEST_CASE("without /proc it is only looked for where this program was called") {
    Refusals calls = {{SYS_readlinkat}};
#ifdef SYS_readlink
    calls.push_back({SYS_readlink});
#endif
    CHECK(while_refused(calls, ENOENT, [] {
      ProgramPath::Text text;
      return ProgramPath("unit-tests", text).candidates().size() == 1;
    }));
  }
}
