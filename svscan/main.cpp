// s6-svscan SCANDIR: keeps an s6-supervise running on every service directory in SCANDIR.
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "common/cli.hpp"
#include "common/program_path.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "svscan/control_directory.hpp"
#include "svscan/options.hpp"
#include "svscan/programs.hpp"
#include "svscan/scanner.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

bool is_stderr(int fd) noexcept {
  const auto file = sys::fstat(fd);
  const auto its_file = sys::fstat(2);
  return file && its_file && file->st_dev == its_file->st_dev && file->st_ino == its_file->st_ino;
}

[[gnu::noinline]] Settings settings_or_die(int argc, char** argv) noexcept {
  const CommandLine line = parse_command_line(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0));
  const Settings& settings = line.settings;
  const auto usage = options::usage("s6-svscan", option_table, operand_text);
  // Where the tree logs its own errors there is no reader yet: then they go to the console.
  if (settings.console >= 0) {
    if (!sys::set_cloexec(settings.console))
      cli::die(cli::usage_error, {"option -X: descriptor ", to_text(settings.console), " is not open"});
    if (!is_stderr(settings.console)) cli::set_copy(settings.console);
  }
  if (line.directory_is_missing) cli::die_usage(usage, "no scan directory given");
  if (line.outcome.problem != options::Problem::none)
    cli::answer_or_refuse(usage, line.outcome, "0 told to exit, 126 or 127 ./.s6-svscan/crash could not be executed");
  if (settings.notification >= 0 && !sys::is_open(settings.notification))
    cli::die(cli::usage_error, {"option -d: descriptor ", to_text(settings.notification), " is not open"});
  return settings;
}

sys::SignalQueue signals_or_die() noexcept {
  // Children inherit what is ignored, and an ignored SIGCHLD would take their deaths away.
  for (const int signal : handled_signals()) sys::default_signal(signal);
  auto signals = sys::SignalQueue::open(handled_signals());
  if (!signals) cli::die(signals.error());
  return std::move(*signals);
}

// All that is remembered lies together, so that it takes few pages.
std::span<std::byte> memory_or_die(const Settings& settings) noexcept {
  const std::size_t size = ProgramPath::text_size + Scanner::memory_size(settings);
  const auto memory = sys::reserve(size);
  if (!memory) cli::die(memory.error());
  return {static_cast<std::byte*>(*memory), size};
}

std::span<char> path_text(std::span<std::byte> memory) noexcept {
  return {static_cast<char*>(static_cast<void*>(memory.data())), ProgramPath::text_size};
}
std::span<std::byte> memory_behind(const ProgramPath& path, std::span<std::byte> memory) noexcept {
  constexpr std::size_t alignment = ServiceTable::record_alignment;
  return memory.subspan((path.used() + alignment - 1) / alignment * alignment);
}

void announce_readiness(int fd) noexcept {
  constexpr std::byte newline{'\n'};
  if (fd < 0) return;
  const UniqueFd notification(fd);
  if (auto r = sys::write_all(fd, {&newline, 1}); !r)
    cli::warn(Error{r.error().code, "tell that it is ready on descriptor", to_text(fd).c_str()});
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svscan");
  sys::ignore_signal(SIGPIPE);  // even a complaint at start-up must not kill; children get the default
  const Settings settings = settings_or_die(argc, argv);
  if (auto r = sys::open_missing_stdio(); !r) cli::die(cli::usage_error, r.error());
  const auto memory = memory_or_die(settings);
  // Before chdir: the program may have been called by a relative path.
  const ProgramPath supervise("s6-supervise", path_text(memory), S6_SUPERVISE_PATH);
  if (auto r = sys::chdir(settings.directory); !r) cli::die(r.error());

  ControlDirectory directory = acquire_or_die(settings.directory);
  sys::SignalQueue signals = signals_or_die();
  remove_dangling_links_or_die(settings.directory);
  cli::set_copy(-1);
  cli::never_wait_for_stderr();
  announce_readiness(settings.notification);  // commands are accepted from now on; nothing runs yet

  Scanner scanner(settings, memory_behind(supervise, memory), supervise.candidates(), std::move(directory),
                  std::move(signals));
  if (auto r = scanner.run(); !r) crash(r.error(), settings.console, handled_signals());
  finish(handled_signals());
}
