#include "common/exec_path.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "common/spawn.hpp"
#include "common/sys.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;

namespace {

// The paths that are tried when each attempt ends with the next of `codes`, the last one for ever; then the verdict.
std::string tried(std::string_view name, std::string_view path, std::vector<int> codes = {ENOENT}) {
  PathSearch search(name, path);
  std::string text;
  for (std::size_t i = 0; const char* candidate = search.next(); ++i) {
    text += std::string(candidate) + " ";
    search.failed(codes[std::min(i, codes.size() - 1)]);
  }
  return text + std::to_string(search.verdict());
}

std::string with_code(const std::string& paths, int code) {
  return paths + std::to_string(code);
}

// PATH for the time of a scope.
class ScopedPath {
 public:
  explicit ScopedPath(const char* path) : before_(::getenv("PATH")) {
    if (path != nullptr)
      ::setenv("PATH", path, 1);
    else
      ::unsetenv("PATH");
  }
  ScopedPath(const ScopedPath&) = delete;
  ScopedPath& operator=(const ScopedPath&) = delete;
  ~ScopedPath() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

int exit_code_of(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Result<pid_t> spawn_sh(const char* script, std::optional<std::uint64_t> limit = {}) {
  const char* const argv[] = {"sh", "-c", script, nullptr};
  return spawn({.programs = {argv, 1}, .search = Search::path, .argv = argv, .descriptor_limit = limit});
}

}  // namespace

TEST_SUITE("exec path") {
  TEST_CASE("a name is looked for in the directories of PATH, in their order") {
    CHECK(tried("x", "/a:/b/:c") == with_code("/a/x /b//x c/x ", ENOENT));
    CHECK(tried("x", "/a") == with_code("/a/x ", ENOENT));
  }
  TEST_CASE("empty elements are skipped") {
    CHECK(tried("x", "") == with_code("", ENOENT));
    CHECK(tried("x", ":") == with_code("", ENOENT));
    CHECK(tried("x", "::/a:::/b:") == with_code("/a/x /b/x ", ENOENT));
  }
  TEST_CASE("a name with a slash is a path") {
    CHECK(tried("./x", "/a:/b") == with_code("./x ", ENOENT));
    CHECK(tried("/x", "/a:/b", {EACCES}) == with_code("/x ", EACCES));
    CHECK(tried("x/", "") == with_code("x/ ", ENOENT));
  }
  TEST_CASE("an empty name is that of no program") {
    CHECK(tried("", "/a:/b") == with_code("", ENOENT));
  }
  TEST_CASE("what concerns one directory does not end the search, but is remembered") {
    for (const int code : {EACCES, EPERM, EISDIR, ENOTDIR}) {
      CAPTURE(code);
      CHECK(tried("x", "/a:/b:/c", {ENOENT, code, ENOENT}) == with_code("/a/x /b/x /c/x ", code));
    }
  }
  TEST_CASE("any other error ends the search") {
    for (const int code : {ENOEXEC, E2BIG, ENOMEM, ELOOP, ETXTBSY}) {
      CAPTURE(code);
      CHECK(tried("x", "/a:/b:/c", {EACCES, code}) == with_code("/a/x /b/x ", code));
    }
  }
  TEST_CASE("a path that is too long ends the search") {
    const std::string longest(path_size - 3, 'd');
    CHECK(tried("x", longest + ":/b") == with_code(longest + "/x /b/x ", ENOENT));
    CHECK(tried("x", "/a:d" + longest + ":/b") == with_code("/a/x ", ENAMETOOLONG));
    CHECK(tried("/" + std::string(path_size, 'x'), "") == with_code("", ENAMETOOLONG));
  }
  TEST_CASE("the exit code tells whether there was a program") {
    CHECK(exec_failure_code({ENOENT, "", ""}) == 127);
    CHECK(exec_failure_code({EACCES, "", ""}) == 126);
    CHECK(exec_failure_code({ENAMETOOLONG, "", ""}) == 126);
  }
}

TEST_SUITE("spawn with a search") {
  TEST_CASE("the program is found in PATH, past what cannot be executed") {
    const Scratch dir;
    dir.directory("first");
    dir.file("first/sh", "no program");
    const ScopedPath path((dir.path("first") + ":" + dir.path("missing") + ":/bin").c_str());
    const auto pid = spawn_sh("exit 5");
    REQUIRE(pid);
    CHECK(exit_code_of(*pid) == 5);
  }
  TEST_CASE("without PATH there is a default") {
    const ScopedPath path(nullptr);
    const auto pid = spawn_sh("exit 6");
    REQUIRE(pid);
    CHECK(exit_code_of(*pid) == 6);
  }
  TEST_CASE("a program that cannot be executed is an error that names it, and no child") {
    const Scratch dir;
    dir.file("sh", "no program");
    {
      const ScopedPath path(dir.path().c_str());
      const auto pid = spawn_sh("");
      CHECK(pid.error().code == EACCES);
      CHECK(std::string_view(pid.error().path) == "sh");
    }
    const ScopedPath path(dir.path("missing").c_str());
    CHECK(spawn_sh("").error().code == ENOENT);
    CHECK(::waitpid(-1, nullptr, WNOHANG) < 0);
  }
  TEST_CASE("the child can have another limit on descriptors than the parent") {
    const std::uint64_t before = sys::descriptor_limit();
    const auto pid = spawn_sh("exit $(ulimit -n)", 77);
    REQUIRE(pid);
    CHECK(exit_code_of(*pid) == 77);
    CHECK(sys::descriptor_limit() == before);
  }
}
