#pragma once
// A scan directory full of services, and what should be true of each of them.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "logging.hpp"
#include "scanner.hpp"
#include "tests/soak/record.hpp"

namespace s6::soak {

// What the services of a tree are like, by their number.
struct Shape {
  std::size_t services = 0;
  std::size_t logged_every = 0;    // one in so many has a logger; 0: none
  std::size_t notified_every = 0;  // says that it is ready
  std::size_t stubborn_every = 0;  // ignores SIGTERM, and is killed 300 ms after it was told to end
  std::size_t finish_every = 0;
  std::size_t on_small_disk_every = 0;  // its directory, its log included
};

class Service {
 public:
  Service(std::filesystem::path dir, std::string name, const Shape& shape, std::size_t number,
          const std::filesystem::path& records);

  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
  [[nodiscard]] std::filesystem::path log() const { return dir_ / "log"; }
  [[nodiscard]] test::LogDir lines() const { return test::LogDir(log() / "lines"); }
  [[nodiscard]] const volatile Record& record() const { return *record_; }
  // Lines that may be there or not.
  [[nodiscard]] std::set<std::uint64_t> doubtful() const;

  bool logged;
  bool notifies;
  bool on_small_disk;
  std::string entry;  // its name in the scan directory

  // What was asked for.
  bool linked = true;
  bool wanted_up = true;
  // Since all was settled.
  bool just_added = false;
  bool logger_disturbed = false;
  // The number of the first line that is still in a log.
  std::uint64_t first_line = 1;
  std::uint64_t last_seen_line = 0;

 private:
  std::filesystem::path dir_;
  const volatile Record* record_ = nullptr;
};

// A file system of its own that can be filled to the last byte.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path place, std::size_t bytes);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void fill();
  void empty();
  [[nodiscard]] bool full() const { return full_; }

 private:
  std::filesystem::path path_;
  std::size_t bytes_;
  bool full_ = false;
};

class Tree {
 public:
  Tree(const test::Scene& scene, const Shape& shape);
  test::ScanDir scan;
  SmallDisk disk;
  std::vector<Service> services;
};

// A byte or more to supervise/control of a directory, if somebody listens.
bool send(const std::filesystem::path& dir, const std::string& bytes);

}  // namespace s6::soak
