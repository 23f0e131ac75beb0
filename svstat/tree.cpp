#include "svstat/tree.hpp"

#include <dirent.h>

#include <algorithm>

#include "common/sys.hpp"
#include "svstat/log_tail.hpp"
#include "svstat/look.hpp"

namespace s6::svstat {
namespace {

bool is_wanted(std::string_view name, std::span<const char* const> names) noexcept {
  return names.empty() || std::ranges::any_of(names, [name](std::string_view wanted) { return wanted == name; });
}

bool is_directory(const char* path) noexcept {
  const auto found = sys::stat(path);
  return found && S_ISDIR(found->st_mode);
}

}  // namespace

Result<void> Tree::find(std::span<const char* const> names) noexcept {
  rows_.clear();
  names_.clear();
  tails_.clear();
  sys::DirectoryReader entries;
  if (auto opened = entries.open(directory_); !opened) return opened;
  for (;;) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (!*entry) return {};
    const auto& [name, type] = **entry;
    if (name[0] == '.' || !is_wanted(name, names)) continue;
    // A link that leads nowhere is shown: somebody wants a service there.
    if (type != DT_DIR && type != DT_LNK && type != DT_UNKNOWN) continue;
    if (type != DT_DIR) {
      const auto found = sys::stat_at(entries.fd(), name, 0);
      if (found && !S_ISDIR(found->st_mode)) continue;
    }
    const auto kept = names_.add({name});
    if (!kept) return kept.error();
    if (auto added = rows_.add({.name = *kept, .number = rows_.all().size()}); !added) return added;
  }
}

void Tree::look_at_scanner() noexcept {
  scanner_ = look_at_keeper(directory_, ".s6-svscan");
}

void Tree::look_at(Row& row) noexcept {
  row.seen = look_at_service(path(row).c_str());
  const PathBuffer logger = logger_path(row);
  row.has_logger = is_directory(logger.c_str());
  row.logger = row.has_logger ? look_at_service(logger.c_str()) : Observation{};
}

void Tree::look_again_at(Row& row) noexcept {
  if (needs_second_look(row.seen)) look_again(path(row).c_str(), row.seen);
  if (needs_second_look(row.logger)) look_again(logger_path(row).c_str(), row.logger);
}

Result<void> Tree::read_tails(std::uint32_t count) noexcept {
  tails_.clear();
  for (Row& row : rows()) {
    row.has_tail = row.has_logger;
    if (!row.has_tail) continue;
    auto tail = read_tail(logger_path(row).c_str(), count, tails_);
    if (!tail) return tail.error();
    row.tail = *tail;
  }
  return {};
}

}  // namespace s6::svstat
