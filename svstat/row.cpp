#include "svstat/row.hpp"

#include <algorithm>
#include <array>

namespace s6::svstat {
namespace {

struct NamedKey {
  std::string_view name;
  SortKey key;
};
constexpr auto keys = std::to_array<NamedKey>(
    {{"name", SortKey::name}, {"state", SortKey::state}, {"age", SortKey::age}, {"deaths", SortKey::deaths}});

bool is_fine(const Row& row) noexcept {
  return is_as_wanted(row.seen) && (!row.has_logger || is_as_wanted(row.logger));
}

Tai64n last_change(const Row& row) noexcept {
  return row.seen.status ? row.seen.status->changed : Tai64n{};
}

// Less comes first.
std::uint64_t rank(const Row& row) noexcept {
  return (is_fine(row) ? std::uint64_t{state_count} : 0) + static_cast<std::uint64_t>(state_of(row.seen));
}

bool comes_before(const Row& a, const Row& b, SortKey key) noexcept {
  switch (key) {
    case SortKey::name: break;
    case SortKey::state:
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      break;
    case SortKey::age:
      if (last_change(a) != last_change(b)) return last_change(a) > last_change(b);
      break;
    case SortKey::deaths:
      if (a.seen.deaths != b.seen.deaths) return a.seen.deaths > b.seen.deaths;
      break;
  }
  return a.name < b.name;
}

}  // namespace

std::optional<SortKey> sort_key_of(std::string_view name) noexcept {
  const auto* found = std::ranges::find(keys, name, &NamedKey::name);
  if (found == keys.end()) return std::nullopt;
  return found->key;
}

void sort(std::span<Row> rows, SortKey key) noexcept {
  std::ranges::sort(rows, [key](const Row& a, const Row& b) { return comes_before(a, b, key); });
}

int exit_code_of(std::span<const Scan> scans) noexcept {
  const auto has_no_scanner = [](const Scan& scan) { return scan.scanner.state == Keeper::State::missing; };
  if (std::ranges::any_of(scans, has_no_scanner)) return 2;
  return std::ranges::all_of(scans, [](const Scan& scan) { return std::ranges::all_of(scan.rows, is_fine); }) ? 0 : 1;
}

}  // namespace s6::svstat
