#pragma once
// What s6-launch does to its own process, step by step. The order, and why:
//
//   1. session, process group   nothing else depends on it but nice, which is about a session's share, too
//   2. umask                    before any file is made
//   3. cgroup                   while its directory is in sight and may be written; the steps from here on count
//                               in it already
//   4. nice, I/O priority, OOM score, scheduler
//                               need rights to get more than one has, and /proc, which a new root may lack
//   5. limits that rise         need rights; those that fall could hinder what is still to be done
//   6. root, working directory  need rights: to change the root, and to enter directories that are closed to the user
//   7. groups, user             the groups first: whoever is no root any more cannot change them. Where capabilities or
//                               securebits are to follow, the kernel is told to keep what is permitted
//   8. capabilities, securebits in this order: one of the bits forbids to raise ambient capabilities. And after the
//                               user, as some of the bits change what setting the user does to capabilities; the right
//                               to set them was kept, and is given up then
//   9. redirections             as the user, in his root: no file is opened or made that he could not open himself
//  10. no_new_privs             would not hinder anything, but is no use before
//  11. limits that fall         last, for they may leave no room for anything else
//
// Everything that can be looked up or parsed has been before the first step, in the old root, with the old rights.
#include <sys/types.h>

#include <array>
#include <optional>

#include "chain/capabilities.hpp"
#include "chain/identity.hpp"
#include "chain/launch_plan.hpp"
#include "common/environment.hpp"
#include "common/unique_fd.hpp"

namespace s6::launch {

// A plan with its names looked up. Large: not for the stack.
struct Launch {
  Launch() noexcept {}

  Plan plan;
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  bool set_groups = false;
  chain::GroupList groups;
  Environment environment;
  Capabilities capabilities;
  std::array<sys::ResourceLimit, chain::resource_count> limits;  // filled by the step that reads those in force
  bool user_changed = false;                                     // by the step for that
  UniqueFd own_stderr;                                           // where complaints go while fd 2 is prog's already
};

// Stops at the first step that fails; the error names it, and the value.
Result<void> apply(Launch& launch) noexcept;

}  // namespace s6::launch
