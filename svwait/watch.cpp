#include "svwait/watch.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/reserved_array.hpp"

namespace s6::svwait {
namespace {

// s6-svscan starts a new supervisor within a second of the death of the old one; twice that, for a busy machine.
constexpr sys::Nanoseconds successor_grace = 2 * sys::second;

constexpr int last_reads = 16;  // a bound, as others may write into the FIFO too

// Texts laid end to end.
class Arena {
 public:
  explicit Arena(std::span<char> space) noexcept : space_(space) {}
  const char* join(std::string_view directory, std::string_view name) noexcept {
    char* const start = space_.data();
    char* end = std::ranges::copy(directory, start).out;
    *end++ = '/';
    end = std::ranges::copy(name, end).out;
    *end++ = '\0';
    space_ = space_.subspan(static_cast<std::size_t>(end - start));
    return start;
  }

 private:
  std::span<char> space_;
};

// The lock is looked at first: what a supervisor that dies in between wrote last is the truth all the same.
Result<Service> look_at(const char* directory, sys::Discarded* discarded = nullptr) noexcept {
  const auto supervisor = service_dir::find_supervisor(directory, discarded);
  auto status = service_dir::read_status(directory, discarded);
  if (!status) return status.error();
  const Service service = from_status(*status);
  return supervisor.presence == service_dir::Presence::absent ? abandoned(service) : service;
}

// Completes "timed out waiting for SERVICES".
std::string_view text_of(Goal goal) noexcept {
  switch (goal) {
    case Goal::up: return " to be up";
    case Goal::ready: return " to be up and ready";
    case Goal::down: return " to be down";
    case Goal::finished: return " to be down and finished";
    case Goal::restarted: return " to be restarted";
    case Goal::restarted_ready: return " to be restarted and ready";
  }
  return "";
}

}  // namespace

Result<void> Watch::allocate(std::span<const char* const> directories) noexcept {
  constexpr std::string_view event = service_dir::event;
  std::size_t text_size = 0;
  for (const std::string_view directory : directories) text_size += directory.size() + event.size() + 2;
  const std::size_t most_fds = fixed_fds + 2 * directories.size();  // a FIFO and a supervisor each
  auto text = reserve_array<char>(text_size);
  if (!text) return text.error();
  auto fds = reserve_array<pollfd>(most_fds);
  if (!fds) return fds.error();
  auto polled = reserve_array<Polled>(most_fds);
  if (!polled) return polled.error();
  auto entries = reserve_array<Entry>(directories.size());
  if (!entries) return entries.error();
  fds_ = *fds;
  polled_ = *polled;
  entries_ = *entries;
  Arena arena(*text);
  for (std::size_t i = 0; i < directories.size(); ++i) {
    entries_[i].directory = directories[i];
    entries_[i].event = arena.join(directories[i], event);
  }
  sys::raise_descriptor_limit(most_fds + spare_descriptors);
  return {};
}

Result<void> Watch::start(std::span<const char* const> directories) noexcept {
  if (auto opened = signals_.open(); !opened) return opened;
  if (directories.empty()) return {};
  if (auto done = allocate(directories); !done) return done;
  for (Entry& entry : entries_)
    if (auto done = subscribe(entry); !done) return done;
  for (Entry& entry : entries_)
    if (auto done = read_status(entry); !done) return done;
  return {};
}

Result<void> Watch::subscribe(Entry& entry) noexcept {
  if (*entry.directory == '\0') return Error{ENOENT, "subscribe to", "a service directory without a name"};
  auto done = entry.subscription.subscribe(entry.event);
  if (done || done.error().code != ENOENT) return done;
  // Somebody removed the fifodir, or it was never made: made here, but only in what is a service directory.
  const PathBuffer supervise{entry.directory, "/", service_dir::supervise};
  if (!supervise.ok() || !sys::stat(supervise.c_str())) return done;
  if (auto made = fifodir::make(entry.event, fifodir::restricted_mode); !made && made.error().code != EEXIST)
    return made;
  return entry.subscription.subscribe(entry.event);
}

bool Watch::is_over_already(std::span<const char* const> directories) const noexcept {
  Tally tally(wanted_);
  sys::Discarded discarded;
  bool all_seen = !directories.empty();
  for (const char* const directory : directories) {
    // Who may not listen is not told anything either, and a missing event/ is for start() to make.
    const bool may_listen = static_cast<bool>(service_dir::access_below(directory, service_dir::event, W_OK | X_OK));
    const auto service = may_listen ? look_at(directory, &discarded) : Error{EACCES};
    all_seen = static_cast<bool>(service);
    if (!all_seen) break;
    tally.add(*service);
  }
  discarded.close();
  return all_seen && tally.result() == 0;
}

// Letters that came before are in the status already, and must not be taken for news: a service that was up then may be
// down now, and an old `U` would make it one that was restarted.
Result<void> Watch::read_status(Entry& entry) noexcept {
  std::array<char, 256> old_letters;
  for (int i = 0; i < last_reads; ++i) {
    auto service = look_at(entry.directory);
    if (!service) return service.error();
    entry.service = *service;
    if (entry.subscription.read(old_letters).empty()) break;
  }
  tally_.add(entry.service);
  return {};
}

void Watch::set(Entry& entry, const Service& now) noexcept {
  tally_.remove(entry.service);
  entry.service = now;
  tally_.add(entry.service);
}

int Watch::wait() noexcept {
  heed_signals();
  removals_.open_later(sys::monotonic_now());
  while (!over()) {
    const bool last_look = sys::monotonic_now() >= deadline_;
    if (auto ready = poll(); !ready) give_up(ready.error());
    heed_signals();
    handle_ready();
    handle_times();
    if (last_look && !over()) return time_out();
  }
  return finish(*tally_.result());
}

// What only those need who wait long.
void Watch::arm() noexcept {
  removals_.open();
  for (Entry& entry : entries_) {
    removals_.watch(entry.subscription);
    watch_supervisor(entry);
  }
  check_subscriptions();
}

void Watch::start_grace(Entry& entry) noexcept {
  set(entry, abandoned(entry.service));
  entry.grace_end = sys::after(sys::monotonic_now(), successor_grace);
}

void Watch::watch_supervisor(Entry& entry) noexcept {
  entry.supervisor.reset();
  entry.supervisor_polled = false;
  const auto now = service_dir::find_supervisor(entry.directory);
  if (now.presence == service_dir::Presence::unknown ||
      (now.presence == service_dir::Presence::present && now.pid == 0))
    return;  // one cannot tell: the letters have to do
  if (now.presence == service_dir::Presence::present) {
    auto fd = sys::pidfd(now.pid);
    if (!fd && fd.error().code != ESRCH) return;
    // The limit belongs to the subscriptions and to what is opened on the way.
    if (fd && static_cast<std::uint64_t>(fd->get()) + spare_descriptors > sys::descriptor_limit()) return;
    // Asked again: only then the descriptor surely is that of the holder and not of a later process of that number.
    if (fd && service_dir::find_supervisor(entry.directory).pid == now.pid) {
      entry.supervisor = std::move(*fd);
      entry.grace_end = sys::never;
      return;
    }
  }
  start_grace(entry);
}

bool Watch::read_letters(Entry& entry) noexcept {
  std::array<char, 256> buffer;
  const std::string_view letters = entry.subscription.read(buffer);
  for (const char letter : letters) {
    if (letter == 's') {
      const auto status = service_dir::read_status(entry.directory);
      entry.grace_end = sys::never;
      set(entry, after_new_supervisor(entry.service, status ? std::optional(*status) : std::nullopt));
      watch_supervisor(entry);
    } else {
      set(entry, after(entry.service, letter));
    }
    if (over()) break;  // what comes after the end does not count
  }
  return !letters.empty();
}

void Watch::supervisor_died(Entry& entry) noexcept {
  entry.supervisor.reset();
  // Its last words may have come after the FIFO was looked at.
  for (int i = 0; i < last_reads && !over() && read_letters(entry); ++i) {
  }
  if (over() || entry.service.verdict == Verdict::gone || entry.supervisor) return;
  start_grace(entry);
  watch_supervisor(entry);
}

void Watch::end_of_grace(Entry& entry) noexcept {
  entry.grace_end = sys::never;
  const auto now = service_dir::find_supervisor(entry.directory);
  if (now.presence != service_dir::Presence::present) return set(entry, lost(entry.service));
  watch_supervisor(entry);  // its `s` is on the way
}

// Finds the subscriptions that somebody removed: no letter can come through them any more.
void Watch::check_subscriptions() noexcept {
  for (Entry& entry : entries_) {
    if (!entry.subscription.active() || entry.subscription.is_published()) continue;
    (void)read_letters(entry);
    if (over()) return;
    cli::warn({"no more events from ", entry.directory, ": somebody removed the subscription in ", entry.event,
               "; not waiting for it any longer"});
    entry.subscription.cancel();
    entry.supervisor.reset();
    entry.grace_end = sys::never;
    set(entry, lost(entry.service));
  }
}

// One table is filled for each call, without gaps: the kernel refuses a table of more entries than the limit on
// descriptors.
Result<int> Watch::poll() noexcept {
  fd_count_ = fixed_fds;
  fds_[0] = {.fd = signals_.fd(), .events = POLLIN};
  fds_[1] = {.fd = removals_.fd(), .events = POLLIN};
  sys::Nanoseconds until = std::min(deadline_, removals_.opens_at());
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    entry.supervisor_polled = static_cast<bool>(entry.supervisor);
    until = std::min(until, entry.grace_end);
    for (const bool is_supervisor : {false, true}) {
      const int fd = is_supervisor ? entry.supervisor.get() : entry.subscription.fd();
      if (fd < 0) continue;
      fds_[fd_count_] = {.fd = fd, .events = POLLIN};
      polled_[fd_count_] = {i, is_supervisor};
      ++fd_count_;
    }
  }
  return sys::poll(fds_.first(fd_count_), until);
}

void Watch::handle_ready() noexcept {
  for (std::size_t i = fixed_fds; i < fd_count_ && !over(); ++i) {
    if (fds_[i].revents == 0) continue;
    Entry& entry = entries_[polled_[i].entry];
    if (!polled_[i].is_supervisor)
      (void)read_letters(entry);
    else if (entry.supervisor_polled)  // no letter just read has put another in its place
      supervisor_died(entry);
  }
  if (!over() && removals_.suspected(fds_[1].revents)) check_subscriptions();
}

void Watch::handle_times() noexcept {
  const sys::Nanoseconds now = sys::monotonic_now();
  if (removals_.opens_at() <= now && !over()) arm();
  for (Entry& entry : entries_)
    if (entry.grace_end <= now && !over()) end_of_grace(entry);
}

void Watch::heed_signals() noexcept {
  if (const int signal = signals_.next(); signal != 0) {
    cancel();
    sys::die_of(signal);
  }
}

int Watch::time_out() noexcept {
  std::size_t pending = 0;
  const char* first = "";
  for (const Entry& entry : entries_) {
    if (standing(entry.service, wanted_) != Standing::pending) continue;
    if (pending++ == 0) first = entry.directory;
  }
  cancel();
  const NumberText others = to_text(pending - 1);
  cli::say(cli::Level::fatal,
           {"timed out waiting for ", first, pending > 1 ? " and " : "", pending > 1 ? others.view() : "",
            pending > 1 ? " more" : "", text_of(wanted_.goal), "; s6-svstat shows what became of it"});
  return cli::timed_out;
}

std::string_view Watch::why_failed(const Entry& entry) noexcept {
  if (entry.service.verdict == Verdict::failed) return "it failed permanently; s6-svdt shows how it died";
  if (!entry.subscription.active()) return "what became of it cannot be told; s6-svstat shows its state";
  return "its supervisor is gone; is s6-svscan running, and the service in its directory?";
}

int Watch::finish(int code) noexcept {
  if (code != 0) {
    for (const Entry& entry : entries_) {
      if (standing(entry.service, wanted_) != Standing::failed) continue;
      cli::say(cli::Level::fatal, {entry.directory, ": ", why_failed(entry)});
    }
  }
  cancel();
  return code;
}

void Watch::cancel() noexcept {
  for (Entry& entry : entries_) entry.subscription.cancel();
}

void Watch::give_up(const Error& error) noexcept {
  cancel();
  for (const Entry& entry : entries_) {
    if (error.path != entry.directory && error.path != entry.event) continue;
    const auto use = error.path == entry.event ? service_dir::Use::subscribe : service_dir::Use::look;
    cli::die(error, service_dir::remedy(entry.directory, use, error.code));
  }
  cli::die(error, fifodir::remedy(error.code == EMFILE ? EMFILE : 0));
}

}  // namespace s6::svwait
