#pragma once
// Sending commands to several supervisors.
#include <span>
#include <string_view>

#include "common/service_dir.hpp"

namespace s6::svc {

// What became of a command, as an exit code of s6-svc.
enum Exit : int { delivered = 0, malformed = 1, out_of_time = 99, not_listening = 102, refused = 111 };

// Writes `commands` to all of them, whatever happens with some, and says what went wrong on fd 2. The exit code is that
// of the last failure.
int send_to_all(std::span<const char* const> directories, std::string_view commands,
                const service_dir::Patience& patience) noexcept;

}  // namespace s6::svc
