#include "chain/launch_steps.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "common/sys.hpp"
#include "common/text.hpp"

namespace s6::launch {
namespace {

// The system's answer, with the value as it was requested.
Result<void> about(const Result<void>& result, const char* value) noexcept {
  if (result) return {};
  return Error{result.error().code, result.error().doing, value};
}

Result<void> write_to(const char* path, std::string_view content) noexcept {
  auto fd = sys::open(path, O_WRONLY | O_NOCTTY);
  if (!fd) return fd.error();
  return sys::write_all(fd->get(), std::as_bytes(std::span(content)));
}

Result<void> set_session(Launch& launch) noexcept {
  switch (launch.plan.session) {
    case Session::same: return {};
    case Session::own_session: return sys::leads_session() ? Result<void>{} : sys::new_session();
    case Session::own_group: return sys::leads_process_group() ? Result<void>{} : sys::new_process_group();
  }
  return {};
}

Result<void> set_umask(Launch& launch) noexcept {
  if (launch.plan.umask) sys::umask(static_cast<mode_t>(*launch.plan.umask));
  return {};
}

Result<void> join_cgroup(Launch& launch) noexcept {
  const char* const path = launch.plan.cgroup;
  if (path == nullptr) return {};
  const PathBuffer members{path, "/cgroup.procs"};
  if (!members.ok()) return Error{ENAMETOOLONG, "join the cgroup", path};
  const auto joined = write_to(members.c_str(), "0");  // whoever writes it
  if (!joined) return Error{joined.error().code, "join the cgroup", path};
  return {};
}

Result<void> set_nice(Launch& launch) noexcept {
  const auto& nice = launch.plan.nice;
  if (!nice) return {};
  if (auto set = sys::set_nice(nice->value); !set) return about(set, nice->text);
  // The kernel may share out time among sessions first; then only this counts between services. It is no failure where
  // there is no such thing.
  if (sys::leads_session()) (void)write_to("/proc/self/autogroup", to_text(nice->value));
  return {};
}

Result<void> set_io_priority(Launch& launch) noexcept {
  const auto& priority = launch.plan.io_priority;
  if (!priority) return {};
  return about(sys::set_io_priority(priority->value.io_class, priority->value.level), priority->text);
}

Result<void> set_oom_score_adj(Launch& launch) noexcept {
  const auto& score = launch.plan.oom_score_adj;
  if (!score) return {};
  const auto written = write_to("/proc/self/oom_score_adj", to_text(score->value));
  if (!written) return Error{written.error().code, "set the OOM score adjustment", score->text};
  return {};
}

Result<void> set_scheduler(Launch& launch) noexcept {
  const auto& policy = launch.plan.scheduler;
  if (!policy) return {};
  const auto lowest = sys::lowest_priority(policy->value);
  if (!lowest) return Error{lowest.error().code, lowest.error().doing, policy->text};
  const auto& priority = launch.plan.scheduler_priority;
  return about(sys::set_scheduler(policy->value, priority ? priority->value : *lowest), policy->text);
}

Result<void> raise_limits(Launch& launch) noexcept {
  for (std::size_t i = 0; i < chain::resource_count; ++i) {
    const Plan::Limit& limit = launch.plan.limits[i];
    if (limit.text == nullptr) continue;
    const int resource = chain::resources[i].number;
    const auto current = sys::resource_limit(resource);
    if (!current) return Error{current.error().code, current.error().doing, limit.text};
    launch.limits[i] = chain::changed(*current, limit.change);
    const auto raised = chain::before_last_step(resource, *current, launch.limits[i]);
    if (raised == *current) continue;
    if (auto set = about(sys::set_resource_limit(resource, raised), limit.text); !set) return set;
  }
  return {};
}

Result<void> lower_limits(Launch& launch) noexcept {
  for (std::size_t i = 0; i < chain::resource_count; ++i) {
    const Plan::Limit& limit = launch.plan.limits[i];
    if (limit.text == nullptr) continue;
    const auto set = sys::set_resource_limit(chain::resources[i].number, launch.limits[i]);
    if (!set) return about(set, limit.text);
  }
  return {};
}

Result<void> set_root(Launch& launch) noexcept {
  if (launch.plan.chroot == nullptr) return {};
  if (auto changed = sys::chroot(launch.plan.chroot); !changed) return changed;
  return sys::chdir("/");  // a working directory outside of the root is a way out of it
}

Result<void> set_directory(Launch& launch) noexcept {
  if (launch.plan.directory == nullptr) return {};
  return sys::chdir(launch.plan.directory);
}

// Is the process a member of these groups and no others? Its group counts as one of them.
bool has_groups(std::span<const gid_t> wanted, gid_t own) noexcept {
  static chain::GroupList current, sorted;
  const auto count = sys::get_groups(current.room());
  if (!count) return false;
  current.resize(*count);
  for (const gid_t group : wanted) sorted.add(group);
  const auto prepare = [own](chain::GroupList& list) {
    list.add(own);
    const auto used = list.room().first(list.view().size());
    std::ranges::sort(used);
    return std::span(used.begin(), std::unique(used.begin(), used.end()));
  };
  return sys::is_group(own) && std::ranges::equal(prepare(current), prepare(sorted));
}

// What is as it should be already needs no rights, so that anybody may ask for what he is.
Result<void> set_groups(Launch& launch) noexcept {
  if (launch.set_groups) {
    const auto set = sys::set_groups(launch.groups.view());
    if (!set && !has_groups(launch.groups.view(), launch.group.value_or(sys::effective_group())))
      return about(set, launch.plan.groups != nullptr ? launch.plan.groups : launch.plan.user);
  }
  if (!launch.group || sys::is_group(*launch.group)) return {};
  return about(sys::set_group(*launch.group), launch.plan.group != nullptr ? launch.plan.group : launch.plan.user);
}

Result<void> set_user(Launch& launch) noexcept {
  if (!launch.user || sys::is_user(*launch.user)) return {};
  if (launch.capabilities.given() || launch.plan.securebits)
    if (auto kept = sys::keep_capabilities_across_user_change(); !kept) return kept;
  launch.user_changed = true;
  return about(sys::set_user(*launch.user), launch.plan.user);
}

Result<void> set_privileges(Launch& launch) noexcept {
  const bool given = launch.capabilities.given();
  const auto& bits = launch.plan.securebits;
  if (!given && !bits && !launch.user_changed) return {};
  if (given)
    if (auto applied = launch.capabilities.apply(); !applied) return applied;
  if (bits)
    if (auto set = set_securebits(bits->value, bits->text); !set) return set;
  if (sys::effective_user() == 0) return {};
  if (launch.user_changed && !given)
    if (auto dropped = drop_ambient_capabilities(); !dropped) return dropped;
  return drop_kept_capabilities();
}

// --- redirections --------------------------------------------------------------------------------------------------
Result<void> redirect(int target, const char* path, int flags, mode_t mode = 0) noexcept {
  auto fd = sys::open(path, flags | O_NOCTTY, mode);
  if (!fd) return fd.error();
  return about(sys::dup_onto(fd->get(), target), path);
}

Result<void> redirect_input(Launch& launch) noexcept {
  if (launch.plan.input == nullptr) return {};
  // A FIFO that nobody writes to is no reason to wait.
  if (auto opened = redirect(0, launch.plan.input, O_RDONLY | O_NONBLOCK); !opened) return opened;
  return about(sys::set_blocking(0), launch.plan.input);
}

Result<void> redirect_output(Launch& launch, int target, const Output& output) noexcept {
  const auto mode = static_cast<mode_t>(launch.plan.file_mode);
  switch (output.kind) {
    case Output::Kind::same: return {};
    case Output::Kind::append: return redirect(target, output.path, O_WRONLY | O_CREAT | O_APPEND, mode);
    case Output::Kind::truncate: return redirect(target, output.path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    case Output::Kind::stdout_too: return sys::dup_onto(1, target);
  }
  return {};
}

Result<void> redirect_all(Launch& launch) noexcept {
  if (auto done = redirect_input(launch); !done) return done;
  if (auto done = redirect_output(launch, 1, launch.plan.output); !done) return done;
  if (launch.plan.error.kind == Output::Kind::same) return {};
  auto copy = sys::dup_above(2, 3);
  if (!copy) return copy.error();
  launch.own_stderr = std::move(*copy);
  return redirect_output(launch, 2, launch.plan.error);
}

Result<void> set_no_new_privileges(Launch& launch) noexcept {
  return launch.plan.no_new_privileges ? sys::set_no_new_privileges() : Result<void>{};
}

using Step = Result<void> (*)(Launch&) noexcept;
constexpr Step steps[] = {
    set_session,           set_umask,    join_cgroup,   set_nice,   set_io_priority, set_oom_score_adj, set_scheduler,
    raise_limits,          set_root,     set_directory, set_groups, set_user,        set_privileges,    redirect_all,
    set_no_new_privileges, lower_limits,
};

}  // namespace

Result<void> apply(Launch& launch) noexcept {
  for (const Step step : steps)
    if (auto done = step(launch); !done) return done;
  return {};
}

}  // namespace s6::launch
