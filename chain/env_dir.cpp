#include "chain/env_dir.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "common/reserved_array.hpp"

namespace s6::chain {

std::string_view value_of(std::span<char> content, const EnvDirOptions& options) noexcept {
  std::string_view value(content.data(), content.size());
  if (!options.whole_file) value = head(value, value.find('\n'));
  if (!options.keep_blanks && options.whole_file && value.ends_with('\n')) value.remove_suffix(1);
  if (!options.keep_blanks && !options.whole_file) value = head(value, value.find_last_not_of(" \t\r") + 1);
  std::ranges::replace(content.first(value.size()), '\0', options.nul);
  return value;
}

Result<void> EnvDir::open(const char* directory) noexcept {
  directory_ = directory;
  return reader_.open(directory);
}

Result<void> EnvDir::apply(const EnvDirOptions& options, Environment& environment) noexcept {
  auto room = reserve_array<char>(options.unlimited ? longest_value : limited_size);
  if (!room) return room.error();
  buffer_ = *room;
  for (;;) {
    auto entry = reader_.next();
    if (!entry) return entry.error();
    if (!*entry) return {};
    if (!is_variable((*entry)->view())) continue;
    if (auto applied = apply((*entry)->name, options, environment); !applied) return applied;
  }
}

Result<void> EnvDir::apply(const char* name, const EnvDirOptions& options, Environment& environment) noexcept {
  path_ = {directory_, "/", name};
  if (!path_.ok()) return Error{ENAMETOOLONG, "read the variables in", directory_};
  // Relative to the directory that was opened, even if another one has taken its name since. A FIFO may be waited for.
  auto fd = sys::open_at(reader_.fd(), name, O_RDONLY);
  if (!fd) return Error{fd.error().code, "open", path_.c_str()};
  const auto size = read(fd->get(), options);
  if (!size) return Error{size.error().code, "read", path_.c_str()};
  if (*size == 0) {
    environment.unset(name);
    return {};
  }
  return environment.set(name, value_of(buffer_.first(*size), options));
}

// As much as the value needs.
Result<std::size_t> EnvDir::read(int fd, const EnvDirOptions& options) noexcept {
  std::size_t filled = 0;
  while (filled < buffer_.size()) {
    const auto count = sys::read(fd, std::as_writable_bytes(buffer_.subspan(filled)));
    if (!count) return count.error();
    if (*count == 0) return filled;
    const std::string_view news(buffer_.data() + filled, *count);
    filled += *count;
    if (!options.whole_file && news.find('\n') != std::string_view::npos) return filled;
  }
  if (options.unlimited) return Error{E2BIG, "read", ""};
  return filled;
}

}  // namespace s6::chain
