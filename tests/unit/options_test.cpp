#include "common/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace s6;
using options::Problem;

namespace {

constexpr options::Spec specs[] = {{'a'}, {'b'}, {'t', "ms"}, {'c', {}, "check"}, {'n', "max", "number"}};

// "a b t=5 | rest of the words", or the problem and its culprit.
std::string read(std::vector<const char*> words) {
  options::Reader reader(specs, words);
  std::string text;
  while (reader.next()) {
    text += reader.letter();
    if (reader.value() != nullptr) text += std::string("=") + reader.value();
    text += " ";
  }
  switch (reader.problem()) {
    case Problem::none: break;
    case Problem::unknown_option: return "unknown " + std::string(reader.culprit());
    case Problem::missing_value: return "missing " + std::string(reader.culprit());
    case Problem::refused: return "refused " + std::string(reader.culprit());
    case Problem::help: return "help";
    case Problem::version: return "version";
  }
  text += "|";
  for (const char* word : reader.operands()) text += std::string(" ") + word;
  return text;
}

struct Settings {
  int seen = 0;
};
bool accept(Settings& settings, char, const char*) {
  ++settings.seen;
  return true;
}
bool refuse(Settings&, char, const char*) {
  return false;
}
constexpr options::Option<Settings> table[] = {{{'a'}, accept, "all"}, {{'t', "ms", "timeout"}, refuse, "when to end"}};

}  // namespace

TEST_SUITE("options") {
  TEST_CASE("bundles, glued values, values in the next word") {
    CHECK(read({"-ab", "x"}) == "a b | x");
    CHECK(read({"-at5", "x"}) == "a t=5 | x");
    CHECK(read({"-at", "5", "x"}) == "a t=5 | x");
    CHECK(read({"-t=5"}) == "t==5 |");
    CHECK(read({"-t", "-a", "x"}) == "t=-a | x");
    CHECK(read({"-t", "", "x"}) == "t= | x");
  }
  TEST_CASE("where options end") {
    CHECK(read({}) == "|");
    CHECK(read({"x", "-a"}) == "| x -a");
    CHECK(read({"-a", "-", "-b"}) == "a | - -b");
    CHECK(read({"-a", "--", "-b"}) == "a | -b");
    CHECK(read({"-a", "--", "--", "-b"}) == "a | -- -b");
    CHECK(read({"", "-a"}) == "|  -a");
  }
  TEST_CASE("long options are whole and carry their value after =") {
    CHECK(read({"--check", "--number=7", "x"}) == "c n=7 | x");
    CHECK(read({"--number=", "x"}) == "n= | x");
    CHECK(read({"-c", "-n7", "x"}) == "c n=7 | x");
    CHECK(read({"--number", "7"}) == "unknown --number");
    CHECK(read({"--num=7"}) == "unknown --num=7");
    CHECK(read({"--check=1"}) == "unknown --check=1");
    CHECK(read({"--=1"}) == "unknown --=1");
  }
  TEST_CASE("some options have no letter") {
    constexpr options::Option<Settings> long_table[] = {{{options::no_letter, "dir", "root"}, accept},
                                                        {{options::no_letter, {}, "quick"}, refuse},
                                                        {{'q', {}, "quiet"}, accept}};
    Settings settings;
    std::vector<const char*> words{"--root=/", "-q", "--quick", "x"};
    const auto outcome = options::parse(long_table, settings, words);
    CHECK(outcome.problem == Problem::refused);
    CHECK(outcome.culprit == "--quick");
    CHECK(settings.seen == 2);
    CHECK(options::usage("s6-x", long_table, "").view() == "s6-x [ --root=dir ] [ --quick ] [ -q | --quiet ]");
  }
  TEST_CASE("help and version are asked for where there is no option of that name") {
    CHECK(read({"-a", "--help", "x"}) == "help");
    CHECK(read({"--version", "--help"}) == "version");
    CHECK(read({"-z", "--help"}) == "unknown z");
    CHECK(read({"-t", "--help"}) == "t=--help |");
    CHECK(read({"x", "--help"}) == "| x --help");
    CHECK(read({"--", "--version"}) == "| --version");
    for (const char* word : {"--hel", "--helps", "--help=", "--version=1", "-help"})
      CHECK(read({word}).starts_with("unknown "));
    constexpr options::Option<Settings> own_table[] = {{{options::no_letter, {}, "help"}, accept}};
    Settings settings;
    std::vector<const char*> words{"--help"};
    CHECK(options::parse(own_table, settings, words).problem == Problem::none);
    CHECK(settings.seen == 1);
  }
  TEST_CASE("the help has a line per option, whose text begins in the same column") {
    Settings settings;
    std::vector<const char*> words{"--help"};
    const auto outcome = options::parse(table, settings, words);
    CHECK(outcome.problem == Problem::help);
    CHECK(options::help("s6-x dir", outcome.options, "0 done").view() ==
          "usage: s6-x dir\n\n"
          "  -a                    all\n"
          "  -t ms, --timeout=ms   when to end\n"
          "  --help                print this\n"
          "  --version             print the version\n\n"
          "Exit codes: 0 done,\n"
          "100 the command line is wrong, 111 the system refused something\n");
    constexpr options::Option<Settings> wide_table[] = {{{'x', "value", "a-long-name"}, accept, "below"}};
    CHECK(options::help("s6-x", options::Descriptions(wide_table), "")
              .view()
              .find("  -x value, --a-long-name=value\n                        below\n") != std::string_view::npos);
  }
  TEST_CASE("after the end there are no more options") {
    for (const char* const last : {"x", "-z"}) {
      const std::vector<const char*> words{"-a", last, "-a"};
      options::Reader reader(specs, words);
      CHECK(reader.next());
      CHECK_FALSE(reader.next());
      CHECK_FALSE(reader.next());
    }
  }
  TEST_CASE("problems name the option") {
    CHECK(read({"-az"}) == "unknown z");
    CHECK(read({"-at"}) == "missing t");
    CHECK(read({"-t", "--", "5"}) == "missing t");
    CHECK(read({"-a=b"}) == "unknown =");
  }
  TEST_CASE("a table is applied up to the first problem") {
    Settings settings;
    std::vector<const char*> words{"-aa", "-t5", "-a", "x"};
    const auto refused = options::parse(table, settings, words);
    CHECK(refused.problem == Problem::refused);
    CHECK(refused.culprit == "t");
    CHECK(settings.seen == 2);
    words = {"-a", "x", "y"};
    const auto fine = options::parse(table, settings, words);
    CHECK(fine.problem == Problem::none);
    CHECK(fine.operands.size() == 2);
    CHECK(settings.seen == 3);
  }
  TEST_CASE("the usage line is made of the table") {
    CHECK(options::usage("s6-x", table, "dir").view() == "s6-x [ -a ] [ -t ms | --timeout=ms ] dir");
    CHECK(options::usage("s6-x", specs, "").view() ==
          "s6-x [ -ab ] [ -t ms ] [ -c | --check ] [ -n max | --number=max ]");
  }
  TEST_CASE("problems are explained") {
    CHECK(options::explain({}).view().empty());
    CHECK(options::explain({Problem::help, "--help", {}}).view().empty());
    CHECK(options::explain({Problem::version, "--version", {}}).view().empty());
    CHECK(options::explain({Problem::unknown_option, "x", {}}).view() == "unknown option -x");
    CHECK(options::explain({Problem::unknown_option, "--long", {}}).view() == "unknown option --long");
    CHECK(options::explain({Problem::missing_value, "t", {}}).view() == "option -t needs a value");
    CHECK(options::explain({Problem::refused, "t", {}}).view() == "invalid value for option -t");
    Settings settings;
    std::vector<const char*> words{"-at5s"};
    CHECK(options::explain(options::parse(table, settings, words)).view() == "invalid value for option -t: 5s");
    words = {"--timeout=5s"};
    CHECK(options::explain(options::parse(table, settings, words)).view() == "invalid value for option --timeout=5s");
  }
  TEST_CASE("without options only a leading -- that something follows is no operand") {
    const auto operands = [](std::vector<const char*> words) {
      std::string text;
      for (const char* word : options::operands_without_options(words)) text += std::string(word) + " ";
      return text;
    };
    CHECK(operands({}).empty());
    CHECK(operands({"dir"}) == "dir ");
    CHECK(operands({"--"}) == "-- ");
    CHECK(operands({"--", "dir"}) == "dir ");
    CHECK(operands({"--", "--"}) == "-- ");
    CHECK(operands({"dir", "--"}) == "dir -- ");
    CHECK(operands({"-x", "dir"}) == "-x dir ");
  }
  TEST_CASE("the program's name is no word, and may be missing") {
    const std::vector<const char*> argv = {"s6-svok", "a", "b"};
    CHECK(options::words_of(3, argv.data()).size() == 2);
    CHECK(options::words_of(1, argv.data()).empty());
    CHECK(options::words_of(0, argv.data()).empty());
  }
}
