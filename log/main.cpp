// s6-log: reads lines from standard input and sends them where a script on its command line says: to log directories,
// which it rotates, to standard output, to standard error, to status files.
#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "common/reserved_array.hpp"
#include "common/usage.hpp"
#include "log/logger.hpp"
#include "log/options.hpp"
#include "log/warnings.hpp"

using namespace s6;

namespace {

std::span<const char* const> parse_or_die(std::span<const char* const> words, log::Options& options) noexcept {
  const auto parsed = options::parse(log::option_table, options, words);
  const auto usage = options::usage("s6-log", log::option_table, "directive...");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, "0 all is written");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no directive given");
  return parsed.operands;
}

// The descriptor on which readiness is told; -1: on none.
int notification_or_die(const log::Options& options) noexcept {
  if (!options.notification) return -1;
  if (*options.notification < 3)
    cli::die(cli::usage_error,
             {"notification fd must be 3 or more, not as option -d says: ", to_text(*options.notification)});
  const int fd = *options.notification <= INT32_MAX ? static_cast<int>(*options.notification) : -1;
  if (!sys::is_open(fd))
    cli::die(cli::usage_error, {"invalid notification fd: ", cli::reason(EBADF), "; descriptor ",
                                to_text(*options.notification), " is not open"});
  return fd;
}

[[noreturn]] void refuse(const log::ScriptProblem& problem) noexcept {
  using enum log::ScriptProblem::Kind;
  const std::string_view detail = problem.detail;
  switch (problem.kind) {
    case none: break;
    case unrecognized:
      cli::die(cli::usage_error, {"unrecognized directive: ", problem.directive, detail.empty() ? "" : ": ", detail,
                                  detail.empty() ? "; the name of a log directory begins with / or ." : ""});
    case bad_syntax:
      cli::die(cli::usage_error,
               {"syntax error at directive: ", problem.directive,
                *problem.directive == '=' ? "; the name of a file is missing" : "; it is a single letter or digit"});
    case conflict:
      cli::die(cli::usage_error, {"directive ", problem.directive,
                                  " conflicts with previous s directive: it may be half of that at most"});
    case no_action: break;
  }
  cli::die(cli::usage_error,
           {"no action directive specified: say where to, 1 for standard output, or a directory as ./log"});
}

template <class T>
std::span<T> reserve_or_die(std::size_t count) noexcept {
  auto array = reserve_array<T>(count);
  if (!array) cli::die(array.error());
  return *array;
}

log::Script script_or_die(std::span<const char* const> words) noexcept {
  const std::size_t count = words.size();
  log::ScriptParser parser({reserve_or_die<log::Selection>(count), reserve_or_die<log::Action>(count),
                            reserve_or_die<log::Block>(count), reserve_or_die<log::Directory>(count)});
  if (!parser.parse(words)) refuse(parser.problem());
  if (parser.has_idle_selections()) log::warn({"ignoring extraneous non-action directives: no action follows them"});
  return parser.script();
}

bool writes_to_stdout(const log::Script& script) noexcept {
  return std::ranges::any_of(script.actions,
                             [](const log::Action& action) { return action.to == log::Action::To::standard_output; });
}

// Not waiting is a property of the open file, which others have, too: the stdout of a supervision tree may be that of
// all its services, and those would lose what they write. So it is opened once more, where that is possible.
void never_wait_for_stdout() noexcept {
  const auto st = sys::fstat(1);
  if (st && (S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode))) {
    const auto own = sys::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY);
    if (own && sys::dup_onto(own->get(), 1)) return;
  }
  (void)sys::set_nonblocking(1);
}

void notify(int fd) noexcept {
  if (fd < 0) return;
  (void)sys::write(fd, std::as_bytes(std::span("\n", 1)));  // nobody there: nobody to tell
  UniqueFd(fd).reset();
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-log");
  log::Options options;
  const auto words = parse_or_die(options::words_of(argc, argv), options);
  log::warnings_are_wanted = options.verbosity > 0;
  const int notification = notification_or_die(options);
  if (auto opened = sys::open_missing_stdio(); !opened) cli::die(opened.error());
  const log::Script script = script_or_die(words);

  // From here on nothing but a disk makes it wait outside of its loop.
  (void)sys::set_nonblocking(0);
  if (writes_to_stdout(script)) never_wait_for_stdout();
  cli::never_wait_for_stderr();
  log::Logger logger(script, options);
  logger.prepare_or_die();
  notify(notification);
  logger.run();
  cli::exit(cli::ok);  // what the C library holds for the expressions goes with the process
}
