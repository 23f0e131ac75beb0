#pragma once
// What s6-svscan has been asked to do since it last acted. Commands add up: whatever their order, none takes away what
// another one asked for. Pure.
#include <algorithm>
#include <cstdint>

namespace s6::svscan {

// How loggers are told to leave; services are always told to terminate.
enum class Farewell : std::uint8_t {
  none,
  drain,     // they may read to the end of their input
  terminate  // at once
};

enum class Leave : std::uint8_t {
  no,
  when_all_are_dead,
  at_once  // whatever still runs
};

struct Requests {
  bool reap = false;
  bool scan = false;
  Farewell prune = Farewell::none;  // to what the last successful scan did not find
  Farewell kill = Farewell::none;   // to everything
  Leave leave = Leave::no;          // the last command that speaks of it decides how

  // Adds a command, a byte as written into the control FIFO. false: it is none.
  constexpr bool add(char command) noexcept {
    switch (command) {
      case 'z': reap = true; return true;
      case 'a': scan = true; return true;
      case 'n': prune = std::max(prune, Farewell::drain); return true;
      case 'N': prune = std::max(prune, Farewell::terminate); return true;
      case 'h':
        scan = true;
        prune = std::max(prune, Farewell::drain);
        return true;
      case 't':
      case 'i':
        kill = std::max(kill, Farewell::drain);
        leave = Leave::when_all_are_dead;
        return true;
      case 'q':
        kill = std::max(kill, Farewell::terminate);
        leave = Leave::when_all_are_dead;
        return true;
      case 'b': leave = Leave::at_once; return true;
      default: return false;
    }
  }
};

}  // namespace s6::svscan
