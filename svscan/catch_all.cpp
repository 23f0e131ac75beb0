#include "svscan/catch_all.hpp"

#include <errno.h>

#include <span>

#include "common/replace_file.hpp"
#include "common/sys.hpp"

namespace s6::svscan {
namespace {

Result<void> make_service_directory() noexcept {
  auto made = sys::mkdir(catch_all_service, 0755);
  if (made || made.error().code != EEXIST) return made;
  const auto found = sys::stat(catch_all_service);
  if (!found) return found.error();
  if (!S_ISDIR(found->st_mode)) return Error{ENOTDIR, "use", catch_all_service};
  return {};
}

// A logger that is not started would let the FIFO fill up and then stop everybody who writes to it.
Result<void> remove_down_file() noexcept {
  auto removed = sys::unlink("s6-svscan-log/down");
  if (!removed && removed.error().code == ENOENT) return {};
  return removed;
}

Result<void> write(const char* path, const char* temporary, mode_t mode, std::string_view text) noexcept {
  (void)sys::unlink(
      temporary);  // what a crash has left would keep its mode; if it is in the way, the next line says so
  return replace_file(path, temporary, mode, std::as_bytes(std::span(text.data(), text.size())));
}

Result<void> make_fifo() noexcept {
  const auto found = sys::lstat(catch_all_fifo);
  if (found && S_ISFIFO(found->st_mode)) return sys::chmod(catch_all_fifo, 0600);
  if (found)
    if (auto removed = sys::unlink(catch_all_fifo); !removed) return removed;
  return sys::mkfifo(catch_all_fifo, 0600);
}

}  // namespace

Result<void> make_catch_all_service(std::string_view run_script) noexcept {
  const sys::ScopedUmask exact_modes(0);
  if (auto made = make_service_directory(); !made) return made;
  if (auto made = make_fifo(); !made) return made;
  if (auto written = write("s6-svscan-log/notification-fd", "s6-svscan-log/notification-fd.new", 0644, "3\n"); !written)
    return written;
  if (auto written = write("s6-svscan-log/run", "s6-svscan-log/run.new", 0755, run_script); !written) return written;
  return remove_down_file();
}

}  // namespace s6::svscan
