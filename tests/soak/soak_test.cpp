// A tree of services that is disturbed in every way for a while. In between, and at the end, it gets the time to
// settle, and then everything must be as it was asked for.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <sstream>

#include "common/service_dir.hpp"
#include "harness.hpp"
#include "tests/soak/inspection.hpp"
#include "tests/soak/parameters.hpp"
#include "tests/soak/tree.hpp"

namespace s6::soak {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::Clock;

using Counts = std::map<std::string, std::size_t>;

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  for (const auto& [what, count] : counts) out << (what == counts.begin()->first ? "" : ", ") << count << ' ' << what;
  return out;
}

// Programs that were started here and orphans, which become children of this process; but not the scanner.
void reap_all_but(pid_t scanner) {
  siginfo_t dead{};
  while (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) == 0 && dead.si_pid != 0 && dead.si_pid != scanner) {
    waitpid(dead.si_pid, nullptr, 0);
    dead.si_pid = 0;
  }
}

// Waits until there is nothing to complain about, twice in a row: the first time something may still be on its way.
void settle(const Tree& tree, pid_t scanner) {
  const auto deadline = Clock::now() + patience();
  for (int quiet = 0; quiet < 2;) {
    reap_all_but(scanner);
    const Complaints complaints = untruths(tree, scanner);
    quiet = complaints.empty() ? quiet + 1 : 0;
    if (!complaints.empty() && Clock::now() > deadline) FAIL("it does not settle: " << first_of(complaints));
    (void)test::wait_readable(-1, Clock::now() + 200ms);
  }
}

// --- programs that wait for services meanwhile -----------------------------------------------------------------------
class Clients {
 public:
  Clients() {
    posix_spawn_file_actions_init(&quietly_);
    posix_spawn_file_actions_addopen(&quietly_, 2, "/dev/null", O_WRONLY, 0);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients() {
    end_all();
    posix_spawn_file_actions_destroy(&quietly_);
  }
  void start(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (posix_spawn(&pid, argv[0], &quietly_, nullptr, argv.data(), environ) == 0) running_.push_back(pid);
  }
  void reap() {
    std::erase_if(running_, [](pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; });
  }
  [[nodiscard]] std::size_t count() const { return running_.size(); }
  [[nodiscard]] bool has(pid_t pid) const { return std::ranges::count(running_, pid) > 0; }
  void kill_one(std::size_t number) const { kill(running_[number], SIGKILL); }
  void end_all() {
    for (const pid_t pid : running_) kill(pid, SIGKILL);
    for (const pid_t pid : running_) waitpid(pid, nullptr, 0);
    running_.clear();
  }

 private:
  posix_spawn_file_actions_t quietly_;
  std::vector<pid_t> running_;
};

// --- the disturber ---------------------------------------------------------------------------------------------------
class Disturber {
 public:
  Disturber(Tree& tree, test::Scanner& scanner, std::size_t seed) : tree_(tree), scanner_(scanner), random_(seed) {}
  [[nodiscard]] const Counts& counts() const { return counts_; }

  void run_until(Clock::time_point end) {
    // In a large tree about one in five services is disturbed every second.
    const auto pause = std::chrono::microseconds(1'000'000 / std::max<std::size_t>(40, tree_.services.size() / 5));
    for (auto next = Clock::now(); next < end; next += pause) {
      do_something();
      reap_all_but(scanner_.pid());
      clients_.reap();
      (void)test::wait_readable(-1, next);
      next = std::max(next, Clock::now() - 1s);
    }
    clients_.end_all();
    tree_.disk.empty();
  }

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  enum class Target { any, logged };
  Service& any(Target target) {
    for (;;)
      if (Service& service = tree_.services[below(tree_.services.size())]; target == Target::any || service.logged)
        return service;
  }
  void count(const std::string& what) { ++counts_[what]; }

  void do_something() {
    struct Action {
      std::size_t weight;
      Target target;
      void (Disturber::*act)(Service&);
    };
    constexpr Action actions[] = {
        {20, Target::any, &Disturber::kill_service},
        {20, Target::any, &Disturber::command},
        {20, Target::logged, &Disturber::flood},
        {4, Target::any, &Disturber::kill_supervisor},
        {6, Target::logged, &Disturber::restart_logger},
        {2, Target::logged, &Disturber::kill_supervisor_of_logger},
        {8, Target::any, &Disturber::rescan},
        {4, Target::any, &Disturber::remove},
        {4, Target::any, &Disturber::add},
        {2, Target::any, &Disturber::rename},
        {8, Target::any, &Disturber::wait_for_some},
        {2, Target::any, &Disturber::fill_or_empty_disk},
    };
    std::size_t choice = below(100);
    for (const auto& [weight, target, act] : actions) {
      if (choice < weight) return (this->*act)(any(target));
      choice -= weight;
    }
  }

  [[nodiscard]] static pid_t pid_of(const fs::path& dir) {
    const auto status = service_dir::read_status(dir.c_str());
    return status ? status->pid : 0;
  }

  void kill_service(Service& service) {
    const pid_t pid = pid_of(service.dir());
    if (!service.linked || pid == 0) return;
    constexpr int signals[] = {SIGKILL, SIGTERM, SIGUSR2, SIGSEGV, SIGHUP};
    kill(pid, signals[below(std::size(signals))]);
    count("services killed");
  }

  // The old supervisor of a service that has just come back may still be there, and take commands with it.
  void command(Service& service) {
    if (!service.linked || service.just_added) return;
    // "p" is never the last: a paused service would not be as it was asked for.
    constexpr const char* all[] = {"d", "u", "t", "du", "ud", "dududud", "k", "pc", "tutu", "ptc", "dku", "o", "h"};
    const std::string bytes = all[below(std::size(all))];
    if (!send(service.dir(), bytes)) return;
    for (const char byte : bytes)
      if (byte == 'u' || byte == 'd') service.wanted_up = byte == 'u';
    if (bytes == "o") {  // up once, and then down if it was down: which of both it is now depends on deaths
      (void)send(service.dir(), "u");
      service.wanted_up = true;
    }
    count("commands");
  }

  void flood(Service& service) {
    const pid_t pid = pid_of(service.dir());
    if (!service.linked || pid == 0) return;
    kill(pid, SIGUSR1);
    count("floods");
  }

  // With its service, which would run on beside its successor. A command on its way dies with a supervisor: what is
  // wanted then is the default, and nothing is sent to it before it is dead.
  void kill_supervisor(Service& service) {
    if (!service.linked || !kill_supervisor_of(service.dir())) return;
    service.wanted_up = true;
    count("supervisors killed");
  }

  void kill_supervisor_of_logger(Service& service) {
    if (!service.linked || !kill_supervisor_of(service.log())) return;
    service.logger_disturbed = true;
    count("supervisors of loggers killed");
  }

  bool kill_supervisor_of(const fs::path& dir) {
    const auto lock = service_dir::test_supervisor(dir.c_str());
    if (!lock || !lock->locked || lock->holder == 0) return false;
    kill(lock->holder, SIGKILL);
    test::wait_dead(lock->holder);
    end_orphans();
    return true;
  }

  // What has lost its supervisor is a child of this process now. A logger is told to end: killed, it would lose what it
  // has read.
  void end_orphans() {
    std::istringstream in(test::read_file("/proc/self/task/" + std::to_string(getpid()) + "/children"));
    for (pid_t pid; in >> pid;)
      if (pid != scanner_.pid() && !clients_.has(pid))
        kill(pid, test::read_file("/proc/" + std::to_string(pid) + "/comm") == "s6-log\n" ? SIGTERM : SIGKILL);
  }

  void restart_logger(Service& service) {
    if (!service.linked) return;
    constexpr const char* all[] = {"t", "a", "t", "h"};
    service.logger_disturbed = true;
    if (send(service.log(), all[below(std::size(all))])) count("commands to loggers");
  }

  void rescan(Service&) {
    constexpr const char* all[] = {"a", "aaaaaaaa", "h", "z", "an", "zazaza"};
    const std::size_t choice = below(std::size(all) + 2);
    if (choice < std::size(all))
      scanner_.send(all[choice]);
    else
      scanner_.signal(choice == std::size(all) ? SIGHUP : SIGALRM);
    count("rescans");
  }

  // Not if its logger may be between two lives: its supervisor would not start it again, and what is in the pipe, which
  // goes with the pair, would be nobody's.
  void remove(Service& service) {
    if (!service.linked || service.logger_disturbed) return;
    tree_.scan.unlink(service.entry);
    scanner_.send("an");
    scanner_.settle();  // so that it is told to end in any case, and comes back with the default
    service.linked = false;
    count("services removed");
  }

  void add(Service&) {
    std::vector<Service*> removed;
    for (Service& service : tree_.services)
      if (!service.linked) removed.push_back(&service);
    if (removed.empty()) return;
    Service& service = *removed[below(removed.size())];
    tree_.scan.link(service.dir(), service.entry);
    scanner_.send("a");
    service.linked = service.wanted_up = service.just_added = service.logger_disturbed = true;
    count("services added");
  }

  // Also while a scan goes on.
  void rename(Service& service) {
    if (!service.linked) return;
    const std::string old = service.entry;
    service.entry = old.ends_with('r') ? old.substr(0, old.size() - 1) : old + "r";
    tree_.scan.rename(old, service.entry);
    scanner_.send("a");
    count("services renamed");
  }

  void wait_for_some(Service&) {
    if (clients_.count() > 20) {
      clients_.kill_one(below(clients_.count()));
      return count("waiting clients killed");
    }
    constexpr const char* wishes[] = {"-u", "-U", "-d", "-D", "-r", "-R"};
    std::vector<std::string> words = {test::client("s6-svwait"), "-t", "3000", wishes[below(std::size(wishes))]};
    if (below(2) == 0) words.emplace_back("-o");
    for (int i = 0; i < 4; ++i) words.push_back(any(Target::any).dir());
    clients_.start(words);
    count("clients that wait");
  }

  void fill_or_empty_disk(Service&) {
    if (tree_.disk.full()) return tree_.disk.empty();
    tree_.disk.fill();
    count("full disks");
  }

  Tree& tree_;
  test::Scanner& scanner_;
  std::mt19937_64 random_;
  Counts counts_;
  Clients clients_;
};

// --- the test --------------------------------------------------------------------------------------------------------
std::size_t lives_of(const Tree& tree) {
  std::size_t sum = 0;
  for (const Service& service : tree.services) sum += service.record().lives;
  return sum;
}

void have_everything_up(Tree& tree, test::Scanner& scanner) {
  for (Service& service : tree.services) {
    if (!service.linked) tree.scan.link(service.dir(), service.entry);
    service.linked = true;
  }
  scanner.send("a");
  for (Service& service : tree.services) {
    test::eventually("a supervisor listens", [&] { return send(service.dir(), "u"); });
    service.wanted_up = true;
  }
  settle(tree, scanner.pid());
}

// Each one is killed; each one must come back, and tell its subscribers so, who remove what others have left.
void restart_everything(Tree& tree, test::Scanner& scanner) {
  std::vector<std::uint64_t> lives;
  for (const Service& service : tree.services) {
    lives.push_back(std::uint64_t{service.record().lives});
    kill(service_dir::read_status(service.dir().c_str())->pid, SIGKILL);
  }
  const auto deadline = Clock::now() + patience();
  std::size_t missing = 1;
  while (missing != 0 && Clock::now() < deadline) {
    missing = 0;
    for (std::size_t i = 0; i < lives.size(); ++i) missing += tree.services[i].record().lives == lives[i] ? 1U : 0U;
    (void)test::wait_readable(-1, Clock::now() + 50ms);
  }
  CHECK_MESSAGE(missing == 0, missing << " services were not started again");
  settle(tree, scanner.pid());
}

Lines take_all_lines(Tree& tree) {
  Lines lines;
  for (Service& service : tree.services)
    if (service.logged) lines += take_lines(service);
  return lines;
}

void check_resources(const Resources& before, const Resources& now) {
  std::cout << "before: " << to_text(before) << "\nafter:  " << to_text(now) << std::endl;
  const Complaints grown = growth(before, now);
  CHECK_MESSAGE(grown.empty(), first_of(grown));
}

TEST_SUITE("disturbed") {
  TEST_CASE("a disturbed tree always comes to what was asked for, loses nothing, leaves nothing and does not grow") {
    const std::size_t seed = parameter("S6_SOAK_SEED", 1);
    std::cout << "soak: " << services() << " services, " << disturbed_for().count() << " s, seed " << seed << std::endl;
    test::Scene scene;
    Tree tree(scene, {.services = services(),
                      .logged_every = 4,
                      .notified_every = 3,
                      .stubborn_every = 7,
                      .finish_every = 5,
                      .on_small_disk_every = 12});
    test::Scanner scanner(tree.scan, {"-C", std::to_string(2 * services() + 4)});
    have_everything_up(tree, scanner);
    const Resources before = resources_of(scanner.pid());

    Disturber disturber(tree, scanner, seed);
    const auto end = Clock::now() + disturbed_for();
    Lines lines;
    int rounds = 0;
    for (; Clock::now() < end; ++rounds) {
      disturber.run_until(std::min(end, Clock::now() + disturbed_for() / 4 + 1s));
      settle(tree, scanner.pid());
      for (Service& service : tree.services) service.just_added = service.logger_disturbed = false;
      lines += take_all_lines(tree);
    }
    have_everything_up(tree, scanner);
    restart_everything(tree, scanner);
    lines += take_all_lines(tree);

    std::cout << "did: " << disturber.counts() << "\n"
              << "settled " << rounds + 2 << " times; services were started " << lives_of(tree)
              << " times; lines: " << lines.read << " read, " << lines.lost << " lost, " << lines.doubled
              << " doubled, " << lines.garbled << " garbled" << std::endl;
    CHECK(lines.read > 0);
    CHECK(lines.lost == 0);
    CHECK(lines.doubled == 0);
    CHECK(lines.garbled == 0);
    const Complaints left = leftovers(tree);
    CHECK_MESSAGE(left.empty(), first_of(left));
    check_resources(before, resources_of(scanner.pid()));
    std::size_t messages = test::count_lines(scanner.messages(), "");
    std::cout << messages << " messages; ending" << std::endl;
    CHECK(scanner.end() == test::exited(0));
    CHECK(ProcessTable().all().size() == 1);
  }
}

}  // namespace
}  // namespace s6::soak
