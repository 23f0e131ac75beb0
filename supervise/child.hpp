#pragma once
// Starting ./run and ./finish as the service directory says.
#include <sys/types.h>

#include "common/result.hpp"
#include "common/unique_fd.hpp"
#include "common/wait_status.hpp"

namespace s6::supervise {

struct Start {
  enum class Outcome : unsigned char {
    started,
    failed,   // `error` says why; may work later
    refused,  // notification-fd and lock-fd name the same descriptor; warned about
  };
  Outcome outcome = Outcome::refused;
  pid_t pid = 0;
  UniqueFd notification;  // read end of the pipe, non-blocking; none without a notification-fd
  Error error;
};
Start start_run(const char* name) noexcept;

// 0: there is no ./finish, or it cannot be executed, which is warned about.
pid_t start_finish(const char* name, WaitStatus status, pid_t dead) noexcept;

}  // namespace s6::supervise
