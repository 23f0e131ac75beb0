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

using Option = options::Option<Request>;

// What stands in more than one of the tables.
namespace option {
inline constexpr Option ready = {{'U'}, detail::set_goal, "up and ready"};
inline constexpr Option up = {{'u'}, detail::set_goal, "up; the default"};
inline constexpr Option down = {{'d'}, detail::set_goal, "down"};
inline constexpr Option finished = {{'D'}, detail::set_goal, "down, and finish has ended"};
inline constexpr Option restarted = {{'r'}, detail::set_goal, "restarted: up after having been down"};
inline constexpr Option restarted_ready = {{'R'}, detail::set_goal, "restarted, and ready"};
inline constexpr Option all = {{'a'}, detail::set_quorum, "all services; the default"};
inline constexpr Option any = {{'o'}, detail::set_quorum, "one of the services"};
inline constexpr const char* timeout_help = "give up after ms milliseconds; 0, the default, is never";
inline constexpr Option timeout = {{'t', "ms"}, detail::set_timeout, timeout_help};
inline constexpr Option long_timeout = {{'t', "ms", "timeout"}, detail::set_timeout, timeout_help};
}  // namespace option

// s6-svwait and s6-svlisten.
inline constexpr Option option_table[] = {
    option::ready,           option::up,  option::down, option::finished, option::restarted,
    option::restarted_ready, option::all, option::any,  option::timeout,
};

// s6-svlisten1: with one service there is nothing to combine.
inline constexpr Option option_table_of_one[] = {
    option::ready,           option::up,      option::down, option::finished, option::restarted,
    option::restarted_ready, option::timeout,
};

// s6-ftrig-listen.
inline constexpr Option ftrig_option_table[] = {
    {{'a', {}, "and"}, detail::set_quorum, "wait for all; the default"},
    {{'o', {}, "or"}, detail::set_quorum, "wait for one"},
    option::long_timeout,
};

// s6-ftrig-wait and s6-ftrig-listen1.
inline constexpr Option ftrig_option_table_of_one[] = {option::long_timeout};

}  // namespace s6::svwait
