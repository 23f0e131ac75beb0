#pragma once
// All the scan directories that s6-svls is asked about.
#include <span>

#include "svstat/svls_options.hpp"
#include "svstat/tree.hpp"

namespace s6::svstat {

class Forest {
 public:
  // Sorts the operands into scan directories and names, and finds a scan directory if none is given: $S6_SCANDIR, else
  // the first of /run/openrc/s6-scan, /run/service and /service that has a scanner. Nothing is there to be shown if
  // there is none. The operands must outlive the forest.
  Result<void> choose(std::span<const char* const> operands) noexcept;

  // Reads the directories.
  Result<void> find() noexcept;
  // Looks at everything in them.
  void look() noexcept;
  // After some have been looked at: what needs a second look gets it, a moment later.
  void look_again() noexcept;
  // Sorts it, reads what else is to be shown.
  Result<std::span<const Scan>> arrange(const SvlsRequest& request) noexcept;

  [[nodiscard]] std::span<Tree> trees() noexcept { return trees_; }
  [[nodiscard]] std::span<const char* const> names() const noexcept { return names_.all(); }
  // Is there a service of this name in one of the directories?
  [[nodiscard]] bool has(std::string_view name) noexcept;

 private:
  Result<void> choose_default() noexcept;

  GrowingArray<const char*> directories_;
  GrowingArray<const char*> names_;
  std::span<Tree> trees_;
  GrowingArray<Scan> scans_;
};

}  // namespace s6::svstat
