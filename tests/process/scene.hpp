#pragma once
// What a test plays with: a scratch directory, service directories in it, their events and their supervisors.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/death_tally.hpp"
#include "common/fifodir.hpp"
#include "common/status.hpp"
#include "common/unique_fd.hpp"
#include "process.hpp"

namespace s6::test {

// --- files ---------------------------------------------------------------------------------------------------------
std::string read_file(const std::filesystem::path& path);  // empty if it cannot be read
void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0644);
bool is_there(const std::filesystem::path& path);        // the name itself, also of a dangling link
std::string mode_of(const std::filesystem::path& path);  // permission bits in octal, four digits: "3730", "0644"
ino_t inode_of(const std::filesystem::path& path);
inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Makes `path` an executable that follows `script`: a link to the helper program test-service, with the script in
// PATH.script. The language of scripts is described in test_service.cpp.
void scripted(const std::filesystem::path& path, std::string_view script);
// What `record` in a script wrote: the value of a line "KEY VALUE". Fails if there is none.
std::string recorded(const std::filesystem::path& record, std::string_view key, Here here = Here::now());

// --- FIFOs ---------------------------------------------------------------------------------------------------------
// Lines that programs write into a FIFO (scripts do it with `say`), in the order in which they come.
class Voice {
 public:
  explicit Voice(const std::filesystem::path& fifo);  // makes it
  std::string next(Here here = Here::now());
  void expect(std::string_view line, Here here = Here::now());    // the next line is exactly this
  void wait_for(std::string_view line, Here here = Here::now());  // this line comes, whatever comes before
  [[nodiscard]] bool quiet();                                     // nothing unread right now

 private:
  bool take_line(std::string& line);
  void collect();

  UniqueFd fd_;
  std::string buffer_;
};

// A listener in a fifodir. What comes is a stream of letters: how they were grouped when written cannot be relied on.
class Events {
 public:
  explicit Events(const std::filesystem::path& fifodir, Here here = Here::now());
  // The next letters are exactly these; waits for them.
  void expect(std::string_view letters, Here here = Here::now());
  // Waits until `letter` has come, and returns everything up to it.
  std::string until(char letter, Here here = Here::now());
  [[nodiscard]] bool quiet();                      // no unread letter right now
  [[nodiscard]] std::string take();                // all unread letters, without waiting
  [[nodiscard]] const std::string& all();          // everything since the subscription, also what was consumed
  std::string next_read(Here here = Here::now());  // waits, then one read(2): what one write brought, at least
  [[nodiscard]] int fd() const { return subscription_->fd(); }

 private:
  void collect();
  void await_one(Here here, std::string_view wanted);

  std::unique_ptr<std::string> directory_;  // the subscription borrows it, and we may be moved
  std::unique_ptr<fifodir::Subscription> subscription_;
  std::string all_;
  std::size_t consumed_ = 0;
};

// --- status --------------------------------------------------------------------------------------------------------
std::string flags(const Status& status);  // of P F W R, in this order, those that are set
double milliseconds_between(const Tai64n& from, const Tai64n& to);
// Of a service that is up again: how long after the end of its last life it was started, in milliseconds.
inline double pause_before(const Status& up) {
  return milliseconds_between(up.ready_since, up.changed);
}
inline int signal_of(const Status& status) {
  return WaitStatus{status.wait_status}.signal();
}

// --- service directories -------------------------------------------------------------------------------------------
// DIRECTORY is made, with an empty FIFO `voice` in it. Functions that change it return *this.
class ServiceDir {
 public:
  explicit ServiceDir(std::filesystem::path path);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string name() const { return path_.filename(); }
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }

  ServiceDir& file(std::string_view name, std::string_view content, mode_t mode = 0644);
  ServiceDir& remove(std::string_view name);
  ServiceDir& run(std::string_view script);     // ./run follows the script; see scripted()
  ServiceDir& finish(std::string_view script);  // ./finish too
  ServiceDir& run_sh(std::string_view body);    // ./run is a shell script; "#!/bin/sh" is put before it
  ServiceDir& finish_sh(std::string_view body);

  // `gate NAME` in a script waits until this is called; one call lets one process pass, before or after it comes.
  void open_gate(std::string_view name);
  // What the service says.
  void expect(std::string_view line, Here here = Here::now()) { voice_.expect(line, here); }
  Voice& voice() { return voice_; }

  [[nodiscard]] Status status(Here here = Here::now()) const;
  [[nodiscard]] std::vector<Death> deaths() const;
  [[nodiscard]] bool supervised() const;  // is supervise/lock held?
  // Raw bytes to supervise/control, in one write. Fails if nobody listens.
  void send(std::string_view bytes, Here here = Here::now()) const;
  // Makes event/ as s6-supervise would, for listeners that come before it.
  ServiceDir& make_event();

 private:
  UniqueFd& gate(std::string_view name);

  std::filesystem::path path_;
  Voice voice_;
  std::vector<std::pair<std::string, UniqueFd>> gates_;
};

// --- supervisors ---------------------------------------------------------------------------------------------------
// A running s6-supervise with a listener. Its end kills it and its service.
class Supervisor {
 public:
  // Starts it in the parent of the service directory, with the directory's name as argument. `how.argv` and `how.cwd`
  // are used if not empty. event/ is made before, so that every event is seen.
  explicit Supervisor(ServiceDir& dir, Start how = {}, Here here = Here::now());

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  Process& process() { return process_; }
  Events& events() { return events_; }
  void expect(std::string_view letters, Here here = Here::now());
  [[nodiscard]] bool quiet() { return events_.quiet(); }
  void send(std::string_view bytes, Here here = Here::now()) { dir_.send(bytes, here); }
  [[nodiscard]] Status status(Here here = Here::now()) const { return dir_.status(here); }
  [[nodiscard]] pid_t service(Here here = Here::now()) const { return status(here).pid; }
  // Returns when everything that was sent to it, signalled to it or died under it before has been dealt with. Works by
  // sending bytes that no version knows, twice: it only reads the second when it is done with what came with the first.
  void settle(Here here = Here::now());
  // Waits until fd 2 of it, or of a child, has got this text.
  void expect_message(std::string_view part, Here here = Here::now());
  Exit wait(Here here = Here::now()) { return process_.wait(here); }

 private:
  ServiceDir& dir_;
  Events events_;
  Process process_;
};
// Waits until every byte in dir/supervise/control has been read.
void wait_drained(const ServiceDir& dir, Here here = Here::now());

// --- the test's own place ------------------------------------------------------------------------------------------
class Scene {
 public:
  Scene();
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] ServiceDir service(std::string_view name = "test") const { return ServiceDir(path_ / name); }
  // This test leaves processes behind on purpose; they are killed all the same.
  void allow_orphans() { orphans_allowed_ = true; }
  // Lets another user work in the scratch directory.
  void give_to(uid_t user) const;

 private:
  std::filesystem::path path_;
  bool orphans_allowed_ = false;
};
inline constexpr uid_t nobody = 65534;
bool is_root();

}  // namespace s6::test
