#pragma once
// The command-line grammar of the family. One constexpr table per program is the parser's input and the source of its
// usage line. Pure.
//
// Words are read from the left. Options end at the first word that does not start with '-', at a lone '-' (an operand),
// or after "--". Short options may be bundled, their value glued on or given as the next word. Some programs also know
// long options, always as --name=value: no abbreviation, no value in the next word. The last of several wins.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/text.hpp"

namespace s6::options {

// argv without the program's name.
inline std::span<const char* const> words_of(int argc, const char* const* argv) noexcept {
  return std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
}

// The operands of a program that has no options: "--" only ends the options where all that it needs follows.
inline std::span<const char* const> operands_without_options(std::span<const char* const> words,
                                                             std::size_t needed = 1) noexcept {
  return words.size() > needed && std::string_view(words[0]) == "--" ? words.subspan(1) : words;
}

inline constexpr char no_letter = '\0';

struct Spec {
  char letter;                      // no_letter: only the long form
  std::string_view value = {};      // what to call the value in the usage line; empty: takes none
  std::string_view long_name = {};  // empty: none
};

// Nothing is wrong with --help and --version, but they end a command line like a problem: no program does anything else
// then. They are what is left of the unknown options: a table can have an option of that name.
enum class Problem : std::uint8_t { none, unknown_option, missing_value, refused, help, version };

// What a word would ask for if it were an unknown option: help, version or nothing but an explanation.
Problem request_of(std::string_view word) noexcept;

// Steps through the options of a command line.
class Reader {
 public:
  // `words` is argv without the program's name.
  Reader(std::span<const Spec> specs, std::span<const char* const> words) noexcept : specs_(specs), words_(words) {}

  // The next option; false at the end of the options or at a problem.
  bool next() noexcept;
  [[nodiscard]] char letter() const noexcept { return specs_[index_].letter; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }  // in the table
  [[nodiscard]] const char* value() const noexcept { return value_; }  // null for options that take none
  [[nodiscard]] Problem problem() const noexcept { return problem_; }
  // The option that `problem` speaks of, as it was written.
  [[nodiscard]] std::string_view culprit() const noexcept { return culprit_; }
  [[nodiscard]] std::span<const char* const> operands() const noexcept { return words_; }

  // The caller does not accept this option's value.
  void refuse() noexcept {
    problem_ = Problem::refused;
    culprit_ = written_;
  }

 private:
  bool fail(Problem problem, std::string_view culprit) noexcept;
  bool next_long(std::string_view word) noexcept;
  bool next_short() noexcept;

  std::span<const Spec> specs_;
  std::span<const char* const> words_;
  const char* cluster_ = nullptr;  // the rest of a word of bundled letters
  std::size_t index_ = 0;
  const char* value_ = nullptr;
  std::string_view written_;
  std::string_view culprit_;
  Problem problem_ = Problem::none;
  bool ended_ = false;
};

// A table entry with what it does to a program's settings. `apply` answers false for a value it does not accept.
template <class Settings>
struct Option {
  Spec spec;
  bool (*apply)(Settings& settings, char letter, const char* value);
  const char* help = "";  // what it does, in a few words
};

// The options of a table with their help, whatever settings they change.
class Descriptions {
 public:
  struct Entry {
    const Spec& spec;
    std::string_view help;
  };
  constexpr Descriptions() noexcept = default;
  template <class Settings, std::size_t N>
  constexpr explicit Descriptions(const Option<Settings> (&table)[N]) noexcept
      : table_(table), size_(N), entry_([](const void* first, std::size_t index) noexcept {
          const auto& option = static_cast<const Option<Settings>*>(first)[index];
          return Entry{option.spec, option.help};
        }) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Entry operator[](std::size_t index) const noexcept { return entry_(table_, index); }

 private:
  const void* table_ = nullptr;
  std::size_t size_ = 0;
  Entry (*entry_)(const void* table, std::size_t index) noexcept = nullptr;
};

struct Outcome {
  Problem problem = Problem::none;
  std::string_view culprit;
  std::span<const char* const> operands;
  Descriptions options;
  const char* value = nullptr;  // that was refused
};

// Applies a whole command line to `settings`, stopping at the first problem.
template <class Settings, std::size_t N>
Outcome parse(const Option<Settings> (&table)[N], Settings& settings, std::span<const char* const> words) noexcept {
  Spec specs[N];
  for (std::size_t i = 0; i < N; ++i) specs[i] = table[i].spec;
  Reader reader(specs, words);
  while (reader.next()) {
    if (table[reader.index()].apply(settings, reader.letter(), reader.value())) continue;
    reader.refuse();
    break;
  }
  return {reader.problem(), reader.culprit(), reader.operands(), Descriptions(table), reader.value()};
}

// "s6-svscan [ -t ms | --timeout=ms ] [ -abc ] OPERANDS"
using UsageText = TextBuffer<1024>;
UsageText usage(std::string_view program, std::span<const Spec> specs, std::string_view operands) noexcept;

template <class Settings, std::size_t N>
UsageText usage(std::string_view program, const Option<Settings> (&table)[N], std::string_view operands) noexcept {
  Spec specs[N];
  for (std::size_t i = 0; i < N; ++i) specs[i] = table[i].spec;
  return usage(program, std::span<const Spec>(specs), operands);
}

// What --help prints: the usage line, a line per option and `exit_codes`, a list without its last two, which are the
// same for all programs.
using HelpText = TextBuffer<6144>;
HelpText help(std::string_view usage_line, const Descriptions& options, std::string_view exit_codes) noexcept;

// "unknown option -x", "option -t needs a value", "invalid value for option -t: 5s"
TextBuffer<256> explain(const Outcome& outcome) noexcept;

}  // namespace s6::options
