#pragma once
// The service directory as its clients see it: names, the test for a supervisor, the status file, the control FIFO.
//
// It may belong to somebody whom the caller does not trust: whatever is in supervise/, no call waits for it, links in
// place of the files there are not followed, and only a FIFO is written to. The directory itself is taken for what the
// path leads to.
#include <sys/types.h>

#include <string_view>

#include "common/result.hpp"
#include "common/status.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"

namespace s6::service_dir {

// Names below a service directory; they are the contract.
inline constexpr const char* event = "event";
inline constexpr const char* supervise = "supervise";
inline constexpr const char* lock = "supervise/lock";
inline constexpr const char* control = "supervise/control";
inline constexpr const char* status = "supervise/status";
inline constexpr const char* death_tally = "supervise/death_tally";
inline constexpr const char* service_lock = "supervise/service-lock";
inline constexpr const char* down = "down";
inline constexpr const char* run = "./run";
inline constexpr const char* finish = "./finish";

// DIRECTORY/NAME, not ok() if it is too long. A directory without a name has nothing below it: the path is empty then,
// which the kernel calls a missing file.
PathBuffer below(const char* directory, std::string_view name) noexcept;
Result<UniqueFd> open_below(const char* directory, std::string_view name, int access) noexcept;  // see open_foreign()
Result<void> access_below(const char* directory, std::string_view name, int mode) noexcept;

// The functions that look at a service close what they open, or leave that to `discarded`.

// Is a supervisor running on `directory`? No lock file (or no directory) means no. A caller without the right to look
// gets the error.
Result<sys::LockState> test_supervisor(const char* directory, sys::Discarded* discarded = nullptr) noexcept;

// The same question of a client that has a status file before it and wonders whether to believe it.
enum class Presence : unsigned char {
  unknown,  // no lock file, or no right to look at it
  absent,   // there is a lock file, and nobody holds it
  present
};
struct Supervisor {
  Presence presence = Presence::unknown;
  pid_t pid = 0;  // 0 where the kernel does not tell
};
Supervisor find_supervisor(const char* directory, sys::Discarded* discarded = nullptr) noexcept;

// Reads DIRECTORY/supervise/status. A file that is none is EPROTO; explain_status_error() says more.
Result<Status> read_status(const char* directory, sys::Discarded* discarded = nullptr) noexcept;
std::string_view explain_status_error(const Error& error) noexcept;

enum class Delivery : unsigned char {
  sent,           // in the FIFO: written, not yet executed
  not_listening,  // nobody reads it
  malformed,      // something in the way is not what it should be
  failed          // the system refused
};
struct Delivered {
  Delivery outcome = Delivery::sent;
  int code = 0;  // errno unless sent
};
// How long to wait for room in a full FIFO.
struct Patience {
  sys::Nanoseconds deadline = sys::never;  // after it: failed, ETIMEDOUT
  int interrupt = -1;                      // when this descriptor becomes readable: failed, EINTR
};
// Writes `bytes` to DIRECTORY/SUBDIRECTORY/control in one write (of at most PIPE_BUF bytes: all or nothing). With no
// bytes it only tests whether somebody listens. SIGPIPE must be ignored or awaited by the caller.
Delivered send_control(const char* directory, std::string_view subdirectory, std::string_view bytes,
                       const Patience& patience = {}) noexcept;

}  // namespace s6::service_dir
