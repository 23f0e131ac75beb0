#pragma once
// Users and groups by number: what s6-envuidgid hands to s6-applyuidgid, and how that is put into force.
#include <errno.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "common/environment.hpp"
#include "common/result.hpp"
#include "common/text.hpp"

namespace s6::chain {

inline constexpr const char* uid_variable = "UID";
inline constexpr const char* gid_variable = "GID";
inline constexpr const char* gidlist_variable = "GIDLIST";

// As many as the kernel takes. Objects of this type are large; pages that are not needed are not touched.
class GroupList {
 public:
  static constexpr std::size_t capacity = 65536;  // NGROUPS_MAX

  GroupList() noexcept {}
  // Numbers with single commas between them, or nothing at all. false: it is something else, or too many. Pure.
  bool parse(std::string_view text) noexcept;
  bool add(gid_t group) noexcept {
    if (size_ == capacity) return false;
    groups_[size_++] = group;
    return true;
  }
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::span<const gid_t> view() const noexcept { return {groups_, size_}; }
  // For somebody else to fill.
  [[nodiscard]] std::span<gid_t> room() noexcept { return groups_; }
  void resize(std::size_t size) noexcept { size_ = size; }

 private:
  gid_t groups_[capacity];
  std::size_t size_ = 0;
};

// The environment's limit for one variable is of this order.
using GroupListText = TextBuffer<131072>;
// "5,60", not ok() if it is too long for an environment. Pure.
void append_list(GroupListText& text, std::span<const gid_t> groups) noexcept;

// "a", "a:b", "a:": the second one is absent in the first case and empty in the last. Pure.
struct Pair {
  std::string_view first;
  std::optional<std::string_view> second;
};
constexpr Pair split_pair(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {text, std::nullopt};
  return {head(text, colon), std::string_view(text.data() + colon + 1, text.size() - colon - 1)};
}

enum class Supplementary : bool { keep, replace };
struct Identity {
  uid_t user = 0;   // 0: no change
  gid_t group = 0;  // 0: no change
  Supplementary supplementary = Supplementary::keep;
};
// Groups first: whoever has become another user may not change them any more. What replaces the supplementary groups
// is the group that is in force then, followed by `groups`.
Result<void> assume(const Identity& identity, const GroupList& groups) noexcept;

// What to do about an error of that and other changes that need rights; empty if it is evident.
constexpr std::string_view remedy(int code) noexcept {
  return code == EPERM ? "only root can do that" : std::string_view();
}

void forget_identity(Environment& environment) noexcept;  // removes the three variables

}  // namespace s6::chain
