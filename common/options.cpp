#include "common/options.hpp"

#include <array>

namespace s6::options {
namespace {

// "-t ms | --timeout=ms", with whatever is `between` both.
template <std::size_t N>
void append_forms(TextBuffer<N>& text, const Spec& spec, std::string_view between) noexcept {
  if (spec.letter != no_letter) {
    text.append("-");
    text.append(std::string_view(&spec.letter, 1));
    if (!spec.value.empty()) text.append(" ");
    text.append(spec.value);
    if (!spec.long_name.empty()) text.append(between);
  }
  if (spec.long_name.empty()) return;
  text.append("--");
  text.append(spec.long_name);
  if (!spec.value.empty()) text.append("=");
  text.append(spec.value);
}

void append_help(HelpText& text, const Descriptions::Entry& option) noexcept {
  constexpr std::string_view column = "                        ";
  const std::size_t start = text.size();
  text.append("  ");
  append_forms(text, option.spec, ", ");
  const std::size_t width = text.size() - start;
  if (width + 2 > column.size()) text.append("\n");
  text.append(head(column, width + 2 > column.size() ? column.size() : column.size() - width));
  text.append(option.help);
  text.append("\n");
}

}  // namespace

Problem request_of(std::string_view word) noexcept {
  if (word == "--help") return Problem::help;
  if (word == "--version") return Problem::version;
  return Problem::unknown_option;
}

bool Reader::fail(Problem problem, std::string_view culprit) noexcept {
  problem_ = problem;
  culprit_ = culprit;
  return false;
}

bool Reader::next() noexcept {
  if (ended_ || problem_ != Problem::none) return false;
  if (cluster_ == nullptr) {
    const std::string_view word = words_.empty() ? std::string_view() : words_[0];
    if (word.size() < 2 || word[0] != '-') {
      ended_ = true;
      return false;
    }
    words_ = words_.subspan(1);
    if (word == "--") {
      ended_ = true;
      return false;
    }
    if (word.starts_with("--")) return next_long(word);
    cluster_ = word.data() + 1;
  }
  return next_short();
}

bool Reader::next_long(std::string_view word) noexcept {
  written_ = word;
  const std::size_t equals = word.find('=');
  const bool has_value = equals != std::string_view::npos;
  const std::string_view name(word.data() + 2, (has_value ? equals : word.size()) - 2);
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const Spec& spec = specs_[i];
    if (name.empty() || spec.long_name != name || spec.value.empty() == has_value) continue;
    index_ = i;
    value_ = has_value ? word.data() + equals + 1 : nullptr;
    return true;
  }
  return fail(request_of(word), word);
}

bool Reader::next_short() noexcept {
  written_ = std::string_view(cluster_, 1);
  const char letter = *cluster_++;
  const char* rest = *cluster_ != '\0' ? cluster_ : nullptr;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const Spec& spec = specs_[i];
    if (spec.letter != letter) continue;
    index_ = i;
    value_ = nullptr;
    cluster_ = rest;
    if (spec.value.empty()) return true;
    cluster_ = nullptr;
    value_ = rest;
    if (value_ != nullptr) return true;
    if (words_.empty() || std::string_view(words_[0]) == "--") return fail(Problem::missing_value, written_);
    value_ = words_[0];
    words_ = words_.subspan(1);
    return true;
  }
  return fail(Problem::unknown_option, written_);
}

UsageText usage(std::string_view program, std::span<const Spec> specs, std::string_view operands) noexcept {
  UsageText text{program};
  bool bundle_open = false;
  for (const Spec& spec : specs) {
    if (!spec.value.empty() || !spec.long_name.empty()) continue;
    if (!bundle_open) text.append(" [ -");
    bundle_open = true;
    text.append(std::string_view(&spec.letter, 1));
  }
  if (bundle_open) text.append(" ]");
  for (const Spec& spec : specs) {
    if (spec.value.empty() && spec.long_name.empty()) continue;
    text.append(" [ ");
    append_forms(text, spec, " | ");
    text.append(" ]");
  }
  if (!operands.empty()) text.append(" ");
  text.append(operands);
  return text;
}

HelpText help(std::string_view usage_line, const Descriptions& options, std::string_view exit_codes) noexcept {
  HelpText text{"usage: ", usage_line, "\n\n"};
  for (std::size_t i = 0; i < options.size(); ++i) append_help(text, options[i]);
  append_help(text, {{no_letter, {}, "help"}, "print this"});
  append_help(text, {{no_letter, {}, "version"}, "print the version"});
  text.append("\nExit codes: ");
  text.append(exit_codes);
  text.append(",\n100 the command line is wrong, 111 the system refused something\n");
  return text;
}

TextBuffer<256> explain(const Outcome& outcome) noexcept {
  const std::string_view dash = outcome.culprit.starts_with("-") ? "" : "-";
  // A long option was written with its value.
  const bool tell_value = outcome.value != nullptr && !outcome.culprit.starts_with("--");
  switch (outcome.problem) {
    case Problem::none:
    case Problem::help:
    case Problem::version: break;
    case Problem::unknown_option: return {"unknown option ", dash, outcome.culprit};
    case Problem::missing_value: return {"option ", dash, outcome.culprit, " needs a value"};
    case Problem::refused:
      return {"invalid value for option ", dash, outcome.culprit, tell_value ? ": " : "",
              tell_value ? outcome.value : ""};
  }
  return {};
}

}  // namespace s6::options
