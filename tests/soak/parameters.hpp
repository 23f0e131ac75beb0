#pragma once
// What the environment asks for; main.cpp lists it.
#include <stdlib.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace s6::soak {

inline std::size_t parameter(const char* name, std::size_t otherwise) {
  const char* text = getenv(name);
  return text != nullptr ? std::stoul(text) : otherwise;
}
inline std::size_t services() {
  return parameter("S6_SOAK_SERVICES", 200);
}
inline std::chrono::seconds disturbed_for() {
  return std::chrono::seconds(parameter("S6_SOAK_SECONDS", 60));
}
// For any state to be reached that must be reached. Only a failing test waits for it.
inline std::chrono::seconds patience() {
  return std::chrono::seconds(60 + services() / 25);
}
inline std::chrono::seconds longest_run() {
  return 3 * disturbed_for() + 3 * patience();
}

}  // namespace s6::soak
