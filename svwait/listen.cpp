#include "svwait/listen.hpp"

#include "svwait/watch.hpp"

namespace s6::svwait {

int listen(const Request& request, sys::Nanoseconds start, std::span<const char* const> directories,
           const char* const* program) noexcept {
  const Limits limits;
  // The first half of a restart is over when finish is, too: nobody wants a service that still cleans up.
  Condition wanted = request.condition;
  wanted.rest = Rest::finished;
  Watch watch(wanted, deadline_after(start, request.timeout));
  if (auto started = watch.start(directories); !started) watch.give_up(started.error());
  start_program_or_die(watch, program, limits);
  return watch.wait();
}

}  // namespace s6::svwait
