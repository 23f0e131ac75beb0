#include "svstat/live.hpp"

#include <errno.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/service_dir.hpp"
#include "svstat/output.hpp"
#include "svstat/screen.hpp"

namespace s6::svstat {
namespace {

constexpr sys::Nanoseconds longest_wait = 60 * sys::second;
constexpr std::string_view scanner_directory = ".s6-svscan";

int watch_or_none(const Result<int>& watch) noexcept {
  return watch ? *watch : -1;
}

// Of the names in a service directory and in supervise/, those that say something. The control FIFO does not: looking
// whether somebody reads it changes it.
bool matters(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 8> names = {"",          "down", "notification-fd", "log",
                                                     "supervise", "lock", "status",          "death_tally"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

bool Live::Watches::has(int watch) const noexcept {
  return watch == directory || watch == supervise || watch == status || watch == lock;
}

Error Live::run() noexcept {
  if (sys::window_size(1)) {
    constexpr std::array resize = {SIGWINCH};
    auto queue = sys::SignalQueue::open(resize);
    if (!queue) return queue.error();
    resized_ = std::move(*queue);
  }
  for (;;) {
    if (must_start_again_)
      if (auto started = start(); !started) return started.error();
    if (look_at_new() || must_draw_)
      if (auto drawn = draw(); !drawn) return drawn.error();
    if (auto waited = wait(); !waited) return waited.error();
  }
}

// Everything is watched before it is looked at: what changes after the look is told.
Result<void> Live::start() noexcept {
  auto watcher = sys::file_watcher();
  if (!watcher) return watcher.error();
  watcher_ = std::move(*watcher);
  watched_.clear();
  scan_directories_.clear();
  scanner_is_new_ = true;
  scanners_.clear();
  must_start_again_ = false;
  must_draw_ = true;
  for (const Tree& tree : forest_.trees())
    if (auto done = watch_scan_directory(tree); !done) return done;
  if (auto found = forest_.find(); !found) return found;
  for (std::size_t i = 0; i < forest_.trees().size(); ++i)
    for (const Row& row : forest_.trees()[i].rows())
      if (auto added = watched_.add({.tree = i, .number = row.number}); !added) return added;
  for (Watched& watched : watched_.all()) watched.service.is_new = true;
  return {};
}

Result<void> Live::watch_scan_directory(const Tree& tree) noexcept {
  const auto number = sys::watch_directory(watcher_.get(), tree.directory());
  if (!number) return number.error();
  const auto scanner =
      sys::watch_directory(watcher_.get(), PathBuffer{tree.directory(), "/", scanner_directory}.c_str());
  if (scanner)
    if (auto added = scanners_.add(*scanner); !added) return added;
  return scan_directories_.add(*number);
}

// A file that was replaced is another one: after each change all are watched again, which changes nothing for the
// others.
void Live::watch(const char* directory, Watches& watches) noexcept {
  const auto below = [directory](std::string_view name) { return service_dir::below(directory, name); };
  watches.directory = watch_or_none(sys::watch_directory(watcher_.get(), directory));
  const auto supervise = sys::watch_directory(watcher_.get(), below(service_dir::supervise).c_str());
  watches.supervise = watch_or_none(supervise);
  watches.status = watches.lock = -1;
  if (supervise || supervise.error().code == ENOENT) return;
  watches.status = watch_or_none(sys::watch_file(watcher_.get(), below(service_dir::status).c_str()));
  watches.lock = watch_or_none(sys::watch_file(watcher_.get(), below(service_dir::lock).c_str()));
}

Row* Live::row_of(const Watched& watched) noexcept {
  const std::span<Row> rows = forest_.trees()[watched.tree].rows();
  const auto found = std::ranges::find(rows, watched.number, &Row::number);
  return found == rows.end() ? nullptr : &*found;
}

void Live::watch_row(Watched& watched) noexcept {
  const Row* const row = row_of(watched);
  if (row == nullptr) return;
  const Tree& tree = forest_.trees()[watched.tree];
  watch(tree.path(*row).c_str(), watched.service);
  watch(tree.logger_path(*row).c_str(), watched.logger);
}

void Live::take_changes() noexcept {
  while (resized_.fd() >= 0 && resized_.next() != 0) must_draw_ = true;
  sys::Changes changes;
  while (const auto change = changes.next(watcher_.get())) take_change(*change);
}

void Live::take_change(const sys::Changes::Change& change) noexcept {
  const std::string_view name = change.name;
  const auto is_in = [&change](std::span<const int> watches) { return std::ranges::count(watches, change.watch) > 0; };
  if (change.watch < 0) {
    must_start_again_ = true;
  } else if (is_in(scan_directories_.all())) {
    if (!name.starts_with('.') || name == scanner_directory) must_start_again_ = true;
  } else if (matters(name)) {
    if (is_in(scanners_.all())) scanner_is_new_ = true;
    for (Watched& watched : watched_.all())
      if (watched.service.has(change.watch) || watched.logger.has(change.watch)) watched.service.is_new = true;
  }
}

// A scanner that starts changes nothing, but it starts supervisors.
bool Live::look_at_scanners() noexcept {
  bool has_changed = false;
  scanner_is_new_ = false;
  for (Tree& tree : forest_.trees()) {
    const Keeper before = tree.scan().scanner;
    tree.look_at_scanner();
    has_changed = has_changed || tree.scan().scanner != before;
  }
  return has_changed;
}

bool Live::look_at(const Watched& watched) noexcept {
  Row* const row = row_of(watched);
  if (row == nullptr) return false;
  const Row before = *row;
  forest_.trees()[watched.tree].look_at(*row);
  return row->seen != before.seen || row->has_logger != before.has_logger || row->logger != before.logger;
}

bool Live::look_at_new() noexcept {
  bool has_changed = false;
  for (Watched& watched : watched_.all()) {
    if (!watched.service.is_new) continue;
    scanner_is_new_ = true;
    watched.service.is_new = false;
    watch_row(watched);
    if (look_at(watched)) has_changed = true;
  }
  if (has_changed) forest_.look_again();
  return (scanner_is_new_ && look_at_scanners()) || has_changed;
}

Result<void> Live::draw() noexcept {
  const auto scans = forest_.arrange(request_);
  if (!scans) return scans.error();
  Page page = page_of_output();
  if (page.lines > 1) --page.lines;  // the last newline must not push the first line out
  Output output;
  const Sink sink = output.sink();
  if (page.columns > 0)
    sink.add("\033[H\033[2J");  // home, and clear
  else if (has_drawn_)
    sink.add("\n");
  add_table(sink, *scans, sys::stamp_now(), page);
  output.flush();
  has_drawn_ = true;
  must_draw_ = false;
  next_look_ = sys::after(sys::monotonic_now(), longest_wait);
  return {};
}

Result<void> Live::wait() noexcept {
  std::array<pollfd, 2> fds{{{.fd = watcher_.get(), .events = POLLIN}, {.fd = resized_.fd(), .events = POLLIN}}};
  const auto ready = sys::poll(fds, next_look_);
  if (!ready) return ready.error();
  if (*ready > 0) {
    take_changes();
  } else if (sys::monotonic_now() >= next_look_) {
    forest_.look();
    must_draw_ = true;
  }
  return {};
}

}  // namespace s6::svstat
