#include "log/input.hpp"

#include <algorithm>
#include <cstring>

namespace s6::log {
namespace {

// Is there a NUL in `text`? There hardly ever is one, and all input is asked: blocks of a fixed size, looked at to
// their end, are what a compiler makes vector instructions of.
bool has_nul(std::span<const char> text) noexcept {
  constexpr std::size_t block = 256;
  while (text.size() >= block) {
    unsigned char found = 0;
    for (std::size_t i = 0; i < block; ++i) found |= static_cast<unsigned char>(text[i] == '\0');
    if (found != 0) return true;
    text = text.subspan(block);
  }
  return !text.empty() && std::memchr(text.data(), '\0', text.size()) != nullptr;
}

}  // namespace

std::span<char> Input::space(std::size_t most) noexcept {
  const std::size_t usable = memory_.size() - 1;  // one more for whoever wants to terminate the last line
  if (usable - end_ < most && begin_ > 0) make_space();
  return memory_.subspan(end_, std::min(most, usable - end_));
}

// Moves what is left to the front, so that what comes next begins on a cache line: the kernel copies faster there.
void Input::make_space() noexcept {
  constexpr std::size_t line = 64;
  const std::size_t aligned = (size() + line - 1) / line * line;
  const std::size_t end = aligned < end_ ? aligned : size();
  const std::size_t begin = end - size();
  std::memmove(memory_.data() + begin, memory_.data() + begin_, size());
  begin_ = begin;
  end_ = end;
}

void Input::filled(std::size_t count) noexcept {
  char* at = memory_.data() + end_;
  end_ += count;
  if (ends_ == LineEnds::newline || !has_nul({at, count})) return;
  char* const end = memory_.data() + end_;
  while ((at = static_cast<char*>(std::memchr(at, '\0', static_cast<std::size_t>(end - at)))) != nullptr) *at++ = '\n';
}

// How much of [from, to) can hold a newline that ends a line beginning at `from`.
std::size_t Input::window(std::size_t from, std::size_t to) const noexcept {
  const std::size_t available = to - from;
  return limit_ != 0 && available > limit_ ? limit_ + 1 : available;
}

// The line at begin_ has no newline where it must have one.
std::optional<Input::Piece> Input::unterminated(InputEnd end) const noexcept {
  const char* const text = memory_.data() + begin_;
  if (limit_ != 0 && size() > limit_) return Piece{{text, limit_}, false};
  if (end == InputEnd::ended && !empty()) return Piece{{text, size()}, false};
  return std::nullopt;
}

std::optional<Input::Piece> Input::next_lines(InputEnd end, std::size_t room) noexcept {
  // The last newline in reach of a line's beginning is the end of that line or of one after it, and none of them is
  // too long: most lines need not be looked at.
  const std::size_t stop = room < size() ? begin_ + room : end_;
  std::size_t at = begin_;
  std::size_t skip = searched_;
  while (at < stop) {
    const std::size_t reach = window(at, stop);
    if (reach <= skip) break;
    const char* const start = memory_.data() + at;
    const void* const newline = ::memrchr(start + skip, '\n', reach - skip);
    if (newline == nullptr) {
      if (at == begin_) searched_ = reach;
      break;
    }
    at = static_cast<std::size_t>(static_cast<const char*>(newline) - memory_.data()) + 1;
    skip = 0;
  }
  if (at > begin_) return Piece{{memory_.data() + begin_, at - begin_}, true};
  auto line = next_line(end);
  if (line && line->terminated) line->text = {line->text.data(), line->text.size() + 1};
  return line;
}

std::optional<Input::Piece> Input::next_line(InputEnd end) noexcept {
  const char* const text = memory_.data() + begin_;
  const std::size_t reach = window(begin_, end_);
  if (reach > searched_) {
    const void* const newline = std::memchr(text + searched_, '\n', reach - searched_);
    if (newline != nullptr)
      return Piece{{text, static_cast<std::size_t>(static_cast<const char*>(newline) - text)}, true};
    searched_ = reach;
  }
  return unterminated(end);
}

std::size_t Input::last_line_size() const noexcept {
  const char* const text = memory_.data() + begin_;
  const void* const newline = ::memrchr(text, '\n', size());
  if (newline == nullptr) return size();
  return size() - static_cast<std::size_t>(static_cast<const char*>(newline) - text) - 1;
}

void Input::take(std::size_t count) noexcept {
  begin_ += count;
  searched_ = 0;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace s6::log
