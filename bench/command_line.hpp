#pragma once
// The command line of the harness. Pure.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace s6::bench {

struct Labelled {
  std::string directory;
  std::string label;
};

struct Settings {
  std::optional<Labelled> ours;
  std::vector<Labelled> against;
  std::optional<Labelled> runit;
  std::vector<std::string> only;  // ids of figures or names of families; empty: all
  std::string out;                // empty: stdout
  int largest = 10'000;           // most services in the table of the cost against N
  bool quick = false;
  bool list = false;
};

// Nothing, if it is wrong.
std::optional<Settings> parse(std::span<const char* const> words);
extern const char* const usage;

}  // namespace s6::bench
