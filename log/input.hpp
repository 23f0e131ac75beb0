#pragma once
// Cutting a stream of bytes into lines. Pure: the memory is given, bytes come in as they were read.
//
// A line ends at a newline or, if so wanted, at a NUL. A line of more than `limit` bytes is cut after each `limit` of
// them; what is cut off is a line of its own. 0 is no limit.
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace s6::log {

enum class LineEnds : bool { newline, newline_or_nul };
enum class InputEnd : bool { open, ended };  // ended: what comes last is a line, even without a newline

class Input {
 public:
  // Complete lines: `text` with all their newlines, or a piece of a line to which the newline has to be added.
  struct Piece {
    std::string_view text;
    bool terminated;
  };

  constexpr Input() noexcept = default;
  Input(std::span<char> memory, std::size_t limit, LineEnds ends = LineEnds::newline_or_nul) noexcept
      : memory_(memory), limit_(limit), ends_(ends) {}

  // --- filling ---
  // Where the next bytes go, after at most `most` bytes of it; empty: full, lines must be taken first or enlarge().
  // The byte behind it always exists, too.
  std::span<char> space(std::size_t most) noexcept;
  void filled(std::size_t count) noexcept;
  // The same content, moved to larger memory.
  void moved_to(std::span<char> memory) noexcept { memory_ = memory; }
  [[nodiscard]] std::span<char> memory() const noexcept { return memory_; }
  // There is no memory for a line that is longer than what is here now.
  void cut_here() noexcept { limit_ = size() - 1; }

  // --- taking ---
  // As many lines as fit into `room` bytes, newlines included; if not even one fits, or it has no newline, that one.
  [[nodiscard]] std::optional<Piece> next_lines(InputEnd end, std::size_t room) noexcept;
  // The next line, without its newline. The byte behind it may be changed until it is taken, if put back.
  [[nodiscard]] std::optional<Piece> next_line(InputEnd end) noexcept;
  // Takes what next_lines() or next_line() has shown.
  void take_lines(const Piece& lines) noexcept { take(lines.text.size()); }
  void take_line(const Piece& line) noexcept { take(line.text.size() + (line.terminated ? 1 : 0)); }

  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool ends_within_a_line() const noexcept { return !empty() && memory_[end_ - 1] != '\n'; }
  // Bytes after the last newline.
  [[nodiscard]] std::size_t last_line_size() const noexcept;
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  void make_space() noexcept;
  [[nodiscard]] std::size_t window(std::size_t from, std::size_t to) const noexcept;
  [[nodiscard]] std::optional<Piece> unterminated(InputEnd end) const noexcept;
  void take(std::size_t count) noexcept;

  std::span<char> memory_;
  std::size_t limit_ = 0;
  LineEnds ends_ = LineEnds::newline_or_nul;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t searched_ = 0;  // in this many bytes from begin_ on there is no newline
};

}  // namespace s6::log
