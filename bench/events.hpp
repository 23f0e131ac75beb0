#pragma once
// Learning at once what a supervisor does: subscribers of its events, and a watch on its status file.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/status.hpp"
#include "common/unique_fd.hpp"

namespace s6::bench {

// Nothing if there is no status yet.
std::optional<Status> read_status(const std::filesystem::path& service);

// FIFOs in event/ of a service, which must exist.
class Subscribers {
 public:
  Subscribers(const std::filesystem::path& service, int count);
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;
  void forget();             // what has come so far
  void expect(char letter);  // waits until each of them has got it, after the last forget()

 private:
  std::vector<std::filesystem::path> paths_;
  std::vector<UniqueFd> fds_;
};

// By inotify, on the renames in supervise/.
class StatusWatch {
 public:
  explicit StatusWatch(const std::filesystem::path& service);
  // Looks at the status now, and each time when it is replaced.
  void wait(const std::function<bool(const Status&)>& holds);

 private:
  std::filesystem::path service_;
  UniqueFd fd_;
};

}  // namespace s6::bench
