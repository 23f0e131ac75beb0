// Any text as s6-permafailon's list of failures, then a stream of deaths.
#include "supervise/failures.hpp"

#include <set>

#include "common/signal_name.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using namespace s6::supervise;

namespace {

struct Reference {
  bool valid = true;
  std::set<int> codes;
  std::set<int> signals;
};

// -1: not the number of an exit code.
int exit_code(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  const std::string digits = text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
  return digits.size() > 3 || std::stoi(digits) > 255 ? -1 : std::stoi(digits);
}

void add_item(Reference& reference, const std::string& item) {
  if (!item.empty() && item[0] >= '0' && item[0] <= '9') {
    const std::size_t dash = item.find('-');
    const int first = exit_code(item.substr(0, dash));
    const int last = dash == std::string::npos ? first : exit_code(item.substr(dash + 1));
    reference.valid &= first >= 0 && last >= first;
    for (int code = first; reference.valid && code <= last; ++code) reference.codes.insert(code);
    return;
  }
  const auto signal = parse_signal(item);  // it has a fuzzer of its own
  reference.valid &= signal && *signal >= 1 && *signal <= 64;
  if (reference.valid) reference.signals.insert(*signal);
}

Reference slowly(std::string_view list) {
  Reference reference;
  std::string item;
  bool first = true;  // an empty item is only one at the very beginning
  const auto end_item = [&] {
    if (first || !item.empty()) add_item(reference, item);
    first = false;
    item.clear();
  };
  for (const char c : list) {
    if (!reference.valid) return reference;
    if (std::string_view(",; \n\r\t").find(c) == std::string_view::npos)
      item += c;
    else
      end_item();
  }
  if (!item.empty()) end_item();
  return reference;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto count = input.number<std::uint8_t>();
  const std::string_view list = input.rest();
  const Reference reference = slowly(list);
  const ParsedFailures parsed = parse_failures(list);
  fuzz::check(parsed.problem.empty() == reference.valid);
  if (!parsed.culprit.empty())
    fuzz::check(parsed.culprit.data() >= list.data() &&
                parsed.culprit.data() + parsed.culprit.size() <= list.data() + list.size());
  if (!reference.valid) return 0;

  const Tai64n since{tai::epoch_label + 100, 0};
  FailureLimit limit(parsed.failures, since, count);
  int failures = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const bool early = (i & 7) == 7;
    const Death death{
        {tai::epoch_label + (early ? 99 : 100), 0}, data[i], static_cast<std::uint8_t>(data[size - 1 - i])};
    const bool included = reference.codes.contains(death.exit_code) || reference.signals.contains(death.signal);
    fuzz::check(parsed.failures.include(death) == included);
    if (included && !early) ++failures;
    fuzz::check(limit.reached_by(death) == (included && !early && count > 0 && failures == count));
  }
  return 0;
}
