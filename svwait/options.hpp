#pragma once
// The command line of s6-svwait, and of those who wait likewise. Pure.
#include <cstdint>
#include <optional>
#include <span>

#include "common/number.hpp"
#include "common/options.hpp"
#include "svwait/condition.hpp"

namespace s6::svwait {

struct Request {
  Condition condition;
  std::uint32_t timeout = 0;  // milliseconds, 0: none
};

namespace detail {
inline bool set_goal(Request& request, char letter, const char*) noexcept {
  const auto goal = goal_of(letter);
  if (goal) request.condition.goal = *goal;
  return goal.has_value();
}
inline bool set_quorum(Request& request, char letter, const char*) noexcept {
  request.condition.quorum = letter == 'a' ? Quorum::all : Quorum::any;
  return true;
}
inline bool set_timeout(Request& request, char, const char* value) noexcept {
  const auto number = parse_u32(value);
  if (number) request.timeout = *number;
  return number.has_value();
}
}  // namespace detail

inline constexpr options::Option<Request> option_table[] = {
    {{'U'}, detail::set_goal},   {{'u'}, detail::set_goal},   {{'d'}, detail::set_goal},
    {{'D'}, detail::set_goal},   {{'r'}, detail::set_goal},   {{'R'}, detail::set_goal},
    {{'a'}, detail::set_quorum}, {{'o'}, detail::set_quorum}, {{'t', "ms"}, detail::set_timeout},
};

}  // namespace s6::svwait
