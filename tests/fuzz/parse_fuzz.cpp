// The parsers of configuration files, command lines and names against slow references.
#include <cctype>
#include <string>
#include <vector>

#include "common/fifo_name.hpp"
#include "common/number.hpp"
#include "common/options.hpp"
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

void check_options(std::string_view in) {
  std::vector<std::string> words(1);
  for (const char c : in) {
    if (c == '\0')
      words.emplace_back();
    else
      words.back() += c;
  }
  std::vector<const char*> argv;
  for (const std::string& w : words) argv.push_back(w.c_str());
  constexpr options::Spec specs[] = {{'a'}, {'b', "value"}, {'c', "value", "long-c"}, {'d', {}, "long-d"}};
  options::Reader reader(specs, argv);
  std::size_t count = 0;
  while (reader.next()) {
    fuzz::check((reader.value() != nullptr) == (reader.letter() == 'b' || reader.letter() == 'c'));
    ++count;
  }
  fuzz::check(count <= in.size() + 1);
  fuzz::check(reader.operands().size() <= argv.size());
  (void)options::explain({reader.problem(), reader.culprit(), reader.operands()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in = fuzz::text(data, size);
  check_number(in);
  check_signal(in);
  check_options(in);
  fuzz::check(supervise::config::first_line(in).find('\n') == std::string_view::npos);
  const supervise::HeadVerdict head = supervise::inspect_head(in);
  if (!head.interpreter.empty())
    fuzz::check(head.interpreter.data() >= in.data() &&
                head.interpreter.data() + head.interpreter.size() <= in.data() + in.size());
  fuzz::check(!fifo_name::is_subscriber(in) || fifo_name::is_cleanable(in));
  fuzz::check(!fifo_name::is_temporary(in) || !fifo_name::is_cleanable(in));
  return 0;
}
