#pragma once
// Faults of the system, put into a program by strace: a system call that fails, or before which the program is killed.
//
// strace follows only the program itself, not its children, so that calls can be counted. It watches from aside (its
// option -D): the program stays the child of who started it.
#include <string>
#include <string_view>
#include <vector>

#include "../process/harness.hpp"

namespace s6::test {

// A line of a program's table of system calls that can fail.
struct Call {
  std::string_view names;  // "lstat,newfstatat": the C library and the machine decide which one it is
  std::vector<std::string_view> errors;
  std::string_view path = {};  // only calls that have to do with this file, seen from where the program starts
};

struct Fault {
  std::string_view calls = {};
  std::string what = {};  // "error=EIO", "signal=KILL"; empty: no fault
  std::string when = {};  // strace's: "3" the third call, "1+" all of them
  std::string_view path = {};
};
std::ostream& operator<<(std::ostream& out, const Fault& fault);
Fault failing(const Call& call, std::string_view error, int number);
Fault killing(const Call& call, int number);
Fault failing_always(const Call& call, std::string_view error);

// What strace has written about one program.
class Trace {
 public:
  explicit Trace(std::filesystem::path file) : file_(std::move(file)) {}
  // The command that runs `argv` with this fault and writes the trace. `argv` itself where there is no fault.
  [[nodiscard]] std::vector<std::string> command(const Fault& fault, const std::vector<std::string>& argv) const;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] std::string text() const { return read_file(file_); }
  [[nodiscard]] std::size_t calls() const;  // how many system calls have been made
  [[nodiscard]] bool has_fault() const { return contains(text(), "(INJECTED)"); }
  // Returns when hardly any system calls are made any more: what spins never comes to rest.
  void wait_for_rest(Here here = Here::now()) const;

 private:
  std::filesystem::path file_;
};

// A fault that a running process, and with Follow::children what it starts, has for as long as this object lives.
enum class Follow : bool { itself, children };
class LastingFault {
 public:
  LastingFault(pid_t pid, const Fault& fault, const Trace& trace, Follow follow = Follow::itself,
               Here here = Here::now());
  ~LastingFault();
  LastingFault(const LastingFault&) = delete;
  LastingFault& operator=(const LastingFault&) = delete;

 private:
  Process strace_;
};

// The end of a traced process comes before that of its strace.
void wait_for_straces(Here here = Here::now());

}  // namespace s6::test
