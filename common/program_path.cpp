#include "common/program_path.hpp"

#include <unistd.h>

#include <string_view>

#include "common/sys.hpp"

namespace s6 {
namespace {

std::string_view directory_of(std::string_view path) noexcept {
  return head(path, path.rfind('/'));
}

}  // namespace

ProgramPath::ProgramPath(const char* name, const char* configured) noexcept : name_(name) {
  const std::string_view called = sys::executed_as();
  if (!called.empty() && called[0] != '/') {
    std::array<char, path_size> cwd;
    if (const auto size = sys::getcwd(cwd)) beside_name_ = {std::string_view(cwd.data(), *size), "/"};
  }
  beside_name_.append(directory_of(called));
  if (!called.empty()) add(beside_name_);

  std::array<char, path_size> self;
  if (const auto size = sys::readlink("/proc/self/exe", self)) {
    beside_file_.append(directory_of({self.data(), *size}));
    add(beside_file_);
  }
  if (configured != nullptr) list_[count_++] = configured;
}

void ProgramPath::add(PathBuffer& path) noexcept {
  path.append("/");
  path.append(name_);
  if (path.ok()) list_[count_++] = path.c_str();
}

const char* ProgramPath::for_script() const noexcept {
  for (const char* const candidate : candidates())
    if (sys::access(candidate, X_OK)) return candidate;
  return name_;
}

}  // namespace s6
