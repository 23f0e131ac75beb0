#include "watch.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <sstream>

#include "common/service_dir.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace fs = std::filesystem;
namespace {

std::string name_of(pid_t pid) {
  std::string name = read_file("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

// Of a line "KEY VALUE" in a record; empty: it is left out.
std::string normalised(const std::string& key, std::string value, const std::string& pid, const std::string& parent) {
  if (key == "pid") return {};
  if (key == "ppid") return value == parent ? "as it ought to be" : "another";
  if (key == "pgid" || key == "sid") return value == pid ? "its own" : "another";
  // 2.12 and later, and ours, say ./run, and tell finish the process group: named differences.
  if (key == "argv0" && value.starts_with("./")) return value.substr(2);
  if (key == "args" && std::ranges::count(value, ' ') == 3) return value.substr(0, value.rfind(' '));
  if (key == "blocked" || key == "ignored") return has_no_ordinary_signal(value) ? "none" : value;
  // Pipes and the files of the output have numbers.
  if (key.starts_with("fd-") && value.starts_with("pipe:")) return "a pipe";
  if (key.starts_with("fd-") && contains(value, "/output/")) return fs::path(value).extension();
  return value;
}

}  // namespace

void Calm::see(std::string state) {
  if (state == state_) return;
  state_ = std::move(state);
  since_ = Clock::now();
}

std::string describe(const Exit& exit) {
  std::ostringstream text;
  text << exit;
  return text.str();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string working_directory(pid_t pid) {
  std::error_code gone;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd", gone);
}

std::string processes_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const pid_t pid : descendants(getpid())) {
    if (!working_directory(pid).starts_with(directory.string() + "/")) continue;
    names.push_back(name_of(pid) + (process_state(pid) == 'T' ? "(T)" : ""));
  }
  std::ranges::sort(names);
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

std::string StatusView::look(const std::string& bytes) {
  const auto decoded = wire::decode(std::as_bytes(std::span(bytes)));
  if (!decoded) return std::to_string(bytes.size()) + " bytes";
  Status status = *decoded;
  std::ostringstream text;
  text << bytes.size() << " bytes, flags " << (static_cast<unsigned>(bytes.back()) & ~1U);
  // Only later versions mark a service that was never started as paused.
  if (status.pid != 0 && status.paused) text << " paused";
  text << (status.pid != 0 ? ", a process" : ", no process") << ", wait status " << status.wait_status << ", changed "
       << (status.changed == last_.changed ? "before" : "now")
       << ", ready "
       // Without a finish, later versions take one stamp for both and 2.11 two: a named difference.
       << (status.ready_since < status.changed ? "earlier, " : "later, ")
       << (status.ready_since == last_.ready_since ? "before" : "now");
  last_ = status;
  return text.str();
}

void Watched::listen() {
  seen_ += events_.take();
  while (!dir_.voice().quiet()) {
    const std::string line = dir_.voice().next();
    if (!line.starts_with("child ")) said_ += line + "; ";
  }
}

std::string Watched::trace() const {
  std::string state = seen_ + '/' + said_ + '/' + raw_status();
  const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  int waiting = 0;
  if (control && ioctl(control.get(), FIONREAD, &waiting) == 0) state += std::to_string(waiting);
  return state;
}

std::string Watched::snapshot() {
  std::ostringstream text;
  const std::string status = raw_status();
  text << "events \"" << std::exchange(seen_, {}) << "\", status " << (status.empty() ? "none" : view_.look(status))
       << ", it said \"" << std::exchange(said_, {}) << "\", deaths ";
  for (const Death& death : dir_.deaths()) text << int{death.exit_code} << "/" << int{death.signal} << " ";
  text << (is_there(dir_ / "down") ? ", a down file" : ", no down file");
  for (const char* record : {"run.record", "finish.record"})
    text << ", " << record << ": " << surroundings(dir_ / record, dir_.path(), supervisor());
  return text.str();
}

pid_t Watched::supervisor() const {
  const auto state = service_dir::test_supervisor(dir_.path().c_str());
  return state && state->locked ? state->holder : 0;
}

pid_t Watched::process() const {
  if (raw_status().empty()) return 0;
  const pid_t pid = dir_.status().pid;
  return pid != 0 && working_directory(pid) == dir_.path() ? pid : 0;
}

bool Watched::waits_for_restart() const {
  if (supervisor() == 0 || raw_status().empty()) return false;
  const Status status = dir_.status();
  return status.want_up && status.pid == 0;
}

void Watched::send(const std::string& bytes) const {
  const UniqueFd control(open((dir_ / "supervise/control").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (control) (void)!write(control.get(), bytes.data(), bytes.size());
}

std::string surroundings(const fs::path& record, const fs::path& place, pid_t parent) {
  if (!is_there(record)) return {};
  const std::string pid = recorded(record, "pid");
  std::istringstream lines(read_file(record));
  std::string text, environment;
  for (std::string key, value; lines >> key && std::getline(lines >> std::ws, value);) {
    replace_all(value, place.string(), "PLACE");
    if (key.starts_with("env-"))
      environment += key + value;
    else if (value = normalised(key, value, pid, std::to_string(parent)); !value.empty())
      text += key + " " + value + "; ";
  }
  return text + "environment " + std::to_string(std::hash<std::string>{}(environment));
}

}  // namespace s6::test
