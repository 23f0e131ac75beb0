#include "log/matcher.hpp"

#include <algorithm>
#include <cstring>

namespace s6::log {
namespace {

constexpr std::string_view special = "^.[]$()|*+?{}\\";

constexpr bool is_special(char c) noexcept {
  return special.find(c) != std::string_view::npos;
}
// What a byte beyond ASCII is depends on the library's idea of characters.
constexpr bool is_plain(char c) noexcept {
  return !is_special(c) && static_cast<unsigned char>(c) < 0x80;
}
constexpr bool is_quantifier(char c) noexcept {
  return c == '*' || c == '+' || c == '?' || c == '{';
}

// How common a byte is in logs, roughly: the more, the later it is looked for.
constexpr int commonness(char c) noexcept {
  constexpr std::string_view common = "qzjxkvwybgfpumhcdlrnsioate ";
  const std::size_t at = common.find(c);
  if (at != std::string_view::npos) return static_cast<int>(at) + 20;
  if (c >= '0' && c <= '9') return 30;
  if (c == '.' || c == ':' || c == '-' || c == '/' || c == ',' || c == '=') return 30;
  return 10;
}

}  // namespace

// --- Literal -------------------------------------------------------------------------------------------------------

Literal::Literal(std::string_view text) noexcept : size_(std::min(text.size(), max_size)) {
  std::copy_n(text.begin(), size_, text_.begin());
  for (std::size_t i = 1; i < size_; ++i)
    if (commonness(text_[i]) < commonness(text_[rarest_])) rarest_ = i;
}

std::size_t Literal::find(std::string_view line, std::size_t from) const noexcept {
  if (line.size() < size_) return std::string_view::npos;
  const std::size_t last = line.size() - size_;  // the last place where it can begin
  while (from <= last) {
    const char* const start = line.data() + from + rarest_;
    const void* const found = std::memchr(start, text_[rarest_], last - from + 1);
    if (found == nullptr) break;
    from += static_cast<std::size_t>(static_cast<const char*>(found) - start);
    if (std::memcmp(line.data() + from, text_.data(), size_) == 0) return from;
    ++from;
  }
  return std::string_view::npos;
}

// --- ByteSequence --------------------------------------------------------------------------------------------------

class ByteSequence::Reader {
 public:
  Reader(ByteSequence& sequence, std::string_view regex) noexcept : sequence_(sequence), rest_(regex) {}

  bool read() noexcept {
    if (rest_.starts_with('^')) {
      sequence_.at_start_ = true;
      rest_.remove_prefix(1);
    }
    while (!rest_.empty()) {
      if (rest_ == "$") {
        sequence_.at_end_ = true;
        return true;
      }
      ByteSet set;
      if (!element(set) || !repeated(set)) return false;
    }
    return true;
  }

 private:
  char take() noexcept {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool element(ByteSet& set) noexcept {
    const char c = take();
    if (c == '.') {
      set.add_all();
      return true;
    }
    if (c == '[') return bracket(set);
    if (c == '\\') return !rest_.empty() && is_special(rest_.front()) && add(set, take());
    return is_plain(c) && add(set, c);
  }

  static bool add(ByteSet& set, char c) noexcept {
    set.add(c);
    return true;
  }

  // [abc], [a-z], [^a-z]; no classes, and none of the places where ] or - stand for themselves.
  bool bracket(ByteSet& set) noexcept {
    const bool inverted = rest_.starts_with('^');
    if (inverted) rest_.remove_prefix(1);
    for (bool first = true;; first = false) {
      if (rest_.empty()) return false;
      const char from = take();
      if (from == ']' && !first) break;
      if (!ordinary_in_bracket(from)) return false;
      char to = from;
      if (rest_.starts_with('-')) {
        rest_.remove_prefix(1);
        if (rest_.empty() || !ordinary_in_bracket(rest_.front())) return false;
        to = take();
        if (to < from) return false;
      }
      for (char c = from; c <= to; ++c) add(set, c);
    }
    if (inverted) set.invert();
    return true;
  }

  static bool ordinary_in_bracket(char c) noexcept {
    return c >= ' ' && c < 0x7f && c != '[' && c != ']' && c != '-' && c != '\\' && c != '^';
  }

  // Adds the set as often as {N} after it says.
  bool repeated(const ByteSet& set) noexcept {
    std::size_t times = 1;
    if (rest_.starts_with('{')) {
      rest_.remove_prefix(1);
      const std::size_t digits = rest_.find('}');
      if (digits == 0 || digits > 2) return false;
      times = 0;
      for (std::size_t i = 0; i < digits; ++i) {
        const char digit = take();
        if (digit < '0' || digit > '9') return false;
        times = times * 10 + static_cast<std::size_t>(digit - '0');
      }
      rest_.remove_prefix(1);
      if (times == 0) return false;
    }
    if (!rest_.empty() && is_quantifier(rest_.front())) return false;
    if (sequence_.size_ + times > max_size) return false;
    for (; times > 0; --times) sequence_.sets_[sequence_.size_++] = set;
    return true;
  }

  ByteSequence& sequence_;
  std::string_view rest_;
};

bool ByteSequence::read(std::string_view regex) noexcept {
  if (!Reader(*this, regex).read()) return false;
  choose_literal();
  return true;
}

void ByteSequence::choose_literal() noexcept {
  std::array<char, max_size> text{};
  std::size_t run = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    if (sets_[i].size() != 1) {
      run = 0;
      continue;
    }
    text[run++] = sets_[i].first();
    if (run <= literal_.view().size()) continue;
    literal_ = Literal({text.data(), run});
    literal_at_ = i + 1 - run;
  }
}

bool ByteSequence::matches_at(const char* text) const noexcept {
  for (std::size_t i = 0; i < size_; ++i)
    if (!sets_[i].has(text[i])) return false;
  return true;
}

bool ByteSequence::found_in(std::string_view line) const noexcept {
  if (line.size() < size_) return false;
  const std::size_t last = line.size() - size_;
  if (at_end_) return (!at_start_ || last == 0) && matches_at(line.data() + last);
  if (at_start_) return matches_at(line.data());
  if (literal_.empty()) {
    for (std::size_t at = 0; at <= last; ++at)
      if (matches_at(line.data() + at)) return true;
    return false;
  }
  const bool is_literal = literal_.view().size() == size_;
  for (std::size_t at = literal_at_; (at = literal_.find(line, at)) <= last + literal_at_; ++at)
    if (is_literal || matches_at(line.data() + at - literal_at_)) return true;
  return false;
}

// --- what every match contains -------------------------------------------------------------------------------------
namespace {

// The position after the bracket expression that begins at `at`.
std::size_t skip_bracket(std::string_view regex, std::size_t at) noexcept {
  ++at;
  if (at < regex.size() && regex[at] == '^') ++at;
  if (at < regex.size() && regex[at] == ']') ++at;
  while (at < regex.size() && regex[at] != ']') {
    const bool named = regex[at] == '[' && at + 1 < regex.size() &&
                       (regex[at + 1] == ':' || regex[at + 1] == '.' || regex[at + 1] == '=');
    if (named) {
      const char kind = regex[at + 1];
      at += 2;
      while (at + 1 < regex.size() && !(regex[at] == kind && regex[at + 1] == ']')) ++at;
      ++at;
    }
    ++at;
  }
  return at + 1;
}

// Collects runs of characters that must all be there, one after the other, and keeps the longest.
class Runs {
 public:
  void add(char c) noexcept {
    if (size_ < text_.size())
      text_[size_++] = c;
    else
      end();
  }
  void end() noexcept {
    if (size_ > longest_.view().size()) longest_ = Literal({text_.data(), size_});
    size_ = 0;
  }
  [[nodiscard]] const Literal& longest() const noexcept { return longest_; }

 private:
  std::array<char, Literal::max_size> text_{};
  std::size_t size_ = 0;
  Literal longest_;
};

}  // namespace

Literal required_literal(std::string_view regex) noexcept {
  Runs runs;
  int depth = 0;
  for (std::size_t at = 0; at < regex.size();) {
    const char c = regex[at];
    if (c == '|' && depth == 0) return {};  // it may be the other alternative
    char literal = '\0';
    if (c == '[') {
      at = skip_bracket(regex, at);
    } else if (c == '\\') {
      if (at + 1 >= regex.size()) return {};
      if (is_special(regex[at + 1])) literal = regex[at + 1];
      at += 2;
    } else if (c == '{') {
      at = regex.find('}', at);  // its numbers are no text
      if (at == std::string_view::npos) return {};
      ++at;
    } else {
      if (c == '(') ++depth;
      if (c == ')' && --depth < 0) return {};
      if (is_plain(c)) literal = c;
      ++at;
    }
    // What may be there several times, or not at all, is left out.
    const bool quantified = at < regex.size() && is_quantifier(regex[at]);
    if (literal != '\0' && depth == 0 && !quantified)
      runs.add(literal);
    else
      runs.end();
  }
  runs.end();
  return runs.longest();
}

// --- Matcher -------------------------------------------------------------------------------------------------------

bool Matcher::compile(const char* regex) noexcept {
  if (!pattern_.compile(regex)) return false;
  is_sequence_ = sequence_.read(regex);
  if (!is_sequence_) required_ = required_literal(regex);
  return true;
}

Matcher::Verdict Matcher::search(std::string_view line) const noexcept {
  if (is_sequence_) return sequence_.found_in(line) ? Verdict::yes : Verdict::no;
  if (!required_.empty() && required_.find(line) == std::string_view::npos) return Verdict::no;
  switch (pattern_.search(line.data(), Begins::at_the_start)) {
    case 0: return Verdict::yes;
    case REG_NOMATCH: return Verdict::no;
    default: return Verdict::unknown;
  }
}

}  // namespace s6::log
