#pragma once
// A running s6-log with a pipe to write into, and what it leaves in its directories.
#include <poll.h>

#include <algorithm>
#include <sstream>

#include "common/sys.hpp"
#include "harness.hpp"

namespace s6::test {

using Words = std::vector<std::string>;

inline Words log_command(const Words& words) {
  Words argv = {client("s6-log")};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

// Runs a program of ours or theirs with this input, which ends.
inline Ran fed(const Scene& scene, Words argv, std::string_view input, Start how = {}) {
  const auto file = scene.path() / "input.of.test";
  write_file(file, input);
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  how.argv = std::move(argv);
  how.cwd = scene.path();
  how.fds.emplace_back(0, fd.get());
  how.env.emplace_back("TZ=UTC");
  return run(std::move(how));
}
inline Ran log_fed(const Scene& scene, const Words& words, std::string_view input, Start how = {}) {
  return fed(scene, log_command(words), input, std::move(how));
}

// Sends a signal that the program takes from a descriptor, and waits until it has taken it.
inline void signal_and_wait(Process& process, int number, Here here = Here::now()) {
  process.signal(number);
  const auto is_pending = [&] {
    std::istringstream lines(read_file("/proc/" + std::to_string(process.pid()) + "/status"));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("ShdPnd:")) return (std::stoull(line.substr(8), nullptr, 16) >> (number - 1) & 1) != 0;
    return false;
  };
  eventually(
      "the signal is taken", [&] { return !is_pending(); }, here);
}

// s6-log in the scene's directory; its beginning waits until it is ready.
class RunningLog {
 public:
  explicit RunningLog(const Scene& scene, const Words& words, Start how = {}, Here here = Here::now())
      : input_(sys_pipe()), ready_(sys_pipe()), process_(start(scene, words, std::move(how))) {
    input_.read_end.reset();
    ready_.write_end.reset();
    char byte = 0;
    if (!wait_readable(ready_.read_end.get()) || ::read(ready_.read_end.get(), &byte, 1) != 1)
      fail(here, "s6-log does not become ready: " + process_.err());
  }

  void write(std::string_view text, Here here = Here::now()) {
    while (!text.empty()) {
      const ssize_t n = ::write(input_.write_end.get(), text.data(), text.size());
      if (n < 0) fail(here, "s6-log does not read any more");
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // As much as is taken until nothing more is for a while.
  std::size_t write_until_it_blocks(std::string_view text) {
    REQUIRE(fcntl(input_.write_end.get(), F_SETFL, O_NONBLOCK) == 0);
    std::size_t done = 0;
    pollfd fd{input_.write_end.get(), POLLOUT, 0};
    while (done < text.size() && poll(&fd, 1, 300) == 1) {
      const ssize_t n =
          ::write(input_.write_end.get(), text.data() + done, std::min<std::size_t>(text.size() - done, 4096));
      if (n > 0) done += static_cast<std::size_t>(n);
    }
    REQUIRE(fcntl(input_.write_end.get(), F_SETFL, 0) == 0);
    return done;
  }
  void end_input() { input_.write_end.reset(); }
  [[nodiscard]] int input() const { return input_.write_end.get(); }
  Process& process() { return process_; }
  [[nodiscard]] std::string err() const { return process_.err(); }
  void signal(int number) { process_.signal(number); }
  Exit wait(Here here = Here::now()) { return process_.wait(here); }
  Exit end(Here here = Here::now()) {
    end_input();
    return wait(here);
  }
  void expect_message(std::string_view part, Here here = Here::now()) {
    eventually(
        "message: " + std::string(part), [&] { return contains(err(), part); }, here);
  }

 private:
  static sys::Pipe sys_pipe() {
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    return std::move(*pipe);
  }
  Process start(const Scene& scene, const Words& words, Start how) {
    Words all = {"-d", "9"};
    all.insert(all.end(), words.begin(), words.end());
    how.argv = log_command(all);
    how.cwd = scene.path();
    how.env.emplace_back("TZ=UTC");
    how.fds.emplace_back(0, input_.read_end.get());
    how.fds.emplace_back(9, ready_.write_end.get());
    return Process(std::move(how));
  }

  sys::Pipe input_;
  sys::Pipe ready_;
  Process process_;
};

// --- log directories -----------------------------------------------------------------------------------------------
class LogDir {
 public:
  explicit LogDir(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path_, ignored))
      found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }
  [[nodiscard]] std::vector<std::string> archives(std::string_view suffix = "") const {
    auto all = names();
    std::erase_if(all, [&](const std::string& name) { return name[0] != '@' || !name.ends_with(suffix); });
    return all;
  }
  // Archives, the oldest first, then current.
  [[nodiscard]] std::string logged() const {
    std::string all;
    for (const std::string& name : archives()) all += read_file(path_ / name);
    return all + read_file(path_ / "current");
  }
  [[nodiscard]] std::string archive(std::size_t number = 0) const {
    const auto all = archives();
    return number < all.size() ? read_file(path_ / all[number]) : "none";
  }
  [[nodiscard]] std::string current() const { return read_file(path_ / "current"); }
  void file(std::string_view name, std::string_view content, mode_t mode) const {
    std::filesystem::create_directory(path_);
    write_file(path_ / name, content, mode);
  }
  void await(const std::string& content, Here here = Here::now()) const {
    eventually(
        "the directory holds what was written", [&] { return logged() == content; }, here);
  }
  void await_archives(std::size_t count, Here here = Here::now()) const {
    eventually(
        "archives", [&] { return archives().size() == count; }, here);
  }

 private:
  std::filesystem::path path_;
};

// The number, then filled up to `size` bytes with the newline.
inline std::string numbered_line(int number, std::size_t size = 100) {
  std::string line = std::to_string(number) + " ";
  line.resize(size - 1, 'x');
  return line + "\n";
}
inline std::string numbered_lines(int count, std::size_t size = 100, int first = 0) {
  std::string text;
  for (int i = 0; i < count; ++i) text += numbered_line(first + i, size);
  return text;
}

}  // namespace s6::test
