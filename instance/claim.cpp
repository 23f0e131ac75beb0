#include "instance/claim.hpp"

#include <errno.h>
#include <fcntl.h>

#include <utility>

#include "common/cli.hpp"
#include "common/sys.hpp"
#include "instance/tree.hpp"
#include "svscan/service_entry.hpp"

namespace s6::instance {
namespace {

bool is_still(const PathBuffer& path, int fd) noexcept {
  const auto named = sys::lstat(path.c_str());
  const auto opened = sys::fstat(fd);
  return named && opened && named->st_dev == opened->st_dev && named->st_ino == opened->st_ino;
}

Result<bool> is_supervised(const PathBuffer& copy) noexcept {
  for (const PathBuffer& directory : {copy, service_dir::below(copy.c_str(), "log")}) {
    const auto supervisor = service_dir::test_supervisor(directory.c_str());
    if (!supervisor) return supervisor.error();
    if (supervisor->locked) return true;
  }
  return false;
}

Result<Found> classify(const PathBuffer& copy, const PathBuffer& link) noexcept {
  const auto linked = sys::lstat(link.c_str());
  if (linked) return Found::linked;
  if (linked.error().code != ENOENT) return linked.error();
  const auto supervised = is_supervised(copy);
  if (!supervised) return supervised.error();
  return *supervised ? Found::supervised : Found::leftover;
}

// The directory of all copies is made here if it is not there: a service may come without it.
void make_directory_or_die(const Paths& paths) noexcept {
  auto made = sys::mkdir(paths.copy.c_str(), 0700);
  if (!made && made.error().code == ENOENT) {
    if (auto parent = sys::mkdir(paths.all_copies.c_str(), 0755); !parent && parent.error().code != EEXIST)
      cli::die(parent.error());
    made = sys::mkdir(paths.copy.c_str(), 0700);
  }
  if (!made && made.error().code != EEXIST) cli::die(made.error());
}

}  // namespace

Result<Claim> claim(const PathBuffer& copy, const PathBuffer& link) noexcept {
  for (;;) {
    auto directory = sys::open(copy.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory && directory.error().code == ENOENT) return Claim{};
    if (!directory) return directory.error();
    const auto locked = sys::lock_directory(directory->get());
    if (!locked) return Error{locked.error().code, "lock", copy.c_str()};
    if (!*locked) return Claim{Found::busy, {}};
    if (!is_still(copy, directory->get())) continue;  // who had the lock before has removed it
    const auto found = classify(copy, link);
    if (!found) return found.error();
    return Claim{*found, std::move(*directory)};
  }
}

UniqueFd make_or_die(const Paths& paths) noexcept {
  for (;;) {
    auto claimed = claim(paths.copy, paths.link);
    if (!claimed) cli::die(claimed.error());
    switch (claimed->found) {
      case Found::absent: make_directory_or_die(paths); continue;
      case Found::busy: cli::die(cli::usage_error, {paths.copy, " is just being created or deleted; try again"});
      case Found::linked:
        cli::die(cli::usage_error, {"the instance ", paths.copy, " exists already; s6-instance-delete removes it"});
      case Found::supervised:
        cli::die(cli::usage_error, {"the instance ", paths.copy, " was deleted, but its supervisor has not left yet; ",
                                    "it does when the service has ended"});
      case Found::leftover: break;
    }
    Tree tree;
    if (auto cleared = tree.clear(paths.copy.c_str()); !cleared) cli::die(cleared.error());
    return std::move(claimed->lock);
  }
}

void sweep(const Paths& paths) noexcept {
  sys::DirectoryReader entries;
  if (!entries.open(paths.all_copies.c_str())) return;
  Tree tree;
  for (;;) {
    const auto entry = entries.next();
    if (!entry || !*entry) return;
    if (!is_instance_name((*entry)->view())) continue;
    const PathBuffer copy = service_dir::below(paths.all_copies.c_str(), (*entry)->view());
    const PathBuffer link = service_dir::below(paths.scan.c_str(), (*entry)->view());
    const auto claimed = claim(copy, link);
    if (claimed && claimed->found == Found::leftover) (void)tree.remove(copy.c_str());
  }
}

void act_as_owner_or_die(const Paths& paths) noexcept {
  if (sys::effective_user() != 0) return;
  const auto scan = sys::lstat(paths.scan.c_str());
  if (!scan) cli::die(scan.error(), "is this an instanced service that runs?");
  if (scan->st_uid == 0) return;
  if (auto done = sys::become(scan->st_uid, scan->st_gid); !done) cli::die(done.error());
}

}  // namespace s6::instance
