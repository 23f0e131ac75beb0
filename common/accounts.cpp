#include "common/accounts.hpp"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

namespace s6::accounts {
namespace {

// The libcs do not agree on the errno of "no such entry".
bool is_failure(int code) noexcept {
  return code == EIO || code == EMFILE || code == ENFILE || code == ENOMEM || code == EINTR || code == EAGAIN;
}

template <class Entry, class Ask>
Result<const Entry*> ask(const char* doing, const char* name, Ask question) noexcept {
  errno = 0;
  const Entry* const entry = question();
  if (entry == nullptr && is_failure(errno)) return Error{errno, doing, name};
  return entry;
}

}  // namespace

Result<std::optional<gid_t>> group_called(const char* name) noexcept {
  const auto entry = ask<struct group>("look up the group", name, [name] { return ::getgrnam(name); });
  if (!entry) return entry.error();
  return *entry != nullptr ? std::optional((*entry)->gr_gid) : std::nullopt;
}

Result<std::optional<gid_t>> primary_group_of(uid_t user) noexcept {
  const auto entry = ask<struct passwd>("look up the owner's account", "", [user] { return ::getpwuid(user); });
  if (!entry) return entry.error();
  return *entry != nullptr ? std::optional((*entry)->pw_gid) : std::nullopt;
}

Result<std::optional<Account>> user_called(const char* name) noexcept {
  const auto entry = ask<struct passwd>("look up the user", name, [name] { return ::getpwnam(name); });
  if (!entry) return entry.error();
  return *entry != nullptr ? std::optional(Account{(*entry)->pw_uid, (*entry)->pw_gid}) : std::nullopt;
}

Name name_of_group(gid_t group) noexcept {
  Name name;
  const struct group* const entry = ::getgrgid(group);
  if (entry == nullptr || !name.append(entry->gr_name)) {
    name.clear();
    name.append(group);
  }
  return name;
}

}  // namespace s6::accounts
