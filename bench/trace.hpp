#pragma once
// Counts system calls, by ptrace. What is counted: every call that is made, from the execve that starts the program to
// the exit_group that ends it, of the program and all that it starts.
#include <sys/types.h>

#include <functional>

#include "process.hpp"

namespace s6::bench {

struct Calls {
  long all = 0;
  long stat_like = 0;  // stat, access and their kin: those that look up a path and open nothing
};

// From its start to its end, helpers included. An exit code other than 0 is a failure.
Calls count_calls(Command command);
// From its start until `done`, which is asked whenever nothing has happened for a moment. All that this harness has
// started is killed then.
Calls count_calls_until(Command command, const std::function<bool()>& done);
// What a running process (not its children) does from `begin` until `done`.
Calls count_calls_of(pid_t pid, const std::function<void()>& begin, const std::function<bool()>& done);

}  // namespace s6::bench
