#include "log/trim.hpp"

#include <errno.h>
#include <fcntl.h>

#include "common/sys.hpp"
#include "log/warnings.hpp"

namespace s6::log {
namespace {

std::uint64_t bytes_of(int directory, const char* name) noexcept {
  const auto st = sys::stat_at(directory, name, AT_SYMLINK_NOFOLLOW);
  return st ? static_cast<std::uint64_t>(st->st_size) : 0;
}

Result<void> look(int directory, const Quota& quota, OldestArchives& archives) noexcept {
  sys::DirectoryReader reader;
  if (auto opened = reader.open_at(directory, "."); !opened) return opened;
  for (;;) {
    const auto entry = reader.next();
    if (!entry) return entry.error();
    if (!*entry) return {};
    const std::string_view name = (*entry)->view();
    if (is_archive(name)) archives.consider(name, quota.bytes != 0 ? bytes_of(directory, (*entry)->name) : 0);
  }
}

}  // namespace

Result<void> trim(int directory, const char* path, const Quota& quota) noexcept {
  OldestArchives archives;
  ArchiveName last{};
  do {
    archives.begin_pass(last.data());
    if (auto looked = look(directory, quota, archives); !looked) return looked;
    for (const OldestArchives::Archive& archive : archives.surplus(quota)) {
      last = archive.name;
      auto removed = sys::unlink_at(directory, archive.name.data());
      if (!removed && removed.error().code != ENOENT)
        warn({"unable to unlink ", path, "/", archive.view(), ": ", cli::reason(removed.error().code)});
    }
  } while (archives.another_pass_is_due());
  return {};
}

}  // namespace s6::log
