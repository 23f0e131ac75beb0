#pragma once
// What s6-svlint prints: each finding as it is found, as a line of text or as an element of a JSON document (RFC 8259),
// whose schema is in the manual page and is a contract. Pure.
#include <array>
#include <cstdint>
#include <string_view>

#include "supervise/lint.hpp"
#include "svstat/sink.hpp"

namespace s6::supervise::lint {

struct Style {
  bool json = false;
  bool quiet = false;  // no hints
};

// Begun when it is made; end() ends it.
class Report {
 public:
  Report(const svstat::Sink& sink, const Style& style) noexcept;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(Code code, std::string_view path, std::string_view message) noexcept;
  void end() noexcept;

  static constexpr int found_errors = 1;
  static constexpr int found_warnings = 2;
  // 0 if there are at most hints.
  [[nodiscard]] int exit_code() const noexcept;

 private:
  [[nodiscard]] std::uint32_t& count(Severity severity) noexcept { return counts_[static_cast<std::size_t>(severity)]; }
  [[nodiscard]] std::uint32_t count(Severity severity) const noexcept {
    return counts_[static_cast<std::size_t>(severity)];
  }
  void add_line(const Rule& rule, std::string_view path, std::string_view message) const noexcept;
  void add_element(const Rule& rule, std::string_view path, std::string_view message) noexcept;

  svstat::Sink sink_;
  Style style_;
  bool first_ = true;
  std::array<std::uint32_t, 3> counts_{};  // by severity
};

}  // namespace s6::supervise::lint
