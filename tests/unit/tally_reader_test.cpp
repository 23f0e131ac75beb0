#include "common/tally_reader.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "scratch.hpp"
#include "tests/refusal.hpp"

using namespace s6;

namespace {

// Deaths by exit codes `first`, `first` + 1, ... (modulo 256).
std::string tally(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    const auto raw = wire::encode(Death{{tai::epoch_label + 1, 0}, static_cast<std::uint8_t>(i), 0});
    for (const std::byte b : raw) bytes += static_cast<char>(b);
  }
  return bytes;
}

// The exit codes of the newest `limit` records.
std::vector<int> codes(const std::string& path, std::uint32_t limit) {
  TallyReader reader;
  REQUIRE(reader.open(path.c_str(), limit));
  std::vector<int> found;
  for (;;) {
    const auto death = reader.next();
    REQUIRE(death);
    if (!*death) return found;
    found.push_back((*death)->exit_code);
  }
}

}  // namespace

TEST_SUITE("tally reader") {
  TEST_CASE("the newest records, oldest first") {
    const Scratch scratch;
    scratch.file("tally", tally(5));
    CHECK(codes(scratch.path("tally"), 4096) == std::vector{0, 1, 2, 3, 4});
    CHECK(codes(scratch.path("tally"), 5) == std::vector{0, 1, 2, 3, 4});
    CHECK(codes(scratch.path("tally"), 2) == std::vector{3, 4});
    CHECK(codes(scratch.path("tally"), 0).empty());
  }
  TEST_CASE("all records are counted, however few are wanted") {
    const Scratch scratch;
    scratch.file("tally", tally(5));
    TallyReader reader;
    REQUIRE(reader.open(scratch.path("tally").c_str(), 1));
    CHECK(reader.total() == 5);
  }
  TEST_CASE("an empty tally") {
    const Scratch scratch;
    scratch.file("tally");
    CHECK(codes(scratch.path("tally"), 4096).empty());
  }
  TEST_CASE("as many records as there may be, and more") {
    const Scratch scratch;
    scratch.file("tally", tally(5000));
    const auto found = codes(scratch.path("tally"), 4096);
    REQUIRE(found.size() == 4096);
    for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(found[i] == (static_cast<int>(i) + 904) % 256);
  }
  TEST_CASE("a file of another size is no tally, and stays as it is") {
    const Scratch scratch;
    for (const std::size_t size : {std::size_t{1}, std::size_t{13}, std::size_t{15}, std::size_t{41}}) {
      const std::string content = tally(3).substr(0, size);
      scratch.file("tally", content);
      TallyReader reader;
      const auto opened = reader.open(scratch.path("tally").c_str(), 4096);
      REQUIRE(!opened);
      CHECK(opened.error().code == EPROTO);
      CHECK(explain_tally_error(opened.error()) == "its size is no multiple of 14 bytes");
      CHECK(std::filesystem::file_size(scratch.path("tally")) == size);
    }
  }
  TEST_CASE("what cannot be looked at is no tally") {
    const Scratch scratch;
    scratch.file("tally", tally(1));
    CHECK(while_refused(fstat_calls, EIO, [&scratch] {
      TallyReader reader;
      return reader.open(scratch.path("tally").c_str(), 1).error().code == EIO;
    }));
  }
  TEST_CASE("a file that is missing is not made") {
    const Scratch scratch;
    TallyReader reader;
    const auto opened = reader.open(scratch.path("tally").c_str(), 4096);
    REQUIRE(!opened);
    CHECK(opened.error().code == ENOENT);
    CHECK(explain_tally_error(opened.error()).empty());
    CHECK(!std::filesystem::exists(scratch.path("tally")));
  }
  TEST_CASE("a tally that is emptied meanwhile ends") {
    const Scratch scratch;
    scratch.file("tally", tally(300));
    TallyReader reader;
    const std::string path = scratch.path("tally");
    REQUIRE(reader.open(path.c_str(), 4096));
    auto first = reader.next();
    REQUIRE(first);
    CHECK(*first);
    std::filesystem::resize_file(path, 0);
    int more = 0;
    for (auto death = reader.next(); death && *death; death = reader.next()) ++more;
    CHECK(more < 299);
    const auto end = reader.next();
    REQUIRE(end);
    CHECK(!*end);
  }
}
