#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "svscan/complaints.hpp"
#include "svscan/hash_index.hpp"
#include "svscan/name_pool.hpp"
#include "svscan/start_queue.hpp"

using namespace s6;
using namespace s6::svscan;

TEST_SUITE("svscan containers") {
  TEST_CASE("a hash index finds exactly its members, whatever the collisions") {
    for (const std::uint64_t spread : {1U, 2U, 7U, 1000U}) {
      constexpr Index most = 300;
      std::vector<std::uint32_t> cells(HashIndex::cells_for(most));
      HashIndex index(cells);
      std::vector<bool> member(most);
      const auto hash_of = [&](Index i) { return hash_number(i % spread); };
      std::mt19937 random(7);
      for (int step = 0; step < 20000; ++step) {
        const Index who = static_cast<Index>(random() % most);
        if (member[who]) {
          index.erase(who, hash_of);
        } else {
          if (index.is_crowded()) {
            index.widen();
            for (Index i = 0; i < most; ++i)
              if (member[i]) index.put(i, hash_of(i));
          }
          index.put(who, hash_of(who));
        }
        member[who] = !member[who];
        const Index probe = static_cast<Index>(random() % most);
        const Index found = index.find(hash_of(probe), [&](Index i) { return i == probe; });
        REQUIRE(found == (member[probe] ? probe : nothing));
      }
      CHECK(index.size() == static_cast<std::size_t>(std::count(member.begin(), member.end(), true)));
    }
  }

  TEST_CASE("a start queue gives the earliest, also after moves and removals") {
    constexpr Index most = 100;
    std::vector<StartQueue::Cell> cells(most);
    StartQueue queue(cells);
    std::map<Index, Nanoseconds> reference;
    std::mt19937 random(11);
    for (int step = 0; step < 20000; ++step) {
      const Index who = static_cast<Index>(random() % most);
      if (random() % 3 == 0) {
        queue.remove(who);
        reference.erase(who);
      } else {
        const auto due = static_cast<Nanoseconds>(random() % 1000);
        queue.set(who, due);
        reference[who] = due;
      }
      REQUIRE(queue.contains(who) == reference.contains(who));
      REQUIRE(queue.empty() == reference.empty());
      if (reference.empty()) continue;
      Nanoseconds least = never;
      for (const auto& [i, due] : reference) least = std::min(least, due);
      REQUIRE(queue.first().due == least);
      REQUIRE(reference.at(queue.first().who) == least);
    }
  }

  TEST_CASE("a name pool keeps every name through squeezing, in exactly the space it was given") {
    constexpr Index most = 50;
    constexpr std::size_t longest = 100;
    std::vector<char> memory(most * NamePool::space_for(longest));
    NamePool pool(memory);
    std::map<Index, std::uint32_t> positions;
    std::map<Index, std::string> reference;
    std::mt19937 random(5);
    for (int step = 0; step < 20000; ++step) {
      const Index who = static_cast<Index>(random() % most);
      if (reference.contains(who)) {
        pool.drop(positions[who]);
        positions.erase(who);
        reference.erase(who);
      }
      if (random() % 4 == 0) continue;
      const std::string name(step % 5 == 0 ? longest : random() % longest, static_cast<char>('a' + who % 26));
      positions[who] = 0;
      positions[who] = pool.add(who, name, [&](Index owner, std::uint32_t at) { positions[owner] = at; });
      reference[who] = name;
      for (const auto& [owner, text] : reference) {
        REQUIRE(pool.at(positions[owner]) == text);
        REQUIRE(pool.at(positions[owner]).data()[text.size()] == '\0');
      }
    }
  }

  TEST_CASE("a complaint is made once, and again after a scan that did not meet it") {
    using enum Complaints::Answer;
    std::array<Complaints::Entry, Complaints::most> entries;
    Complaints complaints(entries);
    complaints.begin_scan();
    CHECK(complaints.ask('s', "a") == say);
    CHECK(complaints.ask('s', "a") == be_still);
    CHECK(complaints.ask('l', "a") == say);
    CHECK(complaints.ask('s', "b") == say);
    complaints.end_complete_scan();
    complaints.begin_scan();
    CHECK(complaints.ask('s', "a") == be_still);
    complaints.end_complete_scan();
    complaints.begin_scan();
    CHECK(complaints.ask('s', "a") == be_still);
    CHECK(complaints.ask('s', "b") == say);
    complaints.end_complete_scan();
    complaints.begin_scan();  // one that did not reach the end proves nothing
    complaints.begin_scan();
    CHECK(complaints.ask('s', "b") == be_still);
  }
  TEST_CASE("when there is no room for more complaints the last one says so") {
    using enum Complaints::Answer;
    std::array<Complaints::Entry, Complaints::most> entries;
    Complaints complaints(entries);
    complaints.begin_scan();
    for (std::size_t i = 1; i < Complaints::most; ++i) CHECK(complaints.ask('s', std::to_string(i)) == say);
    CHECK(complaints.ask('s', "last") == say_last);
    CHECK(complaints.ask('s', "one more") == be_still);
    complaints.end_complete_scan();
    complaints.begin_scan();
    complaints.end_complete_scan();
    complaints.begin_scan();
    CHECK(complaints.ask('s', "one more") == say);
  }
}
