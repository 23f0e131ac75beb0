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

void make_directory() noexcept {
  const auto made = sys::mkdir(control_directory, 0700);
  if (made) return;
  if (made.error().code != EEXIST) cli::die(made.error());
  const auto found = sys::stat(control_directory);
  if (!found) cli::die(found.error());
  if (!S_ISDIR(found->st_mode)) cli::die(cli::usage_error, {control_directory, " exists and is not a directory"});
}

UniqueFd open_and_lock() noexcept {
  auto lock = sys::open(lock_file, O_WRONLY | O_NONBLOCK | O_CREAT, 0600);
  if (!lock) cli::die(lock.error());
  const auto taken = sys::lock_exclusive(lock->get());
  if (!taken) cli::die(Error{taken.error().code, "lock", lock_file});
  if (!*taken) cli::die(cli::usage_error, {"another s6-svscan is already running on this directory"});
  return std::move(*lock);
}

void make_fifo() noexcept {
  const auto made = sys::mkfifo(control_fifo, 0600);
  if (made) return;
  if (made.error().code != EEXIST) cli::die(made.error());
  const auto found = sys::stat(control_fifo);
  if (!found) cli::die(found.error());
  if (!S_ISFIFO(found->st_mode)) cli::die(cli::usage_error, {control_fifo, " exists and is not a FIFO"});
}

UniqueFd open_fifo(int access_mode) noexcept {
  auto fd = sys::open(control_fifo, access_mode | O_NONBLOCK);
  if (!fd) cli::die(fd.error());
  return std::move(*fd);
}

}  // namespace

UniqueFd take_lock_or_die() noexcept {
  const sys::ScopedUmask exact_modes(0);
  make_directory();
  return open_and_lock();
}

ControlDirectory acquire_or_die() noexcept {
  const sys::ScopedUmask exact_modes(0);
  ControlDirectory directory;
  directory.lock = take_lock_or_die();  // before the FIFO: it belongs to who has the lock
  make_fifo();
  directory.control = open_fifo(O_RDONLY);
  directory.writer = open_fifo(O_WRONLY);
  return directory;
}

void remove_dangling_links_or_die() noexcept {
  sys::DirectoryReader entries;
  if (auto opened = entries.open("."); !opened) cli::die(opened.error());
  for (;;) {
    const auto entry = entries.next();
    if (!entry) cli::die(entry.error());
    if (!*entry) return;
    const auto& [name, type] = **entry;
    if (name[0] == '.' || (type != DT_LNK && type != DT_UNKNOWN)) continue;
    const auto usable = sys::access(name, X_OK);
    if (!usable && usable.error().code == ENOENT) (void)sys::unlink(name);  // else the scans will complain
  }
}

}  // namespace s6::svscan
