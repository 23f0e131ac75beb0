#pragma once
// A status file: always the last line that was selected for it, in a file of a fixed size that is replaced as a whole.
// Of the lines of one turn only the last is written: nobody could have seen the others.
#include "log/queue.hpp"

namespace s6::log {

class StatusFile {
 public:
  StatusFile() noexcept = default;
  StatusFile(const char* path, std::uint32_t size) noexcept : path_(path), size_(size) {}

  // The line to publish, without its newline; clear it first.
  Queue& line() noexcept { return line_; }
  void changed() noexcept { changed_ = true; }
  // Writes it if it has changed. A failure is a warning, and the next change tries again.
  void publish() noexcept;

 private:
  const char* path_ = "";
  std::uint32_t size_ = 0;  // 0: the line and one newline
  Queue line_;
  bool changed_ = false;
};

}  // namespace s6::log
