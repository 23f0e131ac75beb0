#pragma once
// What a service tells of itself: a file `record` in its directory, mapped by the service and by the test.
#include <cstddef>
#include <cstdint>

namespace s6::soak {

struct Record {
  std::uint64_t lives;     // times ./run was started
  std::uint64_t finishes;  // times ./finish was
  std::uint64_t begun;     // number of the line that is being written, or was last
  std::uint64_t written;   // number of the last line that was; one less than `begun` while a write goes on
};

// A service that is killed in a write cannot know whether the line was written: its next life puts the number, 8 bytes,
// into the file `doubtful` and goes on with the next one.
inline constexpr const char* record_file = "record";
inline constexpr const char* doubtful_file = "doubtful";

inline constexpr std::size_t line_size = 100;  // a number, filled up, and a newline; written whole or not at all
inline constexpr int lines_at_once = 300;      // more than a pipe takes in a few goes

}  // namespace s6::soak
