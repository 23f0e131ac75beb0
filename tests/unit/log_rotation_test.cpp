// Rotation, recovery and quotas against a model of a directory: a crash may come between any two steps.
#include "log/rotation.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "log/archive.hpp"

using namespace s6;
using namespace s6::log;

namespace {

// A directory: names of files, which are numbers of inodes.
class Disk {
 public:
  struct File {
    std::string content;
    bool complete = false;
  };

  void create(const std::string& name, const std::string& content = "") {
    if (names_.contains(name)) return;
    names_[name] = next_;
    files_[next_++] = {content, false};
  }
  void append(const std::string& name, const std::string& text) { at(name).content += text; }
  void rename(const std::string& from, const std::string& to) {
    if (!names_.contains(from)) return;
    names_[to] = names_[from];
    names_.erase(from);
  }
  void link(const std::string& from, const std::string& to) { names_[to] = names_[from]; }
  void remove(const std::string& name) { names_.erase(name); }
  bool has(const std::string& name) const { return names_.contains(name); }
  File& at(const std::string& name) { return files_[names_.at(name)]; }
  std::uint64_t links(const std::string& name) const {
    std::uint64_t count = 0;
    for (const auto& [other, inode] : names_) count += inode == names_.at(name);
    return count;
  }
  Found look(const std::string& name) {
    return !has(name) ? Found::missing : at(name).complete ? Found::complete : Found::incomplete;
  }
  // Everything in archives and in current, the oldest first.
  std::string logged() {
    std::string all;
    std::set<int> seen;
    for (const auto& [name, inode] : names_)
      if (name[0] == '@' && seen.insert(inode).second) all += files_[inode].content;
    if (has("current") && seen.insert(names_["current"]).second) all += at("current").content;
    return all;
  }

 private:
  std::map<std::string, int> names_;
  std::map<int, File> files_;
  int next_ = 0;
};

class Directory {
 public:
  explicit Directory(Disk& disk) : disk_(disk) {}

  // One step of a rotation.
  void perform(Stage stage) {
    switch (stage) {
      case Stage::finish_leftovers:
        if (disk_.has("previous") || disk_.has("processed"))
          for (const Recovery step : leftover_plan(disk_.look("processed"))) recover(step);
        break;
      case Stage::set_aside: disk_.rename("current", "previous"); break;
      case Stage::open_current: disk_.create("current"); break;
      case Stage::mark_previous: disk_.at("previous").complete = true; break;
      case Stage::archive: name("previous"); break;
      case Stage::drop_previous:
      case Stage::replace_input: disk_.remove("previous"); break;
      case Stage::start_processor:
        disk_.remove("processed");
        disk_.create("processed", disk_.at("previous").content);
        disk_.create("newstate");
        break;
      case Stage::mark_processed: disk_.at("processed").complete = true; break;
      case Stage::keep_state: disk_.rename("newstate", "state"); break;
      case Stage::archive_processed: name("processed"); break;
      case Stage::drop_processed: disk_.remove("processed"); break;
      default: break;
    }
  }

  void recover(Recovery step) {
    switch (step) {
      case Recovery::none: break;
      case Recovery::forget_state: disk_.remove("state"); break;
      case Recovery::forget_new_state: disk_.remove("newstate"); break;
      case Recovery::remove_previous: disk_.remove("previous"); break;
      case Recovery::remove_processed: disk_.remove("processed"); break;
      case Recovery::archive_previous: finish("previous"); break;
      case Recovery::archive_processed: finish("processed"); break;
      case Recovery::archive_current: finish("current"); break;
      case Recovery::make_state: disk_.create("state"); break;
      case Recovery::make_current: disk_.create("current"); break;
      case Recovery::continue_current: disk_.at("current").complete = false; break;
    }
  }
  void start() {
    for (const Recovery step : recovery_plan(disk_.look("current"), disk_.look("processed"))) recover(step);
  }

 private:
  void name(const std::string& file) {
    if (!disk_.has(file)) return;
    if (needs_archive_name(disk_.links(file), disk_.at(file).content.size()))
      disk_.link(file, "@" + std::to_string(1000 + archives_++));
  }
  void finish(const std::string& file) {
    if (!disk_.has(file)) return;
    name(file);
    disk_.remove(file);
  }
  Disk& disk_;
  static inline int archives_ = 0;
};

std::vector<Stage> stages_of(Processing processing) {
  std::vector<Stage> stages;
  for (Stage stage = next_stage(Stage::idle, processing); stage != Stage::idle; stage = next_stage(stage, processing))
    stages.push_back(stage);
  return stages;
}

}  // namespace

TEST_SUITE("log rotation") {
  TEST_CASE("the stages, with and without a processor") {
    using enum Stage;
    CHECK(stages_of(Processing::none) == std::vector{sync_current, finish_leftovers, set_aside, open_current,
                                                     mark_previous, archive, drop_previous, trim});
    CHECK(stages_of(Processing::some) == std::vector{sync_current, finish_leftovers, set_aside, open_current,
                                                     mark_previous, start_processor, processor_runs, sync_processed,
                                                     mark_processed, sync_state, replace_input, keep_state,
                                                     archive_processed, drop_processed, trim});
    for (int i = 0; i < static_cast<int>(count); ++i) {
      const auto stage = static_cast<Stage>(i);
      CHECK(retry_stage(stage) == (stage == processor_runs ? start_processor : stage));
      CHECK(accepts_lines(stage) ==
            (stage != sync_current && stage != finish_leftovers && stage != set_aside && stage != open_current));
    }
  }
  TEST_CASE("a crash between any two steps neither loses nor doubles a line") {
    for (const Processing processing : {Processing::none, Processing::some}) {
      const auto stages = stages_of(processing);
      for (std::size_t crash = 0; crash <= stages.size(); ++crash) {
        for (std::size_t second_crash = 0; second_crash <= 8; ++second_crash) {
          CAPTURE(crash);
          CAPTURE(second_crash);
          Disk disk;
          Directory directory(disk);
          directory.start();
          disk.append("current", "a\n");
          for (std::size_t i = 0; i < crash; ++i) {
            directory.perform(stages[i]);
            if (stages[i] == Stage::open_current) disk.append("current", "b\n");
          }
          const bool has_b = crash > 3;
          // A first recovery that is interrupted as well, then a second.
          const auto plan = recovery_plan(disk.look("current"), disk.look("processed"));
          for (std::size_t i = 0; i < second_crash && i < plan.size(); ++i) directory.recover(plan[i]);
          directory.start();
          CHECK(disk.logged() == (has_b ? "a\nb\n" : "a\n"));
          CHECK_FALSE(disk.has("previous"));
          CHECK_FALSE(disk.has("processed"));
          CHECK(disk.has("state"));
          CHECK(disk.has("current"));
        }
      }
    }
  }
  TEST_CASE("a directory closed in order is continued, whatever else is in it; a rotation saves that first") {
    for (const bool processed : {false, true}) {
      Disk disk;
      Directory directory(disk);
      disk.create("previous", "old\n");
      disk.create("current", "new\n");
      disk.at("current").complete = true;
      if (processed) {
        disk.create("processed", "made\n");
        disk.at("processed").complete = true;
      }
      directory.start();
      CHECK(disk.has("previous"));
      CHECK(disk.logged() == "new\n");
      for (const Stage stage : stages_of(Processing::none)) directory.perform(stage);
      CHECK(disk.logged() == (processed ? "made\nnew\n" : "old\nnew\n"));
    }
  }
  TEST_CASE("when a file is full") {
    const SizeRule rule{.file_size = 4096, .tolerance = 0};
    CHECK_FALSE(rule.is_full(4095));
    CHECK(rule.is_full(4096));
    CHECK(rule.until_full(0) == 4096);
    CHECK(rule.until_full(4095) == 1);
    CHECK(rule.until_full(5000) == 1);
    const SizeRule tolerant{.file_size = 8192, .tolerance = 2000};
    CHECK(tolerant.is_full(6192));
    CHECK(tolerant.until_full(6100) == 92);
    const SizeRule odd{.file_size = 4096, .tolerance = 49'999};
    CHECK(odd.is_full(0));
    CHECK(odd.until_full(0) == 1);
  }
}

TEST_SUITE("log archives") {
  TEST_CASE("names") {
    const auto name = archive_name({0x4000000066012345, 0x0a0b0c0d}, Ending::finished);
    CHECK(std::string(name.data()) == "@40000000660123450a0b0c0d.s");
    CHECK(is_archive(name.data()));
    for (const char* good : {"@40000000660123450A0b0c0d.u", "@ffffffffffffffffffffffff.s"}) CHECK(is_archive(good));
    for (const char* bad :
         {"", "current", "@40000000660123450a0b0c0d.x", "@40000000660123450a0b0c0d", "@.s",
          "@40000000660123450a0b0c0g.s", "40000000660123450a0b0c0d00.s", "@40000000660123450a0b0c0d.ss"})
      CHECK_FALSE(is_archive(bad));
  }
  TEST_CASE("stamps grow") {
    GrowingStamp stamps;
    CHECK(stamps.next({5, 10}) == Tai64n{5, 10});
    CHECK(stamps.next({5, 10}) == Tai64n{5, 11});
    CHECK(stamps.next({4, 0}) == Tai64n{5, 12});
    CHECK(stamps.next({5, 999'999'999}) == Tai64n{5, 999'999'999});
    CHECK(stamps.next({5, 0}) == Tai64n{6, 0});
  }
  TEST_CASE("the oldest go, until both limits are kept") {
    std::mt19937 random(11);
    for (int i = 0; i < 200; ++i) {
      std::map<std::string, std::uint64_t> directory;
      for (auto n = random() % 700; n > 0; --n)
        directory[archive_name({tai::epoch_label + random() % 5000, static_cast<std::uint32_t>(random() % 1000)},
                               random() % 2 != 0 ? Ending::finished : Ending::unfinished)
                      .data()] = random() % 1000;
      const Quota quota{.archives = random() % 600, .bytes = random() % 2 != 0 ? random() % 300'000 : 0};
      std::vector<std::pair<std::string, std::uint64_t>> expected(directory.begin(), directory.end());
      std::uint64_t bytes = 0;
      for (const auto& archive : expected) bytes += archive.second;
      while (!expected.empty() && (expected.size() > quota.archives || (quota.bytes != 0 && bytes > quota.bytes))) {
        bytes -= expected.front().second;
        expected.erase(expected.begin());
      }
      auto oldest = std::make_unique<OldestArchives>();
      std::string last;
      do {
        oldest->begin_pass(last);
        std::vector<std::pair<std::string, std::uint64_t>> order(directory.begin(), directory.end());
        std::shuffle(order.begin(), order.end(), random);
        for (const auto& [name, size] : order) oldest->consider(name, size);
        for (const auto& archive : oldest->surplus(quota)) {
          last = archive.view();
          directory.erase(last);
        }
      } while (oldest->another_pass_is_due());
      CHECK(std::vector<std::pair<std::string, std::uint64_t>>(directory.begin(), directory.end()) == expected);
    }
  }
  TEST_CASE("what cannot be removed does not take others with it") {
    OldestArchives oldest;
    oldest.begin_pass("");
    const auto stuck = archive_name({tai::epoch_label, 0}, Ending::finished);
    const auto good = archive_name({tai::epoch_label, 1}, Ending::finished);
    oldest.consider({stuck.data(), archive_name_size}, 10);
    oldest.consider({good.data(), archive_name_size}, 10);
    const auto gone = oldest.surplus({.archives = 1});
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].view() == std::string(stuck.data()));
    CHECK_FALSE(oldest.another_pass_is_due());
  }
}
