#include "common/accounts.hpp"

#include <doctest/doctest.h>
#include <errno.h>

#include <string>
#include <vector>

#include "tests/refusal.hpp"

using namespace s6;

TEST_SUITE("accounts") {
  TEST_CASE("who is there, and who is not") {
    accounts::User user;
    REQUIRE(accounts::find_user("root", user));
    CHECK(user.id == 0);
    CHECK(user.name.view() == "root");
    const auto missing = accounts::find_user("no such user", user);
    REQUIRE(missing);
    CHECK_FALSE(*missing);
    CHECK(user.name.view() == "root");
    const auto group = accounts::group_called("no such group");
    REQUIRE(group);
    CHECK_FALSE(*group);
    CHECK(accounts::name_of_group(0).view() == "root");
    CHECK(accounts::name_of_group(3999999999).view() == "3999999999");
  }
  TEST_CASE("a database that cannot be read is no answer") {
    // With other errors some modules of glibc find another answer.
    CHECK(while_refused({{SYS_openat}, {SYS_socket}}, ENOMEM, [] {
      accounts::User user;
      return accounts::group_called("daemon").error().code == ENOMEM &&
             accounts::find_user("daemon", user).error().code == ENOMEM &&
             accounts::find_user(uid_t{1}, user).error().code == ENOMEM;
    }));
  }
  TEST_CASE("more groups than there is room for are an error") {
    std::vector<gid_t> room(1000);
    REQUIRE(accounts::groups_of("root", room));
    CHECK(accounts::groups_of("root", {}).error().code == ERANGE);
  }
}
