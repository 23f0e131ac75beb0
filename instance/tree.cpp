#include "instance/tree.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <span>

namespace s6::instance {
namespace {

// Down to an entry; the way back is shorten(). After an error there is none: its path is to be read.
void descend(PathBuffer& path, std::string_view name) noexcept {
  path.append("/");
  path.append(name);
}

Result<void> too_long(const PathBuffer& path) noexcept {
  return Error{ENAMETOOLONG, "use", path.c_str()};
}

}  // namespace

// --- copying -------------------------------------------------------------------------------------------------------
Result<void> Tree::copy(const char* from, const char* to) noexcept {
  const sys::ScopedUmask exact_modes(0);
  from_ = {from};
  to_ = {to};
  return copy_any();
}

Result<void> Tree::copy_any() noexcept {
  if (!from_.ok()) return too_long(from_);
  if (!to_.ok()) return too_long(to_);
  const auto file = sys::lstat(from_.c_str());
  if (!file) return file.error();
  Result<void> copied;
  switch (file->st_mode & S_IFMT) {
    case S_IFDIR: copied = copy_directory(); break;
    case S_IFREG: copied = copy_file(file->st_mode); break;
    case S_IFIFO: copied = sys::mkfifo(to_.c_str(), 0600); break;
    case S_IFLNK: copied = copy_link(); break;
    default: return Error{EINVAL, "copy what is no file, directory, link or FIFO:", from_.c_str()};
  }
  if (!copied) return copied;
  return copy_attributes(*file);
}

Result<void> Tree::copy_directory() noexcept {
  if (auto made = sys::mkdir(to_.c_str(), 0700); !made && made.error().code != EEXIST) return made;
  sys::DirectoryReader entries;
  if (auto opened = entries.open(from_.c_str()); !opened) return opened;
  for (;;) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (!*entry) return {};
    const std::size_t from_size = from_.size();
    const std::size_t to_size = to_.size();
    descend(from_, (*entry)->view());
    descend(to_, (*entry)->view());
    if (auto copied = copy_any(); !copied) return copied;
    from_.shorten(from_size);
    to_.shorten(to_size);
  }
}

Result<void> Tree::copy_file(mode_t mode) noexcept {
  const auto from = sys::open(from_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!from) return from.error();
  const auto to = sys::open(to_.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode & 0700);
  if (!to) return to.error();
  std::array<std::byte, 16384> buffer;
  for (;;) {
    const auto size = sys::read(from->get(), buffer);
    if (!size) return Error{size.error().code, "read", from_.c_str()};
    if (*size == 0) return {};
    if (auto written = sys::write_all(to->get(), std::span(buffer).first(*size)); !written)
      return Error{written.error().code, "write", to_.c_str()};
  }
}

Result<void> Tree::copy_link() noexcept {
  std::array<char, path_size> text;
  const auto size = sys::readlink(from_.c_str(), text);
  if (!size) return size.error();
  const PathBuffer target{std::string_view(text.data(), *size)};
  return sys::symlink(target.c_str(), to_.c_str());
}

// The owner first: a change of it takes the setuid bit away.
Result<void> Tree::copy_attributes(const struct stat& file) noexcept {
  if (is_root_)
    if (auto given = sys::lchown(to_.c_str(), file.st_uid, file.st_gid); !given) return given;
  if (S_ISLNK(file.st_mode)) return {};
  return sys::chmod(to_.c_str(), file.st_mode & 07777);
}

// --- removing ------------------------------------------------------------------------------------------------------
Result<void> Tree::remove(const char* path) noexcept {
  to_ = {path};
  return remove_any();
}

Result<void> Tree::clear(const char* directory) noexcept {
  to_ = {directory};
  for (;;) {
    const auto found = clear_once();
    if (!found) return found.error();
    if (!*found) return {};
  }
}

Result<void> Tree::remove_any() noexcept {
  if (!to_.ok()) return too_long(to_);
  const auto removed = sys::unlink(to_.c_str());
  if (removed || removed.error().code == ENOENT) return {};
  const auto file = sys::lstat(to_.c_str());
  if (!file || !S_ISDIR(file->st_mode)) return removed;
  return remove_directory();
}

// Removing while one reads may hide entries from the reader: it reads again until there is nothing.
Result<void> Tree::remove_directory() noexcept {
  for (;;) {
    const auto found = clear_once();
    if (!found) return found.error();
    const auto removed = sys::rmdir(to_.c_str());
    if (removed || removed.error().code == ENOENT) return {};
    if (removed.error().code != ENOTEMPTY || !*found) return removed;
  }
}

// Tells whether there was anything.
Result<bool> Tree::clear_once() noexcept {
  sys::DirectoryReader entries;
  if (auto opened = entries.open(to_.c_str()); !opened) return opened.error();
  for (bool found = false;; found = true) {
    const auto entry = entries.next();
    if (!entry) return entry.error();
    if (!*entry) return found;
    const std::size_t size = to_.size();
    descend(to_, (*entry)->view());
    if (auto removed = remove_any(); !removed) return removed.error();
    to_.shorten(size);
  }
}

}  // namespace s6::instance
