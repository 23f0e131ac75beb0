// Any command line through the option layer, against a slow reading of the same grammar.
#include "common/options.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using options::Problem;

namespace {

constexpr options::Spec specs[] = {{'a'}, {'b', "value"}, {'c', "value", "long-c"}, {'d', {}, "long-d"}, {'-'}};

struct Given {
  char letter;
  bool has_value;
  std::string value;
  friend bool operator==(const Given&, const Given&) = default;
};
struct Reading {
  std::vector<Given> given;
  Problem problem = Problem::none;
  std::size_t words = 0;  // used up, if there is no problem
};

// One word of bundled letters; `next` is the word after it. True: it takes that one, too.
bool read_bundle(const std::string& word, const std::string* next, Reading& reading) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const char letter = word[i];
    if (letter == 'a' || letter == 'd' || letter == '-') {
      reading.given.push_back({letter, false, ""});
    } else if (letter == 'b' || letter == 'c') {
      const bool glued = i + 1 < word.size();
      if (!glued && (next == nullptr || *next == "--")) {
        reading.problem = Problem::missing_value;
        return false;
      }
      reading.given.push_back({letter, true, glued ? word.substr(i + 1) : *next});
      return !glued;
    } else {
      reading.problem = Problem::unknown_option;
      return false;
    }
  }
  return false;
}

Reading slowly(const std::vector<std::string>& words) {
  Reading reading;
  while (reading.words < words.size() && reading.problem == Problem::none) {
    const std::string& word = words[reading.words];
    if (word.size() < 2 || word[0] != '-') break;
    ++reading.words;
    if (word == "--") break;
    if (word.substr(0, 9) == "--long-c=") {
      reading.given.push_back({'c', true, word.substr(9)});
    } else if (word == "--long-d") {
      reading.given.push_back({'d', false, ""});
    } else if (word == "--help") {
      reading.problem = Problem::help;
    } else if (word == "--version") {
      reading.problem = Problem::version;
    } else if (word[1] == '-') {
      reading.problem = Problem::unknown_option;
    } else {
      const std::string* const next = reading.words < words.size() ? &words[reading.words] : nullptr;
      if (read_bundle(word, next, reading)) ++reading.words;
    }
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::CommandLine line(fuzz::text(data, size));
  const Reading expected = slowly(line.words());
  options::Reader reader(specs, line.argv());
  std::vector<Given> given;
  while (reader.next()) {
    const char* const value = reader.value();
    given.push_back({reader.letter(), value != nullptr, value != nullptr ? value : ""});
  }
  fuzz::check(given == expected.given);
  fuzz::check(reader.problem() == expected.problem);
  const auto explanation = options::explain({reader.problem(), reader.culprit(), reader.operands()});
  const bool is_wrong =
      expected.problem != Problem::none && expected.problem != Problem::help && expected.problem != Problem::version;
  fuzz::check((explanation.size() == 0) == !is_wrong);
  if (expected.problem != Problem::none) return 0;
  const auto operands = reader.operands();
  fuzz::check(std::equal(operands.begin(), operands.end(), line.words().begin() + static_cast<long>(expected.words),
                         line.words().end()));
  return 0;
}
