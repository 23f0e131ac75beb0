#pragma once
// Lives of a service, made up from a seed: how its directory is configured, and what happens to it. Pure, so that the
// same seed is the same life on every machine.
//
// What the two real programs are known to do differently is left out here, and only here: the reasons are in
// process/differences.hpp.
#include <cstdint>
#include <string>
#include <vector>

namespace s6::test {

struct Step {
  enum class Kind : std::uint8_t {
    control,  // `text` goes to supervise/control in one write
    signal,   // to the supervisor: TERM, HUP, QUIT or INT
    gate,     // opens the gate `text` for whoever waits there
    file,     // writes `text` into the file `name`; "run" and "finish" are scripts of the test service
    remove,   // the file `name`
    start     // a supervisor, if there is none any more
  };
  Kind kind;
  std::string name;
  std::string text;
  int signal = 0;
};

struct Life {
  std::vector<Step> setup;  // before the supervisor is started: files only
  std::vector<Step> steps;
};

Life make_life(std::uint64_t seed);

// One line, for people.
std::string to_text(const Step& step);

}  // namespace s6::test
