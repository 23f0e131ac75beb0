#include "svscan/service_table.hpp"

#include <algorithm>
#include <utility>

namespace s6::svscan {

namespace {

constexpr std::uint32_t first_capacity = 64;
constexpr Nanoseconds long_ago = INT64_MIN / 2;

// The exit codes by which s6-supervise says why it could not begin.
constexpr int exit_already_supervised = 100;
constexpr int exit_no_directory = 111;

std::uint64_t hash_of(const DirectoryId& id) noexcept {
  return hash_number(hash_number(id.device) + id.inode);
}
std::uint64_t hash_of(pid_t pid) noexcept {
  return hash_number(static_cast<std::uint64_t>(pid));
}

}  // namespace

// --- memory ---------------------------------------------------------------------------------------------------------

// Where everything lies in the one piece of memory.
struct ServiceTable::Layout {
  explicit Layout(const Limits& limits, std::byte* start = nullptr) noexcept
      : memory(start),
        records(take<Record>(limits.services)),
        queue(take<StartQueue::Cell>(limits.services)),
        by_directory(take<std::uint32_t>(HashIndex::cells_for(limits.services))),
        by_pid(take<std::uint32_t>(HashIndex::cells_for(limits.services))),
        by_name(take<std::uint32_t>(HashIndex::cells_for(limits.services))),
        names(take<char>(limits.services * NamePool::space_for(limits.name_bytes))) {}

 private:
  template <class T>
  std::span<T> take(std::size_t count) noexcept {
    size = (size + alignof(T) - 1) / alignof(T) * alignof(T);
    const std::size_t at = size;
    size += count * sizeof(T);
    if (memory == nullptr) return {};
    return {static_cast<T*>(static_cast<void*>(memory + at)), count};
  }

 public:
  std::byte* memory;
  std::size_t size = 0;
  std::span<Record> records;
  std::span<StartQueue::Cell> queue;
  std::span<std::uint32_t> by_directory;
  std::span<std::uint32_t> by_pid;
  std::span<std::uint32_t> by_name;
  std::span<char> names;
};

std::size_t ServiceTable::memory_size(const Limits& limits) noexcept {
  return Layout(limits).size;
}

ServiceTable::ServiceTable(const Limits& limits, std::span<std::byte> memory) noexcept
    : ServiceTable(limits, Layout({std::min(limits.services, first_capacity), limits.name_bytes}, memory.data())) {}

ServiceTable::ServiceTable(const Limits& limits, const Layout& layout) noexcept
    : limits_(limits),
      memory_(layout.memory),
      records_(layout.records.data()),
      by_directory_(layout.by_directory),
      by_pid_(layout.by_pid),
      by_name_(layout.by_name),
      queue_(layout.queue),
      names_(layout.names),
      capacity_(static_cast<std::uint32_t>(layout.records.size())) {}

// The records stay where they are. What lies behind them moves up, the last first.
void ServiceTable::widen() noexcept {
  // By an eighth: what is moved is nine times what there is in the end, which is little, and room for more is memory.
  capacity_ =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(limits_.services, std::uint64_t{capacity_} + capacity_ / 8));
  const Layout layout({capacity_, limits_.name_bytes}, memory_);
  names_.move_to(layout.names);
  by_name_.move_to(layout.by_name);
  by_pid_.move_to(layout.by_pid);
  by_directory_.move_to(layout.by_directory);
  queue_.move_to(layout.queue);
}

bool ServiceTable::has_room_for(std::size_t records) const noexcept {
  return count_ + records <= limits_.services;
}

template <class HashOf, class IsMember>
void ServiceTable::add_to(HashIndex& index, Index who, HashOf hash_of_index, IsMember is_member) noexcept {
  if (index.is_crowded()) {
    index.widen();
    for (Index i = 0; i < used_; ++i)
      if (i != who && records_[i].role != Role::unused && is_member(i)) index.put(i, hash_of_index(i));
  }
  index.put(who, hash_of_index(who));
}

Index ServiceTable::allocate(DirectoryId id, Role role) noexcept {
  if (free_ == nothing && used_ == capacity_) widen();
  const Index who = free_ != nothing ? free_ : used_++;
  Record& record = records_[who];
  if (who == free_) free_ = record.peer;
  record = Record{.directory = id,
                  .last_start = long_ago,
                  .changed = 0,
                  .changed_seen = 0,
                  .name = 0,
                  .pid = 0,
                  .peer = nothing,
                  .pipe = -1,
                  .watch = -1,
                  .seen = scan_,
                  .role = role,
                  .link = Link::none,
                  .held_count = 0,
                  .active = true,
                  .told_to_leave = false,
                  .contested = false,
                  .log_is_absent = false,
                  .has_claim = false};
  ++count_;
  add_to(
      by_directory_, who, [this](Index i) { return hash_of(records_[i].directory); }, [](Index) { return true; });
  return who;
}

// Precondition: it is dead and inactive. The other half of its pair stays.
void ServiceTable::forget(Index who, Loose& loose) noexcept {
  Record& record = records_[who];
  if (const Pair pair = pair_of(who)) {
    give_up_half_dead_pipe(who, loose);
    records_[pair.service].peer = nothing;
    records_[pair.logger].peer = nothing;
  }
  if (record.watch >= 0) loose.watch = record.watch;
  if (record.contested || entries_left_out_) wants_scan_ = true;
  queue_.remove(who);
  by_directory_.erase(who, [this](Index i) { return hash_of(records_[i].directory); });
  if (record.role != Role::logger) {
    by_name_.erase(who, [this](Index i) { return name_hash(i); });
    names_.drop(record.name);
  }
  record.role = Role::unused;
  record.active = false;
  record.watch = -1;
  record.peer = free_;
  free_ = who;
  --count_;
}

void ServiceTable::set_name(Index who, std::string_view name) noexcept {
  Record& record = records_[who];
  record.role = name == catch_all_name ? Role::catch_all_logger : Role::service;
  if (record.name != 0) {
    if (names_.at(record.name) == name) return;
    by_name_.erase(who, [this](Index i) { return name_hash(i); });
    names_.drop(record.name);
  }
  record.name = 0;
  record.name = names_.add(who, name, [this](Index owner, std::uint32_t at) { records_[owner].name = at; });
  add_to(
      by_name_, who, [this](Index i) { return name_hash(i); },
      [this](Index i) { return records_[i].role != Role::logger && records_[i].name != 0; });
}

std::uint64_t ServiceTable::name_hash(Index who) const noexcept {
  return hash_text(names_.at(records_[who].name));
}

std::string_view ServiceTable::name(Index who) const noexcept {
  const Record& record = records_[who];
  if (record.role != Role::logger) return names_.at(record.name);
  return record.peer == nothing ? std::string_view() : names_.at(records_[record.peer].name);
}

Index ServiceTable::find(DirectoryId id) const noexcept {
  return by_directory_.find(hash_of(id), [&](Index i) { return records_[i].directory == id; });
}

bool ServiceTable::has_catch_all_logger() const noexcept {
  return std::any_of(records_, records_ + used_, [](const Record& r) { return r.role == Role::catch_all_logger; });
}

// --- pairs ----------------------------------------------------------------------------------------------------------

ServiceTable::Pair ServiceTable::pair_of(Index who) const noexcept {
  const Record& record = records_[who];
  if (record.peer == nothing) return {};
  return record.role == Role::logger ? Pair{record.peer, who} : Pair{who, record.peer};
}

// A pair is to go on as long as its logger is wanted: a wanted logger's service is wanted, too.
ServiceTable::Pair ServiceTable::active_pair_of(Index who) const noexcept {
  const Pair pair = pair_of(who);
  return pair && records_[pair.logger].active ? pair : Pair{};
}

int ServiceTable::pipe_end(Index who) const noexcept {
  return active_pair_of(who) ? records_[who].pipe : -1;
}

bool ServiceTable::has_stale_half(Pair pair) const noexcept {
  const auto is_stale = [this](Index i) { return records_[i].pid != 0 && records_[i].link == Link::stale; };
  return is_stale(pair.service) || is_stale(pair.logger);
}

// An inactive pair gives its pipe up as soon as one half is dead; the other half then has nothing to talk to.
void ServiceTable::give_up_half_dead_pipe(Index who, Loose& loose) noexcept {
  const Pair pair = pair_of(who);
  if (!pair || records_[pair.logger].active) return;
  Record& service = records_[pair.service];
  Record& logger = records_[pair.logger];
  if ((service.pid != 0 && logger.pid != 0) || service.pipe < 0) return;
  loose.write_end = std::exchange(service.pipe, -1);
  loose.read_end = std::exchange(logger.pipe, -1);
  for (Record* half : {&service, &logger})
    if (half->link == Link::current) half->link = Link::stale;
}

// --- scanning -------------------------------------------------------------------------------------------------------

void ServiceTable::begin_scan() noexcept {
  ++scan_;
  entries_left_out_ = false;
}

Outcome ServiceTable::see(std::string_view name, DirectoryId id, const std::optional<DirectoryId>& log) noexcept {
  const bool may_have_logger = log.has_value() && name != catch_all_name;
  Outcome outcome;
  Index who = find(id);
  if (who == nothing) {
    if (!has_room_for(may_have_logger && find(*log) == nothing ? 2 : 1)) {
      entries_left_out_ = true;
      outcome.notice = Notice::table_full;
      return outcome;
    }
    who = allocate(id, Role::service);
  } else if (records_[who].role == Role::logger) {
    records_[who].contested = true;
    outcome.notice = Notice::is_a_logger;
    return outcome;
  }
  outcome.who = who;
  Record& record = records_[who];
  set_name(who, name);
  record.seen = scan_;
  record.has_claim = false;
  record.active = true;
  if (may_have_logger) see_logger(who, *log, outcome);
  schedule(who);
  return outcome;
}

void ServiceTable::saw_no_log(DirectoryId id, Nanoseconds changed, std::uint32_t old_scan) noexcept {
  const Index who = find(id);
  if (who == nothing) return;
  Record& record = records_[who];
  const bool is_new = record.changed != changed;
  record.log_is_absent = !is_new && record.changed_seen <= old_scan;
  if (!is_new) return;
  record.has_claim = false;
  record.changed = changed;
  record.changed_seen = scan_;
}

bool ServiceTable::see_unchanged(std::string_view name, DirectoryId id, Nanoseconds changed) noexcept {
  const Index who = find(id);
  if (who == nothing) return false;
  Record& record = records_[who];
  if (record.role == Role::logger || !record.active || record.peer != nothing) return false;
  if (!record.log_is_absent || record.changed != changed || names_.at(record.name) != name) return false;
  record.seen = scan_;
  return true;
}

void ServiceTable::see_logger(Index service, DirectoryId id, Outcome& outcome) noexcept {
  Index logger = find(id);
  if (logger == nothing) {
    if (!has_room_for(1)) {
      entries_left_out_ = true;
      outcome.notice = Notice::no_room_for_logger;
      return;
    }
    logger = allocate(id, Role::logger);
  } else if (records_[logger].role != Role::logger) {
    records_[logger].contested = true;
    outcome.notice = Notice::logger_is_a_service;
    return;
  } else if (const Index owner = records_[logger].peer; owner != nothing && owner != service) {
    // Whether the owner still wants it is known when the scan has ended.
    records_[logger].contested = true;
    Record& record = records_[service];
    record.has_claim = true;
    record.claim = logger;
    record.changed = 0;
    record.log_is_absent = false;
    return;
  }
  join(service, logger, outcome);
}

// Makes the two a pair that is to go on. The logger belongs to nobody else.
void ServiceTable::join(Index service, Index logger, Outcome& outcome) noexcept {
  Record& s = records_[service];
  Record& l = records_[logger];
  l.seen = scan_;
  if (s.peer == logger && l.active) return;
  if (s.peer != nothing && s.peer != logger) part_from_logger(service, logger, outcome);
  s.peer = logger;
  l.peer = service;
  l.active = true;
  if (l.pid != 0 && l.link == Link::stale && !l.told_to_leave) {
    outcome.hang_up = l.pid;
    l.told_to_leave = true;
  }
  if (s.pid != 0 && s.link == Link::stale && !s.told_to_leave) outcome.notice = Notice::service_is_cut_off;
  outcome.who = service;
  schedule(service);
  schedule(logger);
}

// The service has another logger now. If the old one is dead, its successor inherits the pipe and what is in it.
// Otherwise the two supervisors keep the pipe to themselves until the service's next start.
void ServiceTable::part_from_logger(Index service, Index successor, Outcome& outcome) noexcept {
  Record& s = records_[service];
  const Index old = s.peer;
  Record& l = records_[old];
  Record& next = records_[successor];
  if (l.pid == 0 && next.pid == 0 && next.pipe < 0) {
    next.pipe = std::exchange(l.pipe, -1);
  } else {
    if (s.pid != 0 && l.pid != 0 && s.link == Link::current) outcome.notice = Notice::logger_replaced;
    outcome.loose.write_end = std::exchange(s.pipe, -1);
    outcome.loose.read_end = std::exchange(l.pipe, -1);
    if (s.link == Link::current) s.link = l.pid != 0 ? Link::none : Link::stale;
    if (l.link == Link::current) l.link = Link::stale;
  }
  s.peer = nothing;
  l.peer = nothing;
  l.active = false;
  l.seen = 0;  // so that it is forgotten, if it is dead, when the scan has ended
  queue_.remove(old);
}

void ServiceTable::mark_kept(Index who) noexcept {
  Record& record = records_[who];
  if (!record.active) return;
  record.seen = scan_;
  if (const Pair pair = active_pair_of(who)) records_[pair.logger].seen = scan_;
}

void ServiceTable::keep(std::string_view name) noexcept {
  // Several directories may have had the name: visit them all.
  (void)by_name_.find(hash_text(name), [&](Index i) {
    if (names_.at(records_[i].name) == name) mark_kept(i);
    return false;
  });
}

void ServiceTable::keep(DirectoryId id) noexcept {
  const Index who = find(id);
  if (who != nothing && records_[who].role != Role::logger) mark_kept(who);
}

// Loggers are found by way of their services.
bool ServiceTable::is_missed(const Record& record) const noexcept {
  return record.active && record.role != Role::logger && !seen_now(record);
}

bool ServiceTable::misses(DirectoryId id) const noexcept {
  const Index who = find(id);
  return who != nothing && is_missed(records_[who]);
}

bool ServiceTable::misses_any() const noexcept {
  return std::any_of(records_, records_ + used_, [this](const Record& r) { return is_missed(r); });
}

void ServiceTable::end_scan(Found found) noexcept {
  settled_ = found == Found::everything ? 0 : 2 * used_;
  if (found == Found::everything) return;
  for (Index i = 0; i < used_; ++i) records_[i].has_claim = false;
}

std::optional<Outcome> ServiceTable::settle() noexcept {
  // First who gets a logger that several want, then who is not wanted any more.
  while (settled_ < 2 * used_) {
    const Index who = settled_ % used_;
    const bool first_round = settled_ < used_;
    ++settled_;
    const Record& record = records_[who];
    if (record.role == Role::unused || (first_round && !seen_now(record))) continue;
    if (first_round ? !record.has_claim : seen_now(record)) continue;
    const Outcome outcome = first_round ? settle_claim(who) : settle_unseen(who);
    if (outcome.notice != Notice::none || outcome.hang_up != 0 || outcome.loose.read_end >= 0 ||
        outcome.loose.write_end >= 0 || outcome.loose.watch >= 0)
      return outcome;
  }
  return std::nullopt;
}

Outcome ServiceTable::settle_claim(Index service) noexcept {
  Outcome outcome;
  outcome.who = service;
  records_[service].has_claim = false;
  const Index logger = records_[service].claim;
  Record& l = records_[logger];
  const Index owner = l.peer;
  if (owner != nothing && seen_now(records_[owner]) && seen_now(l)) {
    outcome.notice = Notice::logger_is_shared;
    return outcome;
  }
  // The owner has let go of it: the logger passes on with its pipe, into which the owner may go on writing.
  int write_end = -1;
  if (owner != nothing) {
    Record& o = records_[owner];
    write_end = std::exchange(o.pipe, -1);
    o.peer = nothing;
    if (o.link == Link::current) o.link = Link::none;
    l.peer = nothing;
    schedule(owner);
  }
  join(service, logger, outcome);
  if (write_end >= 0) records_[service].pipe = write_end;
  schedule(service);
  schedule(logger);
  return outcome;
}

Outcome ServiceTable::settle_unseen(Index who) noexcept {
  Outcome outcome;
  Record& record = records_[who];
  const Pair pair = pair_of(who);
  if (record.role == Role::logger && record.active && pair && seen_now(records_[pair.service])) {
    outcome.who = pair.service;
    if (records_[pair.service].pid != 0) outcome.notice = Notice::logger_removed;
  }
  record.active = false;
  queue_.remove(who);
  if (pair) {
    records_[pair.logger].active = false;
    queue_.remove(pair.logger);
    give_up_half_dead_pipe(who, outcome.loose);
    schedule(pair.service);
  }
  if (record.pid == 0) forget(who, outcome.loose);
  return outcome;
}

bool ServiceTable::wants_scan() noexcept {
  return std::exchange(wants_scan_, false);
}

// --- starting -------------------------------------------------------------------------------------------------------

Nanoseconds ServiceTable::restart_time(const Record& record) const noexcept {
  Nanoseconds delay = restart_delay;
  for (int i = 1; i < record.held_count; ++i) delay *= 2;
  return record.last_start + std::min(delay, most_restart_delay);
}

// Whatever changed for `who`: it is in the queue if and only if it is to be started.
void ServiceTable::schedule(Index who) noexcept {
  const Record& record = records_[who];
  bool wanted = record.active && record.pid == 0 && record.watch < 0;
  if (const Pair pair = active_pair_of(who); pair && record.pipe < 0 && has_stale_half(pair)) wanted = false;
  if (wanted)
    queue_.set(who, restart_time(record));
  else
    queue_.remove(who);
}

Nanoseconds ServiceTable::next_start_time() const noexcept {
  return queue_.empty() ? never : std::max(queue_.first().due, starts_not_before_);
}

Start ServiceTable::next_start(Nanoseconds now) noexcept {
  while (next_start_time() <= now) {
    const Index who = queue_.first().who;
    const Pair pair = active_pair_of(who);
    if (!pair || records_[who].pipe >= 0) return {Start::Action::spawn, who};
    if (pipes_not_before_ <= now) return {Start::Action::make_pipe, pair.service};
    queue_.set(who, pipes_not_before_);
  }
  return {};
}

void ServiceTable::pipe_made(Index service, int read_end, int write_end) noexcept {
  records_[service].pipe = write_end;
  records_[records_[service].peer].pipe = read_end;
}

void ServiceTable::pipe_failed(Nanoseconds now) noexcept {
  pipes_not_before_ = after(now, pipe_retry_delay);
}

void ServiceTable::started(Index who, pid_t pid, Nanoseconds now) noexcept {
  Record& record = records_[who];
  record.pid = pid;
  record.last_start = now;
  record.told_to_leave = false;
  record.link = pipe_end(who) >= 0 ? Link::current : Link::none;
  queue_.remove(who);
  add_to(
      by_pid_, who, [this](Index i) { return hash_of(records_[i].pid); },
      [this](Index i) { return records_[i].pid != 0; });
}

void ServiceTable::start_failed(Nanoseconds now) noexcept {
  starts_not_before_ = after(now, spawn_retry_delay);
}

// --- deaths ---------------------------------------------------------------------------------------------------------

Death ServiceTable::died(pid_t pid, WaitStatus status, Nanoseconds now) noexcept {
  Death death;
  const Index who = by_pid_.find(hash_of(pid), [&](Index i) { return records_[i].pid == pid; });
  if (who == nothing) return death;
  by_pid_.erase(who, [this](Index i) { return hash_of(records_[i].pid); });
  Record& record = records_[who];
  record.pid = 0;
  record.link = Link::none;
  record.told_to_leave = false;
  give_up_half_dead_pipe(who, death.loose);
  const Index peer = record.peer;
  if (record.active) {
    const bool at_once = status.exited() && now - record.last_start < restart_delay;
    death.who = who;
    death.directory_is_held = at_once && status.exit_code() == exit_already_supervised;
    death.name_is_doubtful = at_once && status.exit_code() == exit_no_directory;
    if (!death.directory_is_held) record.held_count = 0;
    schedule(who);
  } else {
    forget(who, death.loose);
  }
  if (peer != nothing) schedule(peer);  // a stale half may have stood in its way
  return death;
}

void ServiceTable::wait_for_other(Index who, int watch) noexcept {
  records_[who].watch = watch;
  schedule(who);
}

int ServiceTable::other_ended(Index who) noexcept {
  const int watch = std::exchange(records_[who].watch, -1);
  schedule(who);
  return watch;
}

void ServiceTable::directory_is_free(Index who) noexcept {
  records_[who].held_count = 0;
  schedule(who);
}

bool ServiceTable::try_more_rarely(Index who) noexcept {
  Record& record = records_[who];
  constexpr std::uint8_t most = 7;  // 64 s, cut to 60
  const bool first = record.held_count == 0;
  if (record.held_count < most) ++record.held_count;
  schedule(who);
  return first;
}

Loose ServiceTable::take_descriptors(Index who) noexcept {
  Record& record = records_[who];
  Loose loose;
  if (record.role == Role::unused) return loose;
  (record.role == Role::logger ? loose.read_end : loose.write_end) = std::exchange(record.pipe, -1);
  loose.watch = std::exchange(record.watch, -1);
  return loose;
}

}  // namespace s6::svscan
