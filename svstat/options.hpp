#pragma once
// The command line of s6-svstat. Pure.
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "common/options.hpp"
#include "svstat/format.hpp"

namespace s6::svstat {

struct Request {
  std::array<Field, max_fields> fields{};
  std::size_t field_count = 0;  // 0: the line
  SignalStyle style = SignalStyle::name;
  bool json = false;  // instead of both
  bool too_many = false;
  std::string_view unknown_field;  // valid if has_unknown_field: it may be empty
  bool has_unknown_field = false;

  [[nodiscard]] std::span<const Field> wanted() const noexcept { return std::span(fields).first(field_count); }
};

// `words` is argv without the program's name.
options::Outcome parse(std::span<const char* const> words, Request& request) noexcept;
options::UsageText usage(std::string_view program, std::string_view operands) noexcept;

}  // namespace s6::svstat
