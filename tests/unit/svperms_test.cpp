#include <doctest/doctest.h>

#include <optional>

#include "common/accounts.hpp"
#include "svc/permissions.hpp"

using namespace s6;
using namespace s6::svc;

namespace {

Change change(char option, gid_t group = 0) {
  Change result;
  result.apply(option, group);
  return result;
}

}  // namespace

TEST_SUITE("svperms") {
  TEST_CASE("what the modes mean") {
    CHECK(status_audience(0700) == Audience::owner);
    CHECK(status_audience(0710) == Audience::group);
    CHECK(status_audience(0711) == Audience::everybody);
    CHECK(status_audience(0701) == Audience::everybody);
    CHECK(status_audience(02700) == Audience::owner);
    CHECK(control_audience(0600) == Audience::owner);
    CHECK(control_audience(0620) == Audience::group);
    CHECK(events_audience(03730) == Audience::group);
    CHECK(events_audience(01733) == Audience::everybody);
  }
  TEST_CASE("the type of the file is no part of it") {
    CHECK(status_audience(040710) == Audience::group);
    CHECK(control_audience(010620) == Audience::group);
    CHECK(events_audience(043730) == Audience::group);
  }
  TEST_CASE("modes that mean nothing") {
    for (const mode_t mode : {0755U, 0720U, 0740U, 0702U, 0704U, 01700U, 04700U}) {
      CAPTURE(mode);
      CHECK(!status_audience(mode));
    }
    for (const mode_t mode : {0644U, 0601U, 0602U, 0610U, 0640U, 0700U}) {
      CAPTURE(mode);
      CHECK(!control_audience(mode));
    }
    for (const mode_t mode : {0730U, 0733U, 01730U, 01777U, 03733U, 02730U, 0700U}) {
      CAPTURE(mode);
      CHECK(!events_audience(mode));
    }
  }
  TEST_CASE("what is set is what is shown") {
    for (const Audience audience : {Audience::owner, Audience::group, Audience::everybody})
      CHECK(status_audience(status_mode(audience)) == audience);
    for (const Audience audience : {Audience::owner, Audience::group})
      CHECK(control_audience(control_mode(audience)) == audience);
    for (const Audience audience : {Audience::group, Audience::everybody})
      CHECK(events_audience(events_mode(audience)) == audience);
  }
  TEST_CASE("what the options change") {
    CHECK(change('u').status == Grant{0700, std::nullopt});
    CHECK(change('u').control == Grant{0600, std::nullopt});
    CHECK(change('g', 7).status == Grant{0710, 7});
    CHECK(change('g', 7).control == Grant{0600, std::nullopt});
    CHECK(change('G', 7).status == Grant{0710, 7});
    CHECK(change('G', 7).control == Grant{0620, 7});
    CHECK(change('o').status == Grant{0711, std::nullopt});
    CHECK(change('o').control == Grant{0600, std::nullopt});
    CHECK(change('O', 7).status == Grant{0711, std::nullopt});
    CHECK(change('O', 7).control == Grant{0620, 7});
    CHECK(change('e').events == Grant{01733, std::nullopt});
    CHECK(change('E', 7).events == Grant{03730, 7});
  }
  TEST_CASE("the options for supervise leave event alone, and the other way round") {
    for (const char option : {'u', 'g', 'G', 'o', 'O'}) CHECK(!change(option, 7).events);
    for (const char option : {'e', 'E'}) {
      CHECK(!change(option, 7).status);
      CHECK(!change(option, 7).control);
    }
    CHECK(Change().empty());
    CHECK(!change('e').empty());
  }
  TEST_CASE("the last option wins") {
    Change both;
    both.apply('G', 7);
    both.apply('u');
    CHECK(both.status == Grant{0700, std::nullopt});
    CHECK(both.control == Grant{0600, std::nullopt});
  }
}

TEST_SUITE("accounts") {
  TEST_CASE("the group that every system has, and one that none has") {
    const auto root = accounts::group_called("root");
    REQUIRE(root);
    CHECK(*root == std::optional<gid_t>(0));
    CHECK(accounts::name_of_group(0).view() == "root");
    const auto none = accounts::group_called("no such group");
    REQUIRE(none);
    CHECK(!*none);
    CHECK(accounts::name_of_group(4242424).view() == "4242424");
    accounts::User owner;
    const auto root_user = accounts::find_user(uid_t{0}, owner);
    REQUIRE(root_user);
    CHECK(*root_user);
    CHECK(owner.group == 0);
    const auto nobody = accounts::find_user(uid_t{4242424}, owner);
    REQUIRE(nobody);
    CHECK(!*nobody);
  }
}
