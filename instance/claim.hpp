#pragma once
// Who may make or remove an instance's directory: one program at a time, as a lock on the directory itself decides. It
// needs no file, and goes with the program whatever happens to that.
#include <cstdint>

#include "common/result.hpp"
#include "common/unique_fd.hpp"
#include "instance/names.hpp"

namespace s6::instance {

enum class Found : std::uint8_t {
  absent,
  busy,        // another program is making or removing it
  linked,      // it exists: s6-svscan sees it
  supervised,  // it has been taken out, but its supervisor, or its logger's, has not left yet
  leftover     // somebody was killed while he made or removed it, or did not want to wait for its end
};

struct Claim {
  Found found = Found::absent;
  UniqueFd lock;  // unless absent or busy
};

// Looks at an instance's directory, and keeps others from changing it as long as the claim lives.
Result<Claim> claim(const PathBuffer& copy, const PathBuffer& link) noexcept;

// Makes the instance's directory, empty. Ends the program with 100 if the name is taken.
UniqueFd make_or_die(const Paths& paths) noexcept;

// Removes the directories of those that were deleted by somebody who did not wait for their end, as far as it has come
// now. What does not work out is left to the next one.
void sweep(const Paths& paths) noexcept;

// An instanced service may run as another user than root, whose supervisors then must be able to use what is made for
// them; and root does not touch what others could put links into. So root becomes the owner of the scan directory.
void act_as_owner_or_die(const Paths& paths) noexcept;

}  // namespace s6::instance
