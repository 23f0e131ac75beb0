#pragma once
// Looking at a service from outside. Nothing is changed, and what may not be looked at is said to be unknown.
#include <string_view>

#include "common/sys.hpp"
#include "svstat/observation.hpp"

namespace s6::svstat {

// `subdirectory` is where the lock and the control FIFO are: "supervise", ".s6-svscan".
Keeper look_at_keeper(const char* directory, std::string_view subdirectory) noexcept;

Observation look_at_service(const char* directory) noexcept;

// Between the death of a process and the moment in which its supervisor has written it down, the status names a process
// that does not exist. Such a service is looked at again after `time_to_write`: it is stale if nothing has changed
// while its supervisor waits for events, which it only does when it has written what it knows.
inline constexpr sys::Nanoseconds time_to_write = 20 * sys::millisecond;
bool needs_second_look(const Observation& seen) noexcept;
void look_again(const char* directory, Observation& seen) noexcept;

}  // namespace s6::svstat
