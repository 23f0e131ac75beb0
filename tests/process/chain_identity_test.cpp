// s6-envuidgid, s6-applyuidgid, s6-setuidgid.
#include "chain_accounts.hpp"

namespace s6::test {
namespace {

TEST_SUITE_BEGIN("chain");

const std::vector<std::string> no_identity = {"UID", "GID", "GIDLIST"};

// "UID=1 GID=2 GIDLIST=3,4" of what a program's environment has of it, or "exit N".
std::string identity_in(const Ran& ran) {
  if (ran.exit != exited(0)) return "exit " + std::to_string(ran.exit.code);
  std::string text;
  for (const char* name : {"UID=", "GID=", "GIDLIST="}) {
    const auto at = ("\n" + ran.out).find(std::string("\n") + name);
    if (at != std::string::npos) text += ran.out.substr(at, ran.out.find('\n', at) - at) + " ";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

// "uid gid groups" as the kernel sees them, or "exit N".
std::string identity_of(const Ran& ran) {
  if (ran.exit != exited(0)) return "exit " + std::to_string(ran.exit.code);
  std::string text = ran.out;
  std::ranges::replace(text, '\n', ' ');
  text.pop_back();
  return text;
}
const std::string show_identity = "id -u; id -g; id -G";

Ran chain(std::vector<std::string> argv, Start start = {}) {
  argv[0] = client(argv[0]);
  start.argv = std::move(argv);
  return run(std::move(start));
}

// --- s6-envuidgid ----------------------------------------------------------------------------------------------------
std::string envuidgid(const Accounts& accounts, std::vector<std::string> words) {
  words.insert(words.begin(), "s6-envuidgid");
  words.emplace_back("/usr/bin/env");
  return identity_in(accounts.run(words, no_identity));
}

TEST_CASE("envuidgid: numbers of accounts, in each of its forms") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto env = [&](std::vector<std::string> words) { return envuidgid(accounts, std::move(words)); };
  CHECK(env({"alice"}) == "UID=4001 GID=4101 GIDLIST=4202,4201");
  CHECK(env({"lonely"}) == "UID=4003 GID=4103 GIDLIST=");
  CHECK(env({"-u", "alice"}) == "UID=4001");
  CHECK(env({"-g", "first"}) == "GID=4201");
  CHECK(env({"-B", "lonely:first"}) == "UID=4003 GID=4201");
  CHECK(env({"-u", "-g", "first"}) == "GID=4201");
  CHECK(env({"-B", "alice"}) == "UID=4001 GID=0");
  CHECK(env({"-B", "alice:"}) == "UID=4001 GID=0");
  CHECK(env({"-B", ":first"}) == "UID=0 GID=4201");
  CHECK(env({"nosuch"}) == "exit 1");
  CHECK(env({"-g", "nosuch"}) == "exit 1");
  CHECK(env({"-B", "alice:nosuch"}) == "exit 1");
  CHECK(env({"4001"}) == "exit 1");
}

TEST_CASE("envuidgid: numbers that nobody has, where they are allowed") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto env = [&](std::vector<std::string> words) { return envuidgid(accounts, std::move(words)); };
  CHECK(env({"-n", "1234"}) == "UID=1234 GID=0");
  CHECK(env({"-nu", "1234"}) == "UID=1234");
  CHECK(env({"-ng", "1234"}) == "GID=1234");
  CHECK(env({"-nB", "1234:5678"}) == "UID=1234 GID=5678");
  CHECK(env({"-nu", "4444"}) == "UID=4004");
  CHECK(env({"-n", "alice"}) ==
        expected<std::string>("envuidgid-n-knows-the-primary-group", "UID=4001 GID=4101", "UID=4001 GID=0"));
  for (const char* wrong : {"99999999999", "12x"})
    CHECK_DIFFERS("envuidgid-reads-numbers-to-the-end", env({"-nu", wrong}) == "exit 1");
}

TEST_CASE("envuidgid: defaults stand for what is not known") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto env = [&](std::vector<std::string> words) { return envuidgid(accounts, std::move(words)); };
  CHECK(env({"-D", "1:2:3,4", "nosuch"}) == "UID=1 GID=2 GIDLIST=3,4");
  CHECK(env({"-D", "1:2:3,4", "alice"}) == "UID=4001 GID=4101 GIDLIST=4202,4201");
  CHECK(env({"-D", "1", "nosuch"}) == "UID=1 GID=0 GIDLIST=");
  CHECK(env({"-D", ":2", "nosuch"}) == "UID=0 GID=2 GIDLIST=");
  CHECK(env({"-D", "::5,6", "nosuch"}) == "UID=0 GID=0 GIDLIST=5,6");
  CHECK(env({"-D", ":", "nosuch"}) == "UID=0 GID=0 GIDLIST=");
  CHECK(env({"-D", "7:8:9", "-B", "alice:nosuch"}) == "UID=4001 GID=8");
  CHECK(env({"-D", "7:8:9", "-B", "nosuch:first"}) == "UID=7 GID=4201");
  CHECK(env({"-D", "7:8:9", "-B", "alice"}) == "UID=4001 GID=8");
  CHECK(env({"-i", "-D", "1:2", "nosuch"}) == "UID=1 GID=2 GIDLIST=");
  CHECK(env({"-D", "1:2", "-i", "nosuch"}) == "exit 1");
  for (const char* wrong : {"", "x", "1:x", "1:2:x", "-1"}) CHECK(env({"-D", wrong, "alice"}) == "exit 100");
  CHECK_DIFFERS("group-lists-are-read-to-the-end", env({"-D", "1:2:3,", "nosuch"}) == "exit 100");
}

TEST_CASE("envuidgid: what is not set stays as it was, the rest is replaced") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const std::vector<std::string> before = {"UID=7", "GID=8", "GIDLIST=9"};
  CHECK(identity_in(accounts.run({"s6-envuidgid", "-u", "alice", "/usr/bin/env"}, before)) ==
        "UID=4001 GID=8 GIDLIST=9");
  CHECK(identity_in(accounts.run({"s6-envuidgid", "-B", "alice:first", "/usr/bin/env"}, before)) ==
        "UID=4001 GID=4201 GIDLIST=9");
  CHECK(identity_in(accounts.run({"s6-envuidgid", "lonely", "/usr/bin/env"}, before)) == "UID=4003 GID=4103 GIDLIST=");
}

TEST_CASE("envuidgid: what is wrong is named, the group before the user") {
  const Ran both = chain({"s6-envuidgid", "-B", "nosuchuser:nosuchgroup", "/bin/true"});
  CHECK(both.exit == exited(1));
  CHECK(both.err == "s6-envuidgid: fatal: unknown group: nosuchgroup\n");
  CHECK(chain({"s6-envuidgid", "nosuchuser", "/bin/true"}).err == "s6-envuidgid: fatal: unknown user: nosuchuser\n");
}

// --- s6-applyuidgid --------------------------------------------------------------------------------------------------
TEST_CASE("applyuidgid: user, group and list") {
  if (!is_root()) SKIP_TEST("needs root");
  const auto apply = [](std::vector<std::string> options, std::vector<std::string> env = no_identity) {
    options.insert(options.begin(), "s6-applyuidgid");
    options.insert(options.end(), {"/bin/sh", "-c", show_identity});
    return identity_of(chain(options, {.env = std::move(env)}));
  };
  CHECK(apply({"-u", "12", "-g", "34", "-G", "5,6"}) == "12 34 34 5 6");
  CHECK(apply({"-G", ""}) == "0 0 0");
  CHECK(apply({"-u", "0", "-g", "0"}).starts_with("0 0 "));
  CHECK(apply({"-u", "12", "-u", "13", "-G", ""}) == "13 0 0");
  const std::vector<std::string> given = {"UID=12", "GID=34", "GIDLIST=5,6"};
  CHECK(apply({"-U"}, given) == "12 34 34 5 6");
  CHECK(apply({"-U", "-u", "13"}, given) == "13 34 34 5 6");
  CHECK(apply({"-u", "13", "-U"}, given) == "12 34 34 5 6");
}

TEST_CASE("applyuidgid: wrong numbers, names, lists and variables are refused") {
  const auto code = [](std::vector<std::string> options, std::vector<std::string> env = no_identity) {
    options.insert(options.begin(), "s6-applyuidgid");
    options.emplace_back("/bin/true");
    return chain(options, {.env = std::move(env)}).exit.code;
  };
  for (const char* wrong : {"daemon", "", "-1", "1x", "4294967296"}) {
    CHECK(code({"-u", wrong}) == 100);
    CHECK(code({"-g", wrong}) == 100);
  }
  CHECK(code({"-G", "x"}) == 100);
  CHECK(code({"-G", ",5"}) == 100);
  for (const char* wrong : {"5,x", "5,", "5,,6"})
    CHECK_DIFFERS("group-lists-are-read-to-the-end", code({"-G", wrong}) == 100);
  CHECK(code({"-U"}) == 100);
  CHECK(code({"-U"}, {"UID=0", "GID=0", "GIDLIST"}) == 100);
  CHECK(code({"-U"}, {"UID=0", "GID=x", "GIDLIST="}) == 100);
  const Ran missing = chain({"s6-applyuidgid", "-U", "/bin/true"}, {.env = no_identity});
  CHECK(missing.err.starts_with("s6-applyuidgid: fatal: "));
  CHECK(contains(missing.err, "UID"));
}

TEST_CASE("applyuidgid: -z removes the variables, whether they were used or not") {
  for (const char* options : {"-z", "-zU"}) {
    if (std::string_view(options) == "-zU" && !is_root()) continue;
    const Ran ran = chain({"s6-applyuidgid", options, "/usr/bin/env"}, {.env = {"UID=0", "GID=0", "GIDLIST="}});
    CHECK(identity_in(ran) == "");
    CHECK(contains(ran.out, "PATH="));
  }
}

TEST_CASE("applyuidgid: whoever may not is told by 111") {
  if (!is_root()) SKIP_TEST("needs root");
  for (const char* option : {"-u1", "-g1", "-G1"}) {
    const Ran ran = chain({"s6-applyuidgid", option, "/bin/true"}, {.user = nobody});
    CHECK(ran.exit == exited(111));
    CHECK(ran.err.starts_with("s6-applyuidgid: fatal: unable to set"));
  }
  CHECK(chain({"s6-applyuidgid", "-u", "4294967295", "/bin/true"}).exit == exited(111));
}

// --- s6-setuidgid ----------------------------------------------------------------------------------------------------
TEST_CASE("setuidgid: becomes the user, with his groups") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto become = [&](const std::string& account) {
    return identity_of(accounts.run({"s6-setuidgid", account, "/bin/sh", "-c", show_identity}));
  };
  CHECK(become("alice") == "4001 4101 4101 4201 4202");
  CHECK(become("lonely") == "4003 4103 4103");
  CHECK(become("4444") == "4004 4104 4104");
  CHECK(become("12:34") == "12 34 34");
  CHECK(become("0:0") == "0 0 0");
  CHECK(become("").starts_with("0 0 "));
  CHECK(become("nosuch") == "exit 1");
  CHECK(become("4001") == "exit 1");
  for (const char* wrong : {"alice:alice", "12:", ":12", ":", "1:2:3"}) CHECK(become(wrong) == "exit 100");
}

TEST_CASE("setuidgid: the variables of s6-envuidgid are no longer true") {
  if (!is_root()) SKIP_TEST("needs root");
  const std::vector<std::string> before = {"UID=7", "GID=8", "GIDLIST=9"};
  CHECK(identity_in(chain({"s6-setuidgid", "daemon", "/usr/bin/env"}, {.env = before})) == "");
  CHECK(identity_in(chain({"s6-setuidgid", "12:34", "/usr/bin/env"}, {.env = before})) == "UID=7 GID=8 GIDLIST=9");
}

TEST_CASE("setuidgid: complaints") {
  const Ran unknown = chain({"s6-setuidgid", "nosuch", "/bin/true"});
  CHECK(unknown.exit == exited(1));
  CHECK(contains(unknown.err, "unknown user: nosuch"));
  CHECK_DIFFERS("setuidgid-speaks-for-itself", unknown.err.starts_with("s6-setuidgid: fatal: "));
  CHECK(chain({"s6-setuidgid", "-x", "/bin/true"}).exit == exited(100));
  if (!is_root()) SKIP_TEST("needs root");
  CHECK(chain({"s6-setuidgid", "daemon", "/bin/true"}, {.user = nobody}).exit == exited(111));
  CHECK_DIFFERS("two-dashes-end-the-options", chain({"s6-setuidgid", "--", "daemon", "/bin/true"}).exit == exited(0));
}

// --- all of them -----------------------------------------------------------------------------------------------------
TEST_CASE("chain: too few words are a wrong use") {
  for (const std::vector<std::string>& words :
       std::initializer_list<std::vector<std::string>>{{"s6-envuidgid"},
                                                       {"s6-envuidgid", "root"},
                                                       {"s6-envuidgid", "-x", "root", "true"},
                                                       {"s6-applyuidgid"},
                                                       {"s6-applyuidgid", "-z"},
                                                       {"s6-applyuidgid", "-x", "true"},
                                                       {"s6-applyuidgid", "--bogus", "true"},
                                                       {"s6-setuidgid"},
                                                       {"s6-setuidgid", "root"},
                                                       {"s6-envdir"},
                                                       {"s6-envdir", "/"},
                                                       {"s6-envdir", "-x", "/", "true"},
                                                       {"s6-setlock"},
                                                       {"s6-setlock", "/"},
                                                       {"s6-setlock", "-x", "/", "true"},
                                                       {"s6-setsid"},
                                                       {"s6-setsid", "-x", "true"},
                                                       {"s6-softlimit"},
                                                       {"s6-softlimit", "-o", "50"},
                                                       {"s6-fghack"}}) {
    CAPTURE(words);
    const Ran ran = chain(words);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, words[0] + ": usage: " + words[0] + " "));
  }
}

TEST_CASE("chain: a program that is not there, and one that cannot be executed") {
  Scene scene;
  const std::string directory = scene.path();
  for (const std::vector<std::string>& words :
       std::initializer_list<std::vector<std::string>>{{"s6-envuidgid", "root"},
                                                       {"s6-applyuidgid"},
                                                       {"s6-setuidgid", ""},
                                                       {"s6-envdir", directory},
                                                       {"s6-setlock", directory + "/lock"},
                                                       {"s6-setsid"},
                                                       {"s6-softlimit"}}) {
    CAPTURE(words);
    auto missing = words, forbidden = words;
    missing.emplace_back("no-such-program");
    forbidden.emplace_back("/etc/passwd");
    const Ran ran = chain(missing);
    CHECK(ran.exit == exited(127));
    CHECK(contains(ran.err, "no-such-program"));
    CHECK(chain(forbidden).exit == exited(126));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
