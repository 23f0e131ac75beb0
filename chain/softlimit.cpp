// s6-softlimit: becomes a program with other resource limits.
#include "chain/softlimit.hpp"

#include <sys/resource.h>

#include <array>

#include "chain/limits.hpp"
#include "common/cli.hpp"
#include "common/exec_path.hpp"
#include "common/number.hpp"
#include "common/usage.hpp"

using namespace s6;

namespace {

struct Request {
  chain::Scope scope = chain::Scope::soft;
  std::array<std::optional<sys::ResourceLimit>, RLIM_NLIMITS> limits;
};

bool set_scope(Request& request, char letter, const char*) noexcept {
  request.scope = letter == 'H' ? chain::Scope::both : chain::Scope::hard;
  return true;
}

// What earlier options made of a limit is what later ones start from.
void change(Request& request, int resource, std::optional<std::uint64_t> value) noexcept {
  auto& limit = request.limits[static_cast<std::size_t>(resource)];
  if (!limit) {
    const auto current = sys::resource_limit(resource);
    if (!current) cli::die(current.error());
    limit = *current;
  }
  limit = chain::limited(*limit, request.scope, value);
}

template <int... resources>
bool set_limits(Request& request, char, const char* value) noexcept {
  const auto number = parse_u64(value);
  if (!number && std::string_view(value) != "=") return false;
  (change(request, resources, number), ...);
  return true;
}

constexpr options::Option<Request> option_table[] = {
    {{'H'}, set_scope, "from here on change both limits, not the soft one only"},
    {{'h'}, set_scope, "from here on change hard limits"},
    {{'a', "allbytes"}, set_limits<RLIMIT_AS>, "address space"},
    {{'c', "corebytes"}, set_limits<RLIMIT_CORE>, "core files"},
    {{'d', "databytes"}, set_limits<RLIMIT_DATA>, "data segment"},
    {{'f', "filebytes"}, set_limits<RLIMIT_FSIZE>, "size of written files"},
    {{'l', "lockbytes"}, set_limits<RLIMIT_MEMLOCK>, "locked memory"},
    {{'m', "membytes"},
     set_limits<RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK, RLIMIT_AS>,
     "data segment, stack, locked memory and address space, each"},
    {{'o', "openfiles"}, set_limits<RLIMIT_NOFILE>, "open descriptors"},
    {{'p', "processes"}, set_limits<RLIMIT_NPROC>, "processes of the user"},
    {{'P', "rtpriority"}, set_limits<RLIMIT_RTPRIO>, "realtime priority"},
    {{'r', "residentbytes"}, set_limits<RLIMIT_RSS>, "resident memory"},
    {{'s', "stackbytes"}, set_limits<RLIMIT_STACK>, "stack"},
    {{'t', "cpusecs"}, set_limits<RLIMIT_CPU>, "processor time"},
};

const char* name_of(int resource) noexcept {
  for (const chain::Resource& known : chain::resources)
    if (known.number == resource) return known.name.data();
  return "";
}

// Stops at the first that the system refuses.
Result<void> apply(const Request& request) noexcept {
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    const auto& limit = request.limits[static_cast<std::size_t>(resource)];
    if (!limit) continue;
    const auto set = sys::set_resource_limit(resource, *limit);
    if (!set) return Error{set.error().code, set.error().doing, name_of(resource)};
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-softlimit");
  Request request;
  const auto parsed = options::parse(option_table, request, options::words_of(argc, argv));
  const auto usage = options::usage("s6-softlimit", option_table, "prog...");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage.view(), parsed, cli::exit_codes_of_chain);
  if (parsed.operands.empty()) cli::die_usage(usage.view(), "no program given");
  if (auto applied = apply(request); !applied)
    cli::die(applied.error(), applied.error().code == EPERM ? "only root can go beyond the hard limit" : "");
  exec_or_die(parsed.operands.data());
}
