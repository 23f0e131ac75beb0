#include "common/exec_path.hpp"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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

std::string_view explain_exec_failure(const Error& error) noexcept {
  const bool searched = std::string_view(error.path).find('/') == std::string_view::npos;
  switch (error.code) {
    case ENOENT:
      if (searched) return "it is in no directory of PATH, or the interpreter in its #! line does not exist";
      return sys::access(error.path, F_OK) ? "the interpreter in its #! line does not exist" : "";
    case EACCES:
      return searched ? "what PATH leads to is not executable, or a directory of PATH may not be searched"
                      : "is it executable, as chmod +x makes it?";
    case ENOEXEC: return "a script needs #!/bin/sh, or another interpreter, as its first line";
    default: return {};
  }
}

void exec_or_die(const char* const* argv) noexcept {
  exec_or_die(argv, sys::environment());
}

void exec_or_die(const char* const* argv, const char* const* environment) noexcept {
  const Error error = exec_in_path(argv[0], argv, environment);
  cli::die(exec_failure_code(error), error, explain_exec_failure(error));
}

}  // namespace s6
