// A random life of the scanner's table: directories come, go, are renamed and share loggers, scans fail in part,
// supervisors die in every way, pipes and processes cannot be made. The walk keeps its own account of processes,
// descriptors and of what was found; after each step the table must agree with it.
#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "svscan/service_table.hpp"
#include "tests/model/walk.hpp"

using namespace s6;
using namespace s6::svscan;
using s6::test::must;

namespace {

constexpr std::uint64_t service_inodes = 6;  // 1 to 6, which may also be somebody's log
constexpr std::uint64_t most_inode = 10;     // the others are logs only
constexpr std::size_t most_pids = 32, most_fds = 96;
constexpr ServiceTable::Limits limits{9, 20};  // less than there are directories

constexpr WaitStatus killed{9};
constexpr WaitStatus exited(int code) {
  return {static_cast<std::uint16_t>(code << 8)};
}
constexpr DirectoryId id_of(std::uint64_t inode) {
  return {7, inode};
}

struct Entry {
  std::string name;
  std::uint64_t inode = 0;
  std::uint64_t log = 0;  // 0: none
};
struct Descriptor {
  long pipe = 0;  // which one, counted from 1; 0: closed
  bool reads = false;
  std::uint64_t watched = 0;  // not a pipe's, but for the end of another supervisor on this directory
};
struct Process {
  std::uint64_t inode = 0;  // 0: there is none of this pid
  int fd = -1;              // the end it was started with
  long pipe = 0;
};

class Walk {
 public:
  explicit Walk(unsigned seed)
      : random_(seed),
        memory_(ServiceTable::memory_size(limits) / sizeof(std::uint64_t) + 1),
        table_(limits, std::as_writable_bytes(std::span(memory_))) {}

  // One thing happens; its name.
  const char* step() {
    const char* const name = happen();
    check();
    return name;
  }

  // Nothing more happens but what the table itself asks for: then everything runs that can.
  void settle_down() {
    for (int scans = 0; scans == 0 || table_.wants_scan(); ++scans) {
      must(scans < 20, "the wish for scans comes to an end");
      scan(Found::everything, false);
    }
    now_ += 100 * second;
    while (start_next()) {
    }
    check();
    check_settled();
  }

  // All entries go, all supervisors die: nothing is left.
  void end() {
    world_.clear();
    scan(Found::everything, false);
    for (std::size_t pid = 1; pid < most_pids; ++pid)
      if (processes_[pid].inode != 0) die(static_cast<pid_t>(pid), killed);
    check();
    must(table_.live() == 0 && open_fds() == 0, "nothing is left at the end");
    for (std::uint64_t inode = 1; inode <= most_inode; ++inode)
      must(table_.find(id_of(inode)) == nothing, "nobody is remembered at the end");
  }

  [[nodiscard]] long starts() const { return starts_; }
  [[nodiscard]] long pipes() const { return pipes_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

  const char* happen() {
    now_ += static_cast<Nanoseconds>(below(800)) * millisecond;
    switch (below(16)) {
      case 0: return add_entry(), "an entry appears";
      case 1: return remove_entry(), "an entry disappears";
      case 2: return change_entry(), "an entry changes";
      case 3: return scan(chance(8) ? Found::a_part : Found::everything, chance(3)), "scan";
      case 4: return tell(Reach::inactive), "prune";
      case 5: return chance(20) ? (tell(Reach::all), "tell all to leave") : "nothing";
      case 6: return other_ends(), "another supervisor ends";
      case 7: return now_ += 20 * second, "time passes";
      case 8: return fail_start(), "a start fails";
      case 9:
      case 10:
      case 11: return random_death(), "a supervisor dies";
      default: return start_next() ? "start" : "nothing";
    }
  }

  // --- the directory ------------------------------------------------------------------------------------------------
  std::string random_name() { return chance(12) ? std::string(catch_all_name) : "n" + std::to_string(below(8)); }
  std::uint64_t random_log() { return chance(2) ? 0 : 1 + below(most_inode); }
  void add_entry() {
    if (world_.size() >= 8) return;
    const std::uint64_t inode = 1 + below(service_inodes);
    std::uint64_t log = random_log();
    for (const Entry& other : world_)
      if (other.inode == inode) log = other.log;  // a directory has one log, whatever its names
    world_.push_back({random_name(), inode, log});
  }
  void remove_entry() {
    if (!world_.empty()) world_.erase(world_.begin() + static_cast<long>(below(world_.size())));
  }
  void change_entry() {
    if (world_.empty()) return;
    Entry& entry = world_[below(world_.size())];
    if (chance(3)) {
      entry.name = random_name();
      return;
    }
    const std::uint64_t log = random_log();
    for (Entry& other : world_)
      if (other.inode == entry.inode) other.log = log;
  }

  void scan(Found found, bool with_trouble) {
    std::shuffle(world_.begin(), world_.end(), random_);
    std::array<bool, most_inode + 1> seen{};
    table_.begin_scan();
    for (const Entry& entry : world_) {
      if (found == Found::a_part && chance(3)) continue;
      if (with_trouble && chance(4)) {
        chance(2) ? table_.keep(entry.name) : table_.keep(id_of(entry.inode));
        for (std::uint64_t inode = 1; inode <= most_inode; ++inode) seen[inode] |= may_run_[inode];  // whoever it was
        continue;
      }
      seen[entry.inode] = seen[entry.log] = true;
      apply(
          table_.see(entry.name, id_of(entry.inode), entry.log == 0 ? std::nullopt : std::optional(id_of(entry.log))));
    }
    for (std::uint64_t inode = 1; inode <= most_inode; ++inode)
      may_run_[inode] = seen[inode] || (found == Found::a_part && may_run_[inode]);
    table_.end_scan(found);
    for (int rounds = 0;; ++rounds) {
      must(rounds < 100, "what a scan has to say comes to an end");
      const auto outcome = table_.settle();
      if (!outcome) break;
      apply(*outcome);
    }
  }

  void apply(const Outcome& outcome) {
    if (outcome.hang_up != 0) must(is_alive(outcome.hang_up), "signals go to living supervisors");
    close(outcome.loose);
  }

  // --- descriptors --------------------------------------------------------------------------------------------------
  int open_fd(Descriptor descriptor) {
    std::size_t fd = 3;
    while (fds_[fd].pipe != 0) ++fd;  // the lowest that is free, as the kernel does
    fds_.at(fd) = descriptor;
    return static_cast<int>(fd);
  }
  [[nodiscard]] Descriptor& fd_at(int fd) { return fds_.at(static_cast<std::size_t>(fd)); }
  [[nodiscard]] const Descriptor& fd_at(int fd) const { return fds_.at(static_cast<std::size_t>(fd)); }
  void close_one(int fd, bool reads, bool watch) {
    if (fd < 0) return;
    const Descriptor closed = std::exchange(fd_at(fd), {});
    must(closed.pipe != 0, "a descriptor is closed once");
    must(closed.reads == reads && (closed.watched != 0) == watch, "and taken for what it is");
    is_waiting_[closed.watched] = false;
  }
  void close(const Loose& loose) {
    close_one(loose.read_end, true, false);
    close_one(loose.write_end, false, false);
    close_one(loose.watch, false, true);
  }
  [[nodiscard]] std::size_t open_fds(bool watches = false) const {
    return static_cast<std::size_t>(std::count_if(fds_.begin(), fds_.end(), [watches](const Descriptor& d) {
      return d.pipe != 0 && (d.watched != 0) == watches;
    }));
  }

  // --- supervisors --------------------------------------------------------------------------------------------------
  [[nodiscard]] bool is_alive(pid_t pid) const { return processes_.at(static_cast<std::size_t>(pid)).inode != 0; }

  bool start_next() {
    const Start next = table_.next_start(now_);
    if (next.action == Start::Action::none) return false;
    if (next.action == Start::Action::spawn) return spawn(next.who), true;
    const Index logger = table_.peer(next.who);
    must(logger != nothing && table_.is_active(logger), "pipes are made for pairs that are to go on");
    for (const Index half : {next.who, logger}) {
      must(table_.pipe_end(half) < 0, "and for those that have none");
      must(table_.pid(half) == 0 || table_.link(half) != Link::stale, "and when no half of an old pair is left");
    }
    const long pipe = ++pipes_;
    const int read_end = open_fd({pipe, true});
    table_.pipe_made(next.who, read_end, open_fd({pipe}));
    return true;
  }
  void spawn(Index who) {
    const std::uint64_t inode = inode_of(who);
    must(table_.pid(who) == 0, "a supervisor is started for a directory that has none");
    must(may_run_[inode], "and that was found");
    must(table_.is_active(who) && !is_waiting_[inode], "and is wanted and free");
    for (const Process& other : processes_) must(other.inode != inode, "there are never two for one directory");
    std::size_t pid = 1;
    while (processes_.at(pid).inode != 0) ++pid;
    const int end = table_.pipe_end(who);
    processes_[pid] = {inode, end, end < 0 ? 0 : fd_at(end).pipe};
    table_.started(who, static_cast<pid_t>(pid), now_);
    ++starts_;
  }
  void fail_start() {
    const Start next = table_.next_start(now_);
    if (next.action == Start::Action::spawn && chance(4)) table_.start_failed(now_);
    if (next.action == Start::Action::make_pipe) table_.pipe_failed(now_);
  }

  void random_death() {
    const std::size_t pid = 1 + below(most_pids - 1);
    for (std::size_t i = 0; i < most_pids; ++i)
      if (const std::size_t victim = 1 + (pid + i) % (most_pids - 1); processes_[victim].inode != 0)
        return die(static_cast<pid_t>(victim), chance(4) ? exited(100) : chance(4) ? exited(111) : killed);
    must(table_.died(99, killed, now_).who == nothing, "strangers do not matter");
  }
  void die(pid_t pid, WaitStatus status) {
    const std::uint64_t inode = std::exchange(processes_.at(static_cast<std::size_t>(pid)), {}).inode;
    const Death death = table_.died(pid, status, now_);
    close(death.loose);
    if (!death.directory_is_held) return;
    switch (below(3)) {
      case 0: is_waiting_[inode] = true; return table_.wait_for_other(death.who, open_fd({-1, false, inode}));
      case 1: return table_.directory_is_free(death.who);
      default: table_.try_more_rarely(death.who);
    }
  }
  void other_ends() {
    for (std::uint64_t inode = 1; inode <= most_inode; ++inode) {
      if (!is_waiting_[inode]) continue;
      return close({.watch = table_.other_ended(table_.find(id_of(inode)))});
    }
  }

  void tell(Reach reach) {
    std::size_t told = 0;
    const Farewell loggers = chance(2) ? Farewell::drain : Farewell::terminate;
    table_.tell(reach, loggers, [&](pid_t pid, Farewell farewell) {
      must(is_alive(pid), "who is told to leave lives");
      const Index who = table_.find(id_of(processes_.at(static_cast<std::size_t>(pid)).inode));
      must(reach == Reach::all || !table_.is_active(who), "a prune leaves alone what is wanted");
      must(farewell == (table_.role(who) == Role::service ? Farewell::terminate : loggers), "each in its own way");
      ++told;
    });
    if (reach == Reach::all) must(told == table_.live(), "everybody is told");
  }

  // --- what must always be so ---------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t inode_of(Index who) const {
    std::uint64_t inode = 1;
    while (inode <= most_inode && table_.find(id_of(inode)) != who) ++inode;
    must(inode <= most_inode, "who is in the table is found by its directory");
    return inode;
  }

  void check() {
    std::size_t live = 0, known = 0, halves = 0, waiting = 0;
    for (std::uint64_t inode = 1; inode <= most_inode; ++inode) {
      const Index who = table_.find(id_of(inode));
      must(who != nothing || !is_waiting_[inode], "nobody waits for a directory that is forgotten");
      if (who == nothing) continue;
      ++known;
      if (table_.pid(who) != 0) ++live;
      if (table_.peer(who) != nothing) ++halves;
      if (is_waiting_[inode]) ++waiting;
      check_record(who, inode);
    }
    std::size_t used = 0;
    for (Index i = 0; i < table_.end(); ++i) used += table_.role(i) != Role::unused;
    must(used == known && table_.end() <= limits.services, "places are used again");
    const auto processes =
        std::count_if(processes_.begin(), processes_.end(), [](const Process& p) { return p.inode != 0; });
    must(live == table_.live() && live == static_cast<std::size_t>(processes), "the living are known");
    must(halves % 2 == 0 && open_fds() <= halves && open_fds() % 2 == 0, "no pipe without a pair");
    must(open_fds(true) == waiting, "descriptors for waiting are kept while one waits");
  }

  void check_record(Index who, std::uint64_t inode) const {
    const Index peer = table_.peer(who);
    if (peer != nothing) {
      must(table_.peer(peer) == who, "pairs are mutual");
      must((table_.role(who) == Role::logger) != (table_.role(peer) == Role::logger), "a service and a logger");
    }
    if (const int end = table_.pipe_end(who); end >= 0) {
      const Descriptor& own = fd_at(end);
      const Descriptor& other = fd_at(table_.pipe_end(peer));
      must(own.pipe != 0 && own.pipe == other.pipe, "a pair has the two ends of one open pipe");
      must(own.reads == (table_.role(who) == Role::logger), "the logger has the end to read from");
    }
    if (table_.pid(who) == 0) return;
    const Process& process = processes_.at(static_cast<std::size_t>(table_.pid(who)));
    must(process.inode == inode, "the table knows whose supervisor lives");
    const bool open = process.fd >= 0 && fd_at(process.fd).pipe == process.pipe;
    if (table_.link(who) == Link::current) must(open, "the pipe of a process that is linked is kept");
    if (table_.link(who) == Link::stale) must(process.fd >= 0 && !open, "who is cut off had a pipe, which is gone");
    if (peer == nothing || table_.pid(peer) == 0 || table_.link(peer) != Link::current) return;
    const Process& other = processes_.at(static_cast<std::size_t>(table_.pid(peer)));
    if (table_.link(who) == Link::current) must(process.pipe == other.pipe, "two that are linked share one pipe");
  }

  void check_settled() const {
    for (const Entry& entry : world_) {
      const Index who = table_.find(id_of(entry.inode));
      if (who == nothing)
        must(table_.is_full(), "what was found is known");
      else if (table_.role(who) != Role::logger)
        must(table_.is_active(who), "what was found is wanted");
    }
    for (std::uint64_t inode = 1; inode <= most_inode; ++inode) {
      const Index who = table_.find(id_of(inode));
      if (who == nothing || !table_.is_active(who) || table_.pid(who) != 0 || is_waiting_[inode]) continue;
      const Index peer = table_.peer(who);
      const bool other_is_stale = peer != nothing && table_.pid(peer) != 0 && table_.link(peer) == Link::stale;
      must(other_is_stale && table_.pipe_end(who) < 0, "what is wanted runs, unless the rest of an old pair does");
    }
  }

  std::mt19937 random_;
  std::vector<std::uint64_t> memory_;
  ServiceTable table_;
  Nanoseconds now_ = 1000 * second;
  std::vector<Entry> world_;
  std::array<bool, most_inode + 1> may_run_{};
  std::array<bool, most_inode + 1> is_waiting_{};
  std::array<Process, most_pids> processes_{};
  std::array<Descriptor, most_fds> fds_{};
  long starts_ = 0;
  long pipes_ = 0;
};

}  // namespace

TEST_SUITE("random walks") {
  TEST_CASE("the scanner's table") {
    const long steps = s6::test::walk_steps();
    Walk walk(s6::test::walk_seed());
    s6::test::Trail<const char*> trail;
    long i = 0;
    try {
      for (; i < steps; ++i) {
        trail.add(walk.step());
        if (i % 100 == 99) trail.add("settle down"), walk.settle_down();
        if (i % 10'000 == 9'999) trail.add("end"), walk.end();
      }
    } catch (const s6::test::Violation& violation) {
      FAIL("broken at step " << i << ": " << std::string(violation.what()) << "; after"
                             << trail.text([](const char* name) { return std::string(name); }));
    }
    MESSAGE(steps << " steps, " << walk.starts() << " starts, " << walk.pipes() << " pipes");
  }
}
