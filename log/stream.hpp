#pragma once
// Standard output and standard error as destinations of lines: bytes wait in a queue for a reader who is slower than
// the writer.
#include "common/nanoseconds.hpp"
#include "log/queue.hpp"

namespace s6::log {

class Stream {
 public:
  // most_at_once: what a descriptor that poll says to be ready takes without making us wait. 0: it never does.
  Stream(int fd, std::size_t most_at_once) noexcept : fd_(fd), most_at_once_(most_at_once) {}

  Queue& queue() noexcept { return queue_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool is_closed() const noexcept { return fd_ < 0; }
  // Writes what can be written now.
  void flush() noexcept;

 private:
  [[nodiscard]] bool takes_more() const noexcept;
  void give_up(int code) noexcept;

  int fd_;
  std::size_t most_at_once_;
  Queue queue_;
};

}  // namespace s6::log
