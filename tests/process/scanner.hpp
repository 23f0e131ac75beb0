#pragma once
// A scan directory, the s6-svscan that runs on it, and what can be seen of it from outside.
//
//   Scene scene;
//   ScanDir scan(scene);
//   ServiceDir a = scan.service("a");        // SCENE/services/a, linked as SCENE/scan/a; run says "up" and sleeps
//   Scanner scanner(scan);                   // waits until it is ready
//   a.expect("up");
//   const pid_t pid = scanner.supervisor("a");
//   scan.unlink("a");
//   scanner.send("an");                      // raw bytes to .s6-svscan/control
//   scanner.wait_gone("a");
//   CHECK(scanner.end() == exited(0));
//
// Its supervisors and their services are ended with it; those that have outlived it are the Scene's.
#include <sys/types.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "process.hpp"
#include "programs.hpp"
#include "scene.hpp"

namespace s6::test {

// --- looking at processes ------------------------------------------------------------------------------------------
std::vector<pid_t> its_children(pid_t parent);  // as children(), but without a look at every process there is
std::vector<std::string> command_line(pid_t pid);
double start_time(pid_t pid);  // in seconds, 10 ms exact; 0 if there is no such process
// In how many of its descriptors the process has this file; `target` is as fd_target() says.
int count_fds(pid_t pid, const std::string& target);
bool is_close_on_exec(pid_t pid, int fd);
std::size_t count_lines(std::string_view text, std::string_view part);  // lines that contain `part`
// Is a signal mask, as scripts record it, empty? Two numbers are the C library's own, and no matter.
bool has_no_ordinary_signal(const std::string& mask);
// SIGKILL to a supervisor and to its service. Returns when the supervisor is dead.
void kill_supervisor(pid_t supervisor, Here here = Here::now());
// Changes the soft limit of descriptors of a running process; returns the old one.
rlim_t limit_descriptors(pid_t pid, rlim_t most);
// Returns when the process waits in this system call.
void wait_in_system_call(pid_t pid, std::initializer_list<long> numbers, Here here = Here::now());

// Holds a process before one of its system calls, by ptrace. It runs freely when this object's life ends.
class HeldProcess {
 public:
  explicit HeldProcess(pid_t pid);
  ~HeldProcess();
  HeldProcess(const HeldProcess&) = delete;
  HeldProcess& operator=(const HeldProcess&) = delete;
  void run_until_look_at(std::string_view path);  // stat, by one of its names, with this very path

 private:
  void run_to_next_call();
  [[nodiscard]] bool is_look_at(std::string_view path) const;
  pid_t pid_;
};

// --- scan directories ----------------------------------------------------------------------------------------------
class ScanDir {
 public:
  explicit ScanDir(const Scene& scene, std::string_view name = "scan");
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }
  [[nodiscard]] std::filesystem::path own(std::string_view file) const { return path_ / ".s6-svscan" / file; }

  ServiceDir apart(std::string_view name, std::string_view script = "say up\nsleep") const;  // not linked
  ServiceDir service(std::string_view name, std::string_view script = "say up\nsleep") const;
  ServiceDir idle(std::string_view name) const;  // it has a supervisor, but is never started
  void link(const ServiceDir& dir, std::string_view name = {}) const;
  void link(const std::filesystem::path& target, std::string_view name) const;
  void unlink(std::string_view name) const;
  void rename(std::string_view from, std::string_view to) const;
  // .s6-svscan/NAME follows the script; what it says is heard by voice().
  void program(std::string_view name, std::string_view script);
  Voice& voice();

 private:
  std::filesystem::path path_;
  std::filesystem::path services_;
  std::unique_ptr<Voice> voice_;
};

// Gives a service a logger: what it reads can be heard, line by line, through the object's voice.
ServiceDir logger_of(const ServiceDir& service);
// One that is never started, and its supervisor therefore ends at the first sign.
ServiceDir idle_logger_of(const ServiceDir& service);

// Tells how often a directory has been opened since: every scan does it once.
class ScanCounter {
 public:
  explicit ScanCounter(const ScanDir& dir);
  [[nodiscard]] int count();
  void wait_for(int scans, Here here = Here::now());  // in all

 private:
  UniqueFd fd_;
  int count_ = 0;
};

// --- s6-svscan -----------------------------------------------------------------------------------------------------
class Scanner {
 public:
  // Starts s6-svscan OPTIONS DIR and returns when it has said that it is ready, for which it gets descriptor 3.
  // `how.argv`, the program and what comes before the options, is used if not empty.
  explicit Scanner(ScanDir& dir, std::vector<std::string> options = {}, Start how = {}, Here here = Here::now());
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  ~Scanner();

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  Process& process() { return process_; }
  [[nodiscard]] const std::string& readiness() const { return readiness_; }  // all that it wrote to descriptor 3

  void send(std::string_view bytes, Here here = Here::now()) const;  // in one write
  void signal(int number) { process_.signal(number); }
  // Returns when all that was sent to it, signalled to it or died under it before has been dealt with, a scan included.
  // Works by commands that do nothing, twice: it only reads the second when it is done with what came with the first.
  void settle(Here here = Here::now()) const;

  [[nodiscard]] std::vector<std::string> supervised() const;  // arguments of its supervisors, sorted
  [[nodiscard]] bool supervises(std::string_view name) const;
  // Waits until there is exactly one that has taken its directory and, for a logger, started it.
  pid_t supervisor(std::string_view name, Here here = Here::now()) const;
  // The same, and it has another pid.
  pid_t next_supervisor(std::string_view name, pid_t previous, Here here = Here::now()) const;
  void wait_gone(std::string_view name, Here here = Here::now()) const;
  void wait_reaped(pid_t pid, Here here = Here::now()) const;

  // On fd 2, of it or of a process it started.
  [[nodiscard]] std::string messages() const { return process_.err(); }
  [[nodiscard]] std::size_t count_messages(std::string_view part) const { return count_lines(messages(), part); }
  void expect_message(std::string_view part, Here here = Here::now()) const;

  Exit wait(Here here = Here::now()) { return process_.wait(here); }
  Exit end(Here here = Here::now());  // sends "t", waits

 private:
  [[nodiscard]] std::vector<pid_t> supervisors(std::string_view name) const;

  const ScanDir& dir_;
  std::string readiness_;
  UniqueFd ready_;  // where it says that it is ready
  Process process_;
};

}  // namespace s6::test
