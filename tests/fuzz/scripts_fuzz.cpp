// Scripts that programs here write: whatever the words are, a shell that reads the script sees those words. And words
// as people write them in one argument, against a slow reading.
#include <optional>

#include "common/shell.hpp"
#include "instance/maker_options.hpp"
#include "svscan/catch_all.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

using Words = std::vector<std::string>;

// What a shell makes of the first command in `text`, which has no other quoting than '' and \. Nothing: a quote is
// open.
std::optional<Words> read_by_a_shell(std::string_view text) {
  Words words;
  bool quoted = false, in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && (c == ' ' || c == '\n')) {
      in_word = false;
      if (c == '\n') return words;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\'')
      quoted = !quoted;
    else if (c == '\\' && !quoted)
      words.back() += text[++i];
    else
      words.back() += c;
  }
  return std::nullopt;
}

struct WordList {
  Words words;
  bool failed = false;
};

WordList split_slowly(const std::string& text) {
  WordList list;
  std::string word;
  enum { between, bare, quoted } state = between;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool blank = std::string_view(" \t\n\r").find(text[i]) != std::string_view::npos;
    if (blank && state != quoted) {
      if (state == bare) list.words.push_back(std::exchange(word, ""));
      state = between;
    } else if (text[i] == '"') {
      state = state == quoted ? bare : quoted;
    } else {
      if (state == between) state = bare;
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      word += text[i];
    }
  }
  list.failed = state == quoted;
  if (state == bare) list.words.push_back(word);
  return list;
}

void check_quoting(std::string_view word) {
  TextBuffer<8192> script;
  fuzz::check(shell::append_quoted(script, word) == script.ok());
  if (!script.ok()) return;
  script.append("\n");
  fuzz::check(read_by_a_shell(script) == Words{std::string(word)});
}

void check_words(std::string_view text) {
  const WordList expected = split_slowly(std::string(text));
  shell::Words reader(text);
  Words words;
  while (const auto word = reader.next()) words.emplace_back(std::string_view(*word));
  if (!reader.failed()) return fuzz::check(!expected.failed && words == expected.words);
  // Those before the one that is wrong are right.
  fuzz::check(words.size() <= expected.words.size() && std::equal(words.begin(), words.end(), expected.words.begin()));
  const bool too_long = std::ranges::any_of(expected.words, [](const std::string& w) { return w.size() > 900; });
  fuzz::check(expected.failed || too_long);
}

// A string in the style of C: it ends at a nul byte, if not before.
std::string as_argument(std::string_view text) {
  return std::string(text.substr(0, text.find('\0')));
}

void check_catch_all(std::string_view text) {
  const std::string user = as_argument(text.substr(0, text.size() / 3));
  const std::string directives = as_argument(text.substr(text.size() / 3));
  const svscan::CatchAll catch_all{"s6-log", "s6-setuidgid", user.c_str(), directives, "/var/log/'x y'"};
  svscan::Script script;
  const WordList expected = split_slowly(directives);
  if (!svscan::append_run_script(script, catch_all)) return;
  fuzz::check(!expected.failed);
  const std::string_view all = script;
  const std::size_t command = all.find("'s6-setuidgid'");
  fuzz::check(command != std::string_view::npos);
  Words wanted{"s6-setuidgid", user, "s6-log", "-bpd3", "--"};
  wanted.insert(wanted.end(), expected.words.begin(), expected.words.end());
  wanted.emplace_back("/var/log/'x y'");
  fuzz::check(read_by_a_shell(all.substr(command)) == wanted);
}

void check_maker(std::string_view text) {
  const std::string user = as_argument(text.substr(0, text.size() / 2));
  const std::string prefix = as_argument(text.substr(text.size() / 2));
  const instance::MakerSettings settings{.log_user = user.c_str(), .log_directory = "/l", .prefix = prefix.c_str()};
  instance::Script script;
  if (!instance::append_log_script(script, settings, {})) return;
  constexpr std::string_view start = "#!/bin/sh\n";
  fuzz::check(std::string_view(script).starts_with(start));
  fuzz::check(read_by_a_shell(std::string_view(script).substr(start.size())) ==
              Words{"exec", "s6-setuidgid", user, "s6-log", "-bd3", "--", "t", "n10", "s1000000", "p" + prefix, "/l"});
}

void check_rc_names(std::string_view text) {
  const auto names = instance::parse_rc_names(text);
  Words parts(1);
  for (const char c : text) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  bool valid = parts.size() <= 3 && text.find('\n') == std::string_view::npos;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    valid = valid && !parts[i].empty() && parts[i][0] != '.';
    for (std::size_t k = 0; k < i; ++k) valid = valid && parts[i] != parts[k];
  }
  fuzz::check(names.has_value() == valid);
  if (!names) return;
  parts.resize(3);
  fuzz::check(names->service == parts[0] && names->logger == parts[1] && names->pipeline == parts[2]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  check_quoting(text);
  check_words(text);
  check_catch_all(text);
  check_maker(text);
  check_rc_names(text);
  return 0;
}
