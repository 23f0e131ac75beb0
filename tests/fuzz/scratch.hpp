#pragma once
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/fuzz/fuzz.hpp"

namespace s6::fuzz {

// A directory in memory, which goes with this process, however that ends: a child waits for it and cleans up.
class Scratch {
 public:
  Scratch() {
    char path[] = "/dev/shm/s6-fuzz-XXXXXX";
    check(mkdtemp(path) != nullptr);
    path_ = path;
    int alive[2];
    check(pipe2(alive, O_CLOEXEC) == 0);
    const pid_t child = fork();
    check(child >= 0);
    if (child == 0) clean_up_after(alive);
    close(alive[0]);  // the other end is closed by the end of this process
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  void empty() const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) std::filesystem::remove(entry);
  }

 private:
  [[noreturn]] void clean_up_after(const int (&alive)[2]) const {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM}) ::signal(signal, SIG_IGN);
    for (const int fd : {0, 1, 2, alive[1]}) close(fd);
    char byte;
    while (read(alive[0], &byte, 1) != 0) {
    }
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    _exit(0);
  }
  std::string path_;
};

}  // namespace s6::fuzz
