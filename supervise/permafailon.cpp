// s6-permafailon: in ./finish, gives a service up that has died too often in a while; else becomes another program.
#include <errno.h>

#include <algorithm>

#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/tally_reader.hpp"
#include "common/usage.hpp"
#include "supervise/failures.hpp"

using namespace s6;

namespace {

struct Request {
  std::uint32_t seconds = 0;
  std::uint32_t count = 0;
  supervise::Failures failures;
  std::span<const char* const> program;
};

Request parse_or_die(std::span<const char* const> words) noexcept {
  constexpr std::string_view usage = "s6-permafailon seconds count list [ prog... ]";
  cli::answer_lone_word(usage, words,
                        "0 or those of prog, 125 too many deaths, 126 prog cannot be executed, 127 it is not there");
  if (words.size() < 3) cli::die_usage(usage, "seconds, a count and a list of codes and signals are needed");
  const auto seconds = parse_u32(words[0]);
  if (!seconds) cli::die_usage(usage, TextBuffer<256>{"invalid number of seconds: ", words[0]}.view());
  const auto count = parse_u32(words[1]);
  if (!count || *count == 0)
    cli::die_usage(usage, TextBuffer<256>{"invalid count of deaths, at least 1 is needed: ", words[1]}.view());
  const auto list = supervise::parse_failures(words[2]);
  if (!list.problem.empty())
    cli::die_usage(usage, TextBuffer<256>{"invalid list: ", list.culprit, ": ", list.problem}.view());
  return {*seconds, std::min(*count, wire::max_deaths), list.failures, words.subspan(3)};
}

// The death by which there are too many. What cannot be read counts as no death: a service is not given up by mistake.
std::optional<Death> find_last_straw(const Request& request) noexcept {
  const Tai64n now = sys::stamp_now();
  const Tai64n since{now.label - request.seconds, now.nanoseconds};
  supervise::FailureLimit limit(request.failures, since, request.count);
  TallyReader tally;
  if (auto opened = tally.open(service_dir::death_tally, wire::max_deaths); !opened) {
    if (opened.error().code == EPROTO)
      cli::warn({"ignoring ", service_dir::death_tally, ": ", explain_tally_error(opened.error())});
    else
      cli::warn(opened.error(), "is the working directory a service directory?");
    return std::nullopt;
  }
  for (;;) {
    const auto death = tally.next();
    if (!death) cli::warn(death.error());
    if (!death || !*death) return std::nullopt;
    if (limit.reached_by(**death)) return *death;
  }
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-permafailon");
  const Request request = parse_or_die(options::operands_without_options(options::words_of(argc, argv)));
  if (const auto death = find_last_straw(request)) {
    const bool killed = death->signal != 0;
    cli::say(cli::Level::info, {"PERMANENT FAILURE triggered after ", to_text(request.count), " events involving ",
                                killed ? "signal " : "exit code ", to_text(killed ? death->signal : death->exit_code),
                                " in the last ", to_text(request.seconds), " seconds"});
    return supervise::permanent_failure;
  }
  if (request.program.empty()) return cli::ok;
  exec_or_die(request.program.data());
}
