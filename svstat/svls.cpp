// s6-svls: shows the services of a scan directory, with their loggers, all at once.
#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/usage.hpp"
#include "svstat/forest.hpp"
#include "svstat/json.hpp"
#include "svstat/live.hpp"
#include "svstat/output.hpp"
#include "svstat/prometheus.hpp"
#include "svstat/screen.hpp"

using namespace s6;
using namespace s6::svstat;

namespace {

constexpr int no_scanner = 2;

std::span<const char* const> parse_or_die(std::span<const char* const> words, SvlsRequest& request) noexcept {
  const auto parsed = options::parse(svls_option_table, request, words);
  const auto usage = options::usage("s6-svls", svls_option_table, svls_operands);
  if (parsed.problem != options::Problem::none)
    cli::answer_or_refuse(usage, parsed, "0 all are as wanted, 1 some are not, 2 no s6-svscan");
  if (request.watch && request.format != Format::table)
    cli::die_usage(usage, "option -w shows a table; ask for a document again when you need a newer one");
  return parsed.operands;
}

void die_if(const Result<void>& done) noexcept {
  if (!done) cli::die(done.error());
}

void print(std::span<const Scan> scans, Format format) noexcept {
  const Tai64n now = sys::stamp_now();
  Output output;
  switch (format) {
    case Format::table: {
      Page page = page_of_output();
      page.lines = 0;  // a terminal scrolls
      add_table(output.sink(), scans, now, page);
      break;
    }
    case Format::json: add_json(output.sink(), scans, now); break;
    case Format::prometheus: add_prometheus(output.sink(), scans, now); break;
  }
  output.flush();
}

// Says which of the names that were asked for do not exist. True: there are some.
bool are_missing(Forest& forest) noexcept {
  bool missing = false;
  for (const char* const name : forest.names()) {
    if (forest.has(name)) continue;
    missing = true;
    cli::warn({"there is no service ", name, " in ", forest.trees()[0].directory(),
               forest.trees().size() > 1 ? " and the others" : "",
               "; scan directories are written with a slash, as in ./", name});
  }
  return missing;
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-svls");
  SvlsRequest request;
  const auto operands = parse_or_die(options::words_of(argc, argv), request);
  Forest forest;
  die_if(forest.choose(operands));
  if (forest.trees().empty())
    cli::die(no_scanner, {"no s6-svscan runs on /run/openrc/s6-scan, /run/service or /service; name its directory, or "
                          "set S6_SCANDIR"});
  if (request.watch) {
    const Error error = Live(forest, request).run();
    const bool watching = std::string_view(error.doing).starts_with("watch");
    cli::die(error, sys::remedy_for_watching(watching ? error.code : 0));
  }

  die_if(forest.find());
  forest.look();
  const auto scans = forest.arrange(request);
  if (!scans) cli::die(scans.error());
  print(*scans, request.format);
  const bool missing = are_missing(forest);
  const int code = exit_code_of(*scans);
  return code == cli::ok && missing ? cli::negative : code;
}
