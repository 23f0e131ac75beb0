#pragma once
// A file for code that wants a path: in memory, gone with the process. Not a link to one in /proc: some code follows no
// links.
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scratch.hpp"

namespace s6::fuzz {

class MemoryFile {
 public:
  MemoryFile() : path_(directory_.path() + "/file"), fd_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    check(fd_ >= 0);
  }
  void fill(std::string_view content) const {
    resize(0);
    check(pwrite(fd_, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  }
  void resize(std::size_t size) const { check(ftruncate(fd_, static_cast<off_t>(size)) == 0); }
  [[nodiscard]] const char* path() const { return path_.c_str(); }

 private:
  Scratch directory_;
  std::string path_;
  int fd_;
};

}  // namespace s6::fuzz
