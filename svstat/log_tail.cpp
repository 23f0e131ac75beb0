#include "svstat/log_tail.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/sys.hpp"
#include "svstat/log_text.hpp"

namespace s6::svstat {
namespace {

struct OpenLog {
  PathBuffer path;
  UniqueFd fd;
  int error = 0;  // why a log that is there cannot be read
};

// true: the search is over.
bool try_directory(OpenLog& log, std::initializer_list<std::string_view> directory) noexcept {
  log.path.clear();
  for (const std::string_view part : directory) log.path.append(part);
  log.path.append("/current");
  if (!log.path.ok()) return false;
  auto fd = sys::open(log.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd) {
    log.fd = std::move(*fd);
    return true;
  }
  log.error = fd.error().code;
  return log.error != ENOENT && log.error != ENOTDIR;
}

bool try_run_script(OpenLog& log, const char* directory) noexcept {
  std::array<char, 4096> text;
  const PathBuffer run{directory, "/run"};
  const auto size = run.ok() ? sys::read_file(run.c_str(), std::as_writable_bytes(std::span(text))) : Error{ENOENT};
  if (!size) return false;
  const std::string_view named = log_directory_in({text.data(), *size});
  if (named.empty()) return false;
  return named[0] == '/' ? try_directory(log, {named}) : try_directory(log, {directory, "/", named});
}

bool find_log(OpenLog& log, const char* directory) noexcept {
  if (try_directory(log, {directory, "/logdir"}) || try_run_script(log, directory)) return true;
  for (const std::string_view name : {"/main", "", "/log"})
    if (try_directory(log, {directory, name})) return true;
  return false;
}

// Most logs have short lines: a little of the end is enough, and all that is read if not is still bounded.
constexpr std::array<std::size_t, 2> amounts = {4096, 65536};
using Block = std::array<char, amounts.back()>;

Result<std::string_view> read_end(int fd, std::uint32_t count, Block& block) noexcept {
  const auto st = sys::fstat(fd);
  if (!st) return st.error();
  const auto size = static_cast<std::size_t>(st->st_size);
  LastLines last;
  for (const std::size_t amount : amounts) {
    const std::size_t wanted = std::min(size, amount);
    const auto got =
        sys::read_at(fd, std::as_writable_bytes(std::span(block)).first(wanted), static_cast<off_t>(size - wanted));
    if (!got) return got.error();
    last = last_lines({block.data(), *got}, count, wanted == size);
    if (last.enough) break;
  }
  return last.text;
}

}  // namespace

Result<Tail> read_tail(const char* directory, std::uint32_t count, TextStore& store) noexcept {
  static Block block;
  OpenLog log;
  if (!find_log(log, directory)) return Tail{};
  Tail tail;
  auto path = store.add({log.path});
  if (!path) return path.error();
  tail.file = *path;
  if (!log.fd) {
    tail.error = log.error;
    return tail;
  }
  const auto lines = read_end(log.fd.get(), count, block);
  if (!lines) {
    tail.error = lines.error().code;
    return tail;
  }
  auto kept = store.add({*lines});
  if (!kept) return kept.error();
  tail.lines = *kept;
  return tail;
}

}  // namespace s6::svstat
