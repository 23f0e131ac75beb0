#pragma once
// Which programs are under test, what they are known to do differently, and what could not be tested.
#include <filesystem>
#include <string>
#include <string_view>

#include "differences.hpp"

namespace s6::test {

// --- programs ------------------------------------------------------------------------------------------------------
enum class Kind { ours, debian };
struct Programs {
  std::filesystem::path supervisors;  // directory of s6-svscan and s6-supervise
  std::filesystem::path clients;      // directory of all the others
  Kind supervisors_kind;
  Kind clients_kind;
};
const Programs& programs();
std::string supervisor(std::string_view name);  // path of s6-supervise, s6-svscan
std::string client(std::string_view name);      // path of s6-svc, s6-svwait, ...

// Reads the environment. 0: the tests can run; otherwise the exit code (77: not installed, skip) after telling why.
int find_programs();

// --- differences ---------------------------------------------------------------------------------------------------
void there_is_no_difference_of_that_name();  // never defined: naming an unknown difference fails the build

// A name out of `differences`, checked when the test is compiled.
class Named {
 public:
  consteval Named(const char* name) : difference_(find(name)) {}
  const Difference* operator->() const { return difference_; }

 private:
  static consteval const Difference* find(std::string_view name) {
    for (const Difference& difference : differences)
      if (difference.name == name) return &difference;
    there_is_no_difference_of_that_name();
    return nullptr;
  }
  const Difference* difference_;
};

// Is the program that decides this difference a real one? Asking counts as having tested it.
bool on_real(Named name);

// What the program under test is to show: `ours` or, with a real one, `real`. Compare it with what is there.
template <class T>
T expected(Named name, T ours, T real) {
  return on_real(name) ? real : ours;
}

// `holds` must be true for ours and false for the real one. Use CHECK_DIFFERS.
void check_differs(Named name, bool holds, const char* expression, const char* file, int line);
#define CHECK_DIFFERS(name, ...) ::s6::test::check_differs(name, (__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

// For a difference that a real program cannot be asked about (it would hang, or take minutes): true means leave it out.
// It is counted and printed at the end with its reason.
bool skip_on_real(Named name);

// --- what could not be tested --------------------------------------------------------------------------------------
// Notes that the current test, or the rest of it, was left out and why. Use SKIP_TEST, which also returns from it.
void note_skip(std::string_view reason);
#define SKIP_TEST(reason)          \
  do {                             \
    ::s6::test::note_skip(reason); \
    return;                        \
  } while (false)

// Has an assertion of the current test failed already?
bool test_failed();

}  // namespace s6::test
