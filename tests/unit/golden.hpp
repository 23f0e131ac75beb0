#pragma once
// Comparing text with a file that a reviewer reads: a change of behaviour shows as a text diff.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace s6::test {

// Fails if `actual` is not the content of the golden file. S6_UPDATE_GOLDEN=1 writes the file instead; look at the diff
// before committing it.
inline void check_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(S6_GOLDEN_DIR) + "/" + name;
  if (std::getenv("S6_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, "no golden file " << path);
  std::stringstream expected;
  expected << file.rdbuf();
  std::stringstream now(actual);
  std::string want, got;
  for (int line = 1;; ++line) {
    const bool more_want = static_cast<bool>(std::getline(expected, want));
    const bool more_got = static_cast<bool>(std::getline(now, got));
    if (!more_want && !more_got) break;
    if (!more_want) want = "(nothing)";
    if (!more_got) got = "(nothing)";
    CHECK_MESSAGE(want == got, name << ":" << line);
    if (!more_want || !more_got) break;
  }
}

}  // namespace s6::test
