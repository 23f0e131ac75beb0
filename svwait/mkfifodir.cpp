// s6-mkfifodir: makes a fifodir, to which everybody or a group may listen.
#include <errno.h>

#include <optional>
#include "common/cli.hpp"
#include "common/fifodir.hpp"
#include "common/number.hpp"
#include "common/options.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

struct Request {
  bool force = false;
  std::optional<gid_t> group;  // none: everybody

  [[nodiscard]] mode_t mode() const noexcept { return group ? fifodir::restricted_mode : fifodir::public_mode; }
};

bool set_force(Request& request, char, const char*) noexcept {
  request.force = true;
  return true;
}

bool set_group(Request& request, char, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (!number || *number == static_cast<gid_t>(-1)) return false;  // -1 is nobody's: it stands for "no change"
  request.group = *number;
  return true;
}

constexpr options::Option<Request> table[] = {{{'f'}, set_force, "set the mode and group of one that exists, too"},
                                              {{'g', "gid"}, set_group, "only the group gid may subscribe"}};

// What exists is only taken for a fifodir where its owner, who alone can notify it, is the caller.
Result<void> check_existing(const char* directory) noexcept {
  constexpr const char* doing = "take for a fifodir";
  const auto found = sys::stat(directory);
  if (!found) return found.error();
  if (!S_ISDIR(found->st_mode)) return Error{ENOTDIR, doing, directory};
  if (found->st_uid != sys::effective_user()) return Error{EACCES, doing, directory};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-mkfifodir");
  Request request;
  const auto words = options::words_of(argc, argv);
  const auto parsed = options::parse(table, request, words);
  const auto usage = options::usage("s6-mkfifodir", table, "fifodir");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, "0 it is there");
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no fifodir given");
  const char* const directory = parsed.operands[0];

  const auto made = fifodir::make(directory, request.mode(), request.group);
  if (made) return cli::ok;
  if (made.error().code != EEXIST) cli::die(made.error());
  if (auto checked = check_existing(directory); !checked)
    cli::die(checked.error(), checked.error().code == EACCES ? "it belongs to another user" : "");
  if (!request.force) return cli::ok;
  if (auto granted = fifodir::grant(directory, request.mode(), request.group); !granted) cli::die(granted.error());
  return cli::ok;
}
