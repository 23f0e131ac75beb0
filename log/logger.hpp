#pragma once
// The loop of s6-log: reads lines, sends each where the script says, looks after its log directories.
//
// Lines that were read and not yet written are in memory: up to read_size bytes of input and one line more, and a queue
// of a fixed size for each destination that is not ready. When a queue is full nothing is read any more, so the writer
// has to wait; nothing else is ever waited for but the disk itself.
#include <span>

#include "common/sys.hpp"
#include "log/input.hpp"
#include "log/log_directory.hpp"
#include "log/options.hpp"
#include "log/script.hpp"
#include "log/stamps.hpp"
#include "log/status_file.hpp"
#include "log/stream.hpp"

namespace s6::log {

class Logger {
 public:
  Logger(const Script& script, const Options& options) noexcept : script_(script), options_(options) {}

  // Opens and locks every log directory, in the order of the script, and takes over the signals; or ends the program.
  void prepare_or_die() noexcept;
  // Until the input ends, or a signal asks for it, and everything is written.
  void run() noexcept;

 private:
  // What is still read.
  enum class Reading : std::uint8_t { everything, rest_of_line, nothing };

  void open_directories_or_die() noexcept;
  void reserve_or_die() noexcept;

  void wait() noexcept;
  [[nodiscard]] bool wants_input() noexcept;
  [[nodiscard]] bool has_unwritten() noexcept;
  [[nodiscard]] bool is_flushed() noexcept;
  [[nodiscard]] Nanoseconds deadline() const noexcept;
  void take_signals() noexcept;
  void stop_reading() noexcept;
  void reap() noexcept;
  void write_output() noexcept;
  void close_directories() noexcept;

  void read_input() noexcept;
  void read_rest_of_line() noexcept;
  [[nodiscard]] std::size_t read_once(std::size_t most) noexcept;
  void end_input() noexcept { reading_ = Reading::nothing; }
  [[nodiscard]] InputEnd input_end() const noexcept {
    return reading_ == Reading::nothing ? InputEnd::ended : InputEnd::open;
  }

  // Sends on what has been read, as far as there is room.
  void digest() noexcept;
  void digest_blocks() noexcept;
  void digest_lines() noexcept;
  [[nodiscard]] std::size_t common_room() noexcept;
  void give_to_all(std::string_view text) noexcept;
  bool digest_line(const Input::Piece& line) noexcept;
  [[nodiscard]] bool has_room(const Action& action, std::size_t length) noexcept;
  [[nodiscard]] bool has_room_or_stalls(const Action& action, std::size_t length) noexcept;
  void act(const Action& action, std::string_view line) noexcept;
  void read_clock() noexcept;
  void append(Queue& queue, const Action& action, std::string_view line, std::string_view end) noexcept;
  void append_alert(const Action& action, std::string_view line) noexcept;
  [[nodiscard]] Queue& queue_of(const Action& action) noexcept;
  [[nodiscard]] bool is_closed(const Action& action) const noexcept;

  const Script& script_;
  const Options& options_;
  std::span<LogDirectory> directories_;
  std::span<StatusFile> status_files_;
  std::span<bool> acts_;  // per block: does it act on this line?
  Stream stdout_{1, 0};
  Stream stderr_{2, 4096};  // a pipe that is ready takes that much at once
  Input input_;
  Stamps stamps_;
  sys::SignalQueue signals_;
  bool gives_blocks_ = false;    // every destination gets every line as it is
  bool clock_was_read_ = false;  // for the line at hand
  std::size_t copies_ = 1;       // so many actions may put the same line into one queue
  // The action whose queue has no room for a line of stalled_length_; null: all that could be sent on has been.
  const Action* stalled_on_ = nullptr;
  std::size_t stalled_length_ = 0;
  Reading reading_ = Reading::everything;
  Nanoseconds now_ = 0;
  Nanoseconds give_up_at_ = never;  // waiting for the rest of a line
  Nanoseconds retry_memory_at_ = never;
};

}  // namespace s6::log
