#pragma once
// The command lines of s6-svwait and of the others here that wait. Pure.
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
  return read_u32(value, request.timeout);
}
}  // namespace detail

// s6-svwait and s6-svlisten.
inline constexpr options::Option<Request> option_table[] = {
    {{'U'}, detail::set_goal, "up and ready"},
    {{'u'}, detail::set_goal, "up; the default"},
    {{'d'}, detail::set_goal, "down"},
    {{'D'}, detail::set_goal, "down, and finish has ended"},
    {{'r'}, detail::set_goal, "restarted: up after having been down"},
    {{'R'}, detail::set_goal, "restarted, and ready"},
    {{'a'}, detail::set_quorum, "all services; the default"},
    {{'o'}, detail::set_quorum, "one of the services"},
    {{'t', "ms"}, detail::set_timeout, "give up after ms milliseconds; 0, the default, is never"},
};

// s6-svlisten1: with one service there is nothing to combine.
inline constexpr options::Option<Request> option_table_of_one[] = {
    {{'U'}, detail::set_goal, "up and ready"},
    {{'u'}, detail::set_goal, "up; the default"},
    {{'d'}, detail::set_goal, "down"},
    {{'D'}, detail::set_goal, "down, and finish has ended"},
    {{'r'}, detail::set_goal, "restarted: up after having been down"},
    {{'R'}, detail::set_goal, "restarted, and ready"},
    {{'t', "ms"}, detail::set_timeout, "give up after ms milliseconds; 0, the default, is never"},
};

// s6-ftrig-listen.
inline constexpr options::Option<Request> ftrig_option_table[] = {
    {{'a', {}, "and"}, detail::set_quorum, "wait for all; the default"},
    {{'o', {}, "or"}, detail::set_quorum, "wait for one"},
    {{'t', "ms", "timeout"}, detail::set_timeout, "give up after ms milliseconds; 0, the default, is never"},
};

// s6-ftrig-wait and s6-ftrig-listen1.
inline constexpr options::Option<Request> ftrig_option_table_of_one[] = {
    {{'t', "ms", "timeout"}, detail::set_timeout, "give up after ms milliseconds; 0, the default, is never"},
};

}  // namespace s6::svwait
