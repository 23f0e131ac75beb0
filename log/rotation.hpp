#pragma once
// How `current` becomes an archive, one system call after the other, and what is to be done with what a crash between
// any two of them has left. Pure: what the directory holds comes in as values, the steps to take come out.
//
// Every stage can be tried again after it failed. A crash after any of them leaves each line in exactly one file that
// recovery finds: that is why files get the execute bit only when they are complete, and why a name is linked before
// the other is removed (a file with two names is in the archive already).
#include <array>
#include <cstddef>
#include <cstdint>

namespace s6::log {

enum class Stage : std::uint8_t {
  idle,              // nothing to do
  sync_current,      //
  finish_leftovers,  // archive what nobody has finished: the next stages would overwrite it
  set_aside,         // current -> previous
  open_current,      // a new one
  mark_previous,     // as complete
  archive,           // link previous to its archive's name
  drop_previous,     //
  start_processor,   // here the way of those with a processor begins
  processor_runs,    //
  sync_processed,    //
  mark_processed,    // as complete
  sync_state,        //
  replace_input,     // remove previous: processed takes its place
  keep_state,        // newstate -> state
  archive_processed,
  drop_processed,
  trim,  // remove the oldest archives
  count
};

enum class Processing : bool { none, some };

// The stage that follows when one has been completed.
constexpr Stage next_stage(Stage stage, Processing processing) noexcept {
  using enum Stage;
  switch (stage) {
    case idle: return sync_current;
    case mark_previous: return processing == Processing::some ? start_processor : archive;
    case drop_previous: return trim;
    case trim: return idle;
    case count: return idle;
    default: return static_cast<Stage>(static_cast<std::uint8_t>(stage) + 1);
  }
}

// The stage to go back to when one has failed. Only a processor that failed has to be started again.
constexpr Stage retry_stage(Stage stage) noexcept {
  return stage == Stage::processor_runs ? Stage::start_processor : stage;
}

// May lines be written to `current`? Not while it is on its way to become `previous`.
constexpr bool accepts_lines(Stage stage) noexcept {
  return stage == Stage::idle || stage > Stage::open_current;
}

// --- when to rotate -------------------------------------------------------------------------------------------------
struct SizeRule {
  std::uint64_t file_size;
  std::uint64_t tolerance;

  [[nodiscard]] constexpr bool is_full(std::uint64_t size) const noexcept { return size + tolerance >= file_size; }
  // Bytes that may be added to a file of `size` before a line's end makes it full, at least 1.
  [[nodiscard]] constexpr std::uint64_t until_full(std::uint64_t size) const noexcept {
    return is_full(size + 1) ? 1 : file_size - tolerance - size;
  }
};

// --- recovery -------------------------------------------------------------------------------------------------------
// A file of the log directory: not there, or there without or with the execute bit that marks it as complete.
enum class Found : std::uint8_t { missing, incomplete, complete };

enum class Recovery : std::uint8_t {
  none,
  forget_state,
  forget_new_state,
  remove_previous,
  remove_processed,
  archive_previous,   // as unfinished
  archive_processed,  // as finished
  archive_current,    // as unfinished
  make_state,
  make_current,
  continue_current
};
using RecoveryPlan = std::array<Recovery, 8>;
using LeftoverPlan = std::array<Recovery, 2>;

// What is to be done, in this order, about a rotation that was interrupted: a complete `processed` replaces `previous`,
// an incomplete one can be made again.
constexpr LeftoverPlan leftover_plan(Found processed) noexcept {
  using enum Recovery;
  if (processed == Found::complete) return {remove_previous, archive_processed};
  return {remove_processed, archive_previous};
}

// What a starting logger does about what it finds.
constexpr RecoveryPlan recovery_plan(Found current, Found processed) noexcept {
  using enum Recovery;
  if (current == Found::complete) return {continue_current};
  const LeftoverPlan leftovers = leftover_plan(processed);
  return {forget_state, forget_new_state, leftovers[0], leftovers[1], archive_current, make_state, make_current};
}

// Does a file that is to be archived still need its archive's name? Not if it has it (two links), and nobody needs an
// empty one.
constexpr bool needs_archive_name(std::uint64_t links, std::uint64_t bytes) noexcept {
  return links == 1 && bytes > 0;
}

}  // namespace s6::log
