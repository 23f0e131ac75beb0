#pragma once
// The request of s6-launch: command-line options into one plain structure. Pure: nothing is looked up, nothing done.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "chain/limits.hpp"
#include "common/options.hpp"

namespace s6::launch {

// A value, and how it was written, for messages. All texts point into argv.
template <class T>
struct Given {
  T value{};
  const char* text = "";
};
template <class T>
using Maybe = std::optional<Given<T>>;

struct IoPriority {
  int io_class = 0;  // IOPRIO_CLASS_...: 0 none, 1 realtime, 2 best-effort, 3 idle
  int level = 0;     // 0 to 7
};

enum class Session : std::uint8_t { same, own_group, own_session };

struct Output {
  enum class Kind : std::uint8_t { same, append, truncate, stdout_too };
  Kind kind = Kind::same;
  const char* path = nullptr;
};

struct EnvironmentChange {
  enum class Kind : std::uint8_t { set, unset, unset_prefix, directory };
  Kind kind = Kind::set;
  std::string_view text;  // terminated, but for a prefix
};

struct Plan {
  // Who. Names or numbers; null: as it is.
  const char* user = nullptr;   // USER or USER:GROUP
  const char* group = nullptr;  // instead of the user's own
  const char* groups = nullptr;
  bool account_environment = false;

  // Where.
  const char* chroot = nullptr;
  const char* directory = nullptr;
  std::optional<std::uint32_t> umask;
  const char* input = nullptr;
  Output output;
  Output error;
  std::uint32_t file_mode = 0660;

  // With what.
  const char* argv0 = nullptr;
  bool clear_environment = false;
  std::span<EnvironmentChange> environment;  // in this order

  // How much, and how urgent.
  struct Limit {
    chain::LimitChange change;
    const char* text = nullptr;  // null: as it is
  };
  std::array<Limit, chain::resource_count> limits;
  Maybe<int> nice;
  Maybe<IoPriority> io_priority;
  Maybe<int> oom_score_adj;
  Maybe<int> scheduler;
  Maybe<int> scheduler_priority;
  const char* cgroup = nullptr;
  Session session = Session::same;

  // With which rights.
  const char* capabilities = nullptr;
  Maybe<std::uint32_t> securebits;
  bool no_new_privileges = false;

  bool help = false;
};

struct CommandLine {
  Plan plan;
  options::Outcome outcome;         // its operands are the program and its arguments
  const char* expected = nullptr;   // what a refused value should have been
  const char* complaint = nullptr;  // options that do not go together, or a program that is missing
};

// `room` is for the changes of the environment: one per word is always enough.
CommandLine parse(std::span<const char* const> words, std::span<EnvironmentChange> room) noexcept;

// Every long option, for those who compare them with the documents.
std::span<const std::string_view> option_names() noexcept;
extern const std::string_view help_text;

// --- the grammars of values ----------------------------------------------------------------------------------------
std::optional<IoPriority> parse_io_priority(std::string_view text) noexcept;    // "2:7", "best-effort:7", "idle"
std::optional<int> parse_scheduler(std::string_view text) noexcept;             // "fifo", or a SCHED_ number
std::optional<std::uint32_t> parse_securebits(std::string_view text) noexcept;  // "0x2f", "noroot,noroot-locked"

}  // namespace s6::launch
