// s6-fghack: stays in the foreground as long as a program that puts itself into the background.
//
// The program inherits the write ends of a pipe on many numbers. As long as it lives, in whatever process, some of
// them stay open.
#include <signal.h>

#include <array>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

constexpr int copies = 31;               // a program that closes the numbers it knows does not think of all of these
constexpr int prog_misbehaved = 102;     // it wrote into the pipe
constexpr int killed_by_a_signal = 128;  // plus the signal

[[noreturn]] void become_or_die(const char* const* argv, const sys::Pipe& pipe) noexcept {
  for (int i = 0; i < copies; ++i) {
    auto copy = sys::dup_above(pipe.write_end.get(), 0);
    if (!copy) cli::die(copy.error());
    if (auto kept = sys::keep_across_exec(copy->release()); !kept) cli::die(kept.error());
  }
  const Error error = exec_in_path(argv[0], argv);
  cli::die(error, explain_exec_failure(error));
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-fghack");
  const auto program = options::operands_without_options(options::words_of(argc, argv));
  if (program.empty()) cli::die_usage("s6-fghack prog...", "no program given");
  auto pipe = sys::pipe();
  if (!pipe) cli::die(pipe.error());
  sys::default_signal(SIGCHLD);  // where it is ignored a child's end cannot be waited for
  const auto child = sys::fork();
  if (!child) cli::die(child.error());
  if (*child == 0) become_or_die(program.data(), *pipe);

  pipe->write_end.reset();
  std::array<std::byte, 1> byte{};
  const auto count = sys::read(pipe->read_end.get(), byte);
  if (!count) cli::die(count.error());
  if (*count != 0)
    cli::die(prog_misbehaved, {program[0], " wrote into the pipe that tells when it ends: it cannot be kept in sight"});
  const WaitStatus end = sys::wait_for(*child).status;
  if (end.signal() == 0) return end.exit_code();
  cli::die(killed_by_a_signal + end.signal(), {program[0], " was killed by signal ", to_text(end.signal())});
}
