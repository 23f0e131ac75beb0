#include "common/remedy.hpp"

#include <errno.h>
#include <unistd.h>

#include "common/service_dir.hpp"

namespace s6 {
namespace {

constexpr std::string_view more_descriptors = "raise the limit on open files, as with ulimit -n";

}  // namespace

namespace service_dir {
namespace {

// s6-svperms only helps where the directory itself may be entered.
std::string_view remedy_without_rights(const char* directory, Use use) noexcept {
  if (!sys::access(directory, X_OK)) return "only root and who may enter that directory can do this";
  switch (use) {
    case Use::look: return "its owner can let others look, with s6-svperms -g or -o";
    case Use::command: return "its owner can let a group command it, with s6-svperms -G";
    case Use::subscribe: return "its owner can let others listen to its events, with s6-svperms -E or -e";
  }
  return {};
}

}  // namespace

std::string_view remedy_without_supervisor(const char* directory) noexcept {
  const auto found = sys::stat(directory);
  if (!found && found.error().code == ENOENT)
    return "there is no such directory, and a service is named by its path, as in /run/service/NAME";
  if (!found) return {};
  if (!S_ISDIR(found->st_mode)) return "that is not a directory";
  if (access_below(directory, ".s6-svscan", F_OK)) return "that is a scan directory; name a service in it";
  if (const auto script = access_below(directory, run, F_OK); !script && script.error().code == ENOENT)
    return "that is not a service directory, as it has no file run";
  return "is s6-svscan running, and the service in its directory?";
}

std::string_view remedy_without_scanner(const char* directory) noexcept {
  const auto found = sys::stat(directory);
  if (!found && found.error().code == ENOENT) return "there is no such directory";
  if (access_below(directory, run, F_OK)) return "that is a service directory; name the scan directory it is in";
  return "start one there, or name the directory where one runs";
}

std::string_view remedy(const char* directory, Use use, int code) noexcept {
  switch (code) {
    case ENOENT:
    case ENXIO:
    case EPIPE: return remedy_without_supervisor(directory);
    case EACCES:
    case EPERM: return remedy_without_rights(directory, use);
    case EMFILE: return more_descriptors;
    case EOPNOTSUPP:
    case EPROTO: return explain_status_error({code, "", ""});
    default: return {};
  }
}

}  // namespace service_dir

std::string_view fifodir::remedy(int code) noexcept {
  switch (code) {
    case ENOENT: return "s6-mkfifodir makes a fifodir; that of a service is in the service directory, event";
    case EACCES: return "its owner can let others listen, with s6-mkfifodir -f";
    case EMFILE: return more_descriptors;
    default: return {};
  }
}

std::string_view sys::remedy_for_watching(int code) noexcept {
  switch (code) {
    case ENOSPC: return "raise /proc/sys/fs/inotify/max_user_watches";
    case EMFILE: return "raise /proc/sys/fs/inotify/max_user_instances";
    default: return {};
  }
}

}  // namespace s6
