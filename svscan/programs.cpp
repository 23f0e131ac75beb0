#include "svscan/programs.hpp"

#include <errno.h>
#include <unistd.h>

#include "common/cli.hpp"
#include "common/signal_name.hpp"
#include "common/spawn.hpp"
#include "common/sys.hpp"

namespace s6::svscan {
namespace {

constexpr const char* finish_program = ".s6-svscan/finish";
constexpr const char* crash_program = ".s6-svscan/crash";

// Signals that come from now on neither kill this process nor, as exec resets them, are lost on the next program.
[[nodiscard]] Error exec_with_default_signals(const char* program, std::span<const int> handled_signals) noexcept {
  sys::discard_signals(handled_signals);
  sys::default_signal(SIGPIPE);
  sys::unblock_all_signals();
  const char* const argv[] = {program, nullptr};
  const Error error = sys::exec(program, argv);
  sys::ignore_signal(SIGPIPE);
  return error;
}

[[noreturn]] void run_crash(std::span<const int> handled_signals) noexcept {
  cli::warn({"executing ", crash_program});
  const Error error = exec_with_default_signals(crash_program, handled_signals);
  cli::die(error.code == ENOENT ? 127 : 126, error);
}

}  // namespace

Handled run_handler(int signal) noexcept {
  const TextBuffer<32> path{".s6-svscan/SIG", signal_name(signal)};
  if (!sys::access(path.c_str(), X_OK)) return Handled::no;
  const char* const program = path.c_str();
  const char* const argv[] = {program, nullptr};
  const auto started = spawn({.programs = {&program, 1}, .argv = argv});
  if (started) return Handled::yes;
  if (started.error().code != ENOENT) {
    const Error& error = started.error();
    cli::warn({"unable to run ", path, ": ", error.doing, ": ", cli::reason(error.code), "; acting as without it"});
  }
  return Handled::no;
}

void restore_console(int console) noexcept {
  if (console < 0) return;
  (void)sys::dup_onto(console, 2);  // both can only fail if they are not open, and start-up made sure that they are
  (void)sys::dup_onto(console, 1);
}

void finish(std::span<const int> handled_signals) noexcept {
  const Error error = exec_with_default_signals(finish_program, handled_signals);
  if (error.code == ENOENT) cli::exit(cli::ok);
  cli::warn(error);
  run_crash(handled_signals);
}

void crash(const Error& why, int console, std::span<const int> handled_signals) noexcept {
  cli::warn(why);
  restore_console(console);
  run_crash(handled_signals);
}

}  // namespace s6::svscan
