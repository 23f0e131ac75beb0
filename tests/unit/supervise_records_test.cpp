#include "supervise/records.hpp"

#include <doctest/doctest.h>
#include <errno.h>

#include <filesystem>
#include <string>

#include "common/service_dir.hpp"
#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using namespace s6::supervise;

namespace {

constexpr Status status{.pid = 42, .want_up = true};

// In a child, as it goes there.
bool in_directory(const Scratch& dir, const Refusals& calls, int code, bool (*holds)()) {
  return in_child([&] { return sys::chdir(dir.path().c_str()) && refuse(calls, code) && holds(); });
}

bool is_written_in_place() {
  const StatusWritten written = write_status(status);
  const auto read = service_dir::read_status(".");
  return written.current && written.problem.code != 0 && read && *read == status;
}

bool is_refused() {
  const StatusWritten written = write_status(status);
  return !written.current && written.problem.code != 0;
}

}  // namespace

TEST_SUITE("records") {
  TEST_CASE("where no new status can be made the old one is overwritten, whatever its size") {
    const Scratch dir;
    dir.directory("supervise");
    dir.directory("supervise/status.new");  // in the way
    for (const std::size_t size : {0U, 35U, 43U, 100U}) {
      CAPTURE(size);
      dir.file("supervise/status", std::string(size, 'x'));
      CHECK(in_directory(dir, {}, 0, is_written_in_place));
      CHECK(std::filesystem::file_size(dir.path("supervise/status")) == wire::status_size);
    }
    dir.file("supervise/status", std::string(100, 'x'));
    CHECK(in_directory(dir, {{SYS_ftruncate}}, EIO, is_refused));
    CHECK(in_directory(dir, {{SYS_pread64}}, EIO, is_refused));
    CHECK(in_directory(dir, fstat_calls, EIO, is_refused));
    CHECK(in_directory(dir, {{SYS_write}}, ENOSPC, is_refused));
  }
  TEST_CASE("what is no file is not written to") {
    const Scratch dir;
    dir.directory("supervise");
    dir.directory("supervise/status.new");
    dir.fifo("supervise/status");
    CHECK(in_directory(dir, {}, 0, is_refused));
  }
  TEST_CASE("a full tally that cannot be read is not lost") {
    const Scratch dir;
    dir.directory("supervise");
    dir.file("max-death-tally", "2");
    dir.file("supervise/death_tally", std::string(2 * wire::death_size, 'x'));
    const auto refused = [] { return append_to_tally({}).error().code == EIO; };
    CHECK(in_directory(dir, {{SYS_pread64}}, EIO, refused));
    CHECK(in_directory(dir, {{SYS_pread64}}, 0, refused));  // it has become shorter meanwhile
    CHECK(in_directory(dir, fstat_calls, EIO, refused));
    CHECK(std::filesystem::file_size(dir.path("supervise/death_tally")) == 2 * wire::death_size);
    CHECK_FALSE(std::filesystem::exists(dir.path("supervise/death_tally.new")));
    CHECK(in_directory(dir, {}, 0, [] { return static_cast<bool>(append_to_tally({})); }));
    CHECK(std::filesystem::file_size(dir.path("supervise/death_tally")) == 2 * wire::death_size);
  }
  TEST_CASE("a tally that cannot be extended is replaced") {
    const Scratch dir;
    dir.directory("supervise");
    const auto recorded = [] { return static_cast<bool>(append_to_tally({})); };
    dir.file("supervise/death_tally", std::string(wire::death_size - 1, 'x'));
    CHECK(in_directory(dir, {}, 0, recorded));
    CHECK(std::filesystem::file_size(dir.path("supervise/death_tally")) == wire::death_size);
  }
}
