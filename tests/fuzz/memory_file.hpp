#pragma once
// A file for code that wants a path: in memory, gone with the process.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.hpp"

namespace s6::fuzz {

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
    check(fd_ >= 0);
  }
  void fill(std::string_view content) const {
    resize(0);
    check(pwrite(fd_, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  }
  void resize(std::size_t size) const { check(ftruncate(fd_, static_cast<off_t>(size)) == 0); }
  [[nodiscard]] const char* path() const { return path_.c_str(); }

 private:
  int fd_;
  std::string path_;
};

}  // namespace s6::fuzz
