#pragma once
// The services of a scan directory, by the rules of s6-svscan: its entries that are directories, or links to some, and
// do not begin with a dot; each may have a logger in `log`.
#include <cstdint>
#include <span>

#include "common/text.hpp"
#include "svstat/row.hpp"
#include "svstat/store.hpp"

namespace s6::svstat {

class Tree {
 public:
  Tree() noexcept = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // `directory` must outlive the tree.
  void set_directory(const char* directory) noexcept { directory_ = directory; }
  // Reads the directory, and forgets what was there before. With `names` only those services count. Nothing is known of
  // them until they are looked at.
  Result<void> find(std::span<const char* const> names) noexcept;

  void look_at_scanner() noexcept;
  void look_at(Row& row) noexcept;
  // For a row that needs it, after some time: see look_again().
  void look_again_at(Row& row) noexcept;
  // Each logger's last lines, for the rows as they are.
  Result<void> read_tails(std::uint32_t count) noexcept;

  [[nodiscard]] const char* directory() const noexcept { return directory_; }
  [[nodiscard]] std::span<Row> rows() noexcept { return rows_.all(); }
  [[nodiscard]] Scan scan() const noexcept { return {directory_, scanner_, rows_.all()}; }
  // The directory of a service, of its logger.
  [[nodiscard]] PathBuffer path(const Row& row) const noexcept { return {directory_, "/", row.name}; }
  [[nodiscard]] PathBuffer logger_path(const Row& row) const noexcept { return {directory_, "/", row.name, "/log"}; }

 private:
  const char* directory_ = "";
  Keeper scanner_;
  TextStore names_;
  TextStore tails_;
  GrowingArray<Row> rows_;
};

}  // namespace s6::svstat
