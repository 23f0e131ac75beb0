// What s6-svls finds in directories, and in a system that refuses to show some of it.
#include <doctest/doctest.h>
#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "common/service_dir.hpp"
#include "common/status.hpp"
#include "svstat/log_tail.hpp"
#include "svstat/look.hpp"
#include "svstat/store.hpp"
#include "svstat/tree.hpp"
#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using namespace s6::svstat;

namespace {

void write_status(const Scratch& dir, const std::string& service, const Status& status) {
  const auto raw = wire::encode(status);
  dir.file(service + "/supervise/status", std::string(reinterpret_cast<const char*>(raw.data()), raw.size()));
}

std::vector<std::string> names(Tree& tree) {
  std::vector<std::string> found;
  for (const Row& row : tree.rows()) found.emplace_back(row.name);
  std::ranges::sort(found);
  return found;
}

std::string joined(const Tail& tail) {
  return std::string(tail.file) + "|" + std::string(tail.lines) + "|" + std::to_string(tail.error);
}

}  // namespace

TEST_SUITE("svls store") {
  TEST_CASE("texts stay where they are, however many there are, and their memory is used again") {
    TextStore store;
    const std::string large(100'000, 'x');
    const auto fill = [&] {
      std::vector<const char*> places;
      for (int i = 0; i < 10; ++i) {
        const auto text = store.add({large, std::to_string(i)});
        REQUIRE(text);
        CHECK(*text == large + std::to_string(i));
        places.push_back(text->data());
      }
      for (int i = 0; i < 10; ++i) CHECK(places[static_cast<std::size_t>(i)] == large + std::to_string(i));
      return places;
    };
    const auto first = fill();
    store.clear();
    CHECK(fill() == first);
    const std::string huge(1'000'000, 'y');
    const auto text = store.add({huge});
    REQUIRE(text);
    CHECK(*text == huge);
  }
  TEST_CASE("without memory nothing is kept") {
    CHECK(while_refused({{SYS_mmap}}, ENOMEM, [] {
      TextStore store;
      GrowingArray<int> numbers;
      return store.add({"x"}).error().code == ENOMEM && numbers.add(1).error().code == ENOMEM;
    }));
    CHECK(while_refused({{SYS_mremap}}, ENOMEM, [] {
      GrowingArray<int> numbers;
      for (int i = 0; i < 1000; ++i)
        if (auto added = numbers.add(i); !added) {
          const auto kept = numbers.all();
          return added.error().code == ENOMEM && kept.size() == static_cast<std::size_t>(i) && kept.back() == i - 1;
        }
      return false;
    }));
  }
}

TEST_SUITE("svls looks") {
  TEST_CASE("directories and links are services, files and hidden ones are not") {
    const Scratch dir;
    for (const char* name : {"a", "b", ".hidden"}) dir.directory(name);
    dir.file("file");
    std::filesystem::create_symlink("a", dir.path("link"));
    std::filesystem::create_symlink("nowhere", dir.path("dangling"));
    std::filesystem::create_symlink("file", dir.path("link-to-file"));
    Tree tree;
    const std::string path = dir.path();
    tree.set_directory(path.c_str());
    REQUIRE(tree.find({}));
    CHECK(names(tree) == std::vector<std::string>{"a", "b", "dangling", "link"});
    const std::vector<const char*> wanted = {"b", "file", "missing"};
    REQUIRE(tree.find(wanted));
    CHECK(names(tree) == std::vector<std::string>{"b"});
  }
  TEST_CASE("a scan directory that cannot be read, or held in memory") {
    const Scratch dir;
    dir.directory("a");
    const std::string path = dir.path(), missing = dir.path("missing");
    Tree tree;
    tree.set_directory(missing.c_str());
    CHECK(tree.find({}).error().code == ENOENT);
    tree.set_directory(path.c_str());
    CHECK(while_refused({{SYS_getdents64}}, EIO, [&] { return tree.find({}).error().code == EIO; }));
    CHECK(while_refused({{SYS_mmap}}, ENOMEM, [&] { return tree.find({}).error().code == ENOMEM; }));
  }
  TEST_CASE("what cannot be looked at is unknown, what is not there is missing") {
    const Scratch dir;
    dir.directory("s");
    dir.directory("s/supervise");
    dir.file("s/supervise/lock");
    dir.file("s/supervise/death_tally", std::string(14, '\0'));
    write_status(dir, "s", {.pid = ::getpid()});
    const std::string path = dir.path("s");
    const Observation seen = look_at_service(path.c_str());
    CHECK(seen.supervisor.state == Keeper::State::missing);
    CHECK(seen.process == Answer::yes);
    CHECK(seen.down_file == Answer::no);
    CHECK(seen.deaths == 1);

    dir.file("file");
    const Observation of_file = look_at_service(dir.path("file").c_str());
    CHECK(of_file.supervisor.state == Keeper::State::missing);
    CHECK(of_file.status_error == ENOENT);
    CHECK(of_file.tally_error == ENOENT);
    CHECK(of_file.down_file == Answer::no);

    // Too long a path, which is not cut but refused.
    const std::string long_path = path + std::string(path_size - path.size() - 3, '/');
    const Observation too_long = look_at_service(long_path.c_str());
    CHECK(too_long.supervisor.state == Keeper::State::unknown);
    CHECK(too_long.supervisor.error == ENAMETOOLONG);
    CHECK(too_long.tally_error == ENAMETOOLONG);
    CHECK_FALSE(too_long.status);

    CHECK(while_refused({{SYS_openat}}, EACCES, [&] {
      const Observation refused = look_at_service(path.c_str());
      return refused.supervisor.state == Keeper::State::unknown && refused.supervisor.error == EACCES &&
             refused.status_error == EACCES && refused.tally_error == EACCES;
    }));
    Refusals access = {{SYS_faccessat}};
#ifdef SYS_access
    access.push_back({SYS_access});
#endif
    CHECK(while_refused(access, EACCES, [&] { return look_at_service(path.c_str()).down_file == Answer::unknown; }));
    CHECK(while_refused({{SYS_pread64}}, EIO, [&] {
      const Observation refused = look_at_service(path.c_str());
      return refused.has_tally && refused.deaths == 1 && !refused.last_death;
    }));
  }
  TEST_CASE("a process of another user exists, too") {
    const Scratch dir;
    dir.directory("s");
    dir.directory("s/supervise");
    write_status(dir, "s", {.pid = 1});
    CHECK(while_refused({{SYS_kill}}, EPERM,
                        [&] { return look_at_service(dir.path("s").c_str()).process == Answer::yes; }));
    write_status(dir, "s", {});
    CHECK(look_at_service(dir.path("s").c_str()).process == Answer::unknown);
  }
}

TEST_SUITE("svls logs") {
  TEST_CASE("the log is looked for where loggers put it") {
    const Scratch dir;
    const auto tail = [&dir] {
      static TextStore store;
      const auto read = read_tail(dir.path().c_str(), 1, store);
      REQUIRE(read);
      return joined(*read);
    };
    CHECK(tail() == "||0");
    dir.directory("log");
    dir.file("log/current", "x\nin log\n");
    CHECK(tail() == dir.path("log/current") + "|in log\n|0");
    dir.file("current", "x\nbeside\n");
    CHECK(tail() == dir.path() + "/current|beside\n|0");
    dir.directory("main");
    dir.file("main/current", "x\nin main\n");
    CHECK(tail() == dir.path("main/current") + "|in main\n|0");
    dir.directory("named");
    dir.file("named/current", "x\nin named\n");
    dir.file("run", "exec s6-log ./named\n");
    CHECK(tail() == dir.path() + "/./named/current|in named\n|0");
    dir.file("run", "exec s6-log " + dir.path("log") + "\n");
    CHECK(tail() == dir.path("log/current") + "|in log\n|0");
    dir.file("logdir");  // no directory: passed over
    CHECK(tail() == dir.path("log/current") + "|in log\n|0");
    std::filesystem::remove(dir.path("logdir"));
    std::filesystem::create_symlink("named", dir.path("logdir"));
    CHECK(tail() == dir.path("logdir/current") + "|in named\n|0");
  }
  TEST_CASE("a log that is there and cannot be read is said to be so") {
    const Scratch dir;
    dir.file("current", "line\n");
    const std::string path = dir.path(), file = path + "/current";
    const auto tail = [&] {
      TextStore store;
      const auto read = read_tail(path.c_str(), 1, store);
      return read ? joined(*read) : "error " + std::to_string(read.error().code);
    };
    const std::string no_access = std::to_string(EACCES), no_device = std::to_string(EIO);
    CHECK(while_refused({{SYS_openat}}, EACCES, [&] { return tail() == path + "/logdir/current||" + no_access; }));
    CHECK(while_refused({{SYS_pread64}}, EIO, [&] { return tail() == file + "||" + no_device; }));
    CHECK(while_refused(fstat_calls, EIO, [&] { return tail() == file + "||" + no_device; }));
    CHECK(while_refused({{SYS_mmap}}, ENOMEM, [&] { return tail() == "error " + std::to_string(ENOMEM); }));
    const std::string long_path = path + std::string(path_size - path.size() - 3, '/');
    TextStore store;
    const auto read = read_tail(long_path.c_str(), 1, store);
    REQUIRE(read);
    CHECK(joined(*read) == "||0");
  }
}
