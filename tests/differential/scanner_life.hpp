#pragma once
// Lives of a scan directory, made up from a seed: which services there are, and what happens to the directory, to the
// scanner and to what it runs. Pure, so that the same seed is the same life on every machine.
//
// What the two real programs are known to do differently is left out here, and only here: the reasons are in
// process/differences.hpp.
#include <cstdint>
#include <string>
#include <vector>

namespace s6::test {

struct ScannerStep {
  enum class Kind : std::uint8_t {
    service,  // makes the service directory `name`; `text` is the kind of service
    logger,   // gives it a logger of the kind `text`
    link,     // the entry `text` for the service `name`
    unlink,   // the entry `name`
    rename,   // the entry `name`, to `text`
    clutter,  // `name` in the scan directory is what is no service: `text` is file, fifo or directory
    control,  // `text` goes to the scanner's control FIFO in one write
    signal,   // to the scanner
    command,  // `text` goes to the control FIFO of the service or logger `name` in one write
    kill,     // KILL to what `text` says of the service or logger `name`: supervisor, service or both
    gate,     // lets the service or logger `name` end, if it is a stubborn one
    program,  // .s6-svscan/`name` follows the script `text`
    remove,   // .s6-svscan/`name`
    dismiss,  // every supervisor is told to leave and to take its service along; `text` is all or loggers
    release,  // every stubborn service that lives may end
    start     // the scanner, if there is none any more
  };
  Kind kind;
  std::string name;
  std::string text;
  int signal = 0;
};

struct ScannerLife {
  std::vector<ScannerStep> setup;  // before the scanner is started
  std::vector<ScannerStep> steps;
  int rescan = 0;  // its option -t, in milliseconds
};

ScannerLife make_scanner_life(std::uint64_t seed);

// Some of the steps of a life may not follow each other without others between them, for the sake of the differences
// that are known. This puts those in, and leaves out what cannot be.
ScannerLife completed(const ScannerLife& life);

// Can a supervisor end in consequence, and so have to be started again a second later?
bool may_end_a_supervisor(const ScannerStep& step);

// One line, for people.
std::string to_text(const ScannerStep& step);

}  // namespace s6::test
