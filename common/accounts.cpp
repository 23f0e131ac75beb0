#include "common/accounts.hpp"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>

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

Result<bool> copy_user(const Result<const struct passwd*>& entry, User& user) noexcept {
  if (!entry) return entry.error();
  const struct passwd* const found = *entry;
  if (found == nullptr) return false;
  user.id = found->pw_uid;
  user.group = found->pw_gid;
  user.name = {found->pw_name};
  user.home = {found->pw_dir};
  user.shell = {found->pw_shell};
  return true;
}

}  // namespace

Result<std::optional<gid_t>> group_called(const char* name) noexcept {
  const auto entry = ask<struct group>("look up the group", name, [name] { return ::getgrnam(name); });
  if (!entry) return entry.error();
  return *entry != nullptr ? std::optional((*entry)->gr_gid) : std::nullopt;
}

Result<bool> find_user(const char* name, User& user) noexcept {
  return copy_user(ask<struct passwd>("look up the user", name, [name] { return ::getpwnam(name); }), user);
}

Result<bool> find_user(uid_t id, User& user) noexcept {
  return copy_user(ask<struct passwd>("look up a user by number", "", [id] { return ::getpwuid(id); }), user);
}

Result<std::size_t> groups_of(const char* user, std::span<gid_t> groups) noexcept {
  // The libc puts the group it is given before those it finds. One that nobody can be in is easy to take out again,
  // and hides none of them.
  constexpr gid_t no_group = static_cast<gid_t>(-1);
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(user, no_group, groups.data(), &count) < 0) return Error{ERANGE, "find the groups of", user};
  const auto found = groups.first(static_cast<std::size_t>(count));
  return static_cast<std::size_t>(std::remove(found.begin(), found.end(), no_group) - found.begin());
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
