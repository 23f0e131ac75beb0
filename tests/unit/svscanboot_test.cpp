// What s6-svscanboot makes of its command line, and the script it writes.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "svscan/boot_options.hpp"
#include "svscan/catch_all.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

std::string quoted(std::string_view word) {
  TextBuffer<256> text;
  CHECK(shell::append_quoted(text, word));
  return std::string(text.view());
}

std::string words(std::string_view text) {
  shell::Words words(text);
  std::string all;
  while (const auto word = words.next()) all += "<" + std::string(word->view()) + ">";
  return words.failed() ? "failed" : all;
}

std::string arguments(const std::vector<const char*>& options) {
  BootSettings settings;
  const auto parsed = options::parse(boot_option_table, settings, options);
  if (parsed.problem != options::Problem::none) return "refused";
  const auto console = to_text(settings.console_descriptor());
  const ScannerArguments line(settings, console.c_str(), "DIR");
  std::string all;
  for (const char* const* word = line.get(); *word != nullptr; ++word) all += *word + std::string(" ");
  return all;
}

TEST_CASE("a word in a script is itself, whatever is in it") {
  CHECK(quoted("") == "''");
  CHECK(quoted("/run/logs") == "'/run/logs'");
  CHECK(quoted("it's") == "'it'\\''s'");
  CHECK(quoted("'") == "''\\'''");
  CHECK(quoted("$(x) `y` \\ \"\n") == "'$(x) `y` \\ \"\n'");
  TextBuffer<8> small;
  CHECK_FALSE(shell::append_quoted(small, "too long"));
}

TEST_CASE("words in one argument") {
  CHECK(words("").empty());
  CHECK(words(" t  n3\t") == "<t><n3>");
  CHECK(words("\"a b\" c") == "<a b><c>");
  CHECK(words("p\"a b\"c") == "<pa bc>");
  CHECK(words("a\\ b \\\"") == "<a b><\">");
  CHECK(words("\"\\\"\"") == "<\">");
  CHECK(words("\"\"") == "<>");
  CHECK(words("-*x* 'y'") == "<-*x*><'y'>");
  CHECK(words("a\r\nb\n") == "<a><b>");
  CHECK(words("a\\") == "<a\\>");
  CHECK(words("a \"b") == "failed");
  CHECK(words(std::string(2000, 'x')) == "failed");
  const std::string text = std::string(2000, 'x') + " y";
  shell::Words after_failure(text);
  CHECK_FALSE(after_failure.next());
  CHECK_FALSE(after_failure.next());
}

TEST_CASE("file modes are octal") {
  CHECK(parse_file_mode("02750") == 02750);
  CHECK(parse_file_mode("7777") == 07777);
  CHECK(parse_file_mode("0") == 0);
  for (const char* bad : {"", "8", "10000", "000000", "-1", "0x1", "75 "}) CHECK_FALSE(parse_file_mode(bad));
}

TEST_CASE("the scanner's command line") {
  CHECK(arguments({}) == "s6-svscan -X 3 -- DIR ");
  CHECK(arguments({"-d3"}) == "s6-svscan -X 4 -d 3 -- DIR ");
  CHECK(arguments({"-d4", "-C", "7", "--name-max=9", "-t0"}) == "s6-svscan -X 3 -d 4 -C 7 -L 9 -t 0 -- DIR ");
  CHECK(arguments({"--watch", "-t9"}) == "s6-svscan -X 3 -t 9 --watch -- DIR ");
  for (const char* bad : {"-d2", "-dx", "-C", "-Cx", "-t-1", "-m9", "-X3", "--help"})
    CHECK(arguments({bad}) == "refused");
}

TEST_CASE("the logger's run script") {
  Script script;
  REQUIRE(append_run_script(script, {"/bin/s6-log", "/bin/s6-setuidgid", nullptr, "t", "/run/logs"}));
  CHECK(script.view() ==
        "#!/bin/sh\n"
        "# Written by s6-svscanboot each time it runs.\n"
        "exec >&2 4<>fifo <fifo 4>&-\n"
        "exec env -i PATH=\"${PATH-/usr/bin:/bin}\" '/bin/s6-log' -bpd3 -- 't' '/run/logs'\n");
  script.clear();
  REQUIRE(append_run_script(script, {"s6-log", "s6-setuidgid", "log's", "n3 \"p a\"", "/a b"}));
  CHECK(script.view().find(" 's6-setuidgid' 'log'\\''s' 's6-log' -bpd3 -- 'n3' 'p a' '/a b'\n") !=
        std::string_view::npos);
  script.clear();
  CHECK_FALSE(append_run_script(script, {"s6-log", "s6-setuidgid", nullptr, "\"", "/a"}));
}

}  // namespace
