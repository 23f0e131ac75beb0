#pragma once
// Listening while a program does what is listened for: what s6-svlisten, s6-svlisten1 and the ftrig listeners share.
#include <cstdint>
#include <span>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/spawn.hpp"
#include "common/sys.hpp"
#include "svwait/options.hpp"

namespace s6::svwait {

// What listening changes for this process and must not for the program. Made before.
struct Limits {
  std::uint64_t descriptors = sys::descriptor_limit();
};

// Starts argv[0], looked for in PATH. How it ends is nobody's business: what is waited for tells whether it was a
// success. It leaves no zombie. A program that cannot be executed, and one that was told to end already, cancel the
// subscriptions of `subscriber` and end.
template <class Subscriber>
void start_program_or_die(Subscriber& subscriber, const char* const* argv, const Limits& before) noexcept {
  subscriber.heed_signals();
  const auto pid =
      spawn({.programs = {argv, 1}, .search = Search::path, .argv = argv, .descriptor_limit = before.descriptors});
  if (!pid) {
    subscriber.cancel();
    cli::die(pid.error(), explain_exec_failure(pid.error()));
  }
  sys::forget_children();
}

// Subscribes to the services, starts the program, waits. The exit code is that of Watch::wait().
int listen(const Request& request, sys::Nanoseconds start, std::span<const char* const> directories,
           const char* const* program) noexcept;

}  // namespace s6::svwait
