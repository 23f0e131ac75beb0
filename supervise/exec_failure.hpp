#pragma once
// Why a program could not be executed, and what to do about it. execve(2) answers with one number for half a dozen
// mistakes; looking at the file tells them apart.
#include <cstddef>
#include <span>
#include <string_view>

#include "common/text.hpp"

namespace s6::supervise {

// The first bytes of a file, as execve looks at them (Linux reads 256 of them).
inline constexpr std::size_t head_size = 256;

enum class Head : unsigned char { empty, elf, script, script_with_cr, script_without_interpreter, no_magic };
struct HeadVerdict {
  Head kind = Head::empty;
  std::string_view interpreter;  // of a script; points into the head
};
// Pure.
HeadVerdict inspect_head(std::string_view content) noexcept;

// Completes "unable to execute PATH: ". `code` is execve's errno.
using Explanation = TextBuffer<512>;
Explanation explain_exec_failure(const char* path, int code) noexcept;

}  // namespace s6::supervise
