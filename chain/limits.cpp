#include "chain/limits.hpp"

#include <algorithm>

#include "common/number.hpp"
#include "common/text.hpp"

namespace s6::chain {
namespace {

using Kind = LimitValue::Kind;

std::string_view tail(std::string_view text, std::size_t start) noexcept {
  return {text.data() + start, text.size() - start};
}

std::uint64_t resolve(const LimitValue& value, const sys::ResourceLimit& current, std::uint64_t kept) noexcept {
  switch (value.kind) {
    case Kind::keep: return kept;
    case Kind::number: return value.number;
    case Kind::current_soft: return current.soft;
    case Kind::current_hard: return current.hard;
  }
  return kept;
}

std::optional<LimitValue> parse_value(std::string_view text, std::uint64_t unit) noexcept {
  if (text == "unlimited" || text == "infinity") return LimitValue{Kind::number, sys::unlimited};
  const auto number = parse_u64(text);
  if (!number || *number >= sys::unlimited / unit) return std::nullopt;
  return LimitValue{Kind::number, *number * unit};
}

std::optional<LimitValue> parse_ulimit_value(std::string_view text, std::uint64_t unit) noexcept {
  if (text == "soft") return LimitValue{Kind::current_soft};
  if (text == "hard") return LimitValue{Kind::current_hard};
  return parse_value(text, unit);
}

}  // namespace

std::optional<std::size_t> resource_called(std::string_view name) noexcept {
  for (std::size_t i = 0; i < resource_count; ++i)
    if (resources[i].name == name) return i;
  return std::nullopt;
}

std::optional<std::size_t> resource_of_ulimit(char letter) noexcept {
  for (std::size_t i = 0; i < resource_count; ++i)
    if (resources[i].ulimit_letter.find(letter) != std::string_view::npos) return i;
  return std::nullopt;
}

sys::ResourceLimit changed(const sys::ResourceLimit& current, const LimitChange& change) noexcept {
  const std::uint64_t hard = resolve(change.hard, current, current.hard);
  return {resolve(change.soft, current, std::min(current.soft, hard)), hard};
}

sys::ResourceLimit before_last_step(int resource, const sys::ResourceLimit& current,
                                    const sys::ResourceLimit& wanted) noexcept {
  if (resource == RLIMIT_NPROC) return wanted;
  return {std::max(current.soft, wanted.soft), std::max(current.hard, wanted.hard)};
}

LimitChange merged(const LimitChange& earlier, const LimitChange& later) noexcept {
  return {later.soft.kind == Kind::keep ? earlier.soft : later.soft,
          later.hard.kind == Kind::keep ? earlier.hard : later.hard};
}

std::optional<LimitRequest> parse_limit(std::string_view text) noexcept {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto resource = resource_called(head(text, equals));
  if (!resource) return std::nullopt;
  const std::string_view values = tail(text, equals + 1);
  const std::size_t colon = values.find(':');
  if (colon == std::string_view::npos) {
    const auto both = parse_value(values, 1);
    if (!both) return std::nullopt;
    return LimitRequest{*resource, {*both, *both}};
  }
  const std::string_view soft_text = head(values, colon);
  const std::string_view hard_text = tail(values, colon + 1);
  if (soft_text.empty() && hard_text.empty()) return std::nullopt;
  const auto soft = soft_text.empty() ? LimitValue{} : parse_value(soft_text, 1);
  const auto hard = hard_text.empty() ? LimitValue{} : parse_value(hard_text, 1);
  if (!soft || !hard) return std::nullopt;
  return LimitRequest{*resource, {*soft, *hard}};
}

std::string_view UlimitReader::take_word() noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t start = rest_.find_first_not_of(blanks);
  if (start == std::string_view::npos) return rest_ = {};
  rest_.remove_prefix(start);
  const std::string_view word = head(rest_, rest_.find_first_of(blanks));
  rest_.remove_prefix(word.size());
  return word;
}

std::optional<LimitRequest> UlimitReader::fail() noexcept {
  ok_ = false;
  return std::nullopt;
}

std::optional<LimitRequest> UlimitReader::next() noexcept {
  while (ok_) {
    std::string_view word = take_word();
    if (word.empty()) return std::nullopt;
    if (word.size() < 2 || word[0] != '-') return fail();
    bool soft = false, hard = false;
    std::optional<std::size_t> resource;
    for (word.remove_prefix(1); !word.empty(); word.remove_prefix(1)) {
      if (word[0] == 'S')
        soft = true;
      else if (word[0] == 'H')
        hard = true;
      else if (resource)
        return fail();
      else if (!(resource = resource_of_ulimit(word[0])))
        return fail();
    }
    if (!resource) {
      soft_ = soft;
      hard_ = hard;
      continue;
    }
    if (!soft && !hard) {
      soft = soft_;
      hard = hard_;
    }
    const auto value = parse_ulimit_value(take_word(), resources[*resource].ulimit_unit);
    if (!value) return fail();
    return LimitRequest{*resource, {soft ? *value : LimitValue{}, hard ? *value : LimitValue{}}};
  }
  return std::nullopt;
}

}  // namespace s6::chain
