#include "svstat/log_text.hpp"

#include <algorithm>

#include "common/text.hpp"

namespace s6::svstat {
namespace {

std::string_view from(std::string_view text, std::size_t begin) noexcept {
  begin = std::min(begin, text.size());
  return {text.data() + begin, text.size() - begin};
}

// Takes the line that `rest` begins with, what a backslash continues included.
std::string_view take_line(std::string_view& rest) noexcept {
  std::size_t end = rest.find('\n');
  while (end != std::string_view::npos && end > 0 && rest[end - 1] == '\\') end = rest.find('\n', end + 1);
  const std::string_view line = head(rest, end);
  rest = end == std::string_view::npos ? std::string_view() : from(rest, end + 1);
  return line;
}

std::string_view take_word(std::string_view& rest) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!rest.empty() && is_blank(rest[0])) rest.remove_prefix(1);
  const auto* end = std::ranges::find_if(rest, is_blank);
  const std::string_view word(rest.data(), static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(word.size());
  return word;
}

bool is_log_program(std::string_view word) noexcept {
  const std::size_t slash = word.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? word : from(word, slash + 1);
  return name == "s6-log" || name == "multilog" || name == "svlogd";
}

std::string_view without_quotes(std::string_view word) noexcept {
  const bool quoted = word.size() >= 2 && (word[0] == '"' || word[0] == '\'') && word.back() == word[0];
  return quoted ? std::string_view(word.data() + 1, word.size() - 2) : word;
}

// The directory that a command line of a logger names; `is_logger` tells whether it is one.
std::string_view directory_in_line(std::string_view line, bool& is_logger) noexcept {
  std::string_view directory;
  is_logger = false;
  for (std::string_view word = take_word(line); !word.empty() && word[0] != '#'; word = take_word(line)) {
    if (is_log_program(word)) {
      is_logger = true;
      continue;
    }
    word = without_quotes(word);
    if (is_logger && !word.empty() && (word[0] == '/' || word[0] == '.')) directory = word;
  }
  return directory.find_first_of("$`*?[\\\"'") == std::string_view::npos ? directory : std::string_view();
}

}  // namespace

std::string_view log_directory_in(std::string_view run_script) noexcept {
  std::string_view found;
  while (!run_script.empty()) {
    bool is_logger = false;
    const std::string_view directory = directory_in_line(take_line(run_script), is_logger);
    if (is_logger) found = directory;
  }
  return found;
}

LastLines last_lines(std::string_view text, std::uint32_t count, bool is_whole) noexcept {
  if (count == 0) return {{}, true};
  std::uint32_t newlines = 0;
  std::size_t begin = text.size();
  // The newline at the very end closes the last line, and begins none.
  for (std::size_t i = text.empty() ? 0 : text.size() - 1; i > 0; --i) {
    if (text[i - 1] != '\n') continue;
    begin = i;
    if (++newlines == count) return {from(text, begin), true};
  }
  return is_whole ? LastLines{text, true} : LastLines{from(text, begin), false};
}

}  // namespace s6::svstat
