#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "svscan/scan_history.hpp"
#include "svscan/service_table.hpp"
#include "tests/unit/svscan_stage.hpp"

using namespace s6;
using namespace s6::svscan;
using namespace s6::test::svscan;

namespace {

using Notices = std::vector<Notice>;
using Pids = std::vector<pid_t>;

}  // namespace

TEST_SUITE("svscan table: services") {
  TEST_CASE("what a scan finds is started at once, and only once") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1}, {"b", 2}});
    CHECK(pids.size() == 2);
    CHECK(s.table.live() == 2);
    CHECK(s.table.next_start_time() == never);
    CHECK(s.scan_and_start({{"a", 1}, {"b", 2}}).empty());
    CHECK(s.notices.empty());
  }
  TEST_CASE("a supervisor that lived for a second is restarted at once, another one a second after its start") {
    Stage s;
    auto pid = s.scan_and_start({{"a", 1}})[1];
    s.now += 300 * millisecond;
    CHECK(s.die(pid).who == s.table.find(Stage::id(1)));
    CHECK(s.start().empty());
    CHECK(s.table.next_start_time() == s.now + 700 * millisecond);
    s.now += 700 * millisecond;
    pid = s.start().at(1);
    s.now += 5 * second;
    s.die(pid);
    CHECK(s.table.next_start_time() <= s.now);
    CHECK(s.start().size() == 1);
  }
  TEST_CASE("a service that was not found is left alone, and forgotten when its supervisor dies") {
    Stage s;
    const auto pid = s.scan_and_start({{"a", 1}})[1];
    s.scan({});
    CHECK_FALSE(s.active(1));
    CHECK(s.table.live() == 1);
    CHECK(s.die(pid).who == nothing);
    CHECK_FALSE(s.knows(1));
    CHECK(s.table.next_start_time() == never);
  }
  TEST_CASE("a dead service that was not found is forgotten at once") {
    Stage s;
    const auto pid = s.scan_and_start({{"a", 1}})[1];
    s.die(pid);
    s.scan({});
    CHECK_FALSE(s.knows(1));
    s.now += 10 * second;
    CHECK(s.start().empty());
  }
  TEST_CASE("found again before its death it goes on, and is restarted after it") {
    Stage s;
    const auto pid = s.scan_and_start({{"a", 1}})[1];
    s.scan({});
    s.tell(Reach::inactive, Farewell::drain);
    s.now += second;
    CHECK(s.scan_and_start({{"a", 1}}).empty());
    CHECK(s.active(1));
    s.now += second;
    s.die(pid);
    CHECK(s.start().size() == 1);
  }
  TEST_CASE("a scan that did not reach the end takes nothing away, but what it found is started") {
    Stage s;
    s.scan_and_start({{"a", 1}, {"b", 2}, {"c", 3, 4}});
    s.table.begin_scan();
    s.see({"n", 9});
    s.end_scan(Found::a_part);
    CHECK(s.active(1));
    CHECK(s.active(2));
    CHECK(s.active(4));
    CHECK(s.start().size() == 1);
    CHECK(s.tell(Reach::inactive, Farewell::drain).empty());
  }
  TEST_CASE("an entry that cannot be examined stays what it was") {
    Stage s;
    s.scan_and_start({{"a", 1, 11}, {"b", 2, 12}, {"c", 3}});
    s.scan({{"a", 1, 11}, {"b", 2, 12}});  // c is not wanted any more
    s.table.begin_scan();
    s.table.keep("a");
    s.table.keep(Stage::id(2));  // its log could not be examined
    s.table.keep("c");
    s.table.keep("never seen");
    s.table.keep(Stage::id(77));
    s.end_scan();
    for (const auto inode : {1U, 11U, 2U, 12U}) CHECK(s.active(inode));
    CHECK_FALSE(s.active(3));
    CHECK(s.tell(Reach::inactive, Farewell::drain).size() == 1);
  }
  TEST_CASE("one name, two directories: an entry that cannot be examined keeps the wanted one only") {
    Stage s;
    s.scan_and_start({{"a", 1}});
    s.scan_and_start({{"a", 2}});
    s.table.begin_scan();
    s.table.keep("a");
    s.end_scan();
    CHECK_FALSE(s.active(1));
    CHECK(s.active(2));
  }
  TEST_CASE("names longer than the limit are not accepted") {
    Stage s({10, 11});
    CHECK(s.table.accepts("12345678901"));
    CHECK_FALSE(s.table.accepts("123456789012"));
  }
}

TEST_SUITE("svscan table: identity") {
  TEST_CASE("two names of one directory: one supervisor, which goes by the last name and lives as long as either") {
    Stage s;
    CHECK(s.scan_and_start({{"a", 1}, {"b", 1}}).size() == 1);
    CHECK(s.name_of(1) == "b");
    s.scan({{"a", 1}});
    CHECK(s.active(1));
    CHECK(s.name_of(1) == "a");
    CHECK(s.table.live() == 1);
  }
  TEST_CASE("a scan knows which services it has not seen yet, and that loggers come with them") {
    Stage s;
    s.scan_and_start({{"a", 1, 2}, {"b", 3}});
    CHECK_FALSE(s.table.misses_any());
    s.table.begin_scan();
    CHECK(s.table.misses(Stage::id(1)));
    CHECK_FALSE(s.table.misses(Stage::id(2)));
    CHECK_FALSE(s.table.misses(Stage::id(4)));
    s.table.see("c", Stage::id(1), Stage::id(2));
    CHECK_FALSE(s.table.misses(Stage::id(1)));
    CHECK(s.table.misses_any());
    s.table.see("b", Stage::id(3), std::nullopt);
    CHECK_FALSE(s.table.misses_any());
    s.end_scan();
    s.scan({{"c", 1}});
    s.table.begin_scan();
    CHECK_FALSE(s.table.misses(Stage::id(3)));  // it is not wanted any more, though its supervisor lives
    s.table.see("c", Stage::id(1), std::nullopt);
    CHECK_FALSE(s.table.misses_any());
    s.end_scan();
  }
  TEST_CASE("a renamed entry keeps its supervisor, and its logger follows") {
    Stage s;
    const auto pids = s.scan_and_start({{"a", 1, 2}});
    CHECK(s.scan_and_start({{"a much longer name", 1, 2}}).empty());
    CHECK(s.name_of(1) == "a much longer name");
    CHECK(s.name_of(2) == "a much longer name");
    CHECK(s.notices.empty());
    s.now += 2 * second;
    s.die(pids.at(1));
    CHECK(s.start().size() == 1);
  }
  TEST_CASE("another directory under the same name is another service") {
    Stage s;
    const auto old = s.scan_and_start({{"a", 1}})[1];
    CHECK(s.scan_and_start({{"a", 2}}).size() == 1);
    CHECK(s.table.live() == 2);
    const auto told = s.tell(Reach::inactive, Farewell::drain);
    CHECK(told.size() == 1);
    CHECK(told.at(old) == Farewell::terminate);
    s.die(old);
    CHECK_FALSE(s.knows(1));
    CHECK(s.active(2));
  }
  TEST_CASE("the same inode of another device is another directory") {
    Stage s;
    s.table.begin_scan();
    s.apply(s.table.see("a", {1, 5}, std::nullopt));
    s.apply(s.table.see("b", {2, 5}, std::nullopt));
    s.end_scan();
    CHECK(s.table.end() == 2);
  }
  TEST_CASE("a thousand renames do not use up the memory for names") {
    Stage s({4, 20});
    s.scan({{"b", 2}, {"c", 3}, {"d", 4}});
    for (int i = 0; i < 1000; ++i) {
      const std::string name = "name" + std::to_string(i * i);
      s.scan({{name, 1}, {"b", 2}, {"c", 3}, {"d", 4}});
      REQUIRE(s.name_of(1) == name);
      REQUIRE(s.name_of(3) == "c");
    }
  }
}

TEST_SUITE("svscan table: capacity") {
  TEST_CASE("what does not fit is left out, the rest runs") {
    Stage s({4, 251});
    CHECK(s.scan_and_start({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}, {"f", 6}}).size() == 4);
    CHECK(s.notices == Notices{Notice::table_full, Notice::table_full});
    CHECK(s.table.is_full());
    s.scan({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}});
    CHECK_FALSE(s.table.is_full());
    CHECK(s.notices.empty());
  }
  TEST_CASE("a place is free as soon as its supervisor has gone, and the table asks for a scan then") {
    Stage s({4, 251});
    const auto pids = s.scan_and_start({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}});
    CHECK(s.scan_and_start({{"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}}).empty());
    CHECK_FALSE(s.table.wants_scan());
    s.die(pids.at(1));
    CHECK(s.table.wants_scan());
    CHECK_FALSE(s.table.wants_scan());
    CHECK(s.scan_and_start({{"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}}).size() == 1);
    CHECK(s.notices.empty());
    CHECK_FALSE(s.table.is_full());
  }
  TEST_CASE("a pair needs two places") {
    Stage s({4, 251});
    CHECK(s.scan_and_start({{"a", 1, 11}, {"b", 2, 12}, {"c", 3, 13}}).size() == 4);
    CHECK(s.notices == Notices{Notice::table_full});
    CHECK_FALSE(s.knows(3));
    Stage odd({5, 251});
    CHECK(odd.scan_and_start({{"a", 1, 11}, {"b", 2, 12}, {"c", 3, 13}, {"d", 4}}).size() == 5);
    CHECK_FALSE(odd.knows(3));
    CHECK(odd.knows(4));
  }
  TEST_CASE("a running service whose new logger does not fit goes on without") {
    Stage s({4, 251});
    s.scan_and_start({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}});
    CHECK(s.scan_and_start({{"a", 1, 11}, {"b", 2}, {"c", 3}, {"d", 4}}).empty());
    CHECK(s.notices == Notices{Notice::no_room_for_logger});
    CHECK(s.table.is_full());
  }
  TEST_CASE("places are used again and again") {
    Stage s({4, 251});
    for (std::uint64_t i = 1; i < 500; ++i) {
      const auto pids = s.scan_and_start({{"x" + std::to_string(i), 2 * i, 2 * i + 1}});
      REQUIRE(pids.size() == 2);
      s.scan({});
      for (const auto& [inode, pid] : pids) s.die(pid);
      REQUIRE(s.table.live() == 0);
      REQUIRE(s.open_fds.empty());
      REQUIRE(s.table.end() <= 4);
    }
  }
}

TEST_SUITE("svscan table: pairs") {
  TEST_CASE("the two halves get the two ends of one pipe, at every start") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    REQUIRE(pids.size() == 2);
    CHECK(s.connected(pids[1], pids[2]));
    const auto pipe = s.open_fds;
    for (int round = 0; round < 3; ++round)
      for (const std::uint64_t half : {1U, 2U}) {
        s.now += 2 * second;
        s.die(pids[half]);
        CHECK(s.open_fds == pipe);
        pids[half] = s.start().at(half);
        CHECK(s.connected(pids[1], pids[2]));
      }
    CHECK(s.open_fds == pipe);
  }
  TEST_CASE("unwanted, the pair keeps its pipe until one half dies") {
    for (const std::uint64_t first : {1U, 2U}) {
      Stage s;
      auto pids = s.scan_and_start({{"a", 1, 2}});
      s.scan({});
      CHECK(s.open_fds.size() == 2);
      CHECK(s.notices.empty());
      s.die(pids[first]);
      CHECK(s.open_fds.empty());
      CHECK_FALSE(s.knows(first));
      CHECK(s.table.link(s.table.find(Stage::id(3 - first))) == Link::stale);
      s.die(pids[3 - first]);
      CHECK(s.table.live() == 0);
      CHECK_FALSE(s.knows(3 - first));
      s.now += 10 * second;
      CHECK(s.start().empty());
    }
  }
  TEST_CASE("unwanted while one half is dead: the pipe goes, and the half with it") {
    for (const std::uint64_t dead : {1U, 2U}) {
      Stage s;
      auto pids = s.scan_and_start({{"a", 1, 2}});
      s.die(pids[dead]);
      s.scan({});
      CHECK(s.open_fds.empty());
      CHECK_FALSE(s.knows(dead));
      CHECK(s.knows(3 - dead));
    }
  }
  TEST_CASE("wanted again while both live, nothing has changed") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({});
    CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
    CHECK(s.notices.empty());
    CHECK(s.hung_up.empty());
    s.now += 2 * second;
    s.die(pids[1]);
    CHECK(s.connected(s.start().at(1), pids[2]));
  }
  TEST_CASE("wanted again with a lingering logger, the pair waits for its death and begins anew") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({});
    s.tell(Reach::inactive, Farewell::drain);
    s.die(pids[1]);
    s.now += 5 * second;
    CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
    CHECK(s.hung_up.empty());  // it was told to leave before
    CHECK(s.notices.empty());
    CHECK(s.table.next_start_time() == never);
    s.die(pids[2]);
    pids = s.start();
    REQUIRE(pids.size() == 2);
    CHECK(s.connected(pids[1], pids[2]));
    CHECK(s.open_fds.size() == 2);
  }
  TEST_CASE("a lingering logger that nobody told to leave is told so, once") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({});
    s.die(pids[1]);
    s.scan({{"a", 1, 2}});
    CHECK(s.hung_up == Pids{pids[2]});
    s.scan({{"a", 1, 2}});
    CHECK(s.hung_up.size() == 1);
    s.now += second;
    s.die(pids[2]);
    CHECK(s.start().size() == 2);
  }
  TEST_CASE("a service that lost its logger is left alone with a warning, and both begin anew after its death") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({});
    s.die(pids[2]);
    CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
    CHECK(s.notices == Notices{Notice::service_is_cut_off});
    CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
    CHECK(s.notices.empty());
    s.now += 2 * second;
    s.die(pids[1]);
    pids = s.start();
    REQUIRE(pids.size() == 2);
    CHECK(s.connected(pids[1], pids[2]));
  }
  TEST_CASE("a log that is added to a running service starts at once, the service joins it at its next start") {
    Stage s;
    const auto service = s.scan_and_start({{"a", 1}})[1];
    CHECK(s.pipe_of[service] == -1);
    auto pids = s.scan_and_start({{"a", 1, 2}});
    REQUIRE(pids.size() == 1);
    CHECK(s.notices.empty());
    s.now += 2 * second;
    s.die(service);
    CHECK(s.connected(s.start().at(1), pids.at(2)));
  }
  TEST_CASE("a log that is removed: one warning; the pipe stays while both live") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({{"a", 1}});
    CHECK(s.notices == Notices{Notice::logger_removed});
    CHECK(s.active(1));
    CHECK_FALSE(s.active(2));
    CHECK(s.open_fds.size() == 2);
    s.scan({{"a", 1}});
    CHECK(s.notices.empty());
    CHECK(s.tell(Reach::inactive, Farewell::drain) == std::map<pid_t, Farewell>{{pids[2], Farewell::drain}});

    SUBCASE("the logger dies first: the service goes on alone") {
      s.die(pids[2]);
      CHECK(s.open_fds.empty());
      CHECK_FALSE(s.knows(2));
      CHECK(s.active(1));
      s.now += 2 * second;
      s.die(pids[1]);
      CHECK(s.pipe_of[s.start().at(1)] == -1);
    }
    SUBCASE("the service dies first: it comes back without a pipe, so that the logger can end") {
      s.now += 2 * second;
      s.die(pids[1]);
      CHECK(s.open_fds.empty());
      pids[1] = s.start().at(1);
      CHECK(s.pipe_of[pids[1]] == -1);
      // The log comes back while the old logger still reads the rest.
      CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
      CHECK(s.notices.empty());
      s.die(pids[2]);
      pids[2] = s.start().at(2);
      s.now += 2 * second;
      s.die(pids[1]);
      CHECK(s.connected(s.start().at(1), pids[2]));
    }
    SUBCASE("it comes back while both live: nothing has changed") {
      CHECK(s.scan_and_start({{"a", 1, 2}}).empty());
      s.now += 2 * second;
      s.die(pids[2]);
      CHECK(s.connected(pids[1], s.start().at(2)));
    }
  }
  TEST_CASE("a log that is removed while the service is dead does not keep it from starting") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.die(pids[1]);
    s.scan({{"a", 1}});
    CHECK(s.notices.empty());
    s.now += second;
    CHECK(s.pipe_of[s.start().at(1)] == -1);
  }
  TEST_CASE("another log directory: a new logger at once, the service changes over at its next start") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    const auto second_logger = s.scan_and_start({{"a", 1, 3}});
    CHECK(s.notices == Notices{Notice::logger_replaced});
    REQUIRE(second_logger.size() == 1);
    CHECK(s.open_fds.size() == 2);
    CHECK(s.tell(Reach::inactive, Farewell::drain) == std::map<pid_t, Farewell>{{pids[2], Farewell::drain}});
    s.die(pids[2]);
    CHECK_FALSE(s.knows(2));
    s.now += 2 * second;
    s.die(pids[1]);
    CHECK(s.connected(s.start().at(1), second_logger.at(3)));
  }
  TEST_CASE("another log directory while the old logger is dead: the new one reads on from the same pipe") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.die(pids[2]);
    const auto next = s.scan_and_start({{"a", 1, 3}});
    CHECK(s.notices.empty());
    CHECK(s.connected(pids[1], next.at(3)));
    CHECK_FALSE(s.knows(2));
  }
  TEST_CASE("back to the first log directory before the service was restarted: no logger is left without writer") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    const auto third = s.scan_and_start({{"a", 1, 3}}).at(3);
    s.scan({{"a", 1, 2}});
    CHECK(s.hung_up == Pids{pids[2]});
    s.now += 2 * second;
    s.die(pids[1]);
    s.die(third);
    CHECK(s.start().empty());
    s.die(pids[2]);
    pids = s.start();
    REQUIRE(pids.size() == 2);
    CHECK(s.connected(pids[1], pids[2]));
  }
  TEST_CASE("if the pipe cannot be made the pair waits, the others start") {
    Stage s;
    s.scan({{"a", 1, 2}, {"b", 3}, {"c", 4, 5}});
    int made = 0, spawned = 0;
    for (Start next; (next = s.table.next_start(s.now)).action != Start::Action::none;) {
      if (next.action == Start::Action::make_pipe) {
        ++made;
        s.table.pipe_failed(s.now);
      } else {
        ++spawned;
        s.table.started(next.who, s.next_pid++, s.now);
      }
    }
    CHECK(made == 1);  // one attempt, one complaint
    CHECK(spawned == 1);
    CHECK(s.table.next_start_time() == s.now + 3 * second);
    s.now += 3 * second;
    CHECK(s.start().size() == 4);
  }
}

TEST_SUITE("svscan table: shared directories") {
  TEST_CASE("of two services with one log directory the second runs without a logger") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 9}, {"b", 2, 9}});
    REQUIRE(pids.size() == 3);
    CHECK(s.notices == Notices{Notice::logger_is_shared});
    CHECK(s.connected(pids[1], pids[9]));
    CHECK(s.pipe_of[pids[2]] == -1);
    SUBCASE("and it stays so, whatever the order they are found in") {
      CHECK(s.scan_and_start({{"b", 2, 9}, {"a", 1, 9}}).empty());
      CHECK(s.notices == Notices{Notice::logger_is_shared});
      s.now += 2 * second;
      s.die(pids[2]);
      CHECK(s.pipe_of[s.start().at(2)] == -1);
    }
    SUBCASE("until the first lets go of it") {
      CHECK(s.scan_and_start({{"a", 1}, {"b", 2, 9}}).empty());
      CHECK(s.notices.empty());
      s.now += 2 * second;
      s.die(pids[2]);
      CHECK(s.connected(s.start().at(2), pids[9]));
      s.die(pids[1]);
      CHECK(s.pipe_of[s.start().at(1)] == -1);
    }
    SUBCASE("or goes") {
      CHECK(s.scan_and_start({{"b", 2, 9}}).empty());
      CHECK(s.active(9));
      s.die(pids[1]);
      CHECK(s.open_fds.size() == 2);
      s.now += 2 * second;
      s.die(pids[2]);
      CHECK(s.connected(s.start().at(2), pids[9]));
    }
  }
  TEST_CASE("a new service takes over the logger of the one it replaces, with its pipe") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 9}});
    const auto next = s.scan_and_start({{"a", 2, 9}});
    REQUIRE(next.size() == 1);
    CHECK(s.notices.empty());
    CHECK(s.connected(next.at(2), pids[9]));
    CHECK(s.tell(Reach::inactive, Farewell::drain) == std::map<pid_t, Farewell>{{pids[1], Farewell::terminate}});
    s.die(pids[1]);
    CHECK(s.open_fds.size() == 2);
    CHECK(s.table.live() == 2);
  }
  TEST_CASE("a chain of hand-overs in one scan") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 11}, {"b", 2, 12}, {"c", 3, 13}});
    s.scan_and_start({{"a", 1, 12}, {"b", 2, 13}, {"c", 3, 11}});
    for (const auto inode : {11U, 12U, 13U}) CHECK(s.active(inode));
    s.now += 2 * second;
    for (const auto inode : {1U, 2U, 3U, 11U, 12U, 13U}) s.die(pids[inode]);
    s.now += 2 * second;
    pids = s.start();
    REQUIRE(pids.size() == 6);
    CHECK(s.connected(pids[1], pids[12]));
    CHECK(s.connected(pids[2], pids[13]));
    CHECK(s.connected(pids[3], pids[11]));
    CHECK(s.open_fds.size() == 6);
  }
  TEST_CASE("an entry that is another one's logger is skipped until that logger has gone") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}, {"a-log", 2}});
    CHECK(s.notices == Notices{Notice::is_a_logger});
    CHECK(pids.size() == 2);
    s.scan({{"a", 1}, {"a-log", 2}});
    s.die(pids[2]);
    CHECK(s.table.wants_scan());
    CHECK(s.scan_and_start({{"a", 1}, {"a-log", 2}}).size() == 1);
    CHECK(s.notices.empty());
  }
  TEST_CASE("a log that is an entry of its own is no logger") {
    Stage s;
    auto pids = s.scan_and_start({{"l", 2}, {"a", 1, 2}});
    CHECK(s.notices == Notices{Notice::logger_is_a_service});
    CHECK(pids.size() == 2);
    s.scan({{"a", 1, 2}});
    s.die(pids[2]);
    CHECK(s.table.wants_scan());
    CHECK(s.scan_and_start({{"a", 1, 2}}).size() == 1);
    CHECK(s.notices.empty());
  }
  TEST_CASE("a log that is the service's own directory is none") {
    Stage s;
    CHECK(s.scan_and_start({{"a", 1, 1}}).size() == 1);
    CHECK(s.notices == Notices{Notice::logger_is_a_service});
  }
}

TEST_SUITE("svscan table: the catch-all logger") {
  TEST_CASE("it has no logger itself") {
    Stage s;
    CHECK_FALSE(s.table.has_catch_all_logger());
    CHECK(s.scan_and_start({{"s6-svscan-log", 1, 2}}).size() == 1);
    CHECK(s.table.has_catch_all_logger());
    CHECK(s.table.role(s.table.find(Stage::id(1))) == Role::catch_all_logger);
    CHECK(s.notices.empty());
  }
  TEST_CASE("it is told to leave as loggers are") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}, {"s6-svscan-log", 3}, {"gone", 4, 5}});
    s.scan({{"a", 1, 2}, {"s6-svscan-log", 3}});
    using enum Farewell;
    CHECK(s.tell(Reach::inactive, drain) == std::map<pid_t, Farewell>{{pids[4], terminate}, {pids[5], drain}});
    CHECK(s.tell(Reach::inactive, terminate) == std::map<pid_t, Farewell>{{pids[4], terminate}, {pids[5], terminate}});
    CHECK(s.tell(Reach::all, drain) ==
          std::map<pid_t, Farewell>{
              {pids[1], terminate}, {pids[2], drain}, {pids[3], drain}, {pids[4], terminate}, {pids[5], drain}});
    for (const auto& [pid, farewell] : s.tell(Reach::all, terminate)) CHECK(farewell == terminate);
    s.scan({});
    CHECK(s.tell(Reach::inactive, drain).at(pids[3]) == drain);
  }
  TEST_CASE("a service that is renamed to it becomes it") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    s.scan({{"s6-svscan-log", 1, 2}});
    CHECK(s.table.has_catch_all_logger());
    CHECK_FALSE(s.active(2));
    s.scan({{"a", 1, 2}});
    CHECK_FALSE(s.table.has_catch_all_logger());
    CHECK(s.active(2));
    CHECK(s.open_fds.size() == 2);
  }
}

TEST_SUITE("svscan table: failures to start") {
  TEST_CASE("one that cannot be spawned postpones all by ten seconds") {
    Stage s;
    s.scan({{"a", 1}, {"b", 2}});
    CHECK(s.table.next_start(s.now).action == Start::Action::spawn);
    s.table.start_failed(s.now);
    CHECK(s.start().empty());
    CHECK(s.table.next_start_time() == s.now + 10 * second);
    s.now += 10 * second;
    CHECK(s.start().size() == 2);
  }
  TEST_CASE("exit 111 within a second casts doubt on the name, 100 on who has the directory") {
    Stage s;
    auto pid = s.scan_and_start({{"a", 1}})[1];
    s.now += 999 * millisecond;
    Death death = s.die(pid, exited(111));
    CHECK(death.name_is_doubtful);
    CHECK_FALSE(death.directory_is_held);
    s.now += second;
    death = s.die(s.start().at(1), exited(100));
    CHECK_FALSE(death.name_is_doubtful);
    CHECK(death.directory_is_held);
    for (const WaitStatus status : {exited(111), exited(100)}) {
      s.now += second;
      pid = s.start().at(1);
      s.now += second;
      death = s.die(pid, status);
      CHECK_FALSE(death.name_is_doubtful);
      CHECK_FALSE(death.directory_is_held);
    }
    s.now += second;
    death = s.die(s.start().at(1), killed);
    CHECK_FALSE(death.name_is_doubtful);
    CHECK_FALSE(death.directory_is_held);
  }
  TEST_CASE("a directory that is held is left alone until its supervisor ends") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}});
    const Index who = s.die(pids[1], exited(100)).who;
    s.open_fds.insert(50);
    s.table.wait_for_other(who, 50);
    s.now += 100 * second;
    s.scan({{"a", 1, 2}});
    CHECK(s.start().empty());
    CHECK(s.table.live() == 1);
    s.close({.watch = s.table.other_ended(who)});
    CHECK(s.connected(s.start().at(1), pids[2]));
  }
  TEST_CASE("if it is unwanted meanwhile, the waiting ends") {
    Stage s;
    const Index who = s.die(s.scan_and_start({{"a", 1}})[1], exited(100)).who;
    s.open_fds.insert(50);
    s.table.wait_for_other(who, 50);
    s.scan({});
    CHECK(s.open_fds.empty());
    CHECK_FALSE(s.knows(1));
  }
  TEST_CASE("a directory held by nobody knows whom is tried ever more rarely, up to once in a minute") {
    Stage s;
    auto pid = s.scan_and_start({{"a", 1}})[1];
    for (const int delay : {1, 2, 4, 8, 16, 32, 60, 60}) {
      const Index who = s.die(pid, exited(100)).who;
      CHECK(s.table.try_more_rarely(who) == (delay == 1));
      CHECK(s.table.next_start_time() == s.now + delay * second);
      s.scan({{"a", 1}});  // does not make it faster
      CHECK(s.table.next_start_time() == s.now + delay * second);
      s.now += delay * second;
      pid = s.start().at(1);
    }
    SUBCASE("a life that ends otherwise makes it normal again") {
      s.die(pid, killed);
      CHECK(s.table.next_start_time() == s.now + second);
    }
    SUBCASE("so does the news that it is free") {
      s.table.directory_is_free(s.die(pid, exited(100)).who);
      CHECK(s.table.next_start_time() == s.now + second);
    }
  }
  TEST_CASE("processes that are none of its own do not matter") {
    Stage s;
    s.scan_and_start({{"a", 1}});
    CHECK(s.die(4711).who == nothing);
    CHECK(s.table.live() == 1);
  }
  TEST_CASE("at the end every descriptor can be taken") {
    Stage s;
    auto pids = s.scan_and_start({{"a", 1, 2}, {"b", 3}, {"c", 4, 5}});
    const Index who = s.die(pids[3], exited(100)).who;
    s.open_fds.insert(50);
    s.table.wait_for_other(who, 50);
    for (Index i = 0; i < s.table.end(); ++i) s.close(s.table.take_descriptors(i));
    CHECK(s.open_fds.empty());
    for (const auto inode : {1U, 2U, 4U, 5U}) s.die(pids[inode]);
    CHECK(s.table.live() == 0);
  }
}

TEST_SUITE("svscan table: at random") {
  // A world of directories that come, go, are renamed, share logs; supervisors that die. Whatever happens: what the
  // last scan found runs in the end, what it did not find does not, no descriptor is lost, and each live pair that
  // began together is connected.
  TEST_CASE("a long random life") {
    for (unsigned seed = 0; seed < 20; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
      Stage s({60, 251});
      s.most_inode = 60;
      std::vector<Entry> world;
      std::set<pid_t> alive;
      const auto start = [&] {
        for (const auto& [inode, pid] : s.start()) alive.insert(pid);
      };
      const auto random_scan = [&] {
        s.table.begin_scan();
        for (const Entry& entry : world) {
          if (chance(20))
            s.table.keep(entry.name);
          else if (chance(20))
            s.table.keep(Stage::id(entry.inode));
          else
            s.see(entry);
        }
        s.end_scan(chance(10) ? Found::a_part : Found::everything);
      };
      for (int step = 0; step < 1500; ++step) {
        s.now += static_cast<Nanoseconds>(random() % 1500) * millisecond;
        switch (random() % 6) {
          case 0: {
            Entry entry{"n" + std::to_string(random() % 30), 1 + random() % 25, 0};
            if (chance(2)) entry.log = 1 + random() % 40;
            if (chance(30)) entry.name = catch_all_name;
            world.push_back(entry);
            for (Entry& other : world)  // a directory has one log, whatever its names
              if (other.inode == entry.inode) other.log = entry.log;
            break;
          }
          case 1:
            if (!world.empty()) world.erase(world.begin() + static_cast<long>(random() % world.size()));
            break;
          case 2: random_scan(); break;
          case 3:
            std::shuffle(world.begin(), world.end(), random);
            if (chance(4)) s.tell(Reach::inactive, Farewell::drain);
            break;
          default:
            for (int deaths = 0; deaths < 3 && !alive.empty(); ++deaths) {
              auto it = alive.begin();
              std::advance(it, random() % alive.size());
              const Death death = s.die(*it, chance(5) ? exited(100) : killed);
              alive.erase(it);
              if (death.directory_is_held && chance(3)) s.table.try_more_rarely(death.who);
            }
        }
        if (chance(2)) start();
        REQUIRE(s.table.live() == alive.size());
      }
      // Quiet: everybody dies, the last world is scanned, what is due starts.
      for (const pid_t pid : alive) s.die(pid);
      alive.clear();
      s.scan(world);
      for (int again = 0; s.table.wants_scan(); ++again) {
        REQUIRE(again < 10);
        s.scan(world);
      }
      s.now += 100 * second;
      const auto pids = s.start();
      for (const Entry& entry : world) {
        const Index who = s.table.find(Stage::id(entry.inode));
        if (who == nothing) continue;
        CHECK(s.table.pid(who) != 0);
        if (s.table.peer(who) != nothing) CHECK(s.pipe_of.at(s.table.pid(who)) != -1);
      }
      std::size_t pairs = 0;
      for (Index i = 0; i < s.table.end(); ++i) {
        if (s.table.role(i) == Role::unused) continue;
        CHECK(s.table.is_active(i));
        CHECK(s.table.pid(i) != 0);
        if (s.table.role(i) != Role::logger) continue;
        ++pairs;
        CHECK(s.connected(s.table.pid(s.table.peer(i)), s.table.pid(i)));
      }
      CHECK(s.open_fds.size() == 2 * pairs);
      s.scan({});
      for (const auto& [inode, pid] : pids) s.die(pid);
      CHECK(s.open_fds.empty());
      CHECK(s.table.live() == 0);
    }
  }
  TEST_CASE("nothing is lost when the table becomes too narrow, whatever goes on in it") {
    Stage s;
    std::mt19937 random(7);
    std::vector<Entry> world;
    std::map<std::uint64_t, pid_t> pids;
    for (std::uint64_t i = 1; i <= 300; ++i) {
      const std::uint64_t inode = 2 * i;
      world.push_back({"service-" + std::to_string(i), inode, i % 3 == 0 ? inode + 1 : 0});
      s.now += 2 * second;
      s.scan(world);
      for (const auto& [started, pid] : s.start()) pids[started] = pid;
      // Some are dead and in the queue, some have places in it and some have not, when the next one comes.
      for (auto it = pids.begin(); it != pids.end();) {
        const bool dies = random() % 10 == 0;
        if (dies) CHECK(s.die(it->second).who == s.table.find(Stage::id(it->first)));
        it = dies ? pids.erase(it) : std::next(it);
      }
    }
    s.now += 2 * second;
    for (const auto& [started, pid] : s.start()) pids[started] = pid;
    for (const Entry& entry : world) {
      CHECK(s.name_of(entry.inode) == entry.name);
      CHECK(s.table.pid(s.table.find(Stage::id(entry.inode))) == pids.at(entry.inode));
      if (entry.log != 0) CHECK(s.connected(pids.at(entry.inode), pids.at(entry.log)));
    }
    CHECK(s.table.live() == 400);
    world.erase(world.begin(), world.begin() + 299);
    s.scan(world);
    CHECK(s.table.live() == 400);
    for (const auto& [inode, pid] : pids) s.die(pid);
    s.now += 2 * second;
    CHECK(s.start().size() == 2);
  }
  TEST_CASE("that there is no log is known once it was seen twice, the second time long enough after the change") {
    Stage s;
    const DirectoryId a = Stage::id(1);
    // The numbers of the scans are 1, 2, 3, ...; the second argument says which of them are old enough.
    const auto scan_at = [&](Nanoseconds changed, std::uint32_t old_scan) {
      s.table.begin_scan();
      const bool known = s.table.see_unchanged("a", a, changed);
      if (!known) {
        s.table.saw_no_log(a, changed, old_scan);
        s.see({"a", 1});
      }
      CHECK_FALSE(s.table.misses_any());
      s.end_scan();
      CHECK(s.active(1));
      return known;
    };
    CHECK_FALSE(s.table.see_unchanged("a", a, 50));  // nobody knows it yet
    s.scan({{"a", 1}});
    CHECK_FALSE(scan_at(50, 1));  // 2: seen first
    CHECK_FALSE(scan_at(50, 1));  // 3: the change may be of this very moment
    CHECK_FALSE(scan_at(50, 2));  // 4: now it counts
    CHECK(scan_at(50, 2));
    CHECK(scan_at(50, 5));
    CHECK_FALSE(scan_at(51, 5));  // 7: something changed
    CHECK_FALSE(scan_at(51, 6));
    CHECK_FALSE(scan_at(51, 7));
    CHECK(scan_at(51, 7));
    CHECK_FALSE(s.table.see_unchanged("b", a, 51));
    CHECK_FALSE(s.table.see_unchanged("a", Stage::id(2), 51));

    SUBCASE("a clock that was put back") CHECK_FALSE(scan_at(50, 7));
    SUBCASE("another directory under the same name") {
      s.scan({{"a", 2}});
      CHECK_FALSE(s.table.see_unchanged("a", Stage::id(2), 51));
    }
    SUBCASE("a directory that was forgotten meanwhile") {
      s.scan({});
      s.scan({{"a", 1}});
      CHECK_FALSE(s.table.see_unchanged("a", a, 50));
      CHECK_FALSE(s.table.see_unchanged("a", a, 51));
    }
    SUBCASE("a service that is not wanted any more, while its supervisor lives") {
      s.start();
      s.scan({});
      CHECK_FALSE(s.table.see_unchanged("a", a, 51));
    }
    SUBCASE("a service with a logger, which has to be parted from it") {
      s.scan({{"a", 1, 3}});
      CHECK_FALSE(s.table.see_unchanged("a", a, 51));
    }
    SUBCASE("a logger, which has no name of its own") {
      s.scan({{"b", 2, 3}});
      s.table.saw_no_log(Stage::id(3), 51, 5);
      s.table.saw_no_log(Stage::id(3), 51, 1000);
      CHECK_FALSE(s.table.see_unchanged("a", Stage::id(3), 51));
    }
  }
  TEST_CASE("a scan is old when it ended long enough before another began") {
    ScanHistory scans;
    CHECK(scans.begin(0) == 0);
    scans.end(1, 10);
    CHECK(scans.begin(10 + least_age - 1) == 0);
    scans.end(2, 10 + least_age - 1);
    CHECK(scans.begin(10 + least_age) == 1);
    scans.end(3, 500 * second);
    CHECK(scans.begin(500 * second) == 1);
    for (std::uint32_t number = 4; number < 10; ++number) scans.end(number, 500 * second + number);
    CHECK(scans.begin(500 * second + least_age) == 3);  // although others came after it, and kept coming
  }
  TEST_CASE("a hundred thousand services are no problem") {
    Stage s({160000, 251});
    s.table.begin_scan();
    for (std::uint64_t i = 0; i < 100000; ++i)
      s.apply(s.table.see("service-" + std::to_string(i), {1, i + 10}, std::nullopt));
    s.end_scan();
    for (Start next; (next = s.table.next_start(s.now)).action == Start::Action::spawn;)
      s.table.started(next.who, s.next_pid++, s.now);
    CHECK(s.table.live() == 100000);
    for (pid_t pid = 1; pid < s.next_pid; ++pid) s.die(pid);
    CHECK(s.table.live() == 0);
    CHECK(s.table.next_start_time() == s.now + second);
  }
}
