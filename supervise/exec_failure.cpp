#include "supervise/exec_failure.hpp"

#include <errno.h>
#include <unistd.h>

#include <array>

#include "common/cli.hpp"
#include "common/sys.hpp"

namespace s6::supervise {

HeadVerdict inspect_head(std::string_view content) noexcept {
  if (content.empty()) return {Head::empty, {}};
  if (content.starts_with("\x7f"
                          "ELF"))
    return {Head::elf, {}};
  if (!content.starts_with("#!")) return {Head::no_magic, {}};
  content.remove_prefix(2);
  std::string_view line = head(content, content.find('\n'));
  const bool cr = line.ends_with('\r');
  if (cr) line.remove_suffix(1);
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {Head::script_without_interpreter, {}};
  line.remove_prefix(start);
  return {cr ? Head::script_with_cr : Head::script, head(line, line.find_first_of(" \t"))};
}

namespace {

Explanation explain_missing(const char* path, const HeadVerdict& head) noexcept {
  auto link = sys::lstat(path);
  if (!link) return {"there is no such file; create it and make it executable"};
  if (!sys::stat(path)) return {"it is a symbolic link to nothing; mend the link"};
  switch (head.kind) {
    case Head::script_with_cr:
      return {"its #! line ends in a carriage return, so that the kernel looks for \"", head.interpreter,
              "\\r\"; save it with Unix line ends"};
    case Head::script: return {"its interpreter ", head.interpreter, " does not exist; install it or mend the #! line"};
    case Head::elf: return {"the dynamic loader or a library directory that it was linked for does not exist"};
    default: return {cli::reason(ENOENT)};
  }
}

Explanation explain_forbidden(const char* path, const HeadVerdict& head) noexcept {
  auto st = sys::stat(path);
  if (!st) return {cli::reason(EACCES), ": no right to search the directories that lead to it"};
  if (S_ISDIR(st->st_mode)) return {"it is a directory"};
  if (!S_ISREG(st->st_mode)) return {"it is not a regular file"};
  if ((st->st_mode & 0111) == 0) return {"it is not executable; run: chmod +x ", path};
  if (sys::is_mounted_noexec(path))
    return {"it is on a file system mounted noexec; remount that or move the service directory"};
  if (head.kind == Head::script && !sys::access(TextBuffer<head_size>{head.interpreter}.c_str(), X_OK))
    return {"its interpreter ", head.interpreter, " may not be executed"};
  return {cli::reason(EACCES)};
}

Explanation explain_format(const HeadVerdict& head) noexcept {
  switch (head.kind) {
    case Head::empty: return {"it is empty"};
    case Head::elf: return {"it is a program for another kind of machine"};
    case Head::script_without_interpreter: return {"its #! line names no interpreter"};
    case Head::no_magic: return {"it does not begin with a #! line; a shell script needs #!/bin/sh as its first line"};
    default: return {cli::reason(ENOEXEC)};
  }
}

}  // namespace

Explanation explain_exec_failure(const char* path, int code) noexcept {
  std::array<char, head_size> buffer;
  auto size = sys::read_file(path, std::as_writable_bytes(std::span(buffer)));
  const HeadVerdict head = inspect_head({buffer.data(), size ? *size : 0});
  switch (code) {
    case ENOENT: return explain_missing(path, head);
    case EACCES: return explain_forbidden(path, head);
    case ENOEXEC: return explain_format(head);
    default: return {cli::reason(code)};
  }
}

}  // namespace s6::supervise
