// s6-tai64nlocal: turns the TAI64N stamps at the beginnings of lines into dates.
#include "common/cli.hpp"
#include "common/options.hpp"
#include "common/usage.hpp"
#include "log/filter_io.hpp"
#include "log/local_stamps.hpp"
#include "log/memory.hpp"

using namespace s6;

namespace {

bool set_utc(log::Zone& zone, char, const char*) noexcept {
  zone = log::Zone::utc;
  return true;
}

constexpr options::Option<log::Zone> option_table[] = {{{'g'}, set_utc, "print universal time, not local time"}};

log::Zone parse_or_die(std::span<const char* const> words) noexcept {
  auto zone = log::Zone::local;
  const auto parsed = options::parse(option_table, zone, words);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(options::usage("s6-tai64nlocal", option_table, "").view(), parsed, "0 all is copied");
  return zone;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-tai64nlocal");
  log::LocalStamps stamps(parse_or_die(options::words_of(argc, argv)));
  auto memory = log::reserve_memory(3 * log::filter_block);
  if (!memory) cli::die(memory.error());
  const std::span<char> block = memory->first(log::filter_block);
  log::FilterOutput output(memory->subspan(log::filter_block));
  const auto emit = [&output](std::string_view text) { output.append(text); };
  while (const std::size_t got = log::read_or_die(block)) {
    stamps.feed({block.data(), got}, emit);
    output.flush();
  }
  stamps.finish(emit);
  output.flush();
  return cli::ok;
}
