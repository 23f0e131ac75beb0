// s6-tai64n: puts a TAI64N stamp before every line.
#include <errno.h>

#include "common/cli.hpp"
#include "log/filter_io.hpp"
#include "log/input.hpp"
#include "log/memory.hpp"
#include "log/stamps.hpp"

using namespace s6;

namespace {

constexpr std::size_t no_limit = 0;

std::span<char> memory_or_die(std::size_t bytes) noexcept {
  auto memory = log::reserve_memory(bytes);
  if (!memory) cli::die(memory.error());
  return *memory;
}

// A line gets the time at which it was complete.
void stamp_lines(log::Input& input, log::InputEnd end, log::FilterOutput& output, log::Stamps& stamps) noexcept {
  while (const auto line = input.next_line(end)) {
    stamps.set(sys::frequent::wall_now());
    output.append(stamps.tai64n());
    output.append(line->text);
    output.append("\n");
    input.take_line(*line);
  }
  output.flush();
}

}  // namespace

int main() {
  cli::set_program("s6-tai64n");
  log::Input input(memory_or_die(2 * log::filter_block), no_limit, log::LineEnds::newline);
  log::FilterOutput output(memory_or_die(2 * log::filter_block));
  log::Stamps stamps;
  for (;;) {
    // Only a line that is longer than all memory leaves no space.
    if (input.space(log::filter_block).empty() && !log::make_room(input, 2 * input.memory().size()))
      cli::die(Error{ENOMEM, "hold a line", ""});
    const std::size_t got = log::read_or_die(input.space(log::filter_block));
    input.filled(got);
    stamp_lines(input, got == 0 ? log::InputEnd::ended : log::InputEnd::open, output, stamps);
    if (got == 0) return cli::ok;
  }
}
