// What the programs that listen are made of: blocks, patterns, transcripts, their command lines.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/pattern.hpp"
#include "svwait/block.hpp"
#include "svwait/options.hpp"
#include "svwait/transcript.hpp"

using namespace s6;

namespace {

// "WORD WORD | PROGRAM WORD", or the problem. Words are shown in angle brackets.
std::string block_of(std::vector<const char*> words) {
  const svwait::Block block = svwait::split_block(words);
  if (block.problem != svwait::BlockProblem::none) return std::string(svwait::explain(block.problem));
  std::string text;
  for (const char* word : block.words) text += "<" + std::string(word) + ">";
  text += "|";
  for (const char* word : block.program) text += "<" + std::string(word) + ">";
  return text;
}

bool found(const char* expression, const char* text, s6::Begins begins = s6::Begins::at_the_start) {
  s6::Pattern pattern;
  REQUIRE(pattern.compile(expression));
  return pattern.found_in(text, begins);
}

class Text {
 public:
  Text() : space_(svwait::Transcript::space_size) { transcript_.use(space_); }
  svwait::Transcript& operator*() { return transcript_; }
  svwait::Transcript* operator->() { return &transcript_; }

 private:
  std::vector<char> space_;
  svwait::Transcript transcript_;
};

template <std::size_t N>
options::Problem parse(const options::Option<svwait::Request> (&table)[N], std::vector<const char*> words,
                       svwait::Request& request) {
  request = {};
  return options::parse(table, request, words).problem;
}

}  // namespace

TEST_SUITE("listen") {
  TEST_CASE("a block ends at the first empty word") {
    CHECK(block_of({"a", "b", "", "prog", "x"}) == "<a><b>|<prog><x>");
    CHECK(block_of({"", "prog"}) == "|<prog>");
    CHECK(block_of({"a", "", "prog", "", " b", ""}) == "<a>|<prog><>< b><>");
  }
  TEST_CASE("each word of a block may carry one blank, those of the program keep theirs") {
    CHECK(block_of({" a", "b", "  c", " ", "", " prog"}) == "<a><b>< c><>|< prog>");
  }
  TEST_CASE("what is no block") {
    CHECK(block_of({"a", "b"}).starts_with("unterminated"));
    CHECK(block_of({}).starts_with("unterminated"));
    CHECK(block_of({"a", ""}).starts_with("no program"));
    CHECK(block_of({""}).starts_with("no program"));
  }

  TEST_CASE("patterns are extended regular expressions, found anywhere in a text") {
    CHECK(found("b+", "abbc"));
    CHECK_FALSE(found("b{3}", "abbc"));
    CHECK(found("^a.*(x|c)$", "abbc"));
    CHECK(found("a.b", "a\nb"));
    CHECK_FALSE(found("^b", "a\nb"));
    CHECK_FALSE(found("a$", "a\nb"));
  }
  TEST_CASE("the empty pattern matches anything") {
    CHECK(found("", "x"));
    CHECK(found("", ""));
  }
  TEST_CASE("the start of a piece is not the start of the text") {
    CHECK_FALSE(found("^b", "b", s6::Begins::later));
    CHECK(found("b$", "b", s6::Begins::later));
  }
  TEST_CASE("what is no pattern is explained") {
    for (const char* expression : {"(", "a{2", "[a", "a{2,1}"}) {
      CAPTURE(expression);
      s6::Pattern pattern;
      CHECK_FALSE(pattern.compile(expression));
      CHECK_FALSE(pattern.problem().view().empty());
    }
  }

  TEST_CASE("a transcript keeps what came") {
    Text text;
    CHECK(text->view().empty());
    text->append("ab");
    text->append("");
    text->append(std::string_view("c\0d", 3));
    CHECK(text->view() == std::string_view("abc\0d", 5));
    CHECK(std::string_view(text->c_str()) == "abc");
    CHECK(text->is_complete());
  }
  TEST_CASE("a transcript of a long text keeps at least its last 64 KiB") {
    Text text;
    std::string all;
    bool was_full = false;
    for (int i = 0; i < 30000; ++i) {
      const std::string piece = std::to_string(1'000'000 + i) + std::string(static_cast<std::size_t>(i % 24), '.');
      all += piece;
      text->append(piece);
      const std::string_view kept = text->view();
      REQUIRE(all.ends_with(kept));
      REQUIRE(kept.size() >= std::min(all.size(), svwait::Transcript::least_kept));
      REQUIRE(kept.size() < svwait::Transcript::space_size);
      REQUIRE(text->c_str()[kept.size()] == '\0');
      REQUIRE(text->is_complete() == (kept.size() == all.size()));
      was_full = was_full || !text->is_complete();
    }
    CHECK(was_full);
  }
  TEST_CASE("a transcript can be filled to the last byte") {
    Text text;
    const std::string half(svwait::Transcript::least_kept, 'x');
    text->append(half);
    text->append(half);
    CHECK(text->is_complete());
    CHECK(text->view().size() == 2 * half.size());
    text->append("y");
    CHECK(text->view() == half + "y");
    CHECK_FALSE(text->is_complete());
  }

  TEST_CASE("svlisten1 has nothing to combine") {
    svwait::Request request;
    CHECK(parse(svwait::option_table_of_one, {"-Dt5", "dir"}, request) == options::Problem::none);
    CHECK(request.condition.goal == svwait::Goal::finished);
    CHECK(request.timeout == 5);
    CHECK(parse(svwait::option_table_of_one, {"-a"}, request) == options::Problem::unknown_option);
    CHECK(parse(svwait::option_table_of_one, {"-o"}, request) == options::Problem::unknown_option);
  }
  TEST_CASE("the ftrig programs know long options, too") {
    svwait::Request request;
    CHECK(parse(svwait::ftrig_option_table, {"--or", "--timeout=7", "dir"}, request) == options::Problem::none);
    CHECK(request.condition.quorum == svwait::Quorum::any);
    CHECK(request.timeout == 7);
    CHECK(parse(svwait::ftrig_option_table, {"-oat8", "--and"}, request) == options::Problem::none);
    CHECK(request.condition.quorum == svwait::Quorum::all);
    CHECK(request.timeout == 8);
    CHECK(parse(svwait::ftrig_option_table, {"--timeout", "7"}, request) == options::Problem::unknown_option);
    CHECK(parse(svwait::ftrig_option_table, {"-t=7"}, request) == options::Problem::refused);
    CHECK(parse(svwait::ftrig_option_table_of_one, {"--timeout=7"}, request) == options::Problem::none);
    CHECK(parse(svwait::ftrig_option_table_of_one, {"--or"}, request) == options::Problem::unknown_option);
  }
  TEST_CASE("programs without options take a leading -- where enough follows it") {
    const std::vector<const char*> two{"--", "a"};
    CHECK(options::operands_without_options(two).size() == 1);
    CHECK(options::operands_without_options(two, 2).size() == 2);
    const std::vector<const char*> three{"--", "a", "b"};
    CHECK(options::operands_without_options(three, 2).size() == 2);
  }
}
