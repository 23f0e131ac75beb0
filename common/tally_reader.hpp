#pragma once
// Reading supervise/death_tally. A reader neither makes nor changes the file.
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/death_tally.hpp"
#include "common/result.hpp"
#include "common/unique_fd.hpp"

namespace s6 {

class TallyReader {
 public:
  TallyReader() noexcept {}
  // Opens the file for its newest `limit` records. EPROTO: its size is no multiple of a record, so none of it can be
  // trusted; explain_tally_error() says so. `path` must outlive the reader.
  Result<void> open(const char* path, std::uint32_t limit) noexcept;
  // How many records the file had then, those beyond the limit included.
  [[nodiscard]] std::size_t total() const noexcept { return total_; }
  // The next record, oldest first; nothing at the end.
  Result<std::optional<Death>> next() noexcept;

 private:
  const char* path_ = "";
  UniqueFd fd_;
  off_t offset_ = 0;
  std::size_t total_ = 0;
  std::size_t left_ = 0;  // not read yet
  std::size_t used_ = 0;
  std::size_t filled_ = 0;  // whole records only
  std::array<std::byte, 128 * wire::death_size> buffer_;
};

std::string_view explain_tally_error(const Error& error) noexcept;

}  // namespace s6
