#pragma once
// The system's database of users and groups. Only for programs that are built with NSS (see s6_program in
// CMakeLists.txt): the libc may load modules and allocate for an answer.
#include <sys/types.h>

#include <optional>
#include <span>

#include "common/result.hpp"
#include "common/text.hpp"

namespace s6::accounts {

using Name = TextBuffer<256>;

struct User {
  uid_t id = 0;
  gid_t group = 0;  // the primary one
  Name name;
  PathBuffer home;
  PathBuffer shell;
};

// Nothing where the database knows no such user or group. An error is one of asking.
Result<std::optional<gid_t>> group_called(const char* name) noexcept;
// false: there is no such user. The other three are left alone then.
Result<bool> find_user(const char* name, User& user) noexcept;
Result<bool> find_user(uid_t id, User& user) noexcept;
// The groups that list the user as a member, in the order of the database. Returns how many; more than fit: ERANGE.
Result<std::size_t> groups_of(const char* user, std::span<gid_t> groups) noexcept;
// The group's name; its number where it has none, or the database cannot be asked.
Name name_of_group(gid_t group) noexcept;

}  // namespace s6::accounts
