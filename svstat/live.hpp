#pragma once
// s6-svls -w: the table again whenever something has changed.
//
// The kernel tells of changes: of the scan directories, of what decides about a service in its directory, and of the
// files of its supervisor - the status is replaced at every event, and the lock is closed when the supervisor dies. So
// nobody is asked for anything, no FIFO has to be removed at the end, and what is needed is the right to read those
// files. Only the services of which there is something new are looked at again. Once a minute everything is, as the
// ages have to be drawn anew then, and as nobody tells of a supervisor that is stopped.
#include <span>
#include <string_view>

#include "common/sys.hpp"
#include "svstat/forest.hpp"

namespace s6::svstat {

class Live {
 public:
  Live(Forest& forest, const SvlsRequest& request) noexcept : forest_(forest), request_(request) {}

  // Shows and waits until a signal ends the program. Returns only for an error.
  Error run() noexcept;

 private:
  // The numbers of what is watched for a supervised directory; -1: it cannot be watched.
  struct Watches {
    int directory = -1;
    int supervise = -1;
    int status = -1;  // this and the next only where one may not read supervise/
    int lock = -1;
    bool is_new = false;  // something has changed
    [[nodiscard]] bool has(int watch) const noexcept;
  };
  struct Watched {
    std::size_t tree;
    std::size_t number;  // of the row
    Watches service;
    Watches logger;
  };

  Result<void> start() noexcept;
  Result<void> watch_scan_directory(const Tree& tree) noexcept;
  void watch(const char* directory, Watches& watches) noexcept;
  void watch_row(Watched& watched) noexcept;
  [[nodiscard]] Row* row_of(const Watched& watched) noexcept;
  void take_changes() noexcept;
  void take_change(const sys::Changes::Change& change) noexcept;
  bool look_at_new() noexcept;  // true: there is something else to be seen now
  bool look_at(const Watched& watched) noexcept;
  bool look_at_scanners() noexcept;
  Result<void> draw() noexcept;
  Result<void> wait() noexcept;

  Forest& forest_;
  const SvlsRequest& request_;
  UniqueFd watcher_;
  sys::SignalQueue resized_;
  GrowingArray<Watched> watched_;
  GrowingArray<int> scan_directories_;
  GrowingArray<int> scanners_;    // the directories .s6-svscan
  bool must_start_again_ = true;  // there are other services
  bool must_draw_ = true;         // whatever there is to be seen
  bool scanner_is_new_ = false;   // something has changed about a scanner
  bool has_drawn_ = false;
  sys::Nanoseconds next_look_ = 0;  // at everything
};

}  // namespace s6::svstat
