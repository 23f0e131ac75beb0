#include "log/status_file.hpp"

#include <errno.h>

#include <utility>

#include "common/replace_file.hpp"
#include "common/text.hpp"
#include "log/warnings.hpp"

namespace s6::log {
namespace {

Result<void> pad(Replacement& file, std::size_t count) noexcept {
  std::array<char, 1024> newlines;
  newlines.fill('\n');
  while (count > 0) {
    const auto piece = std::as_bytes(std::span(newlines).first(std::min(count, newlines.size())));
    if (auto r = file.append(piece); !r) return r;
    count -= piece.size();
  }
  return {};
}

Result<void> replace(const char* path, std::string_view line, std::uint32_t size) noexcept {
  const PathBuffer temporary{path, ".new"};
  if (!temporary.ok()) return Error{ENAMETOOLONG, "", ""};
  const std::string_view text = size != 0 ? head(line, size) : line;
  Replacement file(path, temporary.c_str());
  if (auto r = file.begin(0666); !r) return Error{r.error().code, "", ""};
  if (auto r = file.append(std::as_bytes(std::span(text))); !r) return Error{r.error().code, "", ""};
  if (auto r = pad(file, size != 0 ? size - text.size() : 1); !r) return Error{r.error().code, "", ""};
  return file.commit();
}

}  // namespace

void StatusFile::publish() noexcept {
  if (!std::exchange(changed_, false)) return;
  if (auto r = replace(path_, line_.front(), size_); !r)
    warn({"unable to write status file ", path_, ": ", cli::reason(r.error().code)});
}

}  // namespace s6::log
