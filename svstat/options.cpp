#include "svstat/options.hpp"

namespace s6::svstat {
namespace {

bool add(Request& request, Field field) noexcept {
  request.too_many = request.field_count == request.fields.size();
  if (!request.too_many) request.fields[request.field_count++] = field;
  return !request.too_many;
}

bool add_letter(Request& request, char letter, const char*) noexcept {
  switch (letter) {
    case 'u': return add(request, Field::up);
    case 'w': return add(request, Field::wanted_up);
    case 'N': return add(request, Field::normally_up);
    case 'r': return add(request, Field::ready);
    case 'p': return add(request, Field::pid);
    case 'g': return add(request, Field::pgid);
    case 'e': return add(request, Field::exit_code);
    case 's': return add(request, Field::signal);
    case 't': return add(request, Field::up_down_for);
    default: return false;
  }
}

// Names with a comma between; one may stand at the end. Nothing at all selects nothing.
bool add_names(Request& request, char, const char* value) noexcept {
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = rest.substr(0, comma);
    const auto field = field_of(name);
    if (!field) {
      request.unknown_field = name;
      request.has_unknown_field = true;
      return false;
    }
    if (!add(request, *field)) return false;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return true;
}

bool numeric(Request& request, char, const char*) noexcept {
  request.style = SignalStyle::number;
  return true;
}

bool json(Request& request, char, const char*) noexcept {
  request.json = true;
  return true;
}

constexpr options::Option<Request> table[] = {
    {{'u'}, add_letter, "print whether it is up"},
    {{'w'}, add_letter, "print whether it is wanted up"},
    {{'N'}, add_letter, "print whether it is normally up"},
    {{'r'}, add_letter, "print whether it is ready"},
    {{'p'}, add_letter, "print its process id"},
    {{'g'}, add_letter, "print its process group"},
    {{'e'}, add_letter, "print its last exit code"},
    {{'s'}, add_letter, "print the signal it died of"},
    {{'t'}, add_letter, "print the seconds since it went up or down"},
    {{'n'}, numeric, "numbers instead of names of signals"},
    {{'o', "field,..."}, add_names, "print these fields, with blanks between"},
    {{options::no_letter, "", "json"}, json, "print all as a JSON document"},
};

}  // namespace

options::Outcome parse(std::span<const char* const> words, Request& request) noexcept {
  return options::parse(table, request, words);
}

options::UsageText usage(std::string_view program, std::string_view operands) noexcept {
  return options::usage(program, table, operands);
}

}  // namespace s6::svstat
