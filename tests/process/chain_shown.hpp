#pragma once
// What programs show of the state that the programs of chain/ gave them.
#include <sstream>
#include <string>

namespace s6::test {

// "soft hard" of one limit in /proc/PID/limits, by the name that it has there.
inline std::string limit_in(const std::string& limits, const std::string& name) {
  const auto at = limits.find(name);
  if (at == std::string::npos) return "none";
  std::istringstream columns(limits.substr(at + name.size()));
  std::string soft, hard;
  columns >> soft >> hard;
  return soft + " " + hard;
}

// A shell script: does the shell lead its process group, its session? Prints "yes no ".
inline const std::string show_leads =
    "set -- $(cat /proc/$$/stat); for id in $5 $6; do [ $id = $$ ] && echo yes || echo no; done | tr '\\n' ' '";

}  // namespace s6::test
