#include "svwait/condition.hpp"

#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

using namespace s6;
using namespace s6::svwait;

namespace {

constexpr Status status_up{.pid = 7, .want_up = true};
constexpr Status status_ready{.pid = 7, .want_up = true, .ready = true};
constexpr Status status_down{.ready = true};
constexpr Status status_finishing{.pid = 8, .finishing = true};
constexpr Status status_about_to_start{.paused = true, .want_up = true, .ready = true};

// A wait, fed by hand: the letters are looked at one by one and stop counting once the wait is over.
class Wait {
 public:
  Wait(const Condition& condition, std::initializer_list<Status> statuses) : tally_(condition) {
    for (const Status& status : statuses) {
      services_.push_back(from_status(status));
      tally_.add(services_.back());
    }
  }
  Wait& hear(std::size_t which, std::string_view letters) {
    for (const char letter : letters) {
      if (result()) break;
      set(which, after(services_[which], letter));
    }
    return *this;
  }
  Wait& new_supervisor(std::size_t which, const std::optional<Status>& status) {
    set(which, after_new_supervisor(services_[which], status));
    return *this;
  }
  void set(std::size_t which, const Service& now) {
    tally_.remove(services_[which]);
    services_[which] = now;
    tally_.add(now);
  }
  const Service& operator[](std::size_t which) const { return services_[which]; }
  std::optional<int> result() const { return tally_.result(); }

 private:
  Tally tally_;
  std::vector<Service> services_;
};

constexpr std::optional<int> waiting = std::nullopt;

Wait one(Goal goal, const Status& status, Rest rest = Rest::down) {
  return Wait({.goal = goal, .rest = rest}, {status});
}

constexpr auto every_goal =
    std::to_array({Goal::up, Goal::ready, Goal::down, Goal::finished, Goal::restarted, Goal::restarted_ready});
constexpr std::string_view every_letter = "uUdDOx";

}  // namespace

TEST_SUITE("condition") {
  TEST_CASE("what already holds ends the wait") {
    CHECK(one(Goal::up, status_up).result() == 0);
    CHECK(one(Goal::ready, status_ready).result() == 0);
    CHECK(one(Goal::down, status_down).result() == 0);
    CHECK(one(Goal::finished, status_down).result() == 0);
    CHECK(one(Goal::down, status_finishing).result() == 0);
    CHECK(Wait({}, {}).result() == 0);
    CHECK(Wait({.quorum = Quorum::any}, {}).result() == 0);
  }
  TEST_CASE("what does not hold yet is waited for") {
    CHECK(one(Goal::up, status_down).result() == waiting);
    CHECK(one(Goal::ready, status_up).result() == waiting);
    CHECK(one(Goal::down, status_up).result() == waiting);
    CHECK(one(Goal::finished, status_finishing).result() == waiting);
    CHECK(one(Goal::restarted, status_up).result() == waiting);
    CHECK(one(Goal::restarted, status_down).result() == waiting);
  }
  TEST_CASE("one letter says both bits") {
    CHECK(one(Goal::ready, status_down).hear(0, "u").result() == waiting);
    CHECK(one(Goal::ready, status_down).hear(0, "uU").result() == 0);
    CHECK(one(Goal::up, status_down).hear(0, "U").result() == 0);
    CHECK(one(Goal::finished, status_up).hear(0, "D").result() == 0);
    CHECK(one(Goal::finished, status_up).hear(0, "d").result() == waiting);
    CHECK(one(Goal::down, status_up).hear(0, "d").result() == 0);
    CHECK(one(Goal::up, status_down).hear(0, "z").result() == waiting);
  }
  TEST_CASE("a permanent failure ends a wait for up and is none for down") {
    CHECK(one(Goal::up, status_down).hear(0, "O").result() == 1);
    CHECK(one(Goal::ready, status_up).hear(0, "dO").result() == 1);
    CHECK(one(Goal::down, status_up).hear(0, "O").result() == waiting);
    CHECK(one(Goal::finished, status_up).hear(0, "dO").result() == waiting);
    CHECK(one(Goal::finished, status_up).hear(0, "dOD").result() == 0);
    CHECK(one(Goal::restarted, status_up).hear(0, "dO").result() == 1);
    CHECK(one(Goal::restarted, status_up, Rest::finished).hear(0, "dO").result() == 1);
  }
  TEST_CASE("a supervisor that leaves ends the wait; a down that came before it counts") {
    CHECK(one(Goal::up, status_down).hear(0, "x").result() == 1);
    CHECK(one(Goal::down, status_up).hear(0, "x").result() == 1);
    CHECK(one(Goal::finished, status_up).hear(0, "dx").result() == 1);
    CHECK(one(Goal::finished, status_up).hear(0, "dDx").result() == 0);
    CHECK(one(Goal::restarted, status_up).hear(0, "dDx").result() == 1);
  }
  TEST_CASE("a failure is not forgotten when the letters of the death follow it") {
    Wait wait({.goal = Goal::up}, {status_down, status_down});
    CHECK(wait.hear(0, "OD").result() == waiting);
    CHECK(wait.hear(1, "u").result() == 1);
  }
  TEST_CASE("a failure is over when the service is started again") {
    Wait wait({.goal = Goal::up}, {status_down, status_down});
    CHECK(wait.hear(0, "ODu").hear(1, "u").result() == 0);
  }
  TEST_CASE("all that are down may lose their supervisors before the last one is down") {
    Wait down({.goal = Goal::down}, {status_up, status_up});
    CHECK(down.hear(0, "dDx").result() == waiting);
    CHECK(down.hear(1, "d").result() == 0);
    Wait finished({.goal = Goal::finished}, {status_up, status_up});
    CHECK(finished.hear(0, "dDx").hear(1, "dD").result() == 0);
  }
  TEST_CASE("one that is up and loses its supervisor has failed, ready or not") {
    for (const std::string_view letters : {"x", "Ux"}) {
      Wait wait({.goal = Goal::up}, {status_up, status_down});
      CHECK(wait.hear(0, letters).result() == waiting);
      CHECK(wait.hear(1, "u").result() == 1);
    }
  }
  TEST_CASE("all must hold at the same moment") {
    Wait wait({.goal = Goal::up}, {status_down, status_down});
    CHECK(wait.hear(0, "ud").result() == waiting);
    CHECK(wait.hear(1, "u").result() == waiting);
    CHECK(wait.hear(0, "u").result() == 0);
  }
  TEST_CASE("any: the others may fail; it is lost when all have") {
    Wait wait({.goal = Goal::up, .quorum = Quorum::any}, {status_down, status_down});
    CHECK(wait.hear(0, "O").result() == waiting);
    CHECK(Wait(wait).hear(1, "u").result() == 0);
    CHECK(wait.hear(1, "x").result() == 2);
  }
  TEST_CASE("the exit code is the number of failures, 98 at most") {
    for (const std::size_t count : {std::size_t{3}, std::size_t{98}, std::size_t{99}, std::size_t{256}}) {
      Tally tally({.goal = Goal::up});
      for (std::size_t i = 0; i < count; ++i) tally.add(lost(from_status(status_down)));
      CHECK(tally.result() == static_cast<int>(count > 98 ? 98 : count));
    }
  }
  TEST_CASE("a restart is down, then up, however the letters are batched") {
    CHECK(one(Goal::restarted, status_up).hear(0, "dDu").result() == 0);
    CHECK(one(Goal::restarted, status_up).hear(0, "dDuU").result() == 0);
    CHECK(one(Goal::restarted, status_up).hear(0, "u").result() == waiting);
    CHECK(one(Goal::restarted_ready, status_up).hear(0, "dDu").result() == waiting);
    CHECK(one(Goal::restarted_ready, status_up).hear(0, "dDuU").result() == 0);
  }
  TEST_CASE("a service at rest needs only to come up for a restart") {
    CHECK(one(Goal::restarted, status_down).hear(0, "u").result() == 0);
    CHECK(one(Goal::restarted, status_finishing).hear(0, "u").result() == 0);
    CHECK(one(Goal::restarted, status_finishing, Rest::finished).hear(0, "u").result() == waiting);
    CHECK(one(Goal::restarted, status_down, Rest::finished).hear(0, "u").result() == 0);
  }
  TEST_CASE("with a command before it, a restart must see the end of finish") {
    CHECK(one(Goal::restarted, status_up, Rest::finished).hear(0, "du").result() == waiting);
    CHECK(one(Goal::restarted, status_up, Rest::finished).hear(0, "dDu").result() == 0);
  }
  TEST_CASE("services restart one after the other") {
    Wait wait({.goal = Goal::restarted}, {status_up, status_up});
    CHECK(wait.hear(0, "dDu").result() == waiting);
    CHECK(wait.hear(1, "dD").result() == waiting);
    CHECK(wait.hear(1, "u").result() == 0);
  }
  TEST_CASE("a restart of any: all go down, one comes up") {
    const Condition any{.goal = Goal::restarted, .quorum = Quorum::any};
    CHECK(Wait(any, {status_up, status_up}).hear(0, "dDu").result() == waiting);
    CHECK(Wait(any, {status_up, status_up}).hear(0, "d").hear(1, "d").hear(0, "u").result() == 0);
    CHECK(Wait(any, {status_up, status_up}).hear(0, "dDu").hear(1, "d").result() == 0);
    CHECK(Wait(any, {status_up, status_up}).hear(0, "x").hear(1, "du").result() == 0);
    CHECK(Wait(any, {status_up, status_up}).hear(0, "x").hear(1, "dx").result() == 2);
    CHECK(Wait(any, {status_up, status_up, status_down}).hear(0, "x").hear(1, "du").result() == 0);
  }
  TEST_CASE("a new supervisor is no down, unless it wants the service down") {
    Wait wait = one(Goal::down, status_up);
    CHECK(wait.new_supervisor(0, status_about_to_start).result() == waiting);
    CHECK(wait.hear(0, "u").result() == waiting);
    CHECK(one(Goal::down, status_up).new_supervisor(0, status_down).result() == 0);
    CHECK(one(Goal::down, status_up).new_supervisor(0, std::nullopt).result() == waiting);
  }
  TEST_CASE("a new supervisor is no up either, until it has started the service") {
    Wait wait({.goal = Goal::up}, {status_up, status_down});
    wait.new_supervisor(0, status_about_to_start).hear(1, "u");
    CHECK(wait.result() == waiting);
    CHECK(wait.hear(0, "u").result() == 0);
    Wait started({.goal = Goal::up}, {status_up, status_down});
    CHECK(started.new_supervisor(0, status_up).hear(1, "u").result() == 0);
  }
  TEST_CASE("a new supervisor makes up for one that left") {
    Wait wait({.goal = Goal::up}, {status_up, status_down});
    CHECK(wait.hear(0, "x").new_supervisor(0, status_about_to_start).hear(1, "u").result() == waiting);
    CHECK(wait.hear(0, "u").result() == 0);
  }
  TEST_CASE("the up of a dead supervisor is not believed, its down is") {
    for (const Goal goal : every_goal) {
      const Condition condition{.goal = goal};
      const bool wants_down = goal == Goal::down || goal == Goal::finished;
      Service was_ready = from_status(status_ready);
      was_ready.was_down = was_ready.was_finished = true;
      CHECK((standing(was_ready, condition) == Standing::satisfied) == !wants_down);
      CHECK(standing(abandoned(was_ready), condition) == Standing::pending);
      CHECK(standing(lost(abandoned(was_ready)), condition) == Standing::failed);
      const Service was_down = abandoned(from_status(status_down));
      CHECK(standing(was_down, condition) == (wants_down ? Standing::satisfied : Standing::pending));
      CHECK(standing(lost(was_down), condition) == (wants_down ? Standing::satisfied : Standing::failed));
    }
  }
  TEST_CASE("a start vouches for the service again") {
    CHECK(after(abandoned(from_status(status_up)), 'u').vouched);
    CHECK(after(lost(abandoned(from_status(status_up))), 'U').verdict == Verdict::none);
    CHECK_FALSE(after(abandoned(from_status(status_up)), 'd').vouched);
  }
  TEST_CASE("hearing twice what was already known changes nothing but the verdict") {
    for (const char first : every_letter)
      for (const char second : every_letter) {
        const Service s = after(after(from_status(status_up), first), second);
        CHECK(after(s, second) == s);
      }
  }
  TEST_CASE("a tally forgets what is removed") {
    for (const Goal goal : every_goal)
      for (const char letter : every_letter) {
        Tally tally({.goal = goal});
        const Service s = after(from_status(status_up), letter);
        tally.add(s);
        tally.remove(s);
        CHECK(tally.result() == 0);
      }
  }
  TEST_CASE("only the six letters name a goal") {
    CHECK(goal_of('D') == Goal::finished);
    for (const char c : std::string_view("uUdDrR")) CHECK(goal_of(c).has_value());
    for (const char c : std::string_view("aoOx0\0-", 7)) CHECK_FALSE(goal_of(c).has_value());
  }
}
