#pragma once
// The roster of supervisors: which directories are to have one, which have, what pipes connect them, and when to start
// the next. Pure: it makes no system call. Everything that happens is told to it, what is to be done comes out as
// values, and descriptors and pids are mere numbers to it. It works in memory given at construction and uses of it only
// as much as there are services, from its beginning: what is in it moves apart when it becomes too narrow.
//
// A directory is known by device and inode, not by name. Each directory has at most one supervisor, a record here.
//
// A service and its logger are a pair. Their pipe exists while both supervisors may need it, and every start of one
// hands it its end, so that either can die and come back without losing a byte. When one half of a pair that is not to
// go on dies, the pipe is given up; the other half is then stale: its descriptors lead nowhere. A new pipe is made, and
// a half of the pair started, only when no stale half is alive.
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/nanoseconds.hpp"
#include "common/wait_status.hpp"
#include "svscan/hash_index.hpp"
#include "svscan/name_pool.hpp"
#include "svscan/requests.hpp"
#include "svscan/start_queue.hpp"

namespace s6::svscan {

struct DirectoryId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const DirectoryId&, const DirectoryId&) = default;
};

enum class Role : std::uint8_t { unused, service, logger, catch_all_logger };
// The service that logs what nothing else does. It is told to leave as a logger is, and has none itself.
inline constexpr std::string_view catch_all_name = "s6-svscan-log";

// Whether a supervisor's stdin or stdout is an end of its pair's pipe.
enum class Link : std::uint8_t {
  none,
  current,
  stale  // of a pipe that has been given up
};

// Descriptors that nobody needs any more; -1: none.
struct Loose {
  int read_end = -1;
  int write_end = -1;
  int watch = -1;
};

// Something to be told about an entry.
enum class Notice : std::uint8_t {
  none,
  table_full,           // the entry does not fit
  no_room_for_logger,   // its logger does not
  is_a_logger,          // the entry's directory is the logger of another one
  logger_is_a_service,  // NAME/log is supervised as an entry of its own: the service has no logger
  logger_is_shared,     // NAME/log is another service's logger: this one has none
  logger_replaced,      // NAME/log is another directory now: the service still writes to the old one's logger
  logger_removed,       // the service still writes to the logger it had
  service_is_cut_off    // the service's supervisor writes to a pipe that has been given up
};

// What follows from something the table was told.
struct Outcome {
  Notice notice = Notice::none;
  Index who = nothing;  // the service that `notice` is about, if it has a record
  pid_t hang_up = 0;    // send SIGHUP to this supervisor
  Loose loose;
};

struct Death {
  Index who = nothing;             // nothing: not one of ours, or no longer
  bool directory_is_held = false;  // it found another supervisor on its directory: find out who
  bool name_is_doubtful = false;   // it died as one that did not find its directory: time for a scan
  Loose loose;
};

struct Start {
  enum class Action : std::uint8_t { none, make_pipe, spawn };
  Action action = Action::none;
  Index who = nothing;  // for make_pipe the service of the pair
};

enum class Found : bool { everything, a_part };
enum class Reach : bool { inactive, all };

inline constexpr Nanoseconds restart_delay = second;  // between two starts of one supervisor
inline constexpr Nanoseconds most_restart_delay = 60 * second;
inline constexpr Nanoseconds spawn_retry_delay = 10 * second;
inline constexpr Nanoseconds pipe_retry_delay = 3 * second;

class ServiceTable {
 public:
  struct Limits {
    std::uint32_t services;
    std::uint32_t name_bytes;
  };
  static std::size_t memory_size(const Limits& limits) noexcept;
  // `memory`: as large as memory_size() says, zeroed, aligned for 8-byte numbers, and better as record_alignment says.
  static constexpr std::size_t record_alignment = 64;  // then each record lies in one line of the processor's cache
  ServiceTable(const Limits& limits, std::span<std::byte> memory) noexcept;
  ServiceTable(const ServiceTable&) = delete;
  ServiceTable& operator=(const ServiceTable&) = delete;

  // --- scanning: begin_scan, then one of the middle three for each entry, then end_scan, then settle until it has no
  // more to say. ---
  void begin_scan() noexcept;
  [[nodiscard]] bool accepts(std::string_view name) const noexcept { return name.size() <= limits_.name_bytes; }
  // The entry `name` is the directory `id`; `log` is its logger's.
  Outcome see(std::string_view name, DirectoryId id, const std::optional<DirectoryId>& log) noexcept;
  // A look into the directory `id`, whose own time of last change (ctime) was `changed` just before, found no `log`. If
  // it found none with the same time before, in a scan up to number `old_scan` (see ScanHistory), then nothing can come
  // into the directory from now on without changing that time, and as long as it stays the same no look is needed.
  void saw_no_log(DirectoryId id, Nanoseconds changed, std::uint32_t old_scan) noexcept;
  // The short form of see() for what has not changed: true if it is known that the entry would have no log, and nothing
  // would follow. Then it has been seen.
  bool see_unchanged(std::string_view name, DirectoryId id, Nanoseconds changed) noexcept;
  // The entry could not be examined: what it was last time stays as it was.
  void keep(std::string_view name) noexcept;
  void keep(DirectoryId id) noexcept;
  // A service that is to have a supervisor has not been seen by this scan yet. It has gone, or its entry was renamed
  // while the directory was read, which may then show neither name.
  [[nodiscard]] bool misses(DirectoryId id) const noexcept;
  [[nodiscard]] bool misses_any() const noexcept;
  // Unless everything was found, nothing becomes inactive for not having been seen.
  void end_scan(Found found) noexcept;
  std::optional<Outcome> settle() noexcept;
  // Entries were left out for want of room.
  [[nodiscard]] bool is_full() const noexcept { return entries_left_out_; }
  // Something ended that stood in the way of an entry: scan again. Asking answers it.
  [[nodiscard]] bool wants_scan() noexcept;

  // --- starting ---
  // When next_start() may have something; `never` if nothing is to be started.
  [[nodiscard]] Nanoseconds next_start_time() const noexcept;
  // The next thing that is due. The caller answers with one of the four below.
  Start next_start(Nanoseconds now) noexcept;
  void pipe_made(Index service, int read_end, int write_end) noexcept;
  void pipe_failed(Nanoseconds now) noexcept;
  void started(Index who, pid_t pid, Nanoseconds now) noexcept;
  void start_failed(Nanoseconds now) noexcept;  // postpones all starts

  // --- deaths ---
  Death died(pid_t pid, WaitStatus status, Nanoseconds now) noexcept;
  // After directory_is_held: wait for the end of the other supervisor, which `watch` will tell...
  void wait_for_other(Index who, int watch) noexcept;
  // ...and it has: returns `watch`.
  int other_ended(Index who) noexcept;
  // Or nobody holds it any more.
  void directory_is_free(Index who) noexcept;
  // Or there is no telling: try again, ever more rarely. True the first time.
  bool try_more_rarely(Index who) noexcept;

  // --- telling supervisors to leave ---
  // Calls `send(pid, farewell)` for every live supervisor, or for those only whose directory was not found by the last
  // scan. `loggers` says how loggers leave.
  template <class Send>
  void tell(Reach reach, Farewell loggers, Send send) noexcept {
    for (Index i = 0; i < used_; ++i) {
      Record& record = records_[i];
      if (record.pid == 0 || (reach == Reach::inactive && record.active)) continue;
      record.told_to_leave = true;
      send(record.pid, record.role == Role::service ? Farewell::terminate : loggers);
    }
  }
  // What `who` holds, which is the caller's to close now. No pipe is open then: for the very end.
  Loose take_descriptors(Index who) noexcept;

  // --- looking ---
  [[nodiscard]] std::uint32_t scan() const noexcept { return scan_; }  // number of the last scan that was begun
  [[nodiscard]] std::size_t live() const noexcept { return by_pid_.size(); }
  [[nodiscard]] Index end() const noexcept { return used_; }  // all indexes are below
  [[nodiscard]] Role role(Index who) const noexcept { return records_[who].role; }
  // An entry's name; a logger goes by its service's. Terminated, valid until the next scan.
  [[nodiscard]] std::string_view name(Index who) const noexcept;
  // The end of the pipe that its next supervisor gets: stdout for a service, stdin for a logger. -1: none.
  [[nodiscard]] int pipe_end(Index who) const noexcept;
  [[nodiscard]] pid_t pid(Index who) const noexcept { return records_[who].pid; }
  [[nodiscard]] bool is_active(Index who) const noexcept { return records_[who].active; }
  [[nodiscard]] Link link(Index who) const noexcept { return records_[who].link; }
  [[nodiscard]] Index peer(Index who) const noexcept { return records_[who].peer; }
  [[nodiscard]] Index find(DirectoryId id) const noexcept;
  [[nodiscard]] bool has_catch_all_logger() const noexcept;

 private:
  struct Record {
    DirectoryId directory;
    Nanoseconds last_start;
    Nanoseconds changed;  // of the directory, when no log was found in it; 0: not known
    // Who has a claim has a log, so one number is enough for both.
    union {
      std::uint32_t changed_seen;  // number of the scan that found `changed` first
      Index claim;                 // with has_claim: the logger that this service was seen with, which another one has
    };
    std::uint32_t name;  // position in the pool; loggers have none
    std::int32_t pid;    // 0: dead
    Index peer;          // the other half of the pair, which points back; while unused, the next unused one
    std::int32_t pipe;   // own end of the pair's pipe, -1
    std::int32_t watch;  // waiting for another supervisor on the directory to end, -1
    std::uint32_t seen;  // number of the last scan that saw it
    Role role;
    Link link;                // of the live supervisor
    std::uint8_t held_count;  // how often in a row its directory was held by an unknown process
    bool active : 1;          // wanted
    bool told_to_leave : 1;
    bool contested : 1;  // an entry could not have this directory
    bool log_is_absent : 1;
    bool has_claim : 1;
  };
  static_assert(sizeof(Record) == record_alignment);  // there may be very many
  struct Pair {
    Index service = nothing;
    Index logger = nothing;
    explicit operator bool() const noexcept { return service != nothing; }
  };

  [[nodiscard]] Pair pair_of(Index who) const noexcept;
  [[nodiscard]] Pair active_pair_of(Index who) const noexcept;
  [[nodiscard]] bool seen_now(const Record& record) const noexcept { return record.seen == scan_; }
  [[nodiscard]] bool is_missed(const Record& record) const noexcept;
  [[nodiscard]] Nanoseconds restart_time(const Record& record) const noexcept;
  [[nodiscard]] bool has_stale_half(Pair pair) const noexcept;
  [[nodiscard]] bool has_room_for(std::size_t records) const noexcept;
  [[nodiscard]] std::uint64_t name_hash(Index who) const noexcept;

  void widen() noexcept;
  Index allocate(DirectoryId id, Role role) noexcept;
  void set_name(Index who, std::string_view name) noexcept;
  void forget(Index who, Loose& loose) noexcept;
  void schedule(Index who) noexcept;
  void see_logger(Index service, DirectoryId id, Outcome& outcome) noexcept;
  void join(Index service, Index logger, Outcome& outcome) noexcept;
  void part_from_logger(Index service, Index successor, Outcome& outcome) noexcept;
  Outcome settle_claim(Index service) noexcept;
  Outcome settle_unseen(Index who) noexcept;
  void give_up_half_dead_pipe(Index who, Loose& loose) noexcept;
  void mark_kept(Index who) noexcept;
  template <class HashOf, class IsMember>
  void add_to(HashIndex& index, Index who, HashOf hash_of, IsMember is_member) noexcept;

  struct Layout;
  ServiceTable(const Limits& limits, const Layout& layout) noexcept;

  Limits limits_;
  std::byte* memory_;
  Record* records_;
  HashIndex by_directory_;
  HashIndex by_pid_;
  HashIndex by_name_;
  StartQueue queue_;
  NamePool names_;
  std::uint32_t capacity_;  // so many records lie one after the other; grows with them, up to the limit
  Index used_ = 0;          // records from here on have never been used
  Index free_ = nothing;    // list of those below that are unused
  std::size_t count_ = 0;
  std::uint32_t scan_ = 0;
  Index settled_ = 0;  // where settle() goes on, in two rounds
  bool entries_left_out_ = false;
  bool wants_scan_ = false;
  Nanoseconds starts_not_before_ = 0;
  Nanoseconds pipes_not_before_ = 0;
};

}  // namespace s6::svscan
