#pragma once
// Words for shell scripts that programs of this family write. Pure.
#include <optional>
#include <string_view>

#include "common/text.hpp"

namespace s6::shell {

// One word, whatever is in it. false: it did not fit.
template <std::size_t N>
bool append_quoted(TextBuffer<N>& script, std::string_view word) noexcept {
  script.append("'");
  for (std::size_t start = 0; start < word.size();) {
    const std::string_view rest(word.data() + start, word.size() - start);
    const std::string_view plain = head(rest, rest.find('\''));
    script.append(plain);
    start += plain.size();
    if (start == word.size()) break;
    script.append("'\\''");
    ++start;
  }
  return script.append("'");
}

// Words as people write them in one argument: with blanks between them; double quotes keep what is between them
// together, a backslash takes the next character as it is, also within quotes.
class Words {
 public:
  using Word = TextBuffer<1024>;
  explicit Words(std::string_view text) noexcept : rest_(text) {}

  // The next word; nothing at the end, and after an error.
  std::optional<Word> next() noexcept {
    while (!rest_.empty() && is_blank(rest_[0])) rest_.remove_prefix(1);
    if (rest_.empty() || failed_) return std::nullopt;
    Word word;
    bool quoted = false;
    for (; !rest_.empty() && (quoted || !is_blank(rest_[0])); rest_.remove_prefix(1)) {
      if (rest_[0] == '"') {
        quoted = !quoted;
        continue;
      }
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      word.append(std::string_view(rest_.data(), 1));
    }
    failed_ = quoted || !word.ok();
    if (failed_) return std::nullopt;
    return word;
  }
  // A quote that is not closed, or a word that is too long.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace s6::shell
