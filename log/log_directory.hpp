#pragma once
// A log directory: lines are appended to `current`, which becomes an archive when it is full, when somebody asks for it
// or when its time has come. What to do next is decided by the stages of rotation.hpp; here it is done.
//
//   current    the file being written; with the execute bit: closed in order
//   previous   a full one on its way to become an archive
//   processed, newstate   what a processor makes of it
//   state      what the processor wants to know next time
//   lock       held as long as the logger lives
//
// Nothing that fails ends the program or loses a line: the lines wait in a queue and the stage is tried again. While
// there is no room in the queue the logger reads nothing.
#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "common/sys.hpp"
#include "log/queue.hpp"
#include "log/script.hpp"

namespace s6::log {

// What to do about an error of LogDirectory::open(), if that is not evident.
std::string_view remedy_for_opening(const Error& error) noexcept;

class LogDirectory {
 public:
  struct Identity {
    dev_t device;
    ino_t inode;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  // Before everything else, in this order. `file_mode` is that of a file that is being written.
  Result<void> open(const Directory& rules, mode_t file_mode) noexcept;
  [[nodiscard]] Identity identity() const noexcept { return identity_; }
  [[nodiscard]] const char* path() const noexcept { return rules_.path; }
  // Takes the lock and brings order into what the last logger has left. Not possible: ends the program.
  void prepare_or_die(Nanoseconds now) noexcept;

  // Lines to be written, in the end. take() writes them now if that is possible; there must be room in the queue.
  Queue& queue() noexcept { return queue_; }
  void take(std::string_view lines) noexcept;

  // Does all that can be done at this time: writes, rotates, tries again.
  void advance(Nanoseconds now) noexcept;
  [[nodiscard]] Nanoseconds deadline() const noexcept;
  void ask_for_rotation() noexcept;
  void child_died(pid_t pid, const WaitStatus& status) noexcept;

  [[nodiscard]] bool is_at_rest() const noexcept { return queue_.empty() && stage_ == Stage::idle && !is_due(); }
  // Marks `current` as closed in order. To be repeated, at deadline(), until it is true.
  bool close(Nanoseconds now) noexcept;

 private:
  // start-up
  void lock_or_die() noexcept;
  void recover_or_die(Recovery step) noexcept;
  [[nodiscard]] Result<Found> look_for(const char* name) const noexcept;
  Result<void> recover(Recovery step) noexcept;
  Result<void> continue_current() noexcept;
  Result<void> archive_leftover(const char* name, Ending ending) noexcept;
  // writing
  std::size_t write(std::string_view text) noexcept;
  void writing_failed(int code) noexcept;
  void writing_worked() noexcept;
  // rotation
  [[nodiscard]] bool is_due() const noexcept { return !mid_line_ && size_ > 0 && (full_ || asked_); }
  bool may_try(Nanoseconds now) noexcept;
  bool perform_stage() noexcept;
  Result<void> do_stage() noexcept;
  Result<void> finish_leftovers() noexcept;
  Result<void> set_aside() noexcept;
  Result<void> make_current() noexcept;
  Result<void> mark_previous() noexcept;
  Result<void> give_archive_name(const char* name, Ending ending) noexcept;
  Result<void> remove(const char* name) noexcept;
  Result<void> start_processor() noexcept;
  Result<pid_t> spawn_processor(int previous, int state) noexcept;
  void complain(const Error& error) const noexcept;

  static constexpr std::size_t queue_size = 256 * 1024;
  static constexpr int most_rotations = 16;  // in one turn
  static constexpr Nanoseconds least_retry = 10 * millisecond;
  [[nodiscard]] Nanoseconds retry_time() const noexcept {
    return after(now_, std::max<Nanoseconds>(rules_.retry_ms * millisecond, least_retry));
  }

  Directory rules_;
  mode_t file_mode_ = 0;
  Identity identity_{};
  UniqueFd directory_;
  UniqueFd lock_;
  UniqueFd current_;
  UniqueFd processed_;
  UniqueFd new_state_;
  Queue queue_;
  std::uint64_t size_ = 0;  // of current
  bool mid_line_ = false;   // current ends within a line
  bool full_ = false;
  bool asked_ = false;  // somebody wants a rotation
  bool write_fails_ = false;
  bool has_more_to_do_ = false;
  Stage stage_ = Stage::idle;
  Processing processing_ = Processing::none;
  pid_t processor_ = 0;
  GrowingStamp stamps_;
  Nanoseconds now_ = 0;
  Nanoseconds retry_stage_at_ = never;
  Nanoseconds retry_write_at_ = never;
  Nanoseconds period_ends_at_ = never;
};

}  // namespace s6::log
