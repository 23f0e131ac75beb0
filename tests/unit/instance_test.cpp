// The pure parts of the programs for instances, and the copying and removing of directories.
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "instance/claim.hpp"
#include "instance/maker_options.hpp"
#include "instance/names.hpp"
#include "instance/tree.hpp"
#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using namespace s6::instance;
namespace fs = std::filesystem;

namespace {

std::string rc(std::string_view text) {
  const auto names = parse_rc_names(text);
  if (!names) return "refused";
  return std::string(names->service) + " " + std::string(names->logger) + " " + std::string(names->pipeline);
}

std::string log_script(const MakerSettings& settings) {
  Script script;
  REQUIRE(append_log_script(script, settings, {}));
  return std::string(script.view());
}

std::string run_script(const MakerSettings& settings) {
  Script script;
  REQUIRE(append_run_script(script, settings, {}));
  return std::string(script.view());
}

mode_t mode_of(const fs::path& path) {
  struct stat st {};
  REQUIRE(lstat(path.c_str(), &st) == 0);
  return st.st_mode;
}

TEST_CASE("names of instances stay in one directory and on one line") {
  for (const char* good : {"a", "a@b", "-x", "tty 1", "a.b"}) CHECK(is_instance_name(good));
  for (const char* bad : {"", ".", "..", ".x", "/x", "a/b", "a/", "a\nb"}) CHECK_FALSE(is_instance_name(bad));
  CHECK(is_instance_name(std::string(251, 'x')));
  CHECK_FALSE(is_instance_name(std::string(252, 'x')));
}

TEST_CASE("where an instance is") {
  const Paths paths("/run/getty", "tty1");
  CHECK(paths.ok());
  CHECK(paths.scan.view() == "/run/getty/instance");
  CHECK(paths.model.view() == "/run/getty/template");
  CHECK(paths.copy.view() == "/run/getty/instances/tty1");
  CHECK(paths.link.view() == "/run/getty/instance/tty1");
  CHECK(paths.target.view() == "../instances/tty1");
  CHECK_FALSE(Paths(std::string(4090, 'x').c_str(), "tty1").ok());
}

TEST_CASE("names for s6-rc") {
  CHECK(rc("a") == "a  ");
  CHECK(rc("a/b") == "a b ");
  CHECK(rc("a/b/c") == "a b c");
  for (const char* bad :
       {"", "/", "a/", "a//c", "/b", "a/b/", "a/b/c/d", "a/a", "a/b/a", "a/b/b", ".a", "a/.b", "a\nb"})
    CHECK(rc(bad) == "refused");
}

TEST_CASE("the scripts of an instanced service") {
  CHECK(run_script({}) ==
        "#!/bin/sh\nexec 2>&1\nmkdir -p instance instances || exit 111\nexec 's6-svscan' -d3 -C1000 -- instance\n");
  CHECK(run_script({.instances = 1, .user = "o'brien"}) ==
        "#!/bin/sh\nexec 2>&1\nmkdir -p instance instances || exit 111\n"
        "chown -- 'o'\\''brien': instance instances || exit 111\n"
        "exec 's6-setuidgid' 'o'\\''brien' 's6-svscan' -d3 -C4 -- instance\n");
  CHECK(run_script({.instances = 4000000000, .user = "1:2"}).ends_with("'s6-svscan' -d3 -C180000 -- instance\n"));
  CHECK(run_script({.user = "1:2"}).find("chown -- '1:2' instance") != std::string::npos);
  CHECK(log_script({.log_directory = "/l"}) == "#!/bin/sh\nexec 's6-log' -bd3 -- t n10 s1000000 '/l'\n");
  CHECK(log_script({.log_user = "log",
                    .log_directory = "/a b",
                    .stamp = 3,
                    .archives = 0,
                    .file_size = 5000,
                    .total_size = 7,
                    .prefix = "it's: "}) ==
        "#!/bin/sh\nexec 's6-setuidgid' 'log' 's6-log' -bd3 -- t T n0 s5000 S7 p'it'\\''s: ' '/a b'\n");
  CHECK(log_script({.log_directory = "/l", .stamp = 0}) == "#!/bin/sh\nexec 's6-log' -bd3 -- n10 s1000000 '/l'\n");
}

TEST_CASE("a tree is copied with all that can be in a template, and removed") {
  const Scratch scratch;
  const fs::path from = fs::path(scratch.path()) / "from";
  const fs::path to = fs::path(scratch.path()) / "to";
  fs::create_directories(from / "log/deep");
  fs::create_directory(from / "locked");
  std::ofstream(from / "run") << std::string(100000, 'x');
  fs::permissions(from / "run", fs::perms(04750));
  std::ofstream(from / "log/deep/read-only") << "text";
  fs::permissions(from / "log/deep/read-only", fs::perms(0400));
  fs::create_symlink("no/where", from / "link");
  REQUIRE(mkfifo((from / "fifo").c_str(), 0622) == 0);
  fs::permissions(from / "locked", fs::perms(03730));

  Tree tree;
  const auto copied = tree.copy(from.c_str(), to.c_str());
  CHECK_MESSAGE(copied, copied.error().path);
  CHECK(fs::file_size(to / "run") == 100000);
  CHECK(mode_of(to / "run") == (S_IFREG | 04750));
  CHECK(mode_of(to / "log/deep/read-only") == (S_IFREG | 0400));
  CHECK(fs::read_symlink(to / "link") == "no/where");
  CHECK((mode_of(to / "fifo") & S_IFMT) == S_IFIFO);
  CHECK(mode_of(to / "locked") == (S_IFDIR | 03730));
  CHECK(std::distance(fs::recursive_directory_iterator(to), {}) ==
        std::distance(fs::recursive_directory_iterator(from), {}));

  fs::create_directory_symlink(from, to / "log/to-the-original");
  CHECK(tree.remove(to.c_str()));
  CHECK_FALSE(fs::exists(fs::symlink_status(to)));
  CHECK(fs::exists(from / "run"));
  CHECK(tree.remove(to.c_str()));  // what is not there is removed
}

TEST_CASE("clearing a directory leaves it, and as many entries as one likes are no trouble") {
  const Scratch scratch;
  const fs::path directory = fs::path(scratch.path()) / "many";
  fs::create_directory(directory);
  for (int i = 0; i < 3000; ++i) std::ofstream(directory / (std::to_string(i) + std::string(60, '-')));
  Tree tree;
  CHECK(tree.clear(directory.c_str()));
  CHECK(fs::is_empty(directory));
  CHECK_FALSE(tree.clear((directory / "missing").c_str()));
}

TEST_CASE("what cannot be copied is named by its path") {
  const Scratch scratch;
  const fs::path from = fs::path(scratch.path()) / "from";
  fs::create_directories(from / "a/b");
  std::ofstream(from / "a/b/file") << "text";
  const fs::path to = fs::path(scratch.path()) / "to";
  fs::create_directories(to / "a/b");
  std::ofstream(to / "a/b/file") << "in the way";
  Tree tree;
  const auto copied = tree.copy(from.c_str(), to.c_str());
  REQUIRE_FALSE(copied);
  CHECK(copied.error().code == EEXIST);
  CHECK(copied.error().path == (to / "a/b/file").string());
  const auto missing = tree.copy((from / "missing").c_str(), to.c_str());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().path == (from / "missing").string());
}

TEST_CASE("a socket is no part of a template") {
  const Scratch scratch;
  scratch.directory("from");
  REQUIRE(::mknod(scratch.path("from/socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  Tree tree;
  const auto copied = tree.copy(scratch.path("from").c_str(), scratch.path("to").c_str());
  CHECK(copied.error().code == EINVAL);
  CHECK(copied.error().path == scratch.path("from/socket"));
}

TEST_CASE("what is too deep down is neither copied nor removed") {
  const Scratch scratch;
  scratch.directory("from");
  scratch.file("from/" + std::string(200, 'x'));
  const std::string from = scratch.path("from"), to = scratch.path("to");
  const auto padded = [](const std::string& path) { return path + std::string(path_size - 100 - path.size(), '/'); };
  Tree tree;
  CHECK(tree.copy(padded(from).c_str(), to.c_str()).error().code == ENAMETOOLONG);
  CHECK(tree.copy(from.c_str(), padded(to).c_str()).error().code == ENAMETOOLONG);
  CHECK(tree.remove(padded(from).c_str()).error().code == ENAMETOOLONG);
  CHECK(fs::exists(from + "/" + std::string(200, 'x')));
}

TEST_CASE("a copy that the system refuses is named by the path that it is about") {
  const Scratch scratch;
  scratch.directory("from");
  scratch.file("from/file", "text");
  fs::create_symlink("target", scratch.path("from/link"));
  const std::string from = scratch.path("from"), to = scratch.path("to");
  const auto fails = [&](const Refusals& calls, int code, const std::string& path) {
    fs::remove_all(to);
    return while_refused(calls, code, [&] {
      Tree tree;
      const auto copied = tree.copy(from.c_str(), to.c_str());
      return copied.error().code == code && copied.error().path == path;
    });
  };
  CHECK(fails({{SYS_write}}, ENOSPC, to + "/file"));
  CHECK(fails({{SYS_read}}, EIO, from + "/file"));
  CHECK(fails({{SYS_getdents64}}, EIO, from));
  Refusals calls = {{SYS_mkdirat}};
#ifdef SYS_mkdir
  calls.push_back({SYS_mkdir});
#endif
  CHECK(fails(calls, ENOSPC, to));
  calls = {{SYS_readlinkat}};
#ifdef SYS_readlink
  calls.push_back({SYS_readlink});
#endif
  CHECK(fails(calls, EIO, from + "/link"));
}

TEST_CASE("a directory that cannot be removed is an error, unless it has gone meanwhile") {
  const Scratch scratch;
  const auto removed = [&](int code) {
    scratch.directory("d");
    scratch.file("d/file");
    Refusals calls = {{SYS_unlinkat, 2, AT_REMOVEDIR}};
#ifdef SYS_rmdir
    calls.push_back({SYS_rmdir});
#endif
    int result = -1;
    for (const int expected : {0, code})
      if (while_refused(calls, code, [&] {
            Tree tree;
            return tree.remove(scratch.path("d").c_str()).error().code == expected;
          }))
        result = expected;
    fs::remove_all(scratch.path("d"));
    return result;
  };
  CHECK(removed(EBUSY) == EBUSY);
  CHECK(removed(ENOTEMPTY) == ENOTEMPTY);  // there is nothing in it that could be removed, and yet it is not empty
  CHECK(removed(ENOENT) == 0);
}

TEST_CASE("whose an instance's directory is") {
  const Scratch scratch;
  const PathBuffer copy{scratch.path(), "/copy"}, link{scratch.path(), "/link"};
  CHECK(claim(copy, link)->found == Found::absent);
  scratch.directory("copy");
  {
    const auto first = claim(copy, link);
    REQUIRE(first);
    CHECK(first->found == Found::leftover);
    const auto second = claim(copy, link);
    REQUIRE(second);
    CHECK(second->found == Found::busy);
    CHECK_FALSE(second->lock);
  }
  fs::create_symlink("copy", link.c_str());
  CHECK(claim(copy, link)->found == Found::linked);
  fs::remove(link.c_str());

  scratch.directory("copy/log");
  scratch.directory("copy/log/supervise");
  scratch.file("copy/log/supervise/lock");
  CHECK(claim(copy, link)->found == Found::leftover);
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  const pid_t supervisor = ::fork();
  if (supervisor == 0) {
    const auto lock = sys::open(scratch.path("copy/log/supervise/lock").c_str(), O_RDWR);
    (void)sys::lock_exclusive(lock->get());
    (void)!::write(pipe->write_end.get(), "", 1);
    for (;;) ::pause();
  }
  char byte;
  CHECK(::read(pipe->read_end.get(), &byte, 1) == 1);
  CHECK(claim(copy, link)->found == Found::supervised);
  ::kill(supervisor, SIGKILL);
  CHECK(sys::wait_for(supervisor).pid == supervisor);
}

TEST_CASE("a directory of which nothing can be said is nobody's") {
  const Scratch scratch;
  const PathBuffer copy{scratch.path(), "/copy"}, link{scratch.path(), "/link"};
  scratch.file("copy");
  CHECK(claim(copy, link).error().code == ENOTDIR);
  fs::remove(copy.c_str());
  scratch.directory("copy");
  scratch.directory("copy/supervise");
  scratch.file("copy/supervise/lock");
  CHECK(while_refused({{SYS_flock}}, ENOLCK, [&] { return claim(copy, link).error().code == ENOLCK; }));
  CHECK(while_refused({{SYS_fcntl}}, ENOLCK, [&] { return claim(copy, link).error().code == ENOLCK; }));
  const PathBuffer link_below_file{copy, "/supervise/lock/link"};
  CHECK(claim(copy, link_below_file).error().code == ENOTDIR);
}

}  // namespace
