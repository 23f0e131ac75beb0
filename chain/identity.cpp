#include "chain/identity.hpp"

#include <errno.h>

#include "common/number.hpp"
#include "common/sys.hpp"

namespace s6::chain {

bool GroupList::parse(std::string_view text) noexcept {
  clear();
  if (text.empty()) return true;
  for (;;) {
    const std::string_view element = head(text, text.find(','));
    const auto group = parse_u32(element);
    if (!group || !add(*group)) return false;
    if (element.size() == text.size()) return true;
    text.remove_prefix(element.size() + 1);
  }
}

void append_list(GroupListText& text, std::span<const gid_t> groups) noexcept {
  bool first = true;
  for (const gid_t group : groups) {
    if (!first) text.append(",");
    first = false;
    text.append(group);
  }
}

Result<void> assume(const Identity& identity, const GroupList& groups) noexcept {
  if (identity.supplementary == Supplementary::replace) {
    static GroupList all;
    all.clear();
    all.add(identity.group != 0 ? identity.group : sys::effective_group());
    for (const gid_t group : groups.view())
      if (!all.add(group)) return Error{EINVAL, "set the supplementary groups", ""};
    if (auto set = sys::set_groups(all.view()); !set) return set;
  }
  if (identity.group != 0)
    if (auto set = sys::set_group(identity.group); !set) return set;
  if (identity.user != 0)
    if (auto set = sys::set_user(identity.user); !set) return set;
  return {};
}

void forget_identity(Environment& environment) noexcept {
  for (const char* const name : {uid_variable, gid_variable, gidlist_variable}) environment.unset(name);
}

}  // namespace s6::chain
