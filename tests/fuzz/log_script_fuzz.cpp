// s6-log's script, its cutting of lines and its selections: scripts and inputs of any bytes. The first line of what the
// fuzzer gives is the script, its words separated by '\t'; the rest is what is to be logged. Cut one way and the other,
// and slowly, it must give the same lines; a selection must say what the C library says.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "log/input.hpp"
#include "log/local_stamps.hpp"
#include "log/script.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using namespace s6::log;

namespace {

using Lines = std::vector<std::string>;

Lines cut_slowly(std::string_view text, std::size_t limit) {
  Lines lines;
  std::string line;
  bool open = false;
  for (const char c : text) {
    const bool ends = c == '\n' || c == '\0';
    if (ends || (limit != 0 && line.size() == limit)) {
      lines.push_back(line);
      line.clear();
    }
    open = !ends;
    if (open) line += c;
  }
  if (open) lines.push_back(line);
  return lines;
}

// All lines of `text`, read in pieces of `step`; take(input, end, lines) takes those that are complete.
template <class Take>
Lines cut(std::string_view text, std::size_t limit, std::size_t step, Take take) {
  std::vector<char> memory(text.size() + step + 2);
  Input input(memory, limit);
  Lines lines;
  while (!text.empty()) {
    const auto space = input.space(step);
    const std::string_view piece = text.substr(0, space.size());
    std::ranges::copy(piece, space.begin());
    input.filled(piece.size());
    text.remove_prefix(piece.size());
    take(input, InputEnd::open, lines);
  }
  take(input, InputEnd::ended, lines);
  fuzz::check(input.empty());
  return lines;
}

Lines one_by_one(std::string_view text, std::size_t limit, std::size_t step) {
  return cut(text, limit, step, [](Input& input, InputEnd end, Lines& lines) {
    while (const auto line = input.next_line(end)) {
      lines.emplace_back(line->text);
      input.take_line(*line);
    }
  });
}

Lines in_blocks(std::string_view text, std::size_t limit, std::size_t step, std::size_t room) {
  return cut(text, limit, step, [room](Input& input, InputEnd end, Lines& lines) {
    while (const auto block = input.next_lines(end, room)) {
      std::string_view rest = block->text;
      for (auto newline = rest.find('\n'); newline != std::string_view::npos; newline = rest.find('\n')) {
        lines.emplace_back(rest.substr(0, newline));
        rest.remove_prefix(newline + 1);
      }
      if (!block->terminated) lines.emplace_back(rest);
      input.take_lines(*block);
    }
  });
}

void check_script(const std::vector<const char*>& words, const Lines& lines) {
  const std::size_t count = words.size();
  const auto selections = std::make_unique<Selection[]>(count);
  std::vector<Action> actions(count);
  std::vector<Block> blocks(count);
  std::vector<Directory> directories(count);
  ScriptParser parser({{selections.get(), count}, actions, blocks, directories});
  if (!parser.parse(words)) return fuzz::check(parser.problem().kind != ScriptProblem::Kind::none);
  const Script& script = parser.script();
  fuzz::check(!script.blocks.empty() && script.actions.size() <= count);
  for (const Directory& directory : script.directories)
    fuzz::check(directory.size.file_size >= 4096 && directory.size.file_size <= 268'435'455);
  const auto acts = std::make_unique<bool[]>(count);
  for (const std::string& line : lines) {
    const bool any = choose(script.blocks, line, {acts.get(), count});
    fuzz::check(any == std::any_of(acts.get(), acts.get() + script.blocks.size(), [](bool act) { return act; }));
  }
}

void check_selections(const std::vector<const char*>& words, const Lines& lines) {
  for (const char* word : words) {
    if (*word != '+') continue;
    Matcher matcher;
    Pattern reference;
    const bool valid = reference.compile(word + 1);
    fuzz::check(matcher.compile(word + 1) == valid);
    if (!valid) continue;
    for (const std::string& line : lines) {
      const auto verdict = matcher.search(line);
      if (verdict == Matcher::Verdict::unknown) continue;
      fuzz::check((verdict == Matcher::Verdict::yes) == reference.found_in(line.c_str(), Begins::at_the_start));
    }
  }
}

void check_stamps(std::string_view text) {
  const auto convert = [&](std::size_t step) {
    LocalStamps stamps(Zone::utc);
    std::string out;
    const auto emit = [&out](std::string_view part) { out += part; };
    for (std::size_t at = 0; at < text.size(); at += step) stamps.feed(text.substr(at, step), emit);
    stamps.finish(emit);
    return out;
  };
  const std::string whole = convert(text.size() + 1);
  for (const std::size_t step : {1U, 7U, 26U}) fuzz::check(convert(step) == whole);
}

// Some C libraries copy what is repeated: a{255} repeated 255 times, and each + of a chain of them, doubles the memory
// that an expression takes. That is theirs to mend; here it would only end the run.
bool is_harmless(std::string_view script) {
  if (std::ranges::count(script, '+') > 8) return false;
  const auto brace = script.find('{');
  if (brace == std::string_view::npos) return true;
  const auto digits = script.substr(brace + 1).find_first_not_of("0123456789");
  return digits < 2 && script.find('{', brace + 1) == std::string_view::npos && script.find(',', brace) == script.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in = fuzz::text(data, size);
  const std::string_view text = in.substr(std::min(in.find('\n') + 1, in.size()));
  std::string script(in.substr(0, std::min<std::size_t>(in.find('\n'), 80)));
  if (!is_harmless(script)) return 0;
  std::vector<const char*> words = {script.c_str()};
  for (char& c : script) {
    if (c != '\t') continue;
    c = '\0';
    words.push_back(&c + 1);
  }
  const std::size_t step = size % 29 + 1;
  const std::size_t limit = size % 11;
  const Lines lines = cut_slowly(text, limit);
  fuzz::check(one_by_one(text, limit, step) == lines);
  fuzz::check(in_blocks(text, limit, step, size % 17) == lines);
  check_script(words, lines);
  check_selections(words, lines);
  check_stamps(text);
  return 0;
}
