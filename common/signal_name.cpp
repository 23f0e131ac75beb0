#include "common/signal_name.hpp"

#include <signal.h>

#include <array>
#include <limits>

#include "common/number.hpp"
#include "common/text.hpp"

namespace s6 {
namespace {

struct NamedSignal {
  std::string_view name;
  int number;
};

// The first entry for a number is the one that is printed.
constexpr auto table = std::to_array<NamedSignal>({
    {"ABRT", SIGABRT},     {"ALRM", SIGALRM},   {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},
    {"CONT", SIGCONT},     {"FPE", SIGFPE},     {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},
    {"POLL", SIGPOLL},     {"IO", SIGPOLL},     {"IOT", SIGABRT},  {"KILL", SIGKILL}, {"PIPE", SIGPIPE},
    {"PROF", SIGPROF},     {"PWR", SIGPWR},     {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP},     {"SYS", SIGSYS},     {"TERM", SIGTERM}, {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
    {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
});

constexpr char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (upper(a[i]) != upper(b[i])) return false;
  return true;
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) noexcept {
  if (text.size() > 3 && same_name(head(text, 3), "SIG")) text.remove_prefix(3);
  if (const auto number = parse_u32(text)) {
    if (*number > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return std::nullopt;
    return static_cast<int>(*number);
  }
  for (const NamedSignal& s : table)
    if (same_name(text, s.name)) return s.number;
  return std::nullopt;
}

std::string_view signal_name(int number) noexcept {
  for (const NamedSignal& s : table)
    if (s.number == number) return s.name;
  return {};
}

}  // namespace s6
