#include "svscan/control_directory.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "common/cli.hpp"
#include "common/sys.hpp"

namespace s6::svscan {
namespace {

// All paths here are relative: they mean nothing to who reads them without that of the scan directory.
[[noreturn]] void die_in(const char* where, const Error& error) noexcept {
  std::string_view remedy;
  if (error.code == EROFS) remedy = "; make the scan directory where files can be made, as on a tmpfs";
  if (error.code == EACCES) remedy = "; whoever runs s6-svscan must have the right to write there";
  cli::die(cli::system_error,
           {"unable to ", error.doing, " ", error.path, " in ", where, ": ", cli::reason(error.code), remedy});
}

[[noreturn]] void die_of_state(const char* where, const char* path, std::string_view expected) noexcept {
  cli::die(cli::usage_error, {path, " in ", where, " exists and is not a ", expected, "; remove it"});
}

void make_directory(const char* where) noexcept {
  const auto made = sys::mkdir(control_directory, 0700);
  if (made) return;
  if (made.error().code != EEXIST) die_in(where, made.error());
  const auto found = sys::stat(control_directory);
  if (!found) die_in(where, found.error());
  if (!S_ISDIR(found->st_mode)) die_of_state(where, control_directory, "directory");
}

UniqueFd open_and_lock(const char* where) noexcept {
  auto lock = sys::open(lock_file, O_WRONLY | O_NONBLOCK | O_CREAT, 0600);
  if (!lock) die_in(where, lock.error());
  const auto taken = sys::lock_exclusive(lock->get());
  if (!taken) die_in(where, {taken.error().code, "lock", lock_file});
  if (*taken) return std::move(*lock);
  const auto other = sys::test_lock(lock->get());
  const pid_t holder = other ? other->holder : 0;
  cli::die(cli::usage_error,
           {"another s6-svscan is already running on ", where, holder != 0 ? ", pid " : "",
            holder != 0 ? to_text(holder).view() : std::string_view(), "; s6-svscanctl -t ends it with its services"});
}

void make_fifo(const char* where) noexcept {
  const auto made = sys::mkfifo(control_fifo, 0600);
  if (made) return;
  if (made.error().code != EEXIST) die_in(where, made.error());
  const auto found = sys::stat(control_fifo);
  if (!found) die_in(where, found.error());
  if (!S_ISFIFO(found->st_mode)) die_of_state(where, control_fifo, "FIFO");
}

UniqueFd open_fifo(const char* where, int access_mode) noexcept {
  auto fd = sys::open(control_fifo, access_mode | O_NONBLOCK);
  if (!fd) die_in(where, fd.error());
  return std::move(*fd);
}

}  // namespace

UniqueFd take_lock_or_die(const char* where) noexcept {
  const sys::ScopedUmask exact_modes(0);
  make_directory(where);
  return open_and_lock(where);
}

ControlDirectory acquire_or_die(const char* where) noexcept {
  const sys::ScopedUmask exact_modes(0);
  ControlDirectory directory;
  directory.lock = take_lock_or_die(where);  // before the FIFO: it belongs to who has the lock
  make_fifo(where);
  directory.control = open_fifo(where, O_RDONLY);
  directory.writer = open_fifo(where, O_WRONLY);
  return directory;
}

void remove_dangling_links_or_die(const char* where) noexcept {
  const auto die = [where](const Error& error) { cli::die(Error{error.code, "read the scan directory", where}); };
  sys::DirectoryReader entries;
  if (auto opened = entries.open("."); !opened) die(opened.error());
  for (;;) {
    const auto entry = entries.next();
    if (!entry) die(entry.error());
    if (!*entry) return;
    const auto& [name, type] = **entry;
    if (name[0] == '.' || (type != DT_LNK && type != DT_UNKNOWN)) continue;
    const auto usable = sys::access(name, X_OK);
    if (!usable && usable.error().code == ENOENT) (void)sys::unlink(name);  // else the scans will complain
  }
}

}  // namespace s6::svscan
