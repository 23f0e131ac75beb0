#pragma once
// Removing the oldest archives of a directory until it is within its quota.
#include "common/result.hpp"
#include "log/archive.hpp"

namespace s6::log {

// `path` is for messages. What cannot be removed is told and left; it counts as if it were gone, so that nothing newer
// has to go instead of it.
Result<void> trim(int directory, const char* path, const Quota& quota) noexcept;

}  // namespace s6::log
