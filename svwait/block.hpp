#pragma once
// A block of words before a program on a command line: "WORD... '' PROGRAM...". An execline script writes it
// `{ WORD... } PROGRAM...`, and execlineb puts a blank before each word, so that an empty word is the end of the block
// and never a part of it. In a shell the blank may be left out. Pure.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace s6::svwait {

enum class BlockProblem : std::uint8_t { none, unterminated, no_program };

struct Block {
  BlockProblem problem = BlockProblem::none;
  std::span<const char* const> words;
  std::span<const char* const> program;  // to the end of the command line; never empty without a problem
};

// Takes one leading blank off each word of the block, in place.
inline Block split_block(std::span<const char*> command_line) noexcept {
  const auto end = std::ranges::find_if(command_line, [](const char* word) { return *word == '\0'; });
  if (end == command_line.end()) return {BlockProblem::unterminated, {}, {}};
  const auto size = static_cast<std::size_t>(end - command_line.begin());
  if (size + 1 == command_line.size()) return {BlockProblem::no_program, {}, {}};
  const std::span<const char*> words = command_line.first(size);
  for (const char*& word : words)
    if (*word == ' ') ++word;
  return {BlockProblem::none, words, command_line.subspan(size + 1)};
}

constexpr std::string_view explain(BlockProblem problem) noexcept {
  switch (problem) {
    case BlockProblem::none: break;
    case BlockProblem::unterminated: return "unterminated block: there is no empty word before the program";
    case BlockProblem::no_program: return "no program after the block";
  }
  return {};
}

}  // namespace s6::svwait
