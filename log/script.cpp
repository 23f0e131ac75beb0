#include "log/script.hpp"

#include <algorithm>

#include "common/number.hpp"

namespace s6::log {
namespace {

constexpr std::uint32_t least_file_size = 4'096;
constexpr std::uint32_t most_file_size = 268'435'455;

constexpr bool is_alone(const char* word) noexcept {
  return word[1] == '\0';
}

}  // namespace

bool ScriptParser::fail(ScriptProblem::Kind kind, const char* word) noexcept {
  problem_.kind = kind;
  problem_.directive = word;
  return false;
}

bool ScriptParser::parse(std::span<const char* const> words) noexcept {
  for (const char* word : words)
    if (!directive(word)) return false;
  script_.blocks = memory_.blocks.first(blocks_);
  script_.actions = memory_.actions.first(actions_);
  if (blocks_ == 0) return fail(ScriptProblem::Kind::no_action, "");
  return true;
}

bool ScriptParser::directive(const char* word) noexcept {
  switch (*word) {
    case '+':
    case '-':
    case 'f': return selection(word);
    case '1':
    case '2':
    case '=':
    case '/':
    case '.': return action(word);
    default: return control(word);
  }
}

// --- selections ----------------------------------------------------------------------------------------------------

bool ScriptParser::selection(const char* word) noexcept {
  using enum Selection::Kind;
  Selection& selection = memory_.selections[selections_];
  selection.kind = *word == '+' ? select : *word == '-' ? deselect : otherwise;
  if (*word == 'f') {
    if (!is_alone(word)) return fail(ScriptProblem::Kind::bad_syntax, word);
  } else if (!selection.matcher.compile(word + 1)) {
    problem_.detail = selection.matcher.problem();
    return fail(ScriptProblem::Kind::unrecognized, word);
  }
  ++selections_;
  ++pending_selections_;
  return true;
}

// --- actions -------------------------------------------------------------------------------------------------------

bool ScriptParser::action(const char* word) noexcept {
  Action action{.layout = layout_};
  switch (*word) {
    case '1':
    case '2':
      if (!is_alone(word)) return fail(ScriptProblem::Kind::bad_syntax, word);
      action.to = *word == '1' ? Action::To::standard_output : Action::To::alert;
      action.size = *word == '2' ? alert_size_ : 0;
      break;
    case '=':
      if (is_alone(word)) return fail(ScriptProblem::Kind::bad_syntax, word);
      action.to = Action::To::status_file;
      action.size = status_size_;
      action.path = word + 1;
      action.index = script_.status_files++;
      break;
    default:
      action.to = Action::To::directory;
      action.path = word;
      action.index = script_.directories.size();
      directory_.path = word;
      memory_.directories[action.index] = directory_;
      script_.directories = memory_.directories.first(action.index + 1);
  }
  add_action(action);
  return true;
}

void ScriptParser::add_action(const Action& action) noexcept {
  if (blocks_ == 0 || pending_selections_ > 0) {
    memory_.blocks[blocks_++].selections =
        memory_.selections.subspan(selections_ - pending_selections_, pending_selections_);
    pending_selections_ = 0;
    block_actions_ = 0;
  }
  memory_.actions[actions_++] = action;
  ++block_actions_;
  memory_.blocks[blocks_ - 1].actions = memory_.actions.subspan(actions_ - block_actions_, block_actions_);
  layout_.tai64n = false;
  layout_.local_time = false;
}

// --- controls ------------------------------------------------------------------------------------------------------

bool ScriptParser::control(const char* word) noexcept {
  switch (*word) {
    case 't':
    case 'T':
      if (!is_alone(word)) return fail(ScriptProblem::Kind::bad_syntax, word);
      (*word == 't' ? layout_.tai64n : layout_.local_time) = true;
      return true;
    case 'p': layout_.prefix = word + 1; return true;
    case '!': set_processor(Processor::By::execline, word + 1); return true;
    case '?': set_processor(Processor::By::shell, word + 1); return true;
    default: return control_number(word);
  }
}

void ScriptParser::set_processor(Processor::By by, const char* command) noexcept {
  directory_.processor = *command != '\0' ? Processor{by, command} : Processor{};
}

bool ScriptParser::control_number(const char* word) noexcept {
  const std::string_view digits = *word != '\0' ? word + 1 : "";
  if (*word == 'S') {
    const auto bytes = parse_u64(digits);
    if (!bytes) return fail(ScriptProblem::Kind::unrecognized, word);
    directory_.quota.bytes = *bytes;
    return true;
  }
  const auto value = parse_u32(digits);
  if (!value) return fail(ScriptProblem::Kind::unrecognized, word);
  switch (*word) {
    case 'n': directory_.quota.archives = *value; return true;
    case 's': directory_.size.file_size = std::clamp(*value, least_file_size, most_file_size); return true;
    case 'l': return set_tolerance(word, *value);
    case 'r': directory_.retry_ms = *value; return true;
    case 'R': directory_.period_s = *value; return true;
    case 'E': alert_size_ = *value; return true;
    case '^': status_size_ = *value; return true;
    default: return fail(ScriptProblem::Kind::unrecognized, word);
  }
}

bool ScriptParser::set_tolerance(const char* word, std::uint32_t value) noexcept {
  if (value > directory_.size.file_size / 2) return fail(ScriptProblem::Kind::conflict, word);
  directory_.size.tolerance = value;
  return true;
}

// --- choosing ------------------------------------------------------------------------------------------------------
namespace {

bool selected_by(const Selection& selection, std::string_view line, bool selected, bool acted) noexcept {
  using enum Selection::Kind;
  switch (selection.kind) {
    case select: return selected || selection.matcher.search(line) != Matcher::Verdict::no;
    case deselect: return selected && selection.matcher.search(line) != Matcher::Verdict::yes;
    case otherwise: return !acted;
  }
  return selected;
}

}  // namespace

bool choose(std::span<const Block> blocks, std::string_view line, std::span<bool> acts) noexcept {
  bool selected = true;
  bool acted = false;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (const Selection& selection : blocks[i].selections) selected = selected_by(selection, line, selected, acted);
    acts[i] = selected;
    acted = acted || selected;
  }
  return acted;
}

}  // namespace s6::log
