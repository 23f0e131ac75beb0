#pragma once
// Work that leaves nothing behind.
#include <filesystem>
#include <functional>

namespace s6::bench {

// Does the work in a child, so that somebody is there to clean up, however it ends: interrupted, crashed, killed. The
// child is the subreaper of all that it starts, and gets a new directory, in S6_BENCH_DIR or /dev/shm; afterwards its
// descendants, its control groups and this directory are removed. The result is that of the work; 2 if it throws or
// ends in another way.
int guarded(const std::function<int(const std::filesystem::path& scratch)>& work);

}  // namespace s6::bench
