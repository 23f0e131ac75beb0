#pragma once
// What a supervisor needs before it can serve. The order is visible from outside and part of the contract: event/
// exists before supervise/, and nothing is touched after a lock that another supervisor holds.
#include "supervise/supervisor.hpp"

namespace s6::supervise {

struct Startup {
  Resources resources;
  Wish wish = Wish::up;
};
// The working directory is the service directory. Ends the program when something is refused: 100 if the user's files
// are in the way or a supervisor runs already, 111 if the system refuses.
Startup start_up_or_die() noexcept;

}  // namespace s6::supervise
