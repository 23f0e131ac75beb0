#include "svstat/forest.hpp"

#include <stdlib.h>

#include <algorithm>
#include <array>

#include "common/reserved_array.hpp"
#include "svstat/look.hpp"

namespace s6::svstat {
namespace {

constexpr std::array usual_places = {"/run/openrc/s6-scan", "/run/service", "/service"};

bool may_have_scanner(const char* directory) noexcept {
  return look_at_keeper(directory, ".s6-svscan").state != Keeper::State::missing;
}

}  // namespace

Result<void> Forest::choose(std::span<const char* const> operands) noexcept {
  for (const char* const operand : operands) {
    auto added = is_scan_directory(operand) ? directories_.add(operand) : names_.add(operand);
    if (!added) return added;
  }
  if (directories_.all().empty())
    if (auto chosen = choose_default(); !chosen) return chosen;
  auto trees = reserve_array<Tree>(directories_.all().size());
  if (!trees) return trees.error();
  trees_ = *trees;
  for (std::size_t i = 0; i < trees_.size(); ++i) trees_[i].set_directory(directories_.all()[i]);
  return {};
}

Result<void> Forest::choose_default() noexcept {
  const char* const given = ::getenv("S6_SCANDIR");
  if (given != nullptr && *given != '\0') return directories_.add(given);
  const auto* const found = std::ranges::find_if(usual_places, may_have_scanner);
  return found == usual_places.end() ? Result<void>() : directories_.add(*found);
}

Result<void> Forest::find() noexcept {
  for (Tree& tree : trees_)
    if (auto found = tree.find(names_.all()); !found) return found;
  return {};
}

void Forest::look() noexcept {
  for (Tree& tree : trees_) {
    tree.look_at_scanner();
    for (Row& row : tree.rows()) tree.look_at(row);
  }
  look_again();
}

void Forest::look_again() noexcept {
  const auto is_doubtful = [](const Row& row) { return needs_second_look(row.seen) || needs_second_look(row.logger); };
  if (std::ranges::none_of(trees_, [&](Tree& tree) { return std::ranges::any_of(tree.rows(), is_doubtful); })) return;
  sys::nap(time_to_write);
  for (Tree& tree : trees_)
    for (Row& row : tree.rows()) tree.look_again_at(row);
}

Result<std::span<const Scan>> Forest::arrange(const SvlsRequest& request) noexcept {
  scans_.clear();
  for (Tree& tree : trees_) {
    sort(tree.rows(), request.sort);
    if (request.lines > 0)
      if (auto done = tree.read_tails(request.lines); !done) return done.error();
    if (auto added = scans_.add(tree.scan()); !added) return added.error();
  }
  return std::span<const Scan>(scans_.all());
}

bool Forest::has(std::string_view name) noexcept {
  return std::ranges::any_of(trees_, [name](Tree& tree) {
    return std::ranges::any_of(tree.rows(), [name](const Row& row) { return row.name == name; });
  });
}

}  // namespace s6::svstat
