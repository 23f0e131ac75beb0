#include "common/fifodir.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include <utility>

#include "common/sys.hpp"

namespace s6::fifodir {
namespace {

constexpr std::uint64_t temporary_grace = 60;  // seconds: far more than a live subscriber needs to publish its FIFO

enum class Reader : unsigned char { present, absent, unknown };
struct Opened {
  Reader reader = Reader::unknown;
  UniqueFd fd;
};

// Opens an entry for writing if it is a FIFO itself, not a link to one.
Opened open_fifo(int directory, const sys::EntryReader::Entry& entry) noexcept {
  if (entry.type != DT_FIFO && entry.type != DT_UNKNOWN) return {};
  if (entry.type == DT_UNKNOWN) {
    auto st = sys::stat_at(directory, entry.name, AT_SYMLINK_NOFOLLOW);
    if (!st || !S_ISFIFO(st->st_mode)) return {};
  }
  auto fd = sys::open_at(directory, entry.name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
  if (!fd) return {fd.error().code == ENXIO ? Reader::absent : Reader::unknown, UniqueFd()};
  // Looked at again through the descriptor: the name may have changed hands meanwhile.
  auto st = sys::fstat(fd->get());
  if (!st || !S_ISFIFO(st->st_mode)) return {};
  return {Reader::present, std::move(*fd)};
}

// Not on the stack, of which it would often be a page more for each s6-supervise; that of the program's data is not
// full.
sys::EntryReader::Buffer entries_buffer;

template <class Visit>
Result<void> for_each_entry(const char* directory, Visit visit) noexcept {
  sys::EntryReader reader(entries_buffer);
  if (auto opened = reader.open(directory); !opened) return opened;
  for (int entries = 0; entries < most_entries; ++entries) {
    auto entry = reader.next();
    if (!entry) return entry.error();
    if (!*entry) return {};
    visit(reader.fd(), **entry);
  }
  return {};
}

// For reading and writing: one descriptor is reader and writer, so there is always a reader and never an end of file.
Result<UniqueFd> open_made_fifo(int directory, const char* name) noexcept {
  auto fd = sys::open_foreign_at(directory, name, O_RDWR);
  if (!fd) return fd;
  const auto st = sys::fstat(fd->get());
  if (!st) return st.error();
  if (!S_ISFIFO(st->st_mode)) return Error{EPERM, "open", name};  // who owns the directory has put it there
  return fd;
}

Result<void> at(const char* path, const Result<void>& done) noexcept {
  return done ? done : Error{done.error().code, done.error().doing, path};
}

bool is_old(int directory, const char* name) noexcept {
  auto st = sys::stat_at(directory, name, AT_SYMLINK_NOFOLLOW);
  if (!st) return false;
  return tai::seconds_between(tai::from_unix(st->st_mtime, 0), sys::stamp_now()) >= temporary_grace;
}

}  // namespace

Result<UniqueFd> open(const char* directory, int access) noexcept {
  const int flags = access | O_DIRECTORY | O_NONBLOCK;
  auto fd = sys::open(directory, flags | O_NOFOLLOW);
  if (fd || (fd.error().code != ENOTDIR && fd.error().code != ELOOP)) return fd;
  const auto link = sys::lstat(directory);
  if (!link) return link.error();
  if (!S_ISLNK(link->st_mode)) return fd;
  fd = sys::open(directory, flags);
  if (!fd) return fd;
  const auto target = sys::fstat(fd->get());
  if (!target) return target.error();
  const uid_t owner = link->st_uid;
  if (owner != 0 && owner != sys::effective_user() && owner != target->st_uid)
    return Error{EPERM, "follow the link of another user", directory};
  return fd;
}

Result<void> grant(int directory, mode_t mode, std::optional<gid_t> group) noexcept {
  // In this order: a change of group drops the setgid bit.
  if (group)
    if (auto owned = sys::chgrp(directory, *group); !owned) return owned;
  return sys::chmod(directory, mode);
}

Result<void> grant(const char* directory, mode_t mode, std::optional<gid_t> group) noexcept {
  const auto fd = open(directory, O_RDONLY);
  if (!fd) return fd.error();
  return at(directory, grant(fd->get(), mode, group));
}

Result<void> make(const char* directory, mode_t mode, std::optional<gid_t> group) noexcept {
  {
    const sys::ScopedUmask none(0);
    if (auto made = sys::mkdir(directory, 0700); !made) return made;
  }
  // Whoever may write to the parent may have put something else in its place.
  const auto fd = sys::open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd) return fd.error();
  const auto st = sys::fstat(fd->get());
  if (!st) return at(directory, st.error());
  if (st->st_uid != sys::effective_user()) return Error{EPERM, "make the directory", directory};
  return at(directory, grant(fd->get(), mode, group));
}
Result<void> make(const char* directory, mode_t mode) noexcept {
  return make(directory, mode, sys::effective_group());
}

Result<void> notify(const char* directory, std::string_view letters) noexcept {
  return for_each_entry(directory, [letters](int dir, const sys::EntryReader::Entry& entry) {
    if (!fifo_name::is_subscriber(entry.view())) return;
    Opened fifo = open_fifo(dir, entry);
    bool gone = fifo.reader == Reader::absent;
    if (fifo.reader == Reader::present) {
      auto written = sys::write(fifo.fd.get(), std::as_bytes(std::span(letters)));
      gone = !written && written.error().code == EPIPE;
    }
    if (gone) (void)sys::unlink_at(dir, entry.name);  // a stale name costs a call per event, nothing more
  });
}

Result<void> clean(const char* directory) noexcept {
  return for_each_entry(directory, [](int dir, const sys::EntryReader::Entry& entry) {
    const std::string_view name = entry.view();
    const bool stale = fifo_name::is_cleanable(name) || (fifo_name::is_temporary(name) && is_old(dir, entry.name));
    if (stale && open_fifo(dir, entry).reader == Reader::absent) (void)sys::unlink_at(dir, entry.name);
  });
}

PathBuffer Subscription::path() const noexcept {
  return {directory_, "/", std::string_view(name_.data())};
}

Result<void> Subscription::subscribe(const char* directory) noexcept {
  constexpr const char* doing = "subscribe to";
  if (*directory == '\0') return Error{ENOENT, doing, "a directory without a name"};
  directory_ = directory;
  const auto fd = open(directory, O_PATH);
  if (!fd) return Error{fd.error().code, doing, directory};
  for (;;) {
    name_ = fifo_name::make(sys::stamp_now(), sys::random_bits());
    if (!path().ok()) return Error{ENAMETOOLONG, doing, directory};
    const auto published = publish(fd->get());
    if (published) return {};
    if (published.error().code != EEXIST) return Error{published.error().code, doing, directory};
  }
}

Result<void> Subscription::publish(int directory) noexcept {
  const TextBuffer<fifo_name::size + 2> hidden{".", name_.data()};
  {
    const sys::ScopedUmask none(0);
    if (auto made = sys::mkfifo_at(directory, hidden.c_str(), subscriber_mode); !made) return made;
  }
  auto fd = open_made_fifo(directory, hidden.c_str());
  auto renamed = fd ? sys::rename_at(directory, hidden.c_str(), name_.data()) : Result<void>(fd.error());
  if (!renamed) {
    (void)sys::unlink_at(directory, hidden.c_str());  // best effort: the error being reported is the one that matters
    return renamed;
  }
  fd_ = std::move(*fd);
  return {};
}

void Subscription::cancel() noexcept {
  if (!fd_) return;
  (void)sys::unlink(path().c_str());  // the directory may be gone already
  fd_.reset();
}

std::string_view Subscription::read(std::span<char> buffer) noexcept {
  auto n = sys::read(fd_.get(), std::as_writable_bytes(buffer));
  return n ? std::string_view(buffer.data(), *n) : std::string_view();
}

bool Subscription::is_published() const noexcept {
  auto st = sys::fstat(fd_.get());
  return !st || st->st_nlink > 0;  // a refusal of the system says nothing about the name
}

Result<void> Subscription::watch_removal(int watcher) const noexcept {
  return sys::watch_links(watcher, path().c_str());
}

}  // namespace s6::fifodir
