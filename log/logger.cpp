#include "log/logger.hpp"

#include <errno.h>
#include <signal.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "common/reserved_array.hpp"
#include "log/memory.hpp"
#include "log/warnings.hpp"

namespace s6::log {
namespace {

constexpr std::size_t read_size = 64 * 1024;    // what a pipe holds
constexpr std::size_t queue_size = 256 * 1024;  // of a stream or a status file, if no line is longer
constexpr std::size_t first_line_room = 64 * 1024;
constexpr Nanoseconds memory_retry = second;
constexpr std::string_view alert_mark = "s6-log: alert: ";
constexpr std::string_view cut_mark = "...";

}  // namespace

// --- start-up ------------------------------------------------------------------------------------------------------

void Logger::prepare_or_die() noexcept {
  now_ = sys::monotonic_now();
  reserve_or_die();
  open_directories_or_die();
  constexpr int handled[] = {SIGHUP, SIGTERM, SIGALRM, SIGCHLD};
  sys::default_signal(SIGCHLD);  // ignored, it would hide the end of processors
  sys::ignore_signal(SIGPIPE);
  auto signals = sys::SignalQueue::open(handled);
  if (!signals) cli::die(signals.error());
  signals_ = std::move(*signals);
}

void Logger::reserve_or_die() noexcept {
  const auto or_die = [](auto result) {
    if (!result) cli::die(result.error());
    return *result;
  };
  const std::size_t line_room = std::min<std::size_t>(options_.line_limit, first_line_room);
  input_ = Input(or_die(reserve_memory(read_size + line_room + 128)), options_.line_limit);
  acts_ = or_die(reserve_array<bool>(script_.blocks.size()));
  directories_ = or_die(reserve_array<LogDirectory>(script_.directories.size()));
  status_files_ = or_die(reserve_array<StatusFile>(script_.status_files));
  stdout_.queue() = Queue(or_die(reserve_memory(queue_size)));
  stderr_.queue() = Queue(or_die(reserve_memory(queue_size)));
  std::size_t streams = 0;
  gives_blocks_ = script_.blocks.size() == 1 && script_.blocks[0].takes_everything();
  for (const Action& action : script_.actions) {
    using To = Action::To;
    const bool is_stream = action.to == To::standard_output || action.to == To::alert;
    if (is_stream) ++streams;
    if (action.to == To::status_file) {
      status_files_[action.index] = StatusFile(action.path, action.size);
      status_files_[action.index].line() = Queue(or_die(reserve_memory(queue_size)));
    }
    if (action.to == To::alert || action.to == To::status_file || !action.layout.is_plain()) gives_blocks_ = false;
  }
  copies_ = std::max<std::size_t>(streams, 1);
}

void Logger::open_directories_or_die() noexcept {
  const mode_t mask = sys::umask(0);
  sys::umask(mask);
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    LogDirectory& directory = directories_[i];
    if (auto opened = directory.open(script_.directories[i], 0666 & ~mask); !opened)
      cli::die(opened.error(), remedy_for_opening(opened.error()));
    // A second lock of one process on a file is always granted, and each would take the other's files for leftovers.
    for (const LogDirectory& other : directories_.first(i))
      if (other.identity() == directory.identity())
        cli::die(cli::usage_error,
                 {"log directory ", directory.path(), " is the same as ", other.path(), "; name it once"});
    directory.prepare_or_die(now_);
  }
}

// --- the loop ------------------------------------------------------------------------------------------------------

void Logger::run() noexcept {
  for (;;) {
    do {
      digest();
      write_output();
    } while (stalled_on_ != nullptr && has_room(*stalled_on_, stalled_length_));
    if (reading_ == Reading::nothing && input_.empty() && is_flushed()) break;
    wait();
  }
  close_directories();
}

bool Logger::has_unwritten() noexcept {
  if (!stdout_.queue().empty() || !stderr_.queue().empty()) return true;
  return std::ranges::any_of(directories_, [](LogDirectory& d) { return !d.queue().empty(); });
}

bool Logger::is_flushed() noexcept {
  return !has_unwritten() && std::ranges::all_of(directories_, [](const LogDirectory& d) { return d.is_at_rest(); });
}

// Everything that is ready; signals first, so that no flood of lines delays them.
void Logger::wait() noexcept {
  const bool wants = wants_input();
  pollfd fds[] = {{signals_.fd(), POLLIN, 0},
                  {wants ? 0 : -1, POLLIN, 0},
                  {stdout_.queue().empty() ? -1 : stdout_.fd(), POLLOUT, 0},
                  {stderr_.queue().empty() ? -1 : stderr_.fd(), POLLOUT, 0}};
  if (auto ready = sys::poll(fds, deadline()); !ready) {
    warn({"unable to wait for events: ", cli::reason(ready.error().code)});
    sys::nap(100 * millisecond);
  }
  now_ = sys::frequent::monotonic_now();
  if (fds[0].revents != 0) take_signals();
  if (fds[1].revents != 0 && reading_ == Reading::everything) read_input();
  if (reading_ == Reading::rest_of_line) read_rest_of_line();
}

bool Logger::wants_input() noexcept {
  if (reading_ == Reading::nothing || stalled_on_ != nullptr) return false;
  return reading_ == Reading::rest_of_line || !options_.waits_for_output || !has_unwritten();
}

Nanoseconds Logger::deadline() const noexcept {
  Nanoseconds first = std::min(give_up_at_, retry_memory_at_);
  for (const LogDirectory& directory : directories_) first = std::min(first, directory.deadline());
  return first;
}

void Logger::take_signals() noexcept {
  for (int signal; (signal = signals_.next()) != 0;) {
    switch (signal) {
      case SIGTERM:
        if (!options_.ignores_term) stop_reading();
        break;
      case SIGHUP: stop_reading(); break;
      case SIGCHLD: reap(); break;
      case SIGALRM:
        for (LogDirectory& directory : directories_) directory.ask_for_rotation();
        break;
      default: break;
    }
  }
}

// Whole lines that are not read yet stay where they are, for a successor. What is left of a line that has been begun is
// awaited.
void Logger::stop_reading() noexcept {
  if (reading_ != Reading::everything) return;
  if (!input_.ends_within_a_line()) return end_input();
  reading_ = Reading::rest_of_line;
  if (options_.patience_ms != 0) give_up_at_ = after(now_, options_.patience_ms * millisecond);
}

void Logger::reap() noexcept {
  for (sys::DeadChild dead; (dead = sys::reap()).pid != 0;)
    for (LogDirectory& directory : directories_) directory.child_died(dead.pid, dead.status);
}

void Logger::write_output() noexcept {
  stdout_.flush();
  stderr_.flush();
  for (StatusFile& file : status_files_) file.publish();
  for (LogDirectory& directory : directories_) directory.advance(now_);
}

void Logger::close_directories() noexcept {
  for (LogDirectory& directory : directories_) {
    while (!directory.close(sys::monotonic_now())) {
      pollfd none{.fd = -1, .events = 0, .revents = 0};
      (void)sys::poll({&none, 1}, directory.deadline());
    }
  }
}

// --- input ---------------------------------------------------------------------------------------------------------

// 0: there is nothing now, or will never be: then reading_ says so.
std::size_t Logger::read_once(std::size_t most) noexcept {
  const std::span<char> space = input_.space(most);
  const auto got = sys::read(0, std::as_writable_bytes(space));
  if (got && *got > 0) {
    input_.filled(*got);
    return *got;
  }
  if (got || got.error().code != EAGAIN) {
    if (!got) warn({"unable to read from stdin: ", cli::reason(got.error().code), "; ending as after its last line"});
    end_input();
  }
  return 0;
}

void Logger::read_input() noexcept {
  // Only a line that is longer than all memory leaves less space than this.
  if (input_.space(read_size).size() < read_size / 2 && !make_room(input_, input_.memory().size() + read_size)) {
    if (input_.space(1).empty()) {
      warn({"out of memory: a line is cut and logged in pieces"});
      input_.cut_here();
      return;
    }
  }
  (void)read_once(read_size);
}

// Byte by byte: what comes after the line is not ours any more.
void Logger::read_rest_of_line() noexcept {
  for (std::size_t size = input_.last_line_size(); input_.ends_within_a_line(); ++size) {
    if (input_.limit() != 0 && size >= input_.limit()) {
      warn({"input line too long, stopping before the end"});
      break;
    }
    if (input_.space(1).empty() && !make_room(input_, input_.memory().size() + read_size)) break;
    if (read_once(1) > 0) continue;
    if (reading_ != Reading::nothing && now_ < give_up_at_) return;
    break;
  }
  give_up_at_ = never;
  end_input();
}

// --- from input to destinations ------------------------------------------------------------------------------------

void Logger::digest() noexcept {
  stalled_on_ = nullptr;
  retry_memory_at_ = never;
  if (gives_blocks_)
    digest_blocks();
  else
    digest_lines();
}

std::size_t Logger::common_room() noexcept {
  std::size_t room = std::numeric_limits<std::size_t>::max();
  for (const Action& action : script_.actions)
    if (!is_closed(action)) room = std::min(room, queue_of(action).room() / copies_);
  return room;
}

void Logger::digest_blocks() noexcept {
  while (const auto lines = input_.next_lines(input_end(), common_room())) {
    if (lines->text.size() + 1 > common_room())
      for (const Action& action : script_.actions)
        if (!has_room_or_stalls(action, lines->text.size())) return;
    give_to_all(lines->text);
    if (!lines->terminated) give_to_all("\n");
    input_.take_lines(*lines);
  }
}

void Logger::give_to_all(std::string_view text) noexcept {
  for (const Action& action : script_.actions) {
    if (is_closed(action)) continue;
    if (action.to == Action::To::directory)
      directories_[action.index].take(text);
    else
      stdout_.queue().append(text);
  }
}

void Logger::digest_lines() noexcept {
  while (const auto line = input_.next_line(input_end())) {
    if (!digest_line(*line)) return;
    input_.take_line(*line);
  }
}

// false: there is no room for it yet; nothing has been done.
bool Logger::digest_line(const Input::Piece& line) noexcept {
  const std::string_view text = line.text;
  char& behind = const_cast<char&>(text.data()[text.size()]);  // regexec wants a terminator there
  const char kept = std::exchange(behind, '\0');
  const bool any = choose(script_.blocks, text, acts_);
  behind = kept;
  if (!any) return true;
  for (std::size_t i = 0; i < script_.blocks.size(); ++i)
    for (const Action& action : script_.blocks[i].actions)
      if (acts_[i] && !has_room_or_stalls(action, text.size())) return false;
  clock_was_read_ = false;
  for (std::size_t i = 0; i < script_.blocks.size(); ++i)
    for (const Action& action : script_.blocks[i].actions)
      if (acts_[i]) act(action, text);
  return true;
}

bool Logger::is_closed(const Action& action) const noexcept {
  return action.to == Action::To::standard_output && stdout_.is_closed();
}

Queue& Logger::queue_of(const Action& action) noexcept {
  switch (action.to) {
    case Action::To::standard_output: return stdout_.queue();
    case Action::To::alert: return stderr_.queue();
    case Action::To::status_file: return status_files_[action.index].line();
    case Action::To::directory: return directories_[action.index].queue();
  }
  return stderr_.queue();
}

// Tries to make room for a line of that length: by writing, or if nothing is in the way, with more memory.
bool Logger::has_room(const Action& action, std::size_t length) noexcept {
  if (is_closed(action)) return true;
  Queue& queue = queue_of(action);
  const std::size_t needed = copies_ * (length + action.layout.overhead() + alert_mark.size() + cut_mark.size());
  if (queue.room() >= needed) return true;
  switch (action.to) {
    case Action::To::directory: directories_[action.index].advance(now_); break;
    case Action::To::standard_output: stdout_.flush(); break;
    case Action::To::alert: stderr_.flush(); break;
    case Action::To::status_file:
      status_files_[action.index].publish();
      queue.clear();
      break;
  }
  if (queue.room() >= needed || is_closed(action)) return true;
  if (queue.memory().size() >= needed) return false;
  if (make_room(queue, queue.size() + needed)) return true;
  retry_memory_at_ = after(now_, memory_retry);
  return false;
}

bool Logger::has_room_or_stalls(const Action& action, std::size_t length) noexcept {
  const bool has = has_room(action, length);
  stalled_on_ = has ? nullptr : &action;
  stalled_length_ = length;
  return has;
}

void Logger::act(const Action& action, std::string_view line) noexcept {
  if (is_closed(action)) return;
  switch (action.to) {
    case Action::To::alert: append_alert(action, line); break;
    case Action::To::status_file:
      queue_of(action).clear();
      append(queue_of(action), action, line, "");
      status_files_[action.index].changed();
      break;
    case Action::To::standard_output:
    case Action::To::directory: append(queue_of(action), action, line, "\n"); break;
  }
}

// Once for a line, whatever the number of stamps.
void Logger::read_clock() noexcept {
  if (!std::exchange(clock_was_read_, true)) stamps_.set(sys::frequent::wall_now());
}

void Logger::append(Queue& queue, const Action& action, std::string_view line, std::string_view end) noexcept {
  const Layout& layout = action.layout;
  if (layout.tai64n || layout.local_time) read_clock();
  if (layout.tai64n) queue.append(stamps_.tai64n());
  if (layout.local_time) queue.append(stamps_.local_time());
  if (!layout.prefix.empty()) {
    queue.append(layout.prefix);
    queue.append(" ");
  }
  queue.append(line);
  queue.append(end);
}

void Logger::append_alert(const Action& action, std::string_view line) noexcept {
  const bool is_cut = action.size != 0 && line.size() > action.size + cut_mark.size();
  stderr_.queue().append(alert_mark);
  append(stderr_.queue(), action, is_cut ? head(line, action.size) : line, is_cut ? cut_mark : "");
  stderr_.queue().append("\n");
}

}  // namespace s6::log
