#include "command_line.hpp"

#include <cstdlib>
#include <sstream>

namespace s6::bench {

const char* const usage =
    "bench --ours DIR[=LABEL] --against DIR[=LABEL]... [--runit DIR[=LABEL]] [--only NAME,...] [--largest SERVICES] "
    "[--quick] [--out FILE]\n"
    "       bench --list\n";

namespace {

Labelled labelled(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos) return {text, text};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

bool set_flag(Settings& settings, std::string_view option) {
  if (option == "--quick") return settings.quick = true;
  if (option == "--list") return settings.list = true;
  return false;
}

bool set_value(Settings& settings, std::string_view option, const std::string& value) {
  if (option == "--ours")
    settings.ours = labelled(value);
  else if (option == "--against")
    settings.against.push_back(labelled(value));
  else if (option == "--runit")
    settings.runit = labelled(value);
  else if (option == "--only")
    settings.only = split(value);
  else if (option == "--out")
    settings.out = value;
  else if (option == "--largest")
    settings.largest = std::atoi(value.c_str());
  else
    return false;
  return true;
}

}  // namespace

std::optional<Settings> parse(std::span<const char* const> words) {
  Settings settings;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (set_flag(settings, words[i])) continue;
    if (i + 1 == words.size() || !set_value(settings, words[i], words[i + 1])) return std::nullopt;
    ++i;
  }
  const bool complete = settings.list || (settings.ours && !settings.against.empty() && settings.largest > 0);
  return complete ? std::optional(settings) : std::nullopt;
}

}  // namespace s6::bench
