// The parsers of numbers, names of signals and configuration files against slow references.
#include <cctype>
#include <string>

#include "common/number.hpp"
#include "common/signal_name.hpp"
#include "supervise/config.hpp"
#include "supervise/exec_failure.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;

namespace {

void check_number(std::string_view in) {
  bool digits = !in.empty();
  for (const char c : in) digits = digits && c >= '0' && c <= '9';
  const std::string text(in.substr(std::min(in.find_first_not_of('0'), in.size())));
  const bool fits = text.size() < 10 || (text.size() == 10 && text <= "4294967295");
  const auto parsed = parse_u32(in);
  fuzz::check(parsed.has_value() == (digits && fits));
  if (parsed) fuzz::check(std::to_string(*parsed) == (text.empty() ? "0" : text));
}

void check_signal(std::string_view in) {
  const auto parsed = parse_signal(in);
  std::string lower;
  for (const char c : in) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  fuzz::check(parse_signal(lower) == parsed);
  if (parsed && !signal_name(*parsed).empty()) fuzz::check(parse_signal(signal_name(*parsed)) == parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in = fuzz::text(data, size);
  check_number(in);
  check_signal(in);
  fuzz::check(supervise::config::first_line(in).find('\n') == std::string_view::npos);
  const supervise::HeadVerdict head = supervise::inspect_head(in);
  if (!head.interpreter.empty())
    fuzz::check(head.interpreter.data() >= in.data() &&
                head.interpreter.data() + head.interpreter.size() <= in.data() + in.size());
  return 0;
}
