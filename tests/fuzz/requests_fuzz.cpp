// A stream of commands to s6-svscan: what they ask for all together, against what each one of them stands for.
#include "svscan/requests.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace s6;
using namespace s6::svscan;

namespace {

bool has_any(std::string_view stream, std::string_view commands) {
  return stream.find_first_of(commands) != std::string_view::npos;
}

Farewell harder(std::string_view stream, std::string_view terminate, std::string_view drain) {
  if (has_any(stream, terminate)) return Farewell::terminate;
  return has_any(stream, drain) ? Farewell::drain : Farewell::none;
}

Leave last_word(std::string_view stream) {
  const std::size_t last = stream.find_last_of("tiqb");
  if (last == std::string_view::npos) return Leave::no;
  return stream[last] == 'b' ? Leave::at_once : Leave::when_all_are_dead;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream = fuzz::text(data, size);
  Requests requests;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    fuzz::check(requests.add(stream[i]) == has_any("zanNhtiqb", stream.substr(i, 1)));
    const std::string_view so_far = stream.substr(0, i + 1);
    if (i % 64 != 0 && i + 1 != stream.size()) continue;  // looking at all of it each time takes long
    fuzz::check(requests.reap == has_any(so_far, "z"));
    fuzz::check(requests.scan == has_any(so_far, "ah"));
    fuzz::check(requests.prune == harder(so_far, "N", "nh"));
    fuzz::check(requests.kill == harder(so_far, "q", "ti"));
    fuzz::check(requests.leave == last_word(so_far));
  }
  return 0;
}
