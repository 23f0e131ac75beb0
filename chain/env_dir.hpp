#pragma once
// A directory as a set of environment variables: each file is one, its name the variable's and its content the value.
#include <cstddef>
#include <span>
#include <string_view>

#include "common/environment.hpp"
#include "common/sys.hpp"
#include "common/text.hpp"

namespace s6::chain {

struct EnvDirOptions {
  bool keep_blanks = false;  // at the end of the value
  bool whole_file = false;   // not only its first line
  bool unlimited = false;    // not only the first 4095 bytes
  char nul = '\n';           // what stands for a nul byte, which no value can hold
};

inline constexpr std::size_t limited_size = 4095;
// No system executes a program with a longer variable: Linux takes 32 pages, of 64 KiB where they are large.
inline constexpr std::size_t longest_value = 2u << 20;

// The value that a file's content stands for; changes the content. Pure.
std::string_view value_of(std::span<char> content, const EnvDirOptions& options) noexcept;

// Is a file of that name a variable? Pure.
constexpr bool is_variable(std::string_view name) noexcept {
  return !name.starts_with('.') && name.find('=') == std::string_view::npos;
}

class EnvDir {
 public:
  EnvDir() noexcept {}
  // `directory` must outlive this. Only this fails with ENOENT when the directory itself is missing.
  Result<void> open(const char* directory) noexcept;
  // Sets or, for empty files, unsets each variable. Stops at the first that cannot be read; the error's path is valid
  // as long as this.
  Result<void> apply(const EnvDirOptions& options, Environment& environment) noexcept;

 private:
  Result<void> apply(const char* name, const EnvDirOptions& options, Environment& environment) noexcept;
  Result<std::size_t> read(int fd, const EnvDirOptions& options) noexcept;

  sys::DirectoryReader reader_;
  const char* directory_ = "";
  PathBuffer path_;
  std::span<char> buffer_;
};

}  // namespace s6::chain
