#pragma once
// Looks at service directories and scan directories and reports what the rules in lint.hpp find there. Changes nothing
// and executes nothing; what is a FIFO or belongs to others is not waited for. A file that comes or goes meanwhile is
// seen or not.
#include <sys/types.h>

#include <optional>
#include <string_view>

#include "common/result.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"
#include "supervise/lint.hpp"
#include "supervise/lint_report.hpp"

namespace s6::supervise::lint {

// A directory that has .s6-svscan, or that has no run, but a subdirectory with one that is not its logger.
bool is_scan_directory(const char* directory) noexcept;

class Inspector {
 public:
  // `runner`: the user who is going to run the services.
  Inspector(Report& report, uid_t runner) noexcept : report_(report), runner_(runner) {}
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  void look_at_service(const char* directory) noexcept;
  void look_at_scan_directory(const char* directory) noexcept;

 private:
  enum class Role : bool { service, logger };
  enum class Need : bool { optional, required };

  void look_at(const char* directory, Role role) noexcept;
  void look_at_program(const char* path, Need need) noexcept;
  [[nodiscard]] std::optional<ProgramVerdict> verdict_on(const char* path, const struct stat& st) noexcept;
  void look_at_settings(const char* directory) noexcept;
  void look_at_name(const char* directory, const char* name) noexcept;
  void look_at_down_file(const char* directory) noexcept;
  void look_at_logger(const char* directory, Role role) noexcept;
  void look_at_channels(const char* directory) noexcept;
  void look_at_scanner_directory(const char* directory) noexcept;
  void look_at_entry(const char* directory, std::string_view name) noexcept;
  void look_at_rights(const char* path, const struct stat& st, Place place) noexcept;
  // The directories above what `path` leads to, up to the root or to one that has been looked at.
  void look_above(const char* path) noexcept;

  // Calls `visit` with each name in a directory.
  template <class Visit>
  void for_each_entry(const char* directory, Visit visit) noexcept;
  // What could not be looked at.
  void report(const Error& error) noexcept;

  Report& report_;
  uid_t runner_;
  // These directories, and all above them, have been looked at. Without links.
  PathBuffer scan_directory_;
  PathBuffer last_parent_;
};

}  // namespace s6::supervise::lint
