#include "walk.hpp"

#include <stdio.h>
#include <stdlib.h>

#include <iostream>

namespace s6::test {
namespace {

constexpr int stride = 3;  // from one call that fails to the next one, but in the complete walk

struct Part {
  int number = 1;
  int of = 1;
};

Part part() {
  Part part;
  const char* text = getenv("S6_FAULTS_PART");
  const bool valid = text == nullptr ||
                     (sscanf(text, "%d/%d", &part.number, &part.of) == 2 && part.number >= 1 && part.number <= part.of);
  if (!valid) FAIL("S6_FAULTS_PART is not NUMBER/PARTS: " << text);
  return part;
}

// The runner's alarm is for tests that hang; in the complete walk each wait has its own end.
void do_not_hurry() {
  if (walks_everything()) alarm(0);
}

// False: something ended the life before its time. What that was has been told, and the test has failed.
bool lives_to_its_end(const Fault& fault, const std::function<void()>& life) {
  CAPTURE(fault);
  try {
    life();
    return true;
  } catch (const std::exception& problem) {
    FAIL_CHECK(std::string(problem.what()));
  } catch (...) {  // an assertion that has been counted already
  }
  return false;
}

class Walk {
 public:
  explicit Walk(std::span<const Live> kinds) : kinds_(kinds), part_(part()) { do_not_hurry(); }
  ~Walk() {
    std::cout << "  " << lives_ << " lives, " << met_ << " of them met a fault, " << failed_ << " failed" << std::endl;
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  // fault(number): the fault at that call.
  void along(const Call& call, const std::function<Fault(int)>& fault) {
    const int met_before = met_;
    for (const Live& live : kinds_) along(live, fault);
    // The other parts have only calls that are made more often.
    if (met_ == met_before && part_.number == 1) FAIL_CHECK("no life makes a call of " << std::string(call.names));
  }

 private:
  void along(const Live& live, const std::function<Fault(int)>& fault) {
    const int failed_before = failed_;
    const int step = walks_everything() ? 1 : stride;
    for (int i = part_.number - 1; goes_on(failed_before) && meets(live, fault(1 + i * step)); i += part_.of) continue;
  }

  // The complete walk looks for all that is wrong, or at least for enough of each call.
  [[nodiscard]] bool goes_on(int failed_before) const {
    constexpr int enough = 10;
    return walks_everything() ? failed_ - failed_before < enough : failed_ == 0;
  }

  bool meets(const Live& live, const Fault& fault) {
    ++lives_;
    bool met = true;
    if (!lives_to_its_end(fault, [&] { met = live(fault); })) ++failed_;
    if (met) ++met_;
    return met;
  }

  std::span<const Live> kinds_;
  Part part_;
  int lives_ = 0;
  int met_ = 0;
  int failed_ = 0;
};

}  // namespace

bool walks_everything() {
  const char* text = getenv("S6_FAULTS");
  return text != nullptr && std::string_view(text) == "all";
}

void walk_errors(std::span<const Call> table, std::span<const Live> kinds) {
  Walk walk(kinds);
  for (const Call& call : table) {
    if (!walks_everything()) {
      walk.along(call, [&](int number) {
        return failing(call, call.errors[static_cast<std::size_t>(number / stride) % call.errors.size()], number);
      });
      continue;
    }
    for (const std::string_view error : call.errors)
      walk.along(call, [&](int number) { return failing(call, error, number); });
  }
}

void walk_errors(std::span<const Call> table, const Live& live) {
  walk_errors(table, std::span(&live, 1));
}

void walk_deaths(std::span<const Call> table, const Live& live) {
  Walk walk(std::span(&live, 1));
  for (const Call& call : table) walk.along(call, [&](int number) { return killing(call, number); });
}

void walk_lasting(std::span<const Call> table, const std::function<void(const Fault&)>& live) {
  do_not_hurry();
  const Part mine = part();
  int number = 0;
  for (const Call& call : table) {
    const std::size_t errors = walks_everything() ? call.errors.size() : 1;
    for (std::size_t i = 0; i < errors; ++i) {
      if (number++ % mine.of != mine.number - 1) continue;
      const Fault fault = failing_always(call, call.errors[i]);
      if (!lives_to_its_end(fault, [&] { live(fault); }) && !walks_everything()) return;
    }
  }
}

}  // namespace s6::test
