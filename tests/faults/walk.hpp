#pragma once
// Walks through the faults of a table: for each call, and each error it can end with, a life in which the first such
// call fails, one in which a later one does, and so on until a life has so few that it ends untouched.
//
// By default it is each third call that fails, and the errors take turns; with S6_FAULTS=all it is every call, in every
// way. S6_FAULTS_PART=2/4 takes the second of each four of these numbers.
#include <functional>
#include <span>

#include "trace.hpp"

namespace s6::test {

bool walks_everything();

// `live` lives one life and tells whether it met the fault. A call of the table that no life makes fails the test: it
// would prove nothing.
using Live = std::function<bool(const Fault&)>;
void walk_errors(std::span<const Call> table, const Live& live);
// In place of an error, SIGKILL as the call is about to be made.
void walk_deaths(std::span<const Call> table, const Live& live);
// Several kinds of lives, each of which makes some of the calls: every call is to be made in one of them.
void walk_errors(std::span<const Call> table, std::span<const Live> lives);
// Calls that fail each time for a while, a life for each call of the table: by default with its first error, in the
// complete walk with each of them. `live` puts such a fault into a program that runs, and sees to it that it is met.
void walk_lasting(std::span<const Call> table, const std::function<void(const Fault&)>& live);

}  // namespace s6::test
