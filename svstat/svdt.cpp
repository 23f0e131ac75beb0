// s6-svdt: prints when and how a service died.
#include <errno.h>

#include "common/cli.hpp"
#include "common/line_output.hpp"
#include "common/number.hpp"
#include "common/remedy.hpp"
#include "common/service_dir.hpp"
#include "common/tally_reader.hpp"
#include "common/usage.hpp"
#include "svstat/format.hpp"

using namespace s6;

namespace {

struct Request {
  svstat::SignalStyle style = svstat::SignalStyle::name;
  std::uint32_t limit = wire::max_deaths;
};

bool set_style(Request& request, char letter, const char*) noexcept {
  request.style = letter == 's' ? svstat::SignalStyle::number : svstat::SignalStyle::name;
  return true;
}

bool set_limit(Request& request, char, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (number) request.limit = std::min(*number, wire::max_deaths);
  return number.has_value();
}

constexpr options::Option<Request> option_table[] = {{{'S'}, set_style, "names of signals; the default"},
                                                     {{'s'}, set_style, "numbers of signals"},
                                                     {{'n', "max"}, set_limit, "only the last max deaths"}};

const char* parse_or_die(std::span<const char* const> words, Request& request) noexcept {
  const auto parsed = options::parse(option_table, request, words);
  const auto usage = options::usage("s6-svdt", option_table, "servicedir");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, "0 printed");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no service directory given");
  return parsed.operands[0];
}

// A service that has no tally, or one that makes no sense, has no deaths to show.
bool open_or_die(TallyReader& tally, const char* path, std::uint32_t limit, const char* directory) noexcept {
  const auto opened = tally.open(path, limit);
  if (opened) return true;
  const Error& error = opened.error();
  if (error.code == EPROTO) {
    cli::warn({"ignoring ", path, ": ", explain_tally_error(error)});
    return false;
  }
  if (error.code == ENOENT && sys::stat(service_dir::below(directory, service_dir::supervise).c_str())) return false;
  cli::die(Error{error.code, "read the death tally of", directory},
           service_dir::remedy(directory, service_dir::Use::look, error.code));
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svdt");
  Request request;
  const char* const directory = parse_or_die(options::words_of(argc, argv), request);
  const PathBuffer path = service_dir::below(directory, service_dir::death_tally);
  if (!path.ok()) cli::die(Error{ENAMETOOLONG, "read the death tally of", directory});

  TallyReader tally;
  if (!open_or_die(tally, path.c_str(), request.limit, directory)) return cli::ok;
  LineOutput output;
  for (;;) {
    const auto death = tally.next();
    if (!death) cli::die(death.error());
    if (!*death) break;
    output.add(svstat::death_line(**death, request.style));
  }
  output.flush();
  return cli::ok;
}
