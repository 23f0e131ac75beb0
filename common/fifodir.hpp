#pragma once
// A fifodir: a directory in which subscribers put FIFOs and into whose FIFOs a notifier writes letters.
//
// Only FIFOs are ever written to or removed for want of a reader, and links in it are not followed: the directory may
// be writable by users whom its owner does not trust. It may even belong to somebody whom the caller does not trust: a
// link in its own place is only followed if it is the caller's, root's, or of the owner of what it points to (else
// EPERM), so that nobody makes us work elsewhere.
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "common/fifo_name.hpp"
#include "common/result.hpp"
#include "common/text.hpp"
#include "common/unique_fd.hpp"

namespace s6::fifodir {

inline constexpr mode_t restricted_mode = 03730;  // members of the group may subscribe
inline constexpr mode_t public_mode = 01733;      // everybody may
inline constexpr mode_t subscriber_mode = 0622;   // a notifier of another uid must be able to write

// An event, and a cleaning, look at no more entries of the directory: they end, however fast somebody fills it.
inline constexpr int most_entries = 100'000;

// Makes a fifodir of this mode for a group: of the caller's effective group, or, with none, whatever group it gets from
// the kernel. What exists is left alone: EEXIST.
Result<void> make(const char* directory, mode_t mode) noexcept;
Result<void> make(const char* directory, mode_t mode, std::optional<gid_t> group) noexcept;

// Gives what exists this mode and, if there is one, this group. The caller must be able to read it.
Result<void> grant(const char* directory, mode_t mode, std::optional<gid_t> group) noexcept;
Result<void> grant(int directory, mode_t mode, std::optional<gid_t> group) noexcept;

// Opens a directory by the rule for links above.
Result<UniqueFd> open(const char* directory, int access) noexcept;

// Writes `letters` to every subscriber in one write each, never waiting: a full FIFO loses them. FIFOs without a reader
// are removed. Fails only if the directory cannot be read.
Result<void> notify(const char* directory, std::string_view letters) noexcept;

// Removes FIFOs that nobody reads: those published, and those left half-made for over a minute.
Result<void> clean(const char* directory) noexcept;

// One subscriber's FIFO. It exists for notifiers from subscribe() on, and is removed at the end.
class Subscription {
 public:
  Subscription() noexcept = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { cancel(); }

  // `directory` must outlive the subscription.
  Result<void> subscribe(const char* directory) noexcept;
  void cancel() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] bool active() const noexcept { return static_cast<bool>(fd_); }
  // What has come since, into `buffer`; empty when there is nothing more. Never waits.
  [[nodiscard]] std::string_view read(std::span<char> buffer) noexcept;
  // false: somebody removed the FIFO, no event can come any more.
  [[nodiscard]] bool is_published() const noexcept;
  // Makes that change readable in `watcher`, of sys::file_watcher().
  Result<void> watch_removal(int watcher) const noexcept;

 private:
  Result<void> publish(int directory) noexcept;
  [[nodiscard]] PathBuffer path() const noexcept;

  const char* directory_ = "";
  std::array<char, fifo_name::size + 1> name_{};
  UniqueFd fd_;
};

}  // namespace s6::fifodir
