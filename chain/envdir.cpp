// s6-envdir: changes the environment of a program by the files of a directory.
#include <errno.h>

#include "chain/env_dir.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

struct Request {
  chain::EnvDirOptions options;
  bool may_be_missing = false;
};

bool set_flag(Request& request, char letter, const char*) noexcept {
  switch (letter) {
    case 'I': request.may_be_missing = true; return true;
    case 'i': request.may_be_missing = false; return true;
    case 'n': request.options.keep_blanks = true; return true;
    case 'f': request.options.whole_file = true; return true;
    case 'L': request.options.unlimited = true; return true;
    default: return false;
  }
}
bool set_nul(Request& request, char, const char* value) noexcept {
  request.options.nul = *value;
  return *value != '\0';
}

constexpr options::Option<Request> option_table[] = {
    {{'I'}, set_flag, "it does not matter if dir is missing"},
    {{'i'}, set_flag, "it is an error if dir is missing; the default"},
    {{'n'}, set_flag, "keep blanks at the end of values"},
    {{'f'}, set_flag, "a value is the whole file, not its first line"},
    {{'L'}, set_flag, "values may be longer than 4095 bytes"},
    {{'c', "nullchar"}, set_nul, "what a NUL byte becomes; a newline by default"},
};

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-envdir");
  Request request;
  const auto parsed = options::parse(option_table, request, options::words_of(argc, argv));
  const auto usage = options::usage("s6-envdir", option_table, "dir prog...");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, cli::exit_codes_of_chain);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no directory given");
  if (parsed.operands.size() < 2) cli::die_usage(usage.view(), "no program given");

  Environment environment;
  if (auto inherited = environment.inherit(); !inherited) cli::die(inherited.error());
  static chain::EnvDir directory;
  const auto opened = directory.open(parsed.operands[0]);
  if (!opened && !(request.may_be_missing && opened.error().code == ENOENT)) cli::die(opened.error());
  if (opened)
    if (auto applied = directory.apply(request.options, environment); !applied) cli::die(applied.error());
  exec_or_die(parsed.operands.data() + 1, environment.block());
}
