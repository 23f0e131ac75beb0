#include "svscan/scanner.hpp"

#include <dirent.h>
#include <errno.h>

#include <algorithm>
#include <utility>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/spawn.hpp"
#include "common/text.hpp"
#include "svscan/programs.hpp"

namespace s6::svscan {
namespace {

// What a signal means where no handler takes it; 0: nothing.
struct SignalCommand {
  int signal;
  char command;
  bool may_have_handler;
};
constexpr SignalCommand signal_commands[] = {
    {SIGCHLD, 'z', false}, {SIGALRM, 'a', false}, {SIGABRT, 'b', false}, {SIGHUP, 'h', true},
    {SIGINT, 'i', true},   {SIGTERM, 't', true},  {SIGQUIT, 'q', true},  {SIGUSR1, 0, true},
    {SIGUSR2, 0, true},    {SIGPWR, 0, true},     {SIGWINCH, 0, true},
};
constexpr auto signal_numbers = [] {
  std::array<int, std::size(signal_commands)> numbers{};
  std::ranges::transform(signal_commands, numbers.begin(), [](const SignalCommand& c) { return c.signal; });
  return numbers;
}();

// Bounds of one turn of the loop.
constexpr int most_signals = 32;
constexpr std::size_t most_commands = 512;
constexpr int most_deaths = 256;
constexpr int most_starts = 32;
constexpr int many_descriptors = 256;  // copying as many costs about as much as avoiding it
constexpr int most_reads_of_changes = 16;

constexpr sys::Nanoseconds open_retry_delay = 5 * sys::second;
constexpr sys::Nanoseconds stat_retry_delay = 4 * sys::second;
constexpr sys::Nanoseconds room_retry_delay = 60 * sys::second;
constexpr sys::Nanoseconds least_between_own_scans = sys::second;
// While entries come one after the other. The first of them is seen at once.
constexpr sys::Nanoseconds least_between_noticed_scans = 100 * sys::millisecond;
constexpr sys::Nanoseconds nap_without_poll = 100 * sys::millisecond;

constexpr std::string_view trying_again = "; trying again";
constexpr std::string_view out_of_descriptors = "; raise the limit on open files with which s6-svscan is started";

// The path of a supervised directory: the longest accepted name and "/log".
using EntryPath = TextBuffer<1032>;
EntryPath path_of(const ServiceTable& table, Index who) noexcept {
  return {table.name(who), table.role(who) == Role::logger ? "/log" : ""};
}

// "'x' (0x78)"
TextBuffer<16> printable(unsigned char byte) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  const char text[] = {'0', 'x', digits[byte >> 4], digits[byte & 15]};
  if (byte <= ' ' || byte > '~') return {std::string_view(text, sizeof text)};
  const char letter = static_cast<char>(byte);
  return {"'", std::string_view(&letter, 1), "' (", std::string_view(text, sizeof text), ")"};
}

ServiceTable::Limits limits_of(const Settings& settings) noexcept {
  return {settings.services, settings.name_bytes};
}

// Behind the table. They are seldom needed.
std::size_t offset_of_complaints(const Settings& settings) noexcept {
  constexpr std::size_t alignment = alignof(Complaints::Entry);
  return (ServiceTable::memory_size(limits_of(settings)) + alignment - 1) / alignment * alignment;
}
std::span<Complaints::Entry, Complaints::most> complaints_memory(const Settings& settings,
                                                                 std::span<std::byte> memory) noexcept {
  void* const start = memory.data() + offset_of_complaints(settings);
  return std::span<Complaints::Entry, Complaints::most>(static_cast<Complaints::Entry*>(start), Complaints::most);
}

// 0: the file system tells it to the second only, too coarse to see a change by.
Nanoseconds exact_change_time(const struct stat& st) noexcept {
  if (st.st_ctim.tv_nsec == 0) return 0;
  return static_cast<Nanoseconds>(static_cast<std::uint64_t>(st.st_ctim.tv_sec) * second) + st.st_ctim.tv_nsec;
}

// Not on the stack, of which it would often be a page more; that of the program's data is not full.
sys::EntryReader::Buffer entries_buffer;

// Errors of poll and read that no retry can mend.
bool is_hopeless(int code) noexcept {
  return code != EINTR && code != EAGAIN && code != ENOMEM;
}

}  // namespace

std::span<const int> handled_signals() noexcept {
  return signal_numbers;
}

Scanner::Scanner(const Settings& settings, std::span<std::byte> memory, std::span<const char* const> supervise,
                 ControlDirectory directory, sys::SignalQueue signals) noexcept
    : settings_(settings),
      supervise_(supervise),
      directory_(std::move(directory)),
      signals_(std::move(signals)),
      table_(limits_of(settings), memory),
      complaints_(complaints_memory(settings, memory)) {
  if (settings.watch) watch_the_directory();  // before the first scan, so that nothing comes unseen
}

std::size_t Scanner::memory_size(const Settings& settings) noexcept {
  return offset_of_complaints(settings) + sizeof(Complaints::Entry) * Complaints::most;
}

Result<void> Scanner::run() noexcept {
  for (;;) {
    if (auto waited = wait_for_events(); !waited) return waited.error();
    reap_children();
    if (requests_.leave != Leave::no) break;  // nothing that was asked for besides may delay it
    const sys::Nanoseconds now = sys::monotonic_now();
    if (requests_.scan || scan_at_ <= now) scan(now);
    if (requests_.prune != Farewell::none && !scan_is_owed_)
      tell(Reach::inactive, std::exchange(requests_.prune, Farewell::none));
    start_what_is_due();
  }
  leave();
  return {};
}

// --- events ---------------------------------------------------------------------------------------------------------

Result<void> Scanner::wait_for_events() noexcept {
  const sys::Nanoseconds deadline = may_have_more_dead_ ? 0 : std::min(scan_at_, table_.next_start_time());
  std::array<pollfd, 4> fds{{{.fd = signals_.fd(), .events = POLLIN},
                             {.fd = directory_.control.get(), .events = POLLIN},
                             {.fd = others_count_ > 0 ? others_.get() : -1, .events = POLLIN},
                             {.fd = changes_.get(), .events = POLLIN}}};  // -1 is skipped
  // No more than necessary: poll refuses more of them than the process may have descriptors.
  auto ready = sys::poll(std::span(fds).first(changes_ ? 4 : others_count_ > 0 ? 3 : 2), deadline);
  if (!ready) {
    if (is_hopeless(ready.error().code)) return ready.error();
    sys::nap(nap_without_poll);
    may_have_more_dead_ = true;  // nobody said that there are none
    return {};
  }
  for (const pollfd& fd : fds)
    if ((fd.revents & (POLLNVAL | POLLERR)) != 0) return Error{EBADF, "wait for events", ""};
  if (fds[0].revents != 0) read_signals();
  if (fds[2].revents != 0) look_after_others();
  if (fds[3].revents != 0) notice_changes();
  if (fds[1].revents != 0) return read_commands();
  return {};
}

void Scanner::read_signals() noexcept {
  for (int i = 0; i < most_signals; ++i) {
    const int signal = signals_.next();
    if (signal == 0) return;
    on_signal(signal);
  }
}

void Scanner::on_signal(int signal) noexcept {
  for (const SignalCommand& known : signal_commands) {
    if (known.signal != signal) continue;
    if (known.may_have_handler && run_handler(signal) == Handled::yes) return;
    if (known.command != 0) (void)requests_.add(known.command);
  }
}

Result<void> Scanner::read_commands() noexcept {
  std::array<std::byte, most_commands> bytes;
  const auto size = sys::read(directory_.control.get(), bytes);
  if (!size) return is_hopeless(size.error().code) ? Error{size.error().code, "read", control_fifo} : Result<void>();
  if (*size == 0) return Error{EPIPE, "read", control_fifo};  // although this process could write to it
  for (const std::byte byte : std::span(bytes).first(*size))
    if (!requests_.add(static_cast<char>(byte)))
      cli::warn({"unknown command ", printable(static_cast<unsigned char>(byte)), " in ", control_fifo});
  return {};
}

void Scanner::reap_children() noexcept {
  if (!std::exchange(requests_.reap, false) && !may_have_more_dead_) return;
  const sys::Nanoseconds now = sys::monotonic_now();
  may_have_more_dead_ = true;
  for (int i = 0; i < most_deaths; ++i) {
    const sys::DeadChild child = sys::reap();
    if (child.pid == 0) {
      may_have_more_dead_ = false;
      break;
    }
    const Death death = table_.died(child.pid, child.status, now);
    close(death.loose);
    if (death.who == nothing) continue;  // a handler, an orphan, or nobody's service any more
    if (death.directory_is_held) find_out_who_holds(death.who);
    if (death.name_is_doubtful) scan_soon(now, least_between_own_scans);
  }
  if (table_.wants_scan()) scan_soon(now, least_between_own_scans);
}

// --- scanning -------------------------------------------------------------------------------------------------------

void Scanner::scan_not_later_than(sys::Nanoseconds time) noexcept {
  scan_at_ = std::min(scan_at_, time);
}

// A scan that nobody asked for: some time after the last one.
void Scanner::scan_soon(sys::Nanoseconds now, sys::Nanoseconds pause) noexcept {
  scan_not_later_than(std::max(now, last_scan_ + pause));
}

void Scanner::watch_the_directory() noexcept {
  auto watcher = sys::file_watcher();
  const auto watching = watcher ? sys::watch_entries(watcher->get(), ".") : Result<void>(watcher.error());
  if (watching) {
    changes_ = std::move(*watcher);
  } else {
    const std::string_view remedy = sys::remedy_for_watching(watching.error().code);
    cli::warn({"unable to watch the scan directory: ", cli::reason(watching.error().code),
               "; new services are only seen when s6-svscanctl -a says so", remedy.empty() ? "" : "; ", remedy});
  }
}

// How many changes there are, and what they were, does not matter: the directory will be read.
void Scanner::notice_changes() noexcept {
  std::array<std::byte, 1024> changes;
  for (int i = 0; i < most_reads_of_changes; ++i)
    if (!sys::read(changes_.get(), changes)) break;
  scan_soon(sys::monotonic_now(), least_between_noticed_scans);
}

void Scanner::scan(sys::Nanoseconds now) noexcept {
  requests_.scan = false;
  last_scan_ = now;
  scan_at_ = settings_.period == 0 ? sys::never : sys::after(now, settings_.period * sys::millisecond);
  const auto done = read_directory();
  scan_is_owed_ = !done;
  if (!done) {
    cli::warn(Error{done.error().code, "read", "the scan directory"}, "trying again in a few seconds");
    scan_not_later_than(sys::after(now, open_retry_delay));
  }
  if (entry_has_failed_) scan_not_later_than(sys::after(now, stat_retry_delay));
  if (table_.is_full()) scan_not_later_than(sys::after(now, room_retry_delay));
  if (table_.wants_scan()) scan_soon(now, least_between_own_scans);
}

Result<void> Scanner::read_directory() noexcept {
  sys::EntryReader entries(entries_buffer);
  entry_has_failed_ = false;
  if (auto opened = entries.open("."); !opened) return opened;
  table_.begin_scan();
  old_scan_ = scans_.begin(last_scan_);
  complaints_.begin_scan();
  auto read = examine_all(entries, Look::at_all);
  if (read && table_.misses_any()) {
    entries.rewind();
    read = examine_all(entries, Look::for_what_is_missed);
  }
  table_.end_scan(read ? Found::everything : Found::a_part);
  scans_.end(table_.scan(), sys::monotonic_now());
  if (!read) return read;
  while (const auto outcome = table_.settle())
    apply(*outcome, outcome->who == nothing ? std::string_view() : table_.name(outcome->who));
  complaints_.end_complete_scan();
  return {};
}

Result<void> Scanner::examine_all(sys::EntryReader& entries, Look look) noexcept {
  auto entry = entries.next();
  for (; entry && *entry; entry = entries.next()) examine(**entry, look);
  return entry ? Result<void>() : entry.error();
}

void Scanner::examine(const sys::EntryReader::Entry& entry, Look look) noexcept {
  if (entry.name[0] == '.') return;
  if (entry.type != DT_DIR && entry.type != DT_LNK && entry.type != DT_UNKNOWN) return;
  const std::string_view name = entry.view();
  const auto directory = sys::stat(entry.name);
  if (!directory) {
    // Removed since the directory was read?
    if (directory.error().code == ENOENT && !sys::lstat(entry.name)) return;
    table_.keep(name);
    entry_has_failed_ = true;
    return complain('s', name, "cannot be examined", cli::reason(directory.error().code));
  }
  if (!S_ISDIR(directory->st_mode)) return;
  const DirectoryId id{directory->st_dev, directory->st_ino};
  if (look == Look::for_what_is_missed && !table_.misses(id)) return;
  const Nanoseconds changed = exact_change_time(*directory);
  if (changed != 0 && table_.see_unchanged(name, id, changed)) return;
  if (!table_.accepts(name))
    return cli::warn({"skipping ", name, ": its name is too long; is s6-svscan's option -L large enough?"});

  const auto log = find_log(name, id, changed);
  if (!log) {
    table_.keep(id);
    entry_has_failed_ = true;
    return complain('l', name, "has a log that cannot be examined", cli::reason(log.error().code));
  }
  apply(table_.see(name, id, *log), name);
}

// `changed`: the directory's time of last change, 0: not known. A log that is there is looked at in each scan: it may
// be a link that leads elsewhere by now, or something was mounted on it.
Result<std::optional<DirectoryId>> Scanner::find_log(std::string_view name, DirectoryId id,
                                                     Nanoseconds changed) noexcept {
  std::optional<DirectoryId> log;
  if (name == catch_all_name) return log;
  const EntryPath path{name, "/log"};
  auto found = sys::lstat(path.c_str());
  // Only where there is no such name: a link to nothing may come to lead to something without a change in the
  // directory.
  if (changed != 0 && !found && found.error().code == ENOENT) table_.saw_no_log(id, changed, old_scan_);
  if (found && S_ISLNK(found->st_mode)) found = sys::stat(path.c_str());
  if (!found) return found.error().code == ENOENT ? Result<std::optional<DirectoryId>>(log) : found.error();
  if (S_ISDIR(found->st_mode)) log = DirectoryId{found->st_dev, found->st_ino};
  return log;
}

void Scanner::apply(const Outcome& outcome, std::string_view name) noexcept {
  switch (outcome.notice) {
    case Notice::none: break;
    case Notice::table_full:
      cli::warn({"skipping ", name, ": too many services; is s6-svscan's option -C large enough?"});
      break;
    case Notice::no_room_for_logger:
      cli::warn({name, " runs without its logger: too many services; is s6-svscan's option -C large enough?"});
      break;
    case Notice::is_a_logger: complain('L', name, "is skipped: it is the logger of another service"); break;
    case Notice::logger_is_a_service: complain('S', name, "runs without logger: its log is a service itself"); break;
    case Notice::logger_is_shared: complain('D', name, "runs without logger: its log is another service's"); break;
    case Notice::logger_replaced:
      cli::warn({name, " has another logger now, and writes to the old one until its supervisor is restarted: ",
                 "s6-svc -xd ", name});
      break;
    case Notice::logger_removed:
      cli::warn({name, " has no log any more, and writes to its logger until its supervisor is restarted: s6-svc -xd ",
                 name});
      break;
    case Notice::service_is_cut_off:
      cli::warn(
          {name, " writes to a pipe that its logger has left; its supervisor must be restarted: s6-svc -xd ", name});
      break;
  }
  if (outcome.hang_up != 0) (void)sys::kill(outcome.hang_up, SIGHUP);
  close(outcome.loose);
}

void Scanner::complain(char about, std::string_view name, std::string_view what, std::string_view why) noexcept {
  const Complaints::Answer answer = complaints_.ask(about, name);
  if (answer != Complaints::Answer::be_still) cli::warn({name, " ", what, why.empty() ? "" : ": ", why});
  if (answer == Complaints::Answer::say_last) cli::warn({"too many troubles with entries to name any more"});
}

// --- supervisors ----------------------------------------------------------------------------------------------------

void Scanner::start_what_is_due() noexcept {
  for (int i = 0; i < most_starts; ++i) {
    const sys::Nanoseconds now = sys::monotonic_now();
    const Start next = table_.next_start(now);
    switch (next.action) {
      case Start::Action::none: return;
      case Start::Action::make_pipe: make_pipe(next.who); break;
      case Start::Action::spawn: start(next.who, now); break;
    }
  }
}

void Scanner::make_pipe(Index service) noexcept {
  auto pipe = sys::pipe();
  if (pipe) {
    if (descriptors_below_ == 0 && pipe->write_end.get() >= many_descriptors)
      descriptors_below_ = sys::end_of_inheritable_descriptors();
    return table_.pipe_made(service, pipe->read_end.release(), pipe->write_end.release());
  }
  cli::warn({"unable to make a pipe between ", table_.name(service), " and its logger: ",
             cli::reason(pipe.error().code), pipe.error().code == EMFILE ? out_of_descriptors : trying_again});
  table_.pipe_failed(sys::monotonic_now());
}

void Scanner::start(Index who, sys::Nanoseconds now) noexcept {
  const EntryPath path = path_of(table_, who);
  const char* const argv[] = {"s6-supervise", path.c_str(), nullptr};
  std::array<FdMove, 1> moves{};
  std::size_t move_count = 0;
  const Role role = table_.role(who);
  if (const int end = table_.pipe_end(who); end >= 0)
    moves[move_count++] = {end, role == Role::logger ? 0 : 1};
  else if (role == Role::catch_all_logger && settings_.console >= 0)
    moves[move_count++] = {settings_.console, 2};

  const auto pid = spawn({.programs = supervise_,
                          .argv = argv,
                          .moves = std::span(moves).first(move_count),
                          .descriptors_below = descriptors_below_});
  if (pid) return table_.started(who, *pid, now);
  const Error& error = pid.error();
  cli::warn({"unable to start s6-supervise ", path, ": ", error.doing, " ", error.path, ": ", cli::reason(error.code),
             trying_again});
  table_.start_failed(now);
}

void Scanner::find_out_who_holds(Index who) noexcept {
  const EntryPath path = path_of(table_, who);
  const auto state = service_dir::test_supervisor(path.c_str());
  if (!state || !state->locked) return table_.directory_is_free(who);
  const auto waiting = wait_for_end_of(who, state->holder);
  if (waiting) {
    cli::warn({path, " has a supervisor that this s6-svscan did not start, with pid ", to_text(state->holder),
               "; waiting for its end"});
  } else if (waiting.error().code == ESRCH) {
    table_.directory_is_free(who);
  } else if (table_.try_more_rarely(who)) {
    cli::warn({path, " has a supervisor that this s6-svscan did not start; trying again now and then"});
  }
}

Result<void> Scanner::wait_for_end_of(Index who, pid_t other) noexcept {
  if (other == 0) return Error{EINVAL, "watch a process", ""};
  auto watch = sys::pidfd(other);
  if (!watch) return watch.error();
  // Scanning and pipes need descriptors, too.
  if (static_cast<std::uint64_t>(watch->get()) >= sys::descriptor_limit() / 2)
    return Error{EMFILE, "watch a process", ""};
  if (!others_) {
    auto queue = sys::epoll_create();
    if (!queue) return queue.error();
    others_ = std::move(*queue);
  }
  if (auto added = sys::epoll_add(others_.get(), watch->get(), who); !added) return added;
  ++others_count_;
  table_.wait_for_other(who, watch->release());
  return {};
}

void Scanner::look_after_others() noexcept {
  for (int i = 0; i < most_deaths; ++i) {
    const auto ended = sys::epoll_next(others_.get());
    if (!ended) return;
    close({.watch = table_.other_ended(static_cast<Index>(*ended))});
  }
}

void Scanner::tell(Reach reach, Farewell loggers) noexcept {
  table_.tell(reach, loggers, [](pid_t pid, Farewell farewell) {
    (void)sys::kill(pid, farewell == Farewell::drain ? SIGHUP : SIGTERM);  // a child of ours: it is there
  });
}

void Scanner::close(const Loose& loose) noexcept {
  const UniqueFd read_end(loose.read_end), write_end(loose.write_end), watch(loose.watch);
  if (watch) --others_count_;  // closing it takes it out of the event queue
}

// --- the end --------------------------------------------------------------------------------------------------------

void Scanner::leave() noexcept {
  if (requests_.kill != Farewell::none) tell(Reach::all, requests_.kill);
  // Loggers come to the end of their input only when nobody can write to it, this process included.
  for (Index i = 0; i < table_.end(); ++i) close(table_.take_descriptors(i));
  if (table_.has_catch_all_logger()) (void)sys::null_stdout_and_stderr();
  restore_console(settings_.console);
  if (requests_.leave == Leave::when_all_are_dead) wait_until_all_are_dead();
}

void Scanner::wait_until_all_are_dead() noexcept {
  may_have_more_dead_ = true;
  for (;;) {
    do {
      const sys::DeadChild child = sys::reap();
      may_have_more_dead_ = child.pid != 0;
      if (may_have_more_dead_) (void)table_.died(child.pid, child.status, 0);
    } while (may_have_more_dead_);
    if (table_.live() == 0) return;

    std::array<pollfd, 2> fds{
        {{.fd = signals_.fd(), .events = POLLIN}, {.fd = directory_.control.get(), .events = POLLIN}}};
    if (const auto ready = sys::poll(fds, sys::never); !ready) sys::nap(nap_without_poll);
    // Only the command to go at once still counts.
    while (const int signal = signals_.next())
      if (signal == SIGABRT) return;
    std::array<std::byte, most_commands> bytes;
    if (fds[1].revents == 0) continue;
    const auto size = sys::read(directory_.control.get(), bytes);
    if (size && std::ranges::count(std::span(bytes).first(*size), std::byte{'b'}) > 0) return;
  }
}

}  // namespace s6::svscan
