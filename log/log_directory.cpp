#include "log/log_directory.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/spawn.hpp"
#include "log/memory.hpp"
#include "log/trim.hpp"
#include "log/warnings.hpp"

namespace s6::log {
namespace {

constexpr const char* current_file = "current";
constexpr const char* previous_file = "previous";
constexpr const char* processed_file = "processed";
constexpr const char* state_file = "state";
constexpr const char* new_state_file = "newstate";
constexpr const char* lock_file = "lock";

constexpr int append_flags = O_WRONLY | O_APPEND | O_CREAT;
constexpr mode_t complete_bit = S_IXUSR;

// How much of `text` may be written before a line's end makes the file full.
std::size_t writable_part(std::string_view text, const SizeRule& rule, std::uint64_t size) noexcept {
  const std::uint64_t until_full = rule.until_full(size);
  if (until_full > text.size()) return text.size();
  const auto skipped = static_cast<std::size_t>(until_full - 1);
  const void* const newline = std::memchr(text.data() + skipped, '\n', text.size() - skipped);
  if (newline == nullptr) return text.size();
  return static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
}

constexpr std::string_view trying_again = "; trying again";

constexpr std::string_view make_directory = "mkdir";  // as s6 calls it

}  // namespace

std::string_view remedy_for_opening(const Error& error) noexcept {
  if (error.code == ENOENT && error.doing == make_directory) return "make the directory above it first";
  if (error.code == ENOTDIR) return "a log directory is wanted, not a file";
  return error.code == EACCES ? "the user who logs must be able to write there" : "";
}

// --- start-up ------------------------------------------------------------------------------------------------------

Result<void> LogDirectory::open(const Directory& rules, mode_t file_mode) noexcept {
  rules_ = rules;
  file_mode_ = file_mode;
  if (auto made = sys::mkdir(path(), 02700); !made && made.error().code != EEXIST)
    return Error{made.error().code, make_directory.data(), path()};
  auto directory = sys::open(path(), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!directory) return Error{directory.error().code, "open the log directory", path()};
  const auto st = sys::fstat(directory->get());
  if (!st) return Error{st.error().code, "stat", path()};
  auto memory = reserve_memory(queue_size);
  if (!memory) return memory.error();
  identity_ = {st->st_dev, st->st_ino};
  directory_ = std::move(*directory);
  queue_ = Queue(*memory);
  return {};
}

void LogDirectory::prepare_or_die(Nanoseconds now) noexcept {
  now_ = now;
  lock_or_die();
  const auto current = look_for(current_file);
  const auto processed = look_for(processed_file);
  for (const auto* found : {&current, &processed})
    if (!*found)
      cli::die(cli::system_error,
               {"unable to stat ", path(), "/", found->error().path, ": ", cli::reason(found->error().code)});
  for (const Recovery step : recovery_plan(*current, *processed)) recover_or_die(step);
  if (rules_.period_s != 0) period_ends_at_ = after(now, rules_.period_s * second);
}

void LogDirectory::lock_or_die() noexcept {
  const PathBuffer name{path(), "/", lock_file};
  // Not even to be read by others, who may read the logs: a reader's lock would keep the next logger away.
  constexpr mode_t mode = 0600;
  auto lock = sys::open_at(directory_.get(), lock_file, O_WRONLY | O_CREAT | O_NONBLOCK, mode);
  if (!lock) {
    const Error error{lock.error().code, "open", name.c_str()};
    cli::die(error, remedy_for_opening(error));
  }
  (void)sys::chmod(lock->get(), mode);  // one that s6 has made; a logger of its owner works all the same
  const auto locked = sys::lock_exclusive(lock->get());
  if (!locked) cli::die(Error{locked.error().code, "lock", name.c_str()});
  if (!*locked)
    cli::die(Error{EBUSY, "lock", name.c_str()}, "another logger is at work there; each needs a directory of its own");
  lock_ = std::move(*lock);
}

Result<Found> LogDirectory::look_for(const char* name) const noexcept {
  const auto st = sys::stat_at(directory_.get(), name, 0);
  if (!st && st.error().code == ENOENT) return Found::missing;
  if (!st) return st.error();
  return (st->st_mode & complete_bit) != 0 ? Found::complete : Found::incomplete;
}

void LogDirectory::recover_or_die(Recovery step) noexcept {
  if (auto done = recover(step); !done) {
    const Error& error = done.error();
    cli::die(cli::system_error,
             {"unable to ", error.doing, " ", path(), "/", error.path, ": ", cli::reason(error.code)});
  }
}

Result<void> LogDirectory::recover(Recovery step) noexcept {
  switch (step) {
    case Recovery::none: return {};
    case Recovery::forget_state: return remove(state_file);
    case Recovery::forget_new_state: return remove(new_state_file);
    case Recovery::remove_previous: return remove(previous_file);
    case Recovery::remove_processed: return remove(processed_file);
    case Recovery::archive_previous: return archive_leftover(previous_file, Ending::unfinished);
    case Recovery::archive_processed: return archive_leftover(processed_file, Ending::finished);
    case Recovery::archive_current: return archive_leftover(current_file, Ending::unfinished);
    case Recovery::make_state: {
      const auto made = sys::open_at(directory_.get(), state_file, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK);
      return made ? Result<void>() : made.error();
    }
    case Recovery::make_current: return make_current();
    case Recovery::continue_current: return continue_current();
  }
  return {};
}

Result<void> LogDirectory::continue_current() noexcept {
  if (auto opened = make_current(); !opened) return opened;
  const auto st = sys::fstat(current_.get());
  if (!st) return Error{st.error().code, "stat", current_file};
  size_ = static_cast<std::uint64_t>(st->st_size);
  return sys::chmod_at(directory_.get(), current_file, file_mode_);
}

// In an order in which a crash neither loses nor doubles it.
Result<void> LogDirectory::archive_leftover(const char* name, Ending ending) noexcept {
  const auto found = look_for(name);
  if (!found) return found.error();
  if (*found == Found::missing) return {};
  if (auto named = give_archive_name(name, ending); !named) return named;
  if (auto removed = remove(name); !removed) return removed;
  return trim(directory_.get(), path(), rules_.quota);
}

// --- writing -------------------------------------------------------------------------------------------------------

void LogDirectory::take(std::string_view lines) noexcept {
  if (queue_.empty()) lines.remove_prefix(write(lines));
  if (!lines.empty()) queue_.append(lines);
  if (full_) advance(now_);
}

std::size_t LogDirectory::write(std::string_view text) noexcept {
  std::size_t total = 0;
  while (total < text.size() && accepts_lines(stage_) && !full_ && retry_write_at_ == never) {
    const std::string_view rest(text.data() + total, text.size() - total);
    const std::size_t part = writable_part(rest, rules_.size, size_);
    const auto written = sys::write(current_.get(), std::as_bytes(std::span(rest.data(), part)));
    if (!written) {
      writing_failed(written.error().code);
      break;
    }
    if (write_fails_) writing_worked();
    total += *written;
    size_ += *written;
    mid_line_ = text[total - 1] != '\n';
    full_ = !mid_line_ && rules_.size.is_full(size_);
  }
  return total;
}

void LogDirectory::writing_failed(int code) noexcept {
  retry_write_at_ = retry_time();
  if (std::exchange(write_fails_, true)) return;
  warn({"unable to write to ", path(), "/current: ", cli::reason(code), "; will try again until it works"});
}

void LogDirectory::writing_worked() noexcept {
  write_fails_ = false;
  tell({path(), "/current can be written again"});
}

// --- rotation ------------------------------------------------------------------------------------------------------

void LogDirectory::advance(Nanoseconds now) noexcept {
  now_ = now;
  if (now >= retry_write_at_) retry_write_at_ = never;
  if (now >= period_ends_at_) {
    asked_ = true;
    while (now >= period_ends_at_) period_ends_at_ = after(period_ends_at_, rules_.period_s * second);
  }
  has_more_to_do_ = false;
  for (int rotations = 0;;) {
    queue_.pop(write(queue_.front()));
    if (stage_ == Stage::idle) {
      if (size_ == 0) asked_ = false;
      if (!is_due()) return;
      has_more_to_do_ = ++rotations > most_rotations;
      if (has_more_to_do_) return;  // signals and other directories have their turn
      processing_ = rules_.processor.by != Processor::By::none ? Processing::some : Processing::none;
      stage_ = next_stage(stage_, processing_);
    }
    if (!may_try(now) || !perform_stage()) return;
  }
}

bool LogDirectory::may_try(Nanoseconds now) noexcept {
  if (processor_ != 0) return false;
  if (retry_stage_at_ != never && now < retry_stage_at_) return false;
  retry_stage_at_ = never;
  return true;
}

bool LogDirectory::perform_stage() noexcept {
  if (auto done = do_stage(); !done) {
    complain(done.error());
    retry_stage_at_ = retry_time();
    return false;
  }
  stage_ = next_stage(stage_, processing_);
  return stage_ != Stage::processor_runs;
}

void LogDirectory::complain(const Error& error) const noexcept {
  if (stage_ == Stage::set_aside) {
    warn({"unable to rename ", path(), "/current to ", path(), "/previous: ", cli::reason(error.code), trying_again});
  } else {
    warn({"unable to ", error.doing, " ", path(), *error.path != '\0' ? "/" : "", error.path, ": ",
          cli::reason(error.code), trying_again});
  }
}

Result<void> LogDirectory::do_stage() noexcept {
  switch (stage_) {
    case Stage::sync_current: return sys::sync(current_.get());
    case Stage::finish_leftovers: return finish_leftovers();
    case Stage::set_aside: return set_aside();
    case Stage::open_current: return make_current();
    case Stage::mark_previous: return mark_previous();
    case Stage::archive: return give_archive_name(previous_file, Ending::finished);
    case Stage::drop_previous:
    case Stage::replace_input: return remove(previous_file);
    case Stage::start_processor: return start_processor();
    case Stage::sync_processed: return sys::sync(processed_.get());
    case Stage::mark_processed: return sys::chmod_at(directory_.get(), processed_file, file_mode_ | complete_bit);
    case Stage::sync_state: return sys::sync(new_state_.get());
    case Stage::keep_state: return sys::rename_at(directory_.get(), new_state_file, state_file);
    case Stage::archive_processed: return give_archive_name(processed_file, Ending::finished);
    case Stage::drop_processed:
      processed_.reset();
      new_state_.reset();
      return remove(processed_file);
    case Stage::trim: return log::trim(directory_.get(), path(), rules_.quota);
    case Stage::idle:
    case Stage::processor_runs:
    case Stage::count: break;
  }
  return {};
}

// A logger that closed `current` in order has finished its rotations before. Others may not have.
Result<void> LogDirectory::finish_leftovers() noexcept {
  const auto processed = look_for(processed_file);
  if (!processed) return processed.error();
  const auto previous = look_for(previous_file);
  if (!previous) return previous.error();
  if (*processed == Found::missing && *previous == Found::missing) return {};
  for (const Recovery step : leftover_plan(*processed))
    if (auto done = recover(step); !done) return done;
  return {};
}

Result<void> LogDirectory::set_aside() noexcept {
  auto renamed = sys::rename_at(directory_.get(), current_file, previous_file);
  if (renamed || renamed.error().code != ENOENT) return renamed;
  warn({path(), "/current has been removed by somebody else; a new one is made"});
  processing_ = Processing::none;
  return {};
}

Result<void> LogDirectory::mark_previous() noexcept {
  auto marked = sys::chmod_at(directory_.get(), previous_file, file_mode_ | complete_bit);
  if (!marked && marked.error().code == ENOENT)
    processing_ = Processing::none;  // somebody removed it
  else if (!marked)
    return marked;
  return {};
}

Result<void> LogDirectory::make_current() noexcept {
  auto current = sys::open_at(directory_.get(), current_file, append_flags);
  if (!current) return current.error();
  current_ = std::move(*current);
  size_ = 0;
  full_ = asked_ = false;
  return {};
}

Result<void> LogDirectory::give_archive_name(const char* name, Ending ending) noexcept {
  const auto st = sys::stat_at(directory_.get(), name, 0);
  if (!st && st.error().code == ENOENT) return {};
  if (!st) return st.error();
  if (!needs_archive_name(st->st_nlink, static_cast<std::uint64_t>(st->st_size))) return {};
  for (;;) {
    // The name may be taken: by a logger whose clock was ahead.
    const ArchiveName archive = archive_name(stamps_.next(sys::stamp_now()), ending);
    const auto linked = sys::link_at(directory_.get(), name, archive.data());
    if (linked) return {};
    if (linked.error().code != EEXIST) return Error{linked.error().code, "make an archive of", name};
  }
}

Result<void> LogDirectory::remove(const char* name) noexcept {
  auto removed = sys::unlink_at(directory_.get(), name);
  if (removed || removed.error().code == ENOENT) return {};
  return removed;
}

void LogDirectory::ask_for_rotation() noexcept {
  asked_ = asked_ || size_ > 0;
  retry_stage_at_ = never;
}

// --- processors ----------------------------------------------------------------------------------------------------

Result<void> LogDirectory::start_processor() noexcept {
  const int dir = directory_.get();
  constexpr int output_flags = O_WRONLY | O_CREAT | O_TRUNC;
  const auto previous = sys::open_at(dir, previous_file, O_RDONLY);
  if (!previous) return previous.error();
  const auto state = sys::open_at(dir, state_file, O_RDONLY | O_CREAT);  // a first logger's directory may lack it
  if (!state) return state.error();
  auto processed = sys::open_at(dir, processed_file, output_flags);
  if (!processed) return processed.error();
  auto new_state = sys::open_at(dir, new_state_file, output_flags);
  if (!new_state) return new_state.error();
  processed_ = std::move(*processed);
  new_state_ = std::move(*new_state);
  const auto pid = spawn_processor(previous->get(), state->get());
  if (!pid) return Error{pid.error().code, "start the processor of", ""};
  processor_ = *pid;
  return {};
}

Result<pid_t> LogDirectory::spawn_processor(int previous, int state) noexcept {
  const bool shell = rules_.processor.by == Processor::By::shell;
  const char* const program = shell ? "/bin/sh" : "execlineb";
  const char* const argv[] = {program, shell ? "-c" : "-Pc", rules_.processor.command, nullptr};
  const FdMove moves[] = {{previous, 0}, {processed_.get(), 1}, {state, 4}, {new_state_.get(), 5}};
  return spawn({.programs = {&program, 1},
                .search = shell ? Search::none : Search::path,
                .argv = argv,
                .moves = moves,
                .directory = directory_.get()});
}

void LogDirectory::child_died(pid_t pid, const WaitStatus& status) noexcept {
  if (processor_ == 0 || pid != processor_) return;
  processor_ = 0;
  if (status.exited() && status.exit_code() == 0) {
    stage_ = next_stage(stage_, processing_);
    return;
  }
  if (status.exited())
    warn({"processor failed in ", path(), ": exit code ", to_text(status.exit_code()), trying_again});
  else
    warn({"processor crashed in ", path(), ": signal ", to_text(status.signal()), trying_again});
  stage_ = retry_stage(stage_);
  retry_stage_at_ = retry_time();
}

// --- time and end --------------------------------------------------------------------------------------------------

Nanoseconds LogDirectory::deadline() const noexcept {
  if (has_more_to_do_) return now_;
  Nanoseconds first = std::min(period_ends_at_, retry_stage_at_);
  if (accepts_lines(stage_) && !full_) first = std::min(first, retry_write_at_);
  return first;
}

bool LogDirectory::close(Nanoseconds now) noexcept {
  now_ = now;
  if (!current_) return true;
  period_ends_at_ = never;
  if (!may_try(now)) return false;
  auto done = sys::sync(current_.get());
  if (done) done = sys::chmod_at(directory_.get(), current_file, file_mode_ | complete_bit);
  if (done || done.error().code == ENOENT) {
    current_.reset();
    return true;
  }
  warn({"unable to close ", path(), "/current: ", cli::reason(done.error().code), trying_again});
  retry_stage_at_ = retry_time();
  return false;
}

}  // namespace s6::log
