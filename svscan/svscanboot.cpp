// s6-svscanboot SCANDIR: starts a supervision tree that keeps the log of itself. It makes the service that logs what
// has no log of its own, connects stdout and stderr to it, and becomes s6-svscan.
//
// The lock comes first: over a tree that runs nothing is changed. It is given up when s6-svscan is executed, which
// takes it itself; all that is made here is made in a way that two that do it one after the other do no harm.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>

#include "common/accounts.hpp"
#include "common/cli.hpp"
#include "common/program_path.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "svscan/boot_options.hpp"
#include "svscan/catch_all.hpp"
#include "svscan/control_directory.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

const char* parse_or_die(std::span<const char* const> words, BootSettings& settings) noexcept {
  const auto parsed = options::parse(boot_option_table, settings, words);
  const auto usage = options::usage("s6-svscanboot", boot_option_table, "scandir");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage, parsed, "those of s6-svscan");
  if (parsed.operands.empty() || *parsed.operands[0] == '\0') cli::die_usage(usage, "no scan directory given");
  if (settings.notification >= 0 && !sys::is_open(settings.notification))
    cli::die(cli::usage_error, {"option -d: descriptor ", to_text(settings.notification), " is not open"});
  return parsed.operands[0];
}

PathBuffer absolute_or_die(std::string_view path, std::string_view base = {}) noexcept {
  if (path.starts_with('/')) return {path};
  std::array<char, path_size> cwd;
  if (base.empty()) {
    const auto size = sys::getcwd(cwd);
    if (!size) cli::die(size.error());
    base = {cwd.data(), *size};
  }
  const PathBuffer absolute{base, "/", path};
  if (!absolute.ok()) cli::die(Error{ENAMETOOLONG, "use", path.data()});
  return absolute;
}

PathBuffer log_directory_or_die(const BootSettings& settings) noexcept {
  const char* const given = settings.log_directory;
  if (!settings.of_a_user) return absolute_or_die(given != nullptr ? given : "/run/uncaught-logs");
  if (given != nullptr && *given == '/') return {given};
  const char* const base = ::getenv("XDG_RUNTIME_DIR");
  if (base == nullptr || *base == '\0')
    cli::die(cli::usage_error, {"XDG_RUNTIME_DIR is not set; give an absolute path with -D"});
  return absolute_or_die(given != nullptr ? given : "uncaught-logs", base);
}

Script run_script_or_die(const BootSettings& settings, const PathBuffer& log_directory) noexcept {
  std::array<ProgramPath::Text, 2> texts;
  const ProgramPath s6_log("s6-log", texts[0]);
  const ProgramPath s6_setuidgid("s6-setuidgid", texts[1]);
  Script script;
  if (!append_run_script(script, {.s6_log = s6_log.for_script(),
                                  .s6_setuidgid = s6_setuidgid.for_script(),
                                  .user = settings.log_user,
                                  .directives = settings.directives,
                                  .log_directory = log_directory}))
    cli::die(cli::usage_error, {"option -o: a quote is not closed, or this is too long: ", settings.directives});
  return script;
}

// It gets its number before anything else is opened: that must not be in its way.
void open_console_or_die(const BootSettings& settings) noexcept {
  const int number = settings.console_descriptor();
  UniqueFd opened;
  if (settings.console != nullptr) {
    auto console = sys::open(settings.console, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_APPEND);  // not waiting for a modem
    if (!console) cli::die(console.error());
    if (auto r = sys::set_blocking(console->get()); !r) cli::die(r.error());
    opened = std::move(*console);
  }
  const int source = opened ? opened.get() : 2;
  if (source == number) {
    if (auto r = sys::keep_across_exec(opened.release()); !r) cli::die(r.error());
  } else if (auto r = sys::dup_onto(source, number); !r) {
    cli::die(r.error());
  }
}

void make_directories_or_die(const PathBuffer& path) noexcept {
  const std::string_view text = path;
  for (std::size_t end = 1; end <= text.size(); ++end) {
    if (end < text.size() && text[end] != '/') continue;
    const PathBuffer directory{head(text, end)};
    const auto made = sys::mkdir(directory.c_str(), 0755);
    if (made || made.error().code == EEXIST) continue;
    // Above a read-only file system there may be nothing to make; below what is not there, there is.
    if (!sys::access(directory.c_str(), F_OK)) cli::die(made.error());
  }
}

struct Owner {
  uid_t user;
  gid_t group;
};

// To whom the log is to belong; nothing: to whoever runs this.
std::optional<Owner> log_owner_or_die(BootSettings& settings) noexcept {
  if (settings.log_user == nullptr) return std::nullopt;
  if (sys::effective_user() != 0) {
    cli::warn({"option -l ", settings.log_user, " is ignored: only root can log as another user"});
    settings.log_user = nullptr;
    return std::nullopt;
  }
  accounts::User user;
  const auto known = accounts::find_user(settings.log_user, user);
  if (!known) cli::die(known.error());
  if (!*known) cli::die(cli::system_error, {"option -l: unknown user: ", settings.log_user});
  return Owner{user.id, user.group};
}

void make_log_directory_or_die(const PathBuffer& path, mode_t mode, const std::optional<Owner>& owner) noexcept {
  make_directories_or_die(path);
  const auto found = sys::stat(path.c_str());
  if (!found) cli::die(found.error());
  if (!S_ISDIR(found->st_mode)) cli::die(Error{ENOTDIR, "log to", path.c_str()}, "option -D names another place");
  if (owner)
    if (auto given = sys::chown(path.c_str(), owner->user, owner->group); !given) cli::die(given.error());
  if (auto changed = sys::chmod(path.c_str(), mode); !changed) cli::die(changed.error());
}

// From the first byte on, what the tree says waits in the FIFO until the logger reads it. As 1 and 2 are open for
// reading, too, nobody who writes while there is no logger is killed for it, and nothing is lost when it is restarted.
// The FIFO still ends for the logger when nobody has it open any more.
void connect_or_die() noexcept {
  const auto null = sys::open("/dev/null", O_RDONLY);
  if (!null) cli::die(null.error());
  const auto fifo = sys::open(catch_all_fifo, O_RDWR);
  if (!fifo) cli::die(fifo.error());
  for (const auto& [fd, target] : {std::pair(null->get(), 0), {fifo->get(), 1}, {fifo->get(), 2}})
    if (auto r = sys::dup_onto(fd, target); !r) cli::die(r.error());
}

[[noreturn]] void become_scanner(const ProgramPath& scanner, const BootSettings& settings,
                                 const PathBuffer& directory) noexcept {
  const int console = settings.console_descriptor();
  const auto console_text = to_text(console);
  const ScannerArguments arguments(settings, console_text.c_str(), directory.c_str());
  sys::default_signal(SIGPIPE);
  Error error{ENOENT, "execute", "s6-svscan"};
  for (const char* const program : scanner.candidates()) {
    error = sys::exec(program, arguments.get());
    if (error.code != ENOENT) break;
  }
  sys::ignore_signal(SIGPIPE);
  (void)sys::dup_onto(console, 2);  // nobody reads the FIFO; both descriptors are open
  cli::die(error);
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svscanboot");
  sys::ignore_signal(SIGPIPE);
  BootSettings settings;
  const char* const operand = parse_or_die(options::words_of(argc, argv), settings);
  if (auto r = sys::open_missing_stdio(); !r) cli::die(r.error());
  ProgramPath::Text text;
  const ProgramPath scanner("s6-svscan", text, S6_SVSCAN_PATH);
  const PathBuffer directory = absolute_or_die(operand);
  const PathBuffer log_directory = log_directory_or_die(settings);
  const auto owner = log_owner_or_die(settings);
  const Script script = run_script_or_die(settings, log_directory);

  open_console_or_die(settings);
  make_directories_or_die(directory);
  if (auto r = sys::chdir(directory.c_str()); !r) cli::die(r.error());
  cli::set_program("s6-svscanboot", directory);
  const UniqueFd lock = take_lock_or_die("it");
  make_log_directory_or_die(log_directory, settings.log_mode, owner);
  if (auto made = make_catch_all_service(script); !made) cli::die(made.error());
  connect_or_die();
  become_scanner(scanner, settings, directory);
}
