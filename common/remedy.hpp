#pragma once
// What to do about a service or fifodir that a client cannot use. Only called when something has gone wrong: it looks
// around.
#include <string_view>

namespace s6::service_dir {

// What the client wanted to do: each is granted by another option of s6-svperms.
enum class Use : unsigned char { look, command, subscribe };

// Completes "unable to ...: REASON; ", or is empty where the reason, an errno, says it all.
std::string_view remedy(const char* directory, Use use, int code) noexcept;

// The same where it is known that no supervisor runs: which part of it is missing?
std::string_view remedy_without_supervisor(const char* directory) noexcept;

// And where no s6-svscan runs on what should be a scan directory.
std::string_view remedy_without_scanner(const char* directory) noexcept;

}  // namespace s6::service_dir

namespace s6::fifodir {

// The same for fifodirs in general.
std::string_view remedy(int code) noexcept;

}  // namespace s6::fifodir

namespace s6::sys {

// Where files cannot be watched: the kernel says that a disk is full or descriptors have run out, but means other
// limits.
std::string_view remedy_for_watching(int code) noexcept;

}  // namespace s6::sys
