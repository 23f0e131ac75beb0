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

struct SupervisorStep {
  enum class Kind : std::uint8_t {
    control,    // `text` goes to supervise/control in one write
    signal,     // to the supervisor
    hit,        // a signal to the process that the status names
    gate,       // opens the gate `text` for whoever waits there
    file,       // writes `text` into the file `name`; "run" and "finish" are scripts of the test service. BRIEF is a
                // timeout that is over when the life goes on, and not before what takes no time is done
    directory,  // makes a directory `name` where a file should be
    remove,     // the file `name`
    start,      // a supervisor, if there is none any more
    client      // starts the program `name` with the words of `text`; DIR is the service, TIME a timeout that is over
                // when the life goes on
  };
  Kind kind;
  std::string name;
  std::string text;
  int signal = 0;
};

struct SupervisorLife {
  std::vector<SupervisorStep> setup;  // before the supervisor is started: files only
  std::vector<SupervisorStep> steps;
};

SupervisorLife make_supervisor_life(std::uint64_t seed);

// One line, for people.
std::string to_text(const SupervisorStep& step);

}  // namespace s6::test
