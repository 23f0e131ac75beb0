#include "log/input.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "log/queue.hpp"

using namespace s6::log;

namespace {

using Lines = std::vector<std::string>;

// The slow way.
Lines cut(const std::string& text, std::size_t limit) {
  Lines lines;
  std::string line;
  bool pending = false;
  for (const char c : text) {
    if (c == '\n' || c == '\0') {
      lines.push_back(line);
      line.clear();
      pending = false;
      continue;
    }
    if (limit != 0 && line.size() == limit) {
      lines.push_back(line);
      line.clear();
    }
    line += c;
    pending = true;
  }
  if (pending) lines.push_back(line);
  return lines;
}

// Cuts `text`, read in pieces of `step` bytes.
class Cutter {
 public:
  Cutter(std::size_t capacity, std::size_t limit) : memory_(capacity), input_(memory_, limit), limit_(limit) {}

  Lines lines(const std::string& text, std::size_t step) {
    return run(text, step, [this](InputEnd end) {
      while (const auto line = input_.next_line(end)) {
        result_.emplace_back(line->text);
        CHECK((limit_ == 0 || line->text.size() <= limit_));
        input_.take_line(*line);
      }
    });
  }
  Lines blocks(const std::string& text, std::size_t step, std::size_t room) {
    return run(text, step, [this, room](InputEnd end) {
      while (const auto block = input_.next_lines(end, room)) {
        std::string taken(block->text);
        if (!block->terminated) taken += '\n';
        CHECK(taken.back() == '\n');
        CHECK((taken.size() <= room || std::ranges::count(taken, '\n') == 1));
        for (std::size_t at = 0; at < taken.size();) {
          const auto newline = taken.find('\n', at);
          result_.push_back(taken.substr(at, newline - at));
          at = newline + 1;
        }
        input_.take_lines(*block);
      }
    });
  }

 private:
  template <class Take>
  Lines run(const std::string& text, std::size_t step, Take take) {
    result_.clear();
    for (std::size_t at = 0; at < text.size();) {
      const auto space = input_.space(step);
      REQUIRE_FALSE(space.empty());
      const std::size_t count = std::min(space.size(), text.size() - at);
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, space.begin());
      input_.filled(count);
      at += count;
      take(InputEnd::open);
      CHECK(input_.ends_within_a_line() == !input_.empty());
      CHECK(input_.last_line_size() == input_.size());
    }
    take(InputEnd::ended);
    CHECK(input_.empty());
    return result_;
  }

  std::vector<char> memory_;
  Input input_;
  std::size_t limit_;
  Lines result_;
};

}  // namespace

TEST_SUITE("log input") {
  TEST_CASE("lines end at newlines and NULs, and at the end") {
    CHECK(Cutter(64, 0).lines("a\nb\n", 64) == Lines{"a", "b"});
    CHECK(Cutter(64, 0).lines("a\n\nb", 64) == Lines{"a", "", "b"});
    CHECK(Cutter(64, 0).lines(std::string("a\0b\nc", 5), 64) == Lines{"a", "b", "c"});
    CHECK(Cutter(64, 0).lines("", 64) == Lines{});
  }
  TEST_CASE("a line of the limit is not cut, a longer one is") {
    CHECK(Cutter(64, 5).lines("12345\nx", 64) == Lines{"12345", "x"});
    CHECK(Cutter(64, 5).lines("123456\n", 64) == Lines{"12345", "6"});
    CHECK(Cutter(64, 5).lines("1234567890\n", 64) == Lines{"12345", "67890"});
    CHECK(Cutter(64, 5).lines("12345", 1) == Lines{"12345"});
    CHECK(Cutter(64, 5).blocks("12345\n1\n123456\n", 64, 64) == Lines{"12345", "1", "12345", "6"});
  }
  TEST_CASE("blocks are as large as there is room, whole lines only") {
    std::vector<char> memory(64);
    Input input(memory, 10);
    std::ranges::copy(std::string_view("aa\nbb\ncc\nd"), input.space(10).begin());
    input.filled(10);
    CHECK(input.next_lines(InputEnd::open, 100)->text == "aa\nbb\ncc\n");
    CHECK(input.next_lines(InputEnd::open, 8)->text == "aa\nbb\n");
    CHECK(input.next_lines(InputEnd::open, 3)->text == "aa\n");
    CHECK(input.next_lines(InputEnd::open, 0)->text == "aa\n");
    CHECK(input.last_line_size() == 1);
  }
  TEST_CASE("any text, limit, room and size of reads") {
    std::mt19937 random(7);
    for (int i = 0; i < 5'000; ++i) {
      std::string text;
      for (auto n = random() % 200; n > 0; --n) text += random() % 8 != 0 ? 'x' : "\n\n\n\0"[random() % 4];
      const std::size_t limit = random() % 3 == 0 ? 0 : random() % 30 + 1;
      const std::size_t step = random() % 50 + 1;
      CAPTURE(text);
      CAPTURE(limit);
      CAPTURE(step);
      const Lines expected = cut(text, limit);
      REQUIRE(Cutter(400, limit).lines(text, step) == expected);
      REQUIRE(Cutter(400, limit).blocks(text, step, random() % 40) == expected);
    }
  }
  TEST_CASE("a queue keeps the order in little room") {
    std::vector<char> memory(10);
    Queue queue(memory);
    std::string in, out;
    std::mt19937 random(3);
    for (int i = 0; i < 1'000; ++i) {
      const std::string text(random() % (queue.room() + 1), static_cast<char>('a' + i % 26));
      queue.append(text);
      in += text;
      const std::size_t count = random() % (queue.size() + 1);
      out += queue.front().substr(0, count);
      queue.pop(count);
    }
    out += queue.front();
    CHECK(in == out);
  }
}
