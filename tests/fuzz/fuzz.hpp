#pragma once
// What the fuzz targets share: a check that stops the run, and their input as text, as numbers, as a command line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace s6::fuzz {

inline void check(bool condition) {
  if (!condition) std::abort();
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::span<const std::byte> bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

// For LLVMFuzzerInitialize: what the code under test writes on stderr goes nowhere, what libFuzzer itself says does
// not.
inline void silence(int* argc, char*** argv) {
  static char option[] = "-close_fd_mask=2";
  static std::vector<char*> words;
  words.assign(*argv, *argv + *argc);
  words.push_back(option);
  *argc = static_cast<int>(words.size());
  words.push_back(nullptr);
  *argv = words.data();
}

// Takes an input apart from its front. What is missing at its end counts as zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(text(data, size)) {}

  template <class Number>
  Number number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value = value << 8 | (left_.empty() ? 0 : static_cast<unsigned char>(left_[0]));
      left_.remove_prefix(std::min<std::size_t>(1, left_.size()));
    }
    return static_cast<Number>(value);
  }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

// A command line: the words are what stands between nul bytes.
class CommandLine {
 public:
  explicit CommandLine(std::string_view input) : words_(1) {
    for (const char c : input) {
      if (c == '\0')
        words_.emplace_back();
      else
        words_.back() += c;
    }
    for (const std::string& word : words_) argv_.push_back(word.c_str());
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] std::span<const char*> argv() { return argv_; }

 private:
  std::vector<std::string> words_;
  std::vector<const char*> argv_;
};

}  // namespace s6::fuzz
