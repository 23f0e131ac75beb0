#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "common/unique_fd.hpp"
#include "families.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t line_length = 100;
constexpr std::size_t lines = 10'000;
constexpr int blocks = 100;  // of so many lines: 100 MB

std::string make_block() {
  std::string block;
  for (std::size_t i = 0; i < lines; ++i) {
    std::string line =
        "request " + std::to_string(i * 7919) + " was served in " + std::to_string(i * 17 % 1009) + " ms ";
    line.resize(line_length - 1, '.');
    block += line + '\n';
  }
  return block;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(fd, bytes.data(), bytes.size());
    if (size < 0) fail_errno("cannot write to the logger");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

double cpu_of_logging(const Candidate& candidate, std::vector<std::string> script) {
  static const std::string block = make_block();
  const fs::path directory = scratch_directory() / "log";
  script.push_back(directory);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  UniqueFd input(ends[0]);
  UniqueFd output(ends[1]);
  Command command = candidate.command("s6-log", script);
  command.input = input.get();
  const pid_t pid = start(command);
  input.reset();
  for (int i = 0; i < blocks; ++i) write_all(output.get(), block);
  output.reset();
  const Ended ended = await(pid);
  fs::remove_all(directory);
  if (ended.status != 0) fail("s6-log failed");
  return ended.cpu_milliseconds();
}

void sample(const Candidate& candidate, const Sink& sink) {
  sink("log", cpu_of_logging(candidate, {"n10", "s16777215"}));
  sink("log-t", cpu_of_logging(candidate, {"t", "n10", "s16777215"}));
}

}  // namespace

Family log_family() {
  return {.name = "log",
          .figures = {{"log", "s6-log: CPU for 100 MB of lines of 100 bytes, ms"},
                      {"log-t", "s6-log: CPU for the same with a time stamp before each, ms"}},
          .rounds = 9,
          .make = without_state(sample, {Candidate::Kind::s6})};
}

}  // namespace s6::bench
