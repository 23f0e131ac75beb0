// What the programs cost, as far as it can be counted and does not depend on how fast the machine is: pages, page
// faults, system calls. The limits leave room for what another kernel or compiler may add; they hold for the release
// build on musl, for which alone this suite is registered. Of other programs the figures are only written down.
//
// With S6_COUNTS_FILE=FILE each figure is appended to FILE as a line "NAME VALUE": bench/counts makes a table of them.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>

#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {

using Words = std::vector<std::string>;

// `most`: what is accepted of ours.
void figure(const std::string& name, long value, long most) {
  if (const char* file = getenv("S6_COUNTS_FILE")) std::ofstream(file, std::ios::app) << name << ' ' << value << '\n';
  CAPTURE(name);
  if (programs().supervisors_kind == Kind::ours && programs().clients_kind == Kind::ours) CHECK(value <= most);
}

long median(std::vector<long> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

// --- memory --------------------------------------------------------------------------------------------------------

long kilobytes(pid_t pid, const std::string& file, const std::string& key) {
  std::istringstream in(read_file("/proc/" + std::to_string(pid) + "/" + file));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  return -1;
}

// Kilobytes that nobody else shares.
long private_memory(pid_t pid) {
  return kilobytes(pid, "smaps_rollup", "Private_Clean") + kilobytes(pid, "smaps_rollup", "Private_Dirty");
}

// --- page faults and system calls of a program that runs to its end --------------------------------------------------

const std::string& strace() {
  static const std::string path = "/usr/bin/strace";
  return path;
}
bool strace_works() {
  return access(strace().c_str(), X_OK) == 0 && run({strace(), "-o", "/dev/null", "/bin/true"}).exit == exited(0);
}

// Minor faults, from the exec on: vfork leaves the child nothing to touch before.
long page_faults(const Words& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::array<char*, 1> environment{};  // its size would decide about a page
  const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  const pid_t pid = vfork();
  if (pid == 0) {
    dup2(null.get(), 1);
    execve(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  int status = 0;
  struct rusage usage = {};
  REQUIRE(wait4(pid, &status, 0, &usage) == pid);
  CHECK(status == 0);
  return usage.ru_minflt;
}

// The lines of a trace that are the beginning, or all, of a system call.
long calls_in(const std::string& trace) {
  std::istringstream in(trace);
  long calls = 0;
  for (std::string line; std::getline(in, line);)
    if (!contains(line, "resumed>") && !contains(line, "+++") && !contains(line, "---")) ++calls;
  return calls;
}

long system_calls(const Scene& scene, const Words& words) {
  const std::string log = scene.path() / "trace";
  Words argv{strace(), "-f", "-qq", "-o", log};
  argv.insert(argv.end(), words.begin(), words.end());
  CHECK(run(argv).exit == exited(0));
  return calls_in(read_file(log));
}

// The place of the stack within its first page is random: the median of some runs.
void figures_of_client(const Scene& scene, const std::string& name, const Words& words, long faults, long calls) {
  std::vector<long> seen;
  for (int i = 0; i < 11; ++i) seen.push_back(page_faults(words));
  figure(name + "-faults", median(seen), faults);
  figure(name + "-calls", system_calls(scene, words), calls);
}

// --- trees ---------------------------------------------------------------------------------------------------------

bool is_up(const ServiceDir& dir) {
  return is_there(dir / "supervise/status") && dir.status().pid != 0;
}

// Every process of the tree below `root`, which itself counts, waits for something.
bool all_sleep(pid_t root) {
  std::vector<pid_t> tree = descendants(root);
  tree.push_back(root);
  return std::ranges::all_of(tree, [](pid_t pid) { return process_state(pid) == 'S'; });
}

// A tree with `count` services, each of which is up.
std::vector<ServiceDir> make_services(const ScanDir& scan, int count) {
  std::vector<ServiceDir> services;
  for (int i = 0; i < count; ++i) services.push_back(scan.service("s" + std::to_string(i), "sleep"));
  return services;
}
void wait_until_all_are_up(const std::vector<ServiceDir>& services) {
  eventually("all services are up", [&] { return std::ranges::all_of(services, is_up); });
}

// The system calls that s6-svscan and its supervisors make until `count` services are up and everybody sleeps. What a
// service does itself does not count.
long calls_until_up(int count) {
  Scene scene;
  ScanDir scan(scene);
  const auto services = make_services(scan, count);
  const std::string log = scene.path() / "tree";
  Process tree({.argv = {strace(), "-f", "-qq", "-s", "0", "-o", log, supervisor("s6-svscan"), scan.path()}});
  wait_until_all_are_up(services);
  eventually("the tree sleeps", [&] { return all_sleep(tree.pid()); });
  std::istringstream in(read_file(log));
  std::map<std::string, bool> is_service;
  std::string counted;
  for (std::string line; std::getline(in, line);) {
    const std::string pid = line.substr(0, line.find(' '));
    if (contains(line, "execve(\"./run\"")) is_service[pid] = true;
    if (!is_service[pid]) counted += line + '\n';
  }
  return calls_in(counted);
}

long context_switches(pid_t pid) {
  std::istringstream in(read_file("/proc/" + std::to_string(pid) + "/status"));
  long switches = 0;
  for (std::string line; std::getline(in, line);)
    if (contains(line, "ctxt_switches:")) switches += std::stol(line.substr(line.find(':') + 1));
  return switches;
}

// The system calls of a running process.
class Watched {
 public:
  Watched(const Scene& scene, pid_t pid)
      : log_(scene.path() / "watched"),
        strace_(Start{.argv = {strace(), "-qq", "-o", log_, "-p", std::to_string(pid)}}) {}
  [[nodiscard]] std::string seen() const { return read_file(log_); }
  [[nodiscard]] bool works() { return strace_.running(); }

 private:
  std::string log_;
  Process strace_;
};

long looks_in(std::string_view trace) {
  std::istringstream in{std::string(trace)};
  long looks = 0;
  for (std::string line; std::getline(in, line);)
    for (const char* call :
         {"stat(", "lstat(", "fstatat(", "newfstatat(", "statx(", "access(", "faccessat(", "readlink(", "open("})
      if (line.starts_with(call)) ++looks;
  return looks;
}

TEST_SUITE_BEGIN("counts");

TEST_CASE("the memory of idle supervisors and of their scanner") {
  Scene scene;
  ScanDir scan(scene);
  const auto services = make_services(scan, 200);
  Scanner scanner(scan, {}, {.argv = {"/usr/bin/env", "-i", "PATH=/usr/bin:/bin", supervisor("s6-svscan")}});
  wait_until_all_are_up(services);
  const auto supervisors = children(scanner.pid());
  REQUIRE(supervisors.size() == services.size());
  eventually("the tree sleeps", [&] { return all_sleep(scanner.pid()); });

  std::vector<long> memory, tables;
  for (const pid_t pid : supervisors) {
    memory.push_back(private_memory(pid));
    tables.push_back(kilobytes(pid, "status", "VmPTE"));
  }
  figure("supervise-memory", median(memory), 16);
  // Two ends of the address space, three tables each: the vdso, which lies elsewhere, is never touched.
  figure("supervise-page-tables", median(tables), 24);
  figure("svscan-memory-200", private_memory(scanner.pid()), 104);

  // Nobody who only looks at a service wakes its supervisor.
  long before = context_switches(scanner.pid());
  for (const pid_t pid : supervisors) before += context_switches(pid);
  for (const ServiceDir& dir : services) CHECK(run({client("s6-svstat"), dir.path()}).exit == exited(0));
  long after = context_switches(scanner.pid());
  for (const pid_t pid : supervisors) after += context_switches(pid);
  figure("idle-switches-200", after - before, 0);
}

TEST_CASE("the page faults and system calls of a client") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  figures_of_client(scene, "svstat", {client("s6-svstat"), dir.path()}, 9, 11);
  figures_of_client(scene, "svc", {client("s6-svc"), "-p", dir.path()}, 8, 9);
  figures_of_client(scene, "svok", {client("s6-svok"), dir.path()}, 7, 8);
}

TEST_CASE("the system calls of a wait for what is true already") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  constexpr int few = 10, many = 110;
  Scene scene;
  ScanDir scan(scene);
  Words directories;
  for (int i = 0; i < many; ++i) directories.push_back(scan.idle("s" + std::to_string(i)).path());
  Scanner scanner(scan);
  eventually("all are supervised", [&] {
    return std::ranges::all_of(directories,
                               [](const std::string& path) { return is_there(path + "/supervise/status"); });
  });
  Words argv{client("s6-svwait"), "-d"};
  argv.insert(argv.end(), directories.begin(), directories.begin() + few);
  const long calls_for_few = system_calls(scene, argv);
  argv.insert(argv.end(), directories.begin() + few, directories.end());
  const long calls_for_many = system_calls(scene, argv);
  figure("svwait-calls-per-service", (calls_for_many - calls_for_few) / (many - few), 5);
}

TEST_CASE("the system calls of a tree for each service that it starts") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  constexpr int few = 2, many = 12;
  const long calls_for_few = calls_until_up(few);
  figure("start-calls-per-service", (calls_until_up(many) - calls_for_few) / (many - few), 70);
}

TEST_CASE("a scan that finds nothing new looks once at each service") {
  if (!strace_works()) SKIP_TEST("needs strace, and the right to use it");
  constexpr long count = 100;
  Scene scene;
  ScanDir scan(scene);
  for (int i = 0; i < count; ++i) scan.idle("s" + std::to_string(i));
  Scanner scanner(scan);
  eventually("all are supervised", [&] { return children(scanner.pid()).size() == count; });
  Watched watched(scene, scanner.pid());
  eventually("strace sees what the scanner does, or cannot", [&] {
    scanner.send("z");
    return contains(watched.seen(), "read(") || !watched.works();
  });
  if (!watched.works()) SKIP_TEST("needs the right to watch a process with strace");
  long least = 1000 * count;
  // The first scans that come long enough after a change look twice.
  const auto scan_once = [&] {
    const std::size_t before = watched.seen().size();
    scanner.send("a");
    eventually("it has scanned", [&] { return contains(watched.seen().substr(before), "getdents"); });
    scanner.settle();
    least = std::min(least, looks_in(watched.seen().substr(before)));
  };
  if (programs().supervisors_kind == Kind::ours)
    eventually("a scan looks once at each service", [&] {
      scan_once();
      return least <= count + count / 10;
    });
  else
    for (int i = 0; i < 5; ++i) scan_once();
  figure("rescan-looks-per-100-services", least * 100 / count, 110);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
