#include "svscan/service_entry.hpp"

#include <errno.h>

#include "common/service_dir.hpp"
#include "common/sys.hpp"

namespace s6::svscan {

Result<void> find_logger(const char* directory, Pair& pair) noexcept {
  pair.directories = {PathBuffer{directory}, service_dir::below(directory, "log")};
  pair.count = 1;
  if (!pair.directories[1].ok()) return Error{ENAMETOOLONG, "look at", directory};
  const auto log = sys::stat(pair.logger());
  if (!log && log.error().code != ENOENT) return log.error();
  if (log && !S_ISDIR(log->st_mode)) return Error{ENOTDIR, "take for a logger", pair.logger()};
  if (log) pair.count = 2;
  return {};
}

Result<void> find_supervisors(Pair& pair) noexcept {
  for (std::size_t i = 0; i < pair.count; ++i) {
    const auto supervisor = service_dir::test_supervisor(pair.directories[i].c_str());
    if (!supervisor) return supervisor.error();
    if (i > 0 && supervisor->locked != pair.supervised)
      return Error{EINVAL, "handle a service and a logger of which only one is supervised:", pair.service()};
    pair.supervised = supervisor->locked;
  }
  return {};
}

}  // namespace s6::svscan
