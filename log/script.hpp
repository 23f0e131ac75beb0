#pragma once
// The logging script: the words of the command line, read into rules. Pure but for the C library's regular expressions.
//
// A script is a list of blocks: selections, then actions. Each line goes through all blocks in order; whether it is
// selected carries over from one block to the next.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/text.hpp"
#include "log/archive.hpp"
#include "log/matcher.hpp"
#include "log/rotation.hpp"

namespace s6::log {

struct Selection {
  enum class Kind : std::uint8_t { select, deselect, otherwise };
  Kind kind = Kind::otherwise;
  Matcher matcher;  // not of `otherwise`
};

// What stands before a line.
struct Layout {
  bool tai64n = false;
  bool local_time = false;
  std::string_view prefix;  // empty: none

  [[nodiscard]] bool is_plain() const noexcept { return !tai64n && !local_time && prefix.empty(); }
  // No line becomes longer by more than this, its newline included.
  [[nodiscard]] std::size_t overhead() const noexcept { return 26 + 31 + prefix.size() + 1 + 1; }
};

struct Processor {
  enum class By : std::uint8_t { none, shell, execline };
  By by = By::none;
  const char* command = nullptr;
};

// A log directory and what was in force when it was named.
struct Directory {
  const char* path = nullptr;
  Quota quota;
  SizeRule size{.file_size = 99'999, .tolerance = 2'000};
  std::uint32_t retry_ms = 2'000;
  std::uint32_t period_s = 0;  // 0: not by the clock
  Processor processor;
};

struct Action {
  enum class To : std::uint8_t { standard_output, alert, status_file, directory };
  To to = To::standard_output;
  Layout layout;
  std::uint32_t size = 0;      // alert: where to cut a line, status file: its size; 0: no limit
  const char* path = nullptr;  // status file
  std::size_t index = 0;       // of the directory, or of the status file
};

struct Block {
  std::span<Selection> selections;
  std::span<const Action> actions;
  [[nodiscard]] bool takes_everything() const noexcept { return selections.empty(); }
};

// Where the parser puts what it reads. Each must have room for as many elements as there are words.
struct ScriptMemory {
  std::span<Selection> selections;
  std::span<Action> actions;
  std::span<Block> blocks;
  std::span<Directory> directories;
};

struct Script {
  std::span<const Block> blocks;
  std::span<const Action> actions;  // of all blocks
  std::span<const Directory> directories;
  std::size_t status_files = 0;
};

struct ScriptProblem {
  enum class Kind : std::uint8_t { none, unrecognized, bad_syntax, conflict, no_action };
  Kind kind = Kind::none;
  const char* directive = "";
  TextBuffer<128> detail;  // of a regular expression that is none
};

class ScriptParser {
 public:
  explicit ScriptParser(const ScriptMemory& memory) noexcept : memory_(memory) {}

  // false: problem() tells why.
  bool parse(std::span<const char* const> words) noexcept;
  [[nodiscard]] const ScriptProblem& problem() const noexcept { return problem_; }
  [[nodiscard]] const Script& script() const noexcept { return script_; }
  // There are selections after the last action: they are of no use.
  [[nodiscard]] bool has_idle_selections() const noexcept { return pending_selections_ > 0; }

 private:
  bool directive(const char* word) noexcept;
  bool control(const char* word) noexcept;
  bool control_number(const char* word) noexcept;
  bool selection(const char* word) noexcept;
  bool action(const char* word) noexcept;
  bool set_tolerance(const char* word, std::uint32_t value) noexcept;
  void set_processor(Processor::By by, const char* command) noexcept;
  void add_action(const Action& action) noexcept;
  bool fail(ScriptProblem::Kind kind, const char* word) noexcept;

  ScriptMemory memory_;
  Script script_;
  ScriptProblem problem_;
  Directory directory_;  // as the next one named will be
  Layout layout_;
  std::uint32_t alert_size_ = 200;
  std::uint32_t status_size_ = 1001;
  std::size_t selections_ = 0;
  std::size_t pending_selections_ = 0;  // of them, those of a block that has no action yet
  std::size_t actions_ = 0;
  std::size_t block_actions_ = 0;  // of them, those of the last block
  std::size_t blocks_ = 0;
};

// Which blocks act on a line? Sets an element of `acts` for each and says whether there is one. The byte behind the
// line must be a NUL. Where the C library has no memory to tell, the line is kept.
bool choose(std::span<const Block> blocks, std::string_view line, std::span<bool> acts) noexcept;

}  // namespace s6::log
