#include "common/exec_path.hpp"

#include <stdlib.h>

#include "common/cli.hpp"
#include "common/sys.hpp"

namespace s6 {

Error exec_in_path(const char* name, const char* const* argv) noexcept {
  return exec_in_path(name, argv, sys::environment());
}

Error exec_in_path(const char* name, const char* const* argv, const char* const* environment) noexcept {
  const char* const path = ::getenv("PATH");
  PathSearch search(name, path != nullptr ? std::string_view(path) : default_path);
  while (const char* candidate = search.next()) search.failed(sys::exec(candidate, argv, environment).code);
  return {search.verdict(), "execute", name};
}

void exec_or_die(const char* const* argv) noexcept {
  exec_or_die(argv, sys::environment());
}

void exec_or_die(const char* const* argv, const char* const* environment) noexcept {
  const Error error = exec_in_path(argv[0], argv, environment);
  cli::die(exec_failure_code(error), error);
}

}  // namespace s6
