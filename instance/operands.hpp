#pragma once
// SERVICE NAME: the operands of most of the programs for instances.
#include <errno.h>

#include <span>
#include <string_view>

#include "common/usage.hpp"
#include "instance/names.hpp"

namespace s6::instance {

struct Operands {
  const char* service;
  const char* name;
};
// What to do where the scan directory of the instances has no scanner.
inline constexpr std::string_view service_is_needed = "start the instanced service first, as with s6-svc -u";
inline constexpr const char* operand_text = "servicedir name";

inline Operands operands_or_die(std::span<const char* const> words, std::string_view usage) noexcept {
  if (words.size() < 2) cli::die_usage(usage, "an instanced service and the name of an instance are needed");
  if (*words[0] == '\0') cli::die_usage(usage, "empty name of a service directory");
  if (!is_instance_name(words[1]))
    cli::die_usage(usage,
                   "the instance's name may not be empty, nor begin with a dot, nor have a slash or a newline in "
                   "it, nor be longer than 251 bytes");
  return {words[0], words[1]};
}

inline Paths paths_or_die(const Operands& operands) noexcept {
  const Paths paths(operands.service, operands.name);
  if (!paths.ok()) cli::die(Error{ENAMETOOLONG, "use", operands.service});
  return paths;
}

}  // namespace s6::instance
