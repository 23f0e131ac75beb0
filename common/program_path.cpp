#include "common/program_path.hpp"

#include <unistd.h>

#include <algorithm>

#include "common/sys.hpp"

namespace s6 {

ProgramPath::ProgramPath(const char* name, std::span<char> text, const char* configured) noexcept : name_(name) {
  add_beside_name(text.first<path_size>());
  add_beside_file(text.subspan(used_, path_size));
  if (configured != nullptr) list_[count_++] = configured;
}

void ProgramPath::add_beside_name(std::span<char> text) noexcept {
  const std::string_view called = sys::executed_as();
  if (called.empty()) return;
  std::size_t size = 0;
  if (called[0] != '/')
    if (const auto found = sys::getcwd(text); found && *found + 1 < text.size()) {
      size = *found;
      text[size++] = '/';
    }
  const std::string_view directory = head(called, called.rfind('/'));
  if (size + directory.size() >= text.size()) return;
  std::ranges::copy(directory, text.begin() + static_cast<std::ptrdiff_t>(size));
  add(text, size + directory.size());
}

void ProgramPath::add_beside_file(std::span<char> text) noexcept {
  const auto size = sys::readlink("/proc/self/exe", text);
  if (!size) return;
  const std::string_view self(text.data(), *size);
  add(text, std::min(self.rfind('/'), self.size()));
}

// Completes the directory in `text` by the name, if there is room.
void ProgramPath::add(std::span<char> text, std::size_t directory_size) noexcept {
  const std::string_view name = name_;
  if (directory_size + name.size() + 2 > text.size()) return;
  char* end = text.data() + directory_size;
  *end++ = '/';
  end = std::ranges::copy(name, end).out;
  *end++ = '\0';
  list_[count_++] = text.data();
  used_ += static_cast<std::size_t>(end - text.data());
}

const char* ProgramPath::for_script() const noexcept {
  for (const char* const candidate : candidates())
    if (sys::access(candidate, X_OK)) return candidate;
  return name_;
}

}  // namespace s6
