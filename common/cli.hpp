#pragma once
// What every program says and how it ends. Output for programs goes to fd 1, words for people go to fd 2, one line in
// one write: "PROGRAM: LEVEL: WHAT: WHY".
#include <initializer_list>
#include <string_view>

#include "common/result.hpp"

namespace s6::cli {

// Exit codes that mean the same in the whole family.
enum Exit : int {
  ok = 0,
  negative = 1,       // a negative answer
  timed_out = 99,     //
  usage_error = 100,  // a wrong request, or a wrong state that the user made
  system_error = 111  // a system call was refused
};

enum class Level { info, warning, fatal, usage };

// Who speaks: first line of every main. s6-supervise adds the service's name. Both texts must live for ever.
void set_program(std::string_view program, std::string_view object = {}) noexcept;

// For long-lived programs: from now on a message that fd 2 cannot take at once is dropped instead of waited for. A
// stuck logger must not stop a supervisor.
void never_wait_for_stderr() noexcept;

// Messages go to `fd`, too, from now on; -1: only to fd 2. For the time in which nobody may be reading fd 2 yet.
void set_copy(int fd) noexcept;

void say(Level level, std::initializer_list<std::string_view> parts) noexcept;
inline void warn(std::initializer_list<std::string_view> parts) noexcept {
  say(Level::warning, parts);
}

// "unable to DOING PATH: REASON", then `remedy` in its own words.
void say(Level level, const Error& error, std::string_view remedy = {}) noexcept;
inline void warn(const Error& error, std::string_view remedy = {}) noexcept {
  say(Level::warning, error, remedy);
}

[[noreturn]] void exit(int code) noexcept;
[[noreturn]] void die(int code, std::initializer_list<std::string_view> parts) noexcept;
[[noreturn]] void die(const Error& error, std::string_view remedy = {}) noexcept;  // exit 111
[[noreturn]] void die(int code, const Error& error, std::string_view remedy = {}) noexcept;

// Writes to fd 1; a failure ends the program with 111.
void print(std::string_view text) noexcept;

std::string_view reason(int code) noexcept;  // strerror

}  // namespace s6::cli
