#include "trace.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>

#include "../process/scanner.hpp"
#include "common/sys.hpp"

namespace s6::test {
namespace {

constexpr const char* strace = "/usr/bin/strace";

// "a,b" as strace takes it where one of them may not exist.
std::string optional_names(std::string_view names) {
  std::string text = "?";
  for (const char c : names) text += c == ',' ? std::string(",?") : std::string(1, c);
  return text;
}

std::vector<std::string> strace_with(const Fault& fault, const std::filesystem::path& file) {
  std::vector<std::string> argv = {
      strace, "-qq", "-o",
      file,   "-e",  "inject=" + optional_names(fault.calls) + ":" + fault.what + ":when=" + fault.when};
  if (!fault.path.empty()) argv.insert(argv.end(), {"-P", std::string(fault.path)});
  return argv;
}

std::vector<std::string> attaching(pid_t pid, const Fault& fault, const std::filesystem::path& file, Follow follow) {
  std::vector<std::string> argv = strace_with(fault, file);
  argv.insert(argv.end(), {"-p", std::to_string(pid)});
  if (follow == Follow::children) argv.emplace_back("-f");
  return argv;
}

bool is_traced(pid_t pid) {
  return !contains(read_file("/proc/" + std::to_string(pid) + "/status"), "TracerPid:\t0\n");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  if (fault.what.empty()) return out << "no fault";
  return out << fault.calls << (fault.path.empty() ? "" : " of ") << fault.path << " number " << fault.when << ": "
             << fault.what;
}

Fault failing(const Call& call, std::string_view error, int number) {
  return {call.names, "error=" + std::string(error), std::to_string(number), call.path};
}

Fault killing(const Call& call, int number) {
  return {call.names, "signal=KILL", std::to_string(number), call.path};
}

Fault failing_always(const Call& call, std::string_view error) {
  return {call.names, "error=" + std::string(error), "1+", call.path};
}

std::vector<std::string> Trace::command(const Fault& fault, const std::vector<std::string>& argv) const {
  if (fault.what.empty()) return argv;
  std::vector<std::string> all = strace_with(fault, file_);
  all.emplace_back("-D");
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

std::size_t Trace::calls() const {
  const std::string all = text();
  return static_cast<std::size_t>(std::ranges::count(all, '\n'));
}

void Trace::wait_for_rest(Here here) const {
  constexpr std::chrono::milliseconds window{30};
  constexpr std::size_t few = 2;
  eventually(
      "it makes no more system calls",
      [&] {
        const std::size_t before = calls();
        (void)wait_readable(-1, Clock::now() + window);
        return calls() - before <= few;
      },
      here);
}

LastingFault::LastingFault(pid_t pid, const Fault& fault, const Trace& trace, Follow follow, Here here)
    : strace_(Start{.argv = attaching(pid, fault, trace.file(), follow)}) {
  eventually(
      "strace has attached itself; it said: " + strace_.err(), [&] { return is_traced(pid); }, here);
}

LastingFault::~LastingFault() {
  strace_.signal(SIGTERM);  // it lets go of what it follows
  const auto ended = sys::pidfd(strace_.pid());
  CHECK((ended && wait_readable(ended->get())));
}

void wait_for_straces(Here here) {
  eventually(
      "strace ends",
      [] {
        reap_dead_children();
        const auto left = children(getpid());
        return std::ranges::none_of(left, [](pid_t pid) {
          const auto words = command_line(pid);
          return !words.empty() && words[0] == strace;
        });
      },
      here);
}

}  // namespace s6::test
