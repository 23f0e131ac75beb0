#pragma once
// Service directories without a supervisor. What a supervisor would have written, held or told, the test decides: for
// tests of clients that need a status, a letter or a moment that no supervisor can be made to produce.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.hpp"
#include "common/unique_fd.hpp"
#include "process.hpp"
#include "scene.hpp"

namespace s6::test {

// --- statuses, as a supervisor would write them just now ------------------------------------------------------------
namespace status_of {
Status up();         // wanted up, running, not ready (yet)
Status ready();      // and ready
Status finishing();  // run is dead, finish runs
Status down();       // finish is done too, and nothing more is wanted
Status not_started();
}  // namespace status_of
std::string packed(const Status& status);  // its 35 bytes
// The 43 bytes that s6 2.13 wrote: the process group, 8 bytes, came after the pid.
std::string packed_with_group(const Status& status);

// --- service directories --------------------------------------------------------------------------------------------
// PATH with event/ (03730) and supervise/status; there is neither supervise/lock nor supervise/control.
class Fabricated {
 public:
  Fabricated(std::filesystem::path path, const Status& status);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }

  void write_status(const Status& status) const { write_status(packed(status)); }
  void write_status(std::string_view bytes) const;
  void notify(std::string_view letters) const;                 // as a supervisor: one write to each subscriber
  [[nodiscard]] std::vector<std::string> subscribers() const;  // the FIFOs in event/, hidden ones too
  void wait_subscribed(Here here = Here::now()) const;
  void wait_unsubscribed(Here here = Here::now()) const;

 private:
  std::filesystem::path path_;
};

// Holds the locks that supervisors of these directories would hold, until it is killed or ends.
class LockHolder {
 public:
  explicit LockHolder(const std::vector<std::filesystem::path>& directories, Here here = Here::now());
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  void kill(Here here = Here::now());  // as a supervisor that dies without a word

 private:
  Process process_;
};

// supervise/control of a directory, read by the test.
class Control {
 public:
  explicit Control(const std::filesystem::path& directory, mode_t mode = 0600);
  [[nodiscard]] std::string take();           // everything unread
  std::string next(Here here = Here::now());  // waits, then the same
  // Makes it a FIFO of one page in which there is room for this many more bytes.
  void leave_room_for(std::size_t bytes);
  [[nodiscard]] std::size_t size() const;  // bytes in it
  [[nodiscard]] std::size_t capacity() const;
  void close() { fd_.reset(); }  // nobody reads it any more

 private:
  UniqueFd fd_;
};

// --- clients that wait ----------------------------------------------------------------------------------------------
// Waits until the process has ended, or it and all its descendants sleep at the same moment: it has dealt with
// everything that was there for it when this was called. True: it sleeps.
bool sleeps(Process& process, Here here = Here::now());

// "exit 0", "killed by 15", or "waiting" when it sleeps.
std::string outcome(Process& process, Here here = Here::now());

// Waits until the process has ended; "exit 0" or "killed by 15". For what a client does not notice at once: that
// something is removed or dies it only sees to when it has waited for a while.
std::string ending(Process& process, Here here = Here::now());
// Where our clients end in a while, and the real ones wait for ever.
std::string ending_of_ours(Named difference, Process& process, Here here = Here::now());

// s6-svwait on fabricated services, numbered from 0, each with a supervisor's lock held. When it is made, the client
// has subscribed to all of them and sleeps, or it has ended.
class Waiting {
 public:
  Waiting(const Scene& scene, const std::vector<std::string>& options, const std::vector<Status>& statuses,
          Here here = Here::now());
  // Writes the letters at once, and waits until the client has dealt with them.
  Waiting& tell(std::size_t service, std::string_view letters, Here here = Here::now());
  std::string outcome(Here here = Here::now()) { return test::outcome(process_, here); }

  Process& process() { return process_; }
  Fabricated& service(std::size_t number) { return services_.at(number); }
  LockHolder& supervisors() { return supervisors_; }

 private:
  [[nodiscard]] std::vector<std::filesystem::path> paths() const;
  [[nodiscard]] Start command(const std::vector<std::string>& options) const;

  std::vector<Fabricated> services_;
  LockHolder supervisors_;
  Process process_;
};

// Starts a client that waits for the events of these directories; returns when it has subscribed to all and sleeps, or
// has ended.
Process start_waiting(Start start, const std::vector<Fabricated>& services, Here here = Here::now());

}  // namespace s6::test
