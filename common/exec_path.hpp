#pragma once
// Finding a program without a shell. A name with a slash in it is a path; any other is looked for in the directories of
// PATH, from left to right. Empty elements of PATH are skipped: they do not stand for the working directory.
#include <cerrno>
#include <string_view>

#include "common/result.hpp"
#include "common/text.hpp"

namespace s6 {

// What is searched when the environment has no PATH.
inline constexpr std::string_view default_path = "/usr/bin:/bin";

// The paths to try, one after the other, and the error to report when none could be executed. Pure.
//
//   while (const char* candidate = search.next()) search.failed(/* errno of an attempt to execute it */);
class PathSearch {
 public:
  // Both texts must outlive the search.
  PathSearch(std::string_view name, std::string_view path) noexcept : name_(name), rest_(path) {}

  // Null: there is nothing left to try. The text is valid until the next call.
  const char* next() noexcept {
    if (over_ || name_.empty()) return nullptr;
    candidate_.clear();
    if (name_.find('/') != std::string_view::npos) {
      over_ = true;
      candidate_.append(name_);
    } else {
      const std::string_view directory = take_element();
      if (directory.empty()) return nullptr;
      for (const std::string_view part : {directory, std::string_view("/"), name_}) candidate_.append(part);
    }
    if (candidate_.ok()) return candidate_.c_str();
    failed(ENAMETOOLONG);
    return nullptr;
  }

  // These errors concern one directory only: the search goes on. Any other ends it. A program that is there and cannot
  // be executed is worth more words than one that is not there.
  void failed(int code) noexcept {
    if (code == ENOENT) return;
    verdict_ = code;
    over_ = over_ || (code != EACCES && code != EPERM && code != EISDIR && code != ENOTDIR);
  }
  [[nodiscard]] int verdict() const noexcept { return verdict_; }

 private:
  // The next element that is not empty; an empty one at the end.
  std::string_view take_element() noexcept {
    while (!rest_.empty()) {
      const std::string_view element = head(rest_, rest_.find(':'));
      rest_.remove_prefix(element.size() < rest_.size() ? element.size() + 1 : element.size());
      if (!element.empty()) return element;
    }
    return {};
  }

  std::string_view name_;
  std::string_view rest_;
  PathBuffer candidate_;
  int verdict_ = ENOENT;
  bool over_ = false;
};

// Replaces this program by `name`, looked for in PATH; returns only on failure.
Error exec_in_path(const char* name, const char* const* argv) noexcept;
// The same with another environment. The PATH that counts is still that of this program.
Error exec_in_path(const char* name, const char* const* argv, const char* const* environment) noexcept;

// The exit code of a program that was to become another one and could not.
constexpr int exec_failure_code(const Error& error) noexcept {
  return error.code == ENOENT ? 127 : 126;
}

// What to do about that, if it is not evident.
std::string_view explain_exec_failure(const Error& error) noexcept;

// Becomes argv[0], looked for in PATH, or says why not and exits 127 (not found) or 126. For programs that end so.
[[noreturn]] void exec_or_die(const char* const* argv) noexcept;
[[noreturn]] void exec_or_die(const char* const* argv, const char* const* environment) noexcept;

}  // namespace s6
