#pragma once
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

// A directory that lives as long as the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "s6-unit.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name = "") const { return name.empty() ? root_ : root_ + "/" + name; }
  void directory(const std::string& name) const { REQUIRE(std::filesystem::create_directory(path(name))); }
  void file(const std::string& name, const std::string& content = "") const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  void fifo(const std::string& name) const { REQUIRE(::mkfifo(path(name).c_str(), 0600) == 0); }

 private:
  std::string root_;
};
