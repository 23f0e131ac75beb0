#pragma once
// The catch-all logger: the service s6-svscan-log in a scan directory, which logs what the tree says on its stdout and
// stderr. It reads a FIFO that all of the tree has open.
#include <string_view>

#include "common/result.hpp"
#include "common/shell.hpp"
#include "common/text.hpp"

namespace s6::svscan {

inline constexpr const char* catch_all_service = "s6-svscan-log";
inline constexpr const char* catch_all_fifo = "s6-svscan-log/fifo";

struct CatchAll {
  const char* s6_log;              // path or name of the program
  const char* s6_setuidgid;        //
  const char* user = nullptr;      // null: as whoever runs the tree
  std::string_view directives;     // for s6-log, see shell::Words
  std::string_view log_directory;  // absolute
};

using Script = TextBuffer<6 * path_size>;

// The logger's run script. Its stdout is the FIFO: it must not keep that open for writing, or it would never see the
// end of it; and it must not wait for a writer when the tree has just been told to end. So it opens the FIFO for both
// first, then for reading alone. Its errors go to the console. false: the directives make no sense, or are too long.
inline bool append_run_script(Script& script, const CatchAll& catch_all) noexcept {
  script.append(
      "#!/bin/sh\n"
      "# Written by s6-svscanboot each time it runs.\n"
      "exec >&2 4<>fifo <fifo 4>&-\n"
      "exec env -i PATH=\"${PATH-/usr/bin:/bin}\"");
  if (catch_all.user != nullptr) {
    script.append(" ");
    shell::append_quoted(script, catch_all.s6_setuidgid);
    script.append(" ");
    shell::append_quoted(script, catch_all.user);
  }
  script.append(" ");
  shell::append_quoted(script, catch_all.s6_log);
  script.append(" -bpd3 --");
  shell::Words directives(catch_all.directives);
  while (const auto word = directives.next()) {
    script.append(" ");
    shell::append_quoted(script, *word);
  }
  script.append(" ");
  shell::append_quoted(script, catch_all.log_directory);
  script.append("\n");
  return script.ok() && !directives.failed();
}

// Makes the service in the working directory, or makes it anew over what an earlier run has left: of that the FIFO
// stays, as what has survived may still write to it. Whoever reads one of the files meanwhile sees the old or the new.
Result<void> make_catch_all_service(std::string_view run_script) noexcept;

}  // namespace s6::svscan
