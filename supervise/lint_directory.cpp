#include "supervise/lint_directory.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <span>

#include "common/cli.hpp"
#include "common/service_dir.hpp"
#include "svscan/options.hpp"
#include "svscan/service_entry.hpp"

namespace s6::supervise::lint {
namespace {

using service_dir::below;

constexpr std::string_view run_file = "run";
constexpr std::string_view logger_directory = "log";
constexpr std::string_view scanner_directory = ".s6-svscan";

bool exists(const char* directory, std::string_view name) noexcept {
  return static_cast<bool>(sys::lstat(below(directory, name).c_str()));
}

bool is_directory(const char* path) noexcept {
  const auto st = sys::stat(path);
  return st && S_ISDIR(st->st_mode);
}

bool is_link(const char* path) noexcept {
  const auto st = sys::lstat(path);
  return st && S_ISLNK(st->st_mode);
}

// From a path to the directory that it is in; the root stays.
void go_up(PathBuffer& path) noexcept {
  const std::size_t slash = path.view().rfind('/');
  path.shorten(slash == 0 || slash == std::string_view::npos ? 1 : slash);
}

// The findings of rules that know names of files only.
struct Located {
  Report& report;
  const char* directory;

  Findings findings() noexcept {
    return {[](void* target, Code code, std::string_view file, std::string_view message) {
              const auto& self = *static_cast<Located*>(target);
              self.report.add(code, below(self.directory, file), message);
            },
            this};
  }
};

std::string_view explain_rights(Code code) noexcept {
  switch (code) {
    case Code::foreign_owner:
      return "it belongs to somebody who is neither root nor the user who runs this program, and so may take the "
             "service over; run: chown root";
    case Code::others_can_write: return "everybody may write to it, and so take the service over; run: chmod o-w";
    default: return "a group may write to it, and so take the service over; run: chmod g-w";
  }
}

// Why `path` is not executed, or not as it is meant.
Explanation explain(const char* path, const ProgramVerdict& verdict) noexcept {
  if (verdict.exec_error != 0) return explain_exec_failure(path, verdict.exec_error);
  switch (verdict.code) {
    case Code::carriage_return:
      return {
          "its #! line ends in a carriage return, which the kernel takes for a part of it; save it with Unix line "
          "ends"};
    case Code::interpreter_relative:
      return {"the path of its interpreter is relative, so it depends on the working directory; write all of it"};
    default: return {"its #! line is longer than 255 bytes, and the kernel cuts off the rest; make it shorter"};
  }
}

// Is there room for the names in it? Paths that are cut would lead to something else.
bool is_short_enough(const char* directory) noexcept {
  constexpr std::size_t longest_name = 255;
  return std::string_view(directory).size() + 1 + longest_name < path_size;
}

// 0: it can be executed, or it depends on the working directory.
int error_of_interpreter(std::string_view path) noexcept {
  if (!path.starts_with('/')) return 0;
  const auto found = sys::access(TextBuffer<head_size>{path}.c_str(), X_OK);
  return found ? 0 : found.error().code;
}

}  // namespace

bool is_scan_directory(const char* directory) noexcept {
  if (exists(directory, scanner_directory)) return true;
  if (exists(directory, run_file)) return false;
  sys::DirectoryReader reader;
  if (!reader.open(directory)) return false;
  for (auto entry = reader.next(); entry && *entry; entry = reader.next()) {
    const std::string_view name = (*entry)->view();
    if (!svscan::is_entry_name(name) || name == logger_directory) continue;
    if (exists(below(directory, name).c_str(), run_file)) return true;
  }
  return false;
}

template <class Visit>
void Inspector::for_each_entry(const char* directory, Visit visit) noexcept {
  sys::DirectoryReader reader;
  if (auto opened = reader.open(directory); !opened) return report(opened.error());
  auto entry = reader.next();
  for (; entry && *entry; entry = reader.next()) visit((*entry)->name);
  if (!entry) report(entry.error());
}

void Inspector::look_at_service(const char* directory) noexcept {
  look_above(directory);
  look_at(directory, Role::service);
}

void Inspector::look_at_scan_directory(const char* directory) noexcept {
  if (!is_short_enough(directory)) return report({ENAMETOOLONG, "look at", directory});
  look_above(directory);
  if (const auto st = sys::stat(directory)) look_at_rights(directory, *st, Place::part);
  if (auto r = sys::real_path(directory, scan_directory_); !r) scan_directory_.clear();
  look_at_scanner_directory(directory);
  for_each_entry(directory, [&](const char* name) {
    if (svscan::is_entry_name(name)) look_at_entry(directory, name);
  });
  scan_directory_.clear();
}

void Inspector::look_at_entry(const char* directory, std::string_view name) noexcept {
  const PathBuffer path = below(directory, name);
  constexpr std::uint32_t longest = svscan::Settings{}.name_bytes;
  if (name.size() > longest)
    report_.add(Code::name_long, path,
                TextBuffer<160>{"s6-svscan passes over names of more than ", to_text(longest),
                                " bytes, unless its option -L allows them"});
  const auto st = sys::stat(path.c_str());
  if (!st && st.error().code == ENOENT && sys::lstat(path.c_str()))
    return report_.add(Code::dangling_link, path, "it is a link to nothing, so there is no service; mend or remove it");
  if (!st) return report(st.error());
  if (!S_ISDIR(st->st_mode))
    return report_.add(Code::not_a_service, path, "it is no directory, so s6-svscan passes over it");
  look_at_service(path.c_str());
}

void Inspector::look_at_scanner_directory(const char* directory) noexcept {
  const PathBuffer path = below(directory, scanner_directory);
  const auto st = sys::stat(path.c_str());
  if (!st) return;
  look_at_rights(path.c_str(), *st, Place::part);
  for (const std::string_view program : scanner_programs)
    look_at_program(below(path.c_str(), program).c_str(), Need::optional);
  for_each_entry(path.c_str(), [&](const char* name) {
    const NameVerdict verdict = judge_scanner_file(name);
    if (verdict.kind == NameVerdict::misspelt && !exists(path.c_str(), verdict.other))
      report_.add(Code::misspelt_name, below(path.c_str(), name),
                  TextBuffer<128>{"s6-svscan does not look at it; is ", verdict.other, " meant?"});
  });
}

void Inspector::look_at(const char* directory, Role role) noexcept {
  if (!is_short_enough(directory)) return report({ENAMETOOLONG, "look at", directory});
  const auto st = sys::stat(directory);
  if (!st) return report(st.error());
  look_at_rights(directory, *st, Place::part);
  look_at_program(below(directory, run_file).c_str(), Need::required);
  look_at_program(below(directory, "finish").c_str(), Need::optional);
  look_at_program(below(directory, "data/check").c_str(), Need::optional);
  look_at_settings(directory);
  for_each_entry(directory, [&](const char* name) { look_at_name(directory, name); });
  look_at_down_file(directory);
  look_at_channels(directory);
  look_at_logger(directory, role);
}

void Inspector::look_at_program(const char* path, Need need) noexcept {
  if (const auto link = sys::lstat(path); !link && link.error().code == ENOENT && need == Need::optional) return;
  const auto st = sys::stat(path);
  if (!st && st.error().code == ENOENT)
    return report_.add(need == Need::required ? Code::run_missing : Code::dangling_link, path,
                       explain_exec_failure(path, ENOENT));
  if (!st) return report(st.error());
  if (is_link(path)) look_above(path);
  look_at_rights(path, *st, Place::part);
  if (const auto verdict = verdict_on(path, *st)) report_.add(verdict->code, path, explain(path, *verdict));
}

std::optional<ProgramVerdict> Inspector::verdict_on(const char* path, const struct stat& st) noexcept {
  std::array<char, head_size> buffer;
  ProgramFacts facts{.mode = st.st_mode, .noexec = sys::is_mounted_noexec(path)};
  if (S_ISREG(st.st_mode)) {
    const auto size = sys::read_file(path, std::as_writable_bytes(std::span(buffer)));
    if (!size) {
      report(size.error());
      return std::nullopt;
    }
    facts.head = {buffer.data(), *size};
  }
  const HeadVerdict head = inspect_head(facts.head);
  if (head.kind == Head::script) facts.interpreter_error = error_of_interpreter(head.interpreter);
  return judge_program(facts);
}

void Inspector::look_at_settings(const char* directory) noexcept {
  Located located{report_, directory};
  Settings found(sys::descriptor_limit());
  for (const Setting& setting : settings) {
    const PathBuffer path = below(directory, setting.file);
    const auto st = sys::stat(path.c_str());
    if (!st) {
      if (st.error().code != ENOENT) report(st.error());
      continue;
    }
    std::array<char, Settings::content_size> content;
    std::size_t size = 0;
    if (setting.kind != Kind::flag && S_ISREG(st->st_mode)) {
      const auto read = sys::read_file(path.c_str(), std::as_writable_bytes(std::span(content)));
      if (!read) {
        report(read.error());
        continue;
      }
      size = *read;
    }
    found.take(setting, {content.data(), size}, located.findings());
  }
  found.judge_together(exists(directory, "finish"), located.findings());
}

void Inspector::look_at_name(const char* directory, const char* name) noexcept {
  const NameVerdict verdict = judge_service_file(name);
  if (verdict.kind == NameVerdict::unremarkable) return;
  const PathBuffer path = below(directory, name);
  if (verdict.kind == NameVerdict::foreign)
    return report_.add(Code::foreign_name, path,
                       TextBuffer<192>{"s6-supervise does not look at it; this is a name of ", verdict.other});
  // What is there under its right name is not missed, and a directory for data may have any name.
  if (exists(directory, verdict.other) && verdict.other.find('-') == std::string_view::npos) return;
  if (is_directory(path.c_str()) && !exists(path.c_str(), run_file)) return;
  report_.add(Code::misspelt_name, path,
              TextBuffer<192>{"s6-supervise does not look at it; is ", verdict.other, " meant?"});
}

void Inspector::look_at_down_file(const char* directory) noexcept {
  const PathBuffer path = below(directory, service_dir::down);
  const auto st = sys::lstat(path.c_str());
  if (!st) return;
  const auto status = service_dir::read_status(directory);
  if (status && status->want_up && service_dir::find_supervisor(directory).presence == service_dir::Presence::present)
    return report_.add(Code::down_while_up, path,
                       "the service is wanted up now, but will not be started when its supervisor is the next time; "
                       "s6-svc -U removes the file");
  const auto age = age_text(sys::wall_now().seconds - st->st_mtime);
  const std::string_view maker =
      S_ISREG(st->st_mode) && st->st_size == 0 ? ", and is empty as s6-svc -D leaves it" : "";
  report_.add(Code::down, path,
              TextBuffer<192>{"the service is not started by itself; this file is ", age, " old", maker});
}

void Inspector::look_at_channels(const char* directory) noexcept {
  const PathBuffer supervise = below(directory, service_dir::supervise);
  if (const auto st = sys::stat(supervise.c_str())) look_at_rights(supervise.c_str(), *st, Place::part);
  const PathBuffer control = below(directory, service_dir::control);
  if (const auto st = sys::stat(control.c_str()); st && (st->st_mode & S_IWOTH) != 0)
    report_.add(Code::control_open, control,
                "everybody may command the service who gets to this FIFO; s6-svperms -o or -O sets its mode");
  const PathBuffer event = below(directory, service_dir::event);
  if (const auto st = sys::stat(event.c_str()); st && (st->st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH)
    report_.add(Code::event_open, event,
                "everybody may remove the FIFOs of others from it; s6-svperms -e or -E sets its mode");
}

void Inspector::look_at_logger(const char* directory, Role role) noexcept {
  const PathBuffer path = below(directory, logger_directory);
  if (!sys::lstat(path.c_str())) return;
  if (role == Role::logger) return report_.add(Code::nested_logger, path, "a logger has no logger: nobody looks at it");
  if (!is_directory(path.c_str()))
    return report_.add(Code::log_not_directory, path,
                       "it is no directory, so the service is run without a logger; make it one or remove it");
  if (is_link(path.c_str())) look_above(path.c_str());
  look_at(path.c_str(), Role::logger);
}

void Inspector::look_at_rights(const char* path, const struct stat& st, Place place) noexcept {
  const auto code = judge_rights({st.st_uid, st.st_gid, st.st_mode}, runner_, place);
  if (code) report_.add(*code, path, TextBuffer<path_size + 256>{explain_rights(*code), " ", path});
}

void Inspector::look_above(const char* path) noexcept {
  PathBuffer at;
  if (auto found = sys::real_path(path, at); !found) return;  // that is reported where it is looked at
  if (at.view() == "/") return;
  go_up(at);
  const PathBuffer parent = at;
  for (; at.view() != scan_directory_.view() && at.view() != last_parent_.view(); go_up(at)) {
    if (const auto st = sys::stat(at.c_str())) look_at_rights(at.c_str(), *st, Place::above);
    if (at.view() == "/") break;
  }
  if (parent.view() != scan_directory_.view()) last_parent_ = parent;
}

void Inspector::report(const Error& error) noexcept {
  report_.add(Code::unreadable, error.path,
              TextBuffer<256>{"unable to ", error.doing, " it, so it could not be checked: ", cli::reason(error.code)});
}

}  // namespace s6::supervise::lint
