#pragma once
// What s6-softlimit makes of a limit. Pure.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/sys.hpp"

namespace s6::chain {

enum class Scope { soft, hard, both };

// Nothing for `value` means "as much as there is": the hard limit, or none at all where that is to be changed.
// A soft limit alone is never more than the hard one allows; a hard limit takes the soft one down with it.
constexpr sys::ResourceLimit limited(const sys::ResourceLimit& current, Scope scope,
                                     std::optional<std::uint64_t> value) noexcept {
  const std::uint64_t wanted = value.value_or(scope == Scope::soft ? current.hard : sys::unlimited);
  switch (scope) {
    case Scope::soft: return {std::min(wanted, current.hard), current.hard};
    case Scope::hard: return {std::min(current.soft, wanted), wanted};
    case Scope::both: return {wanted, wanted};
  }
  return current;
}

}  // namespace s6::chain
