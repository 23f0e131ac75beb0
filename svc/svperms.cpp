// s6-svperms: shows or changes who may look at services, command them and wait for them.
#include <errno.h>
#include <fcntl.h>

#include "common/accounts.hpp"
#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/number.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/usage.hpp"
#include "svc/permissions.hpp"

using namespace s6;

namespace {

struct Request {
  svc::Change change;
  bool show = false;
  const char* unknown_group = nullptr;
};

constexpr gid_t no_group = static_cast<gid_t>(-1);  // means "leave it" to chown(2)

// NAME, or :NUMBER. What cannot be found out ends the program.
std::optional<gid_t> parse_group(Request& request, const char* text) noexcept {
  if (*text == ':') {
    const auto number = parse_u32(text + 1);
    return number != no_group ? number : std::nullopt;
  }
  const auto found = accounts::group_called(text);
  if (!found) cli::die(found.error());
  if (!*found) request.unknown_group = text;
  return *found;
}

bool set_audience(Request& request, char letter, const char*) noexcept {
  request.change.apply(letter);
  return true;
}
bool set_group(Request& request, char letter, const char* value) noexcept {
  const auto group = parse_group(request, value);
  if (group) request.change.apply(letter, *group);
  return group.has_value();
}
bool set_show(Request& request, char, const char*) noexcept {
  request.show = true;
  return true;
}

constexpr options::Option<Request> option_table[] = {
    {{'v'}, set_show, "show the permissions, after the changes"},
    {{'u'}, set_audience, "only the owner may look and command"},
    {{'g', "group"}, set_group, "the group may look"},
    {{'G', "group"}, set_group, "the group may look and command"},
    {{'o'}, set_audience, "everybody may look"},
    {{'O', "group"}, set_group, "everybody may look, the group may command"},
    {{'e'}, set_audience, "everybody may subscribe to events"},
    {{'E', "group"}, set_group, "the group may subscribe to events"},
};

std::span<const char* const> parse_or_die(std::span<const char* const> words, Request& request) noexcept {
  const auto parsed = options::parse(option_table, request, words);
  const auto usage = options::usage("s6-svperms", option_table, "servicedir...");
  if (request.unknown_group != nullptr)
    cli::die_usage(usage.view(),
                   TextBuffer<256>{"unknown group: ", request.unknown_group, "; numbers are written :NUMBER"}.view());
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage.view(), parsed, "0 done, 1 something cannot be shown");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  return parsed.operands;
}

// The files are made by the first supervisor; they belong to it.
std::string_view remedy_for(const char* directory, int code) noexcept {
  if (code == ENOENT) return service_dir::remedy_without_supervisor(directory);
  return code == EPERM || code == EACCES ? "only root and the owner of the service directory can do this" : "";
}

PathBuffer path_or_die(const char* directory, std::string_view name) noexcept {
  const PathBuffer path = service_dir::below(directory, name);
  if (!path.ok()) cli::die(Error{ENAMETOOLONG, "examine", directory});
  return path;
}

// --- changing ------------------------------------------------------------------------------------------------------

// The group that a grant names, or that of the file's owner. An owner without an account keeps what is there.
gid_t group_for_or_die(const svc::Grant& grant, const struct stat& file) noexcept {
  if (grant.group) return *grant.group;
  accounts::User owner;
  const auto known = accounts::find_user(file.st_uid, owner);
  if (!known) cli::die(known.error());
  return *known ? owner.group : file.st_gid;
}

Result<void> grant(int fd, const svc::Grant& wanted, const struct stat& file) noexcept {
  const gid_t group = group_for_or_die(wanted, file);
  if (group == file.st_gid) return sys::chmod(fd, wanted.mode);
  // Not even for a moment does the new group get what the old one had.
  if (auto closed = sys::chmod(fd, file.st_mode & wanted.mode & 07700); !closed) return closed;
  return fifodir::grant(fd, wanted.mode, group);
}

// The owner of a service directory may not be who calls us: what is changed is what was opened, a file of the kind that
// belongs there. To open a FIFO both ways never waits.
Result<UniqueFd> open_of_kind(const char* path, mode_t kind) noexcept {
  if (kind == S_IFDIR) return fifodir::open(path, O_RDONLY);
  return sys::open_foreign(path, O_RDWR);
}

void change_or_die(const char* directory, std::string_view name, mode_t kind,
                   const std::optional<svc::Grant>& wanted) noexcept {
  if (!wanted) return;
  const PathBuffer path = path_or_die(directory, name);
  const auto fd = open_of_kind(path.c_str(), kind);
  if (!fd) cli::die(Error{fd.error().code, "open", path.c_str()}, remedy_for(directory, fd.error().code));
  const auto file = sys::fstat(fd->get());
  if (!file) cli::die(Error{file.error().code, "stat", path.c_str()});
  if ((file->st_mode & S_IFMT) != kind)  // what is not a directory has not been opened as one
    cli::die(cli::system_error,
             {path, " is not a FIFO, as a supervisor makes it; remove it, and restart the supervisor"});
  if (auto granted = grant(fd->get(), *wanted, *file); !granted)
    cli::die(Error{granted.error().code, granted.error().doing, path.c_str()},
             remedy_for(directory, granted.error().code));
}

// --- showing -------------------------------------------------------------------------------------------------------

// false: the file is missing, out of reach, or its mode is none of those that mean something; warned about.
bool show(const char* directory, std::string_view name, std::string_view what,
          std::optional<svc::Audience> (*audience_of)(mode_t)) noexcept {
  const PathBuffer path = path_or_die(directory, name);
  const auto file = sys::stat(path.c_str());
  if (!file) {
    cli::warn(file.error(), remedy_for(directory, file.error().code));
    return false;
  }
  const auto audience = audience_of(file->st_mode);
  if (!audience) {
    TextBuffer<8> octal;
    for (int shift = 9; shift >= 0; shift -= 3) octal.append((file->st_mode >> shift) & 7U);
    cli::warn({path, " has permissions that none of the options makes: ", octal});
    return false;
  }
  TextBuffer<path_size + 512> line{directory, " ", what, ": "};
  switch (*audience) {
    case svc::Audience::owner: line.append("owner"); break;
    case svc::Audience::everybody: line.append("public"); break;
    case svc::Audience::group:
      line.append("group ");
      line.append(accounts::name_of_group(file->st_gid));
      break;
  }
  line.append("\n");
  cli::print(line);
  return true;
}

bool show(const char* directory) noexcept {
  // With a supervise/ that is not as it should be there is nothing to say about what is in it.
  const bool supervise = show(directory, service_dir::supervise, "status", svc::status_audience) &&
                         show(directory, service_dir::control, "control", svc::control_audience);
  const bool events = show(directory, service_dir::event, "events", svc::events_audience);
  return supervise && events;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svperms");
  Request request;
  const auto directories = parse_or_die(options::words_of(argc, argv), request);
  for (const char* const directory : directories) {
    change_or_die(directory, service_dir::supervise, S_IFDIR, request.change.status);
    change_or_die(directory, service_dir::control, S_IFIFO, request.change.control);
    change_or_die(directory, service_dir::event, S_IFDIR, request.change.events);
  }
  if (!request.show && !request.change.empty()) return cli::ok;
  bool all_shown = true;
  for (const char* const directory : directories) all_shown = show(directory) && all_shown;
  return all_shown ? cli::ok : cli::negative;
}
