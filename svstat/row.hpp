#pragma once
// What is shown of one service or logger, by s6-svls in its table and documents, and by s6-svstat --json. Pure.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/tai.hpp"
#include "svstat/observation.hpp"

namespace s6::svstat {

// The newest lines of a logger's log.
struct Tail {
  std::string_view file;   // the path of its `current`; empty: none was found
  int error = 0;           // errno: it cannot be read
  std::string_view lines;  // whole lines, each with its newline, but for the last one perhaps
};

struct Row {
  std::string_view name;    // as its entry in the scan directory is called; any bytes
  std::size_t number = 0;   // which of the entries it was in the order of the directory
  Observation seen;         // of the service
  bool has_logger = false;  // the directory has a subdirectory `log`
  Observation logger;       // of that
  bool has_tail = false;    // it was asked for
  Tail tail;                // of the logger
};

struct Scan {
  std::string_view path;  // as given
  Keeper scanner;
  std::span<const Row> rows;  // in the order in which they are to be shown
};

enum class SortKey : std::uint8_t {
  name,    // byte by byte
  state,   // what is not as wanted first
  age,     // what has changed last first
  deaths,  // what has died most often first
};
std::optional<SortKey> sort_key_of(std::string_view name) noexcept;
// Loggers stay with their services. What is equal goes by its name.
void sort(std::span<Row> rows, SortKey key) noexcept;

// What s6-svls exits with: 2 if a scan directory has no scanner, else 1 if something is not as wanted, else 0.
int exit_code_of(std::span<const Scan> scans) noexcept;

}  // namespace s6::svstat
