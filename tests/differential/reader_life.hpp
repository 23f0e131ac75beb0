#pragma once
// Service directories as nobody would leave them, and what is asked about them: status files and death tallies of every
// content, made up from a seed. Pure.
//
// What the two real programs are known to do differently is left out here, and only here: the reasons are in
// process/differences.hpp.
#include <cstdint>
#include <string>
#include <vector>

namespace s6::test {

struct ReaderStep {
  enum class Kind : std::uint8_t {
    file,  // writes the bytes `text` into the file `name`
    lock,  // somebody holds supervise/lock, as a supervisor does
    ask    // runs the program `name` with the words of `text`, DIR being the directory
  };
  Kind kind;
  std::string name;
  std::string text;
};

struct ReaderLife {
  std::vector<ReaderStep> setup;  // files and locks
  std::vector<ReaderStep> steps;  // questions, and files that change between them
};

ReaderLife make_reader_life(std::uint64_t seed);

// One line, for people: bytes in hexadecimal.
std::string to_text(const ReaderStep& step);

}  // namespace s6::test
