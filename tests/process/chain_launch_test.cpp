// s6-launch: who the program is, and with which rights.
#include <sstream>

#include "chain_accounts.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

TEST_SUITE_BEGIN("launch");

Ran launch(std::vector<std::string> options, std::vector<std::string> program, Start start = {}) {
  options.insert(options.begin(), client("s6-launch"));
  options.insert(options.end(), program.begin(), program.end());
  start.argv = std::move(options);
  return run(std::move(start));
}

// A line of /proc/PID/status.
std::string field(const std::string& status, const std::string& name) {
  const auto at = ("\n" + status).find("\n" + name + ":");
  if (at == std::string::npos) return "none";
  std::istringstream line(status.substr(at + name.size() + 1, status.find('\n', at) - at - name.size() - 1));
  std::string text, word;
  while (line >> word) text += (text.empty() ? "" : " ") + word;
  return text;
}
const std::vector<std::string> show_status = {"/bin/cat", "/proc/self/status"};

// --- who -------------------------------------------------------------------------------------------------------------
TEST_CASE("launch: user, group and the groups of the user") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto become = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "s6-launch");
    words.insert(words.end(), show_status.begin(), show_status.end());
    const Ran ran = accounts.run(words);
    if (ran.exit != exited(0)) return "exit " + std::to_string(ran.exit.code);
    return field(ran.out, "Uid") + ", " + field(ran.out, "Gid") + ", " + field(ran.out, "Groups");
  };
  const std::string alice = "4001 4001 4001 4001, 4101 4101 4101 4101, ";
  CHECK(become({"--user=alice"}) == alice + "4101 4201 4202");
  CHECK(become({"--user=4001"}) == alice + "4101 4201 4202");
  CHECK(become({"--user=4001:4101"}) == alice + "4101 4201 4202");
  CHECK(become({"--user=alice", "--groups="}) == alice);
  CHECK(become({"--user=alice", "--groups=first,99"}) == alice + "99 4201");
  CHECK(become({"--user=alice:first"}) == "4001 4001 4001 4001, 4201 4201 4201 4201, 4201 4201 4202");
  CHECK(become({"--user=alice", "--group=first"}) == become({"--user=alice:4201"}));
  CHECK(become({"--user=1234:first"}) == "1234 1234 1234 1234, 4201 4201 4201 4201, 4201");
  CHECK(become({"--user=1234:5678", "--groups=9"}) == "1234 1234 1234 1234, 5678 5678 5678 5678, 9");
  CHECK(become({"--user=4444"}).starts_with("4004 "));
  CHECK(become({"--group=first"}).starts_with("0 0 0 0, 4201 4201 4201 4201"));
  CHECK(become({"--user=root"}) == "0 0 0 0, 0 0 0 0, 0");
  for (const char* wrong : {"--user=nosuch", "--user=alice:nosuch", "--user=:first", "--user=alice:", "--user=:",
                            "--user=1234", "--group=nosuch", "--groups=nosuch", "--groups=first,", "--groups=,"}) {
    CAPTURE(wrong);
    CHECK(become({wrong}) == "exit 100");
  }
}

TEST_CASE("launch: the environment of the account") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Accounts accounts(scene);
  const auto env = [&](const char* user) {
    return accounts.run({"s6-launch", user, "--account-env", "--clear-env", "/usr/bin/env"}).out;
  };
  CHECK(env("--user=alice") == "HOME=/home/alice\nUSER=alice\nLOGNAME=alice\nSHELL=/bin/ash\n");
  CHECK(env("--user=4003") == "HOME=/home/lonely\nUSER=lonely\nLOGNAME=lonely\nSHELL=/bin/sh\n");
  CHECK(accounts.run({"s6-launch", "--user=1234:1", "--account-env", "/bin/true"}).exit == exited(100));
}

TEST_CASE("launch: whoever one is already one may become without rights") {
  if (!is_root()) SKIP_TEST("needs root");
  const auto as_nobody = [](std::vector<std::string> options) {
    return launch(std::move(options), {"/bin/true"}, {.user = nobody});
  };
  const std::string self = std::to_string(nobody);
  CHECK(as_nobody({"--user=" + self + ":" + self}).exit == exited(0));
  CHECK(as_nobody({"--group=" + self}).exit == exited(0));
  CHECK(as_nobody({"--groups=" + self}).exit == exited(0));
  for (const std::string option : {"--user=root", "--user=1234:1", "--group=1", "--groups=1"}) {
    CAPTURE(option);
    const Ran ran = as_nobody({option});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, "unable to set the "));
    CHECK(contains(ran.err, " " + option.substr(option.find('=') + 1) + ": Operation not permitted"));
  }
}

// --- rights ----------------------------------------------------------------------------------------------------------
constexpr std::uint64_t net_raw = 1 << 13, setpcap = 1 << 8;

std::uint64_t capabilities(const std::string& status, const std::string& set) {
  return std::stoull("0" + field(status, set), nullptr, 16);
}
// "inheritable permitted effective ambient" of a program, in hexadecimal without leading zeros.
std::string sets_of(const Ran& ran) {
  if (ran.exit != exited(0)) return "exit " + std::to_string(ran.exit.code);
  std::ostringstream text;
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
    text << std::hex << capabilities(ran.out, set) << " ";
  return text.str();
}
bool may_grant(std::uint64_t wanted) {
  return is_root() &&
         (capabilities(read_file("/proc/self/status"), "CapEff") & (wanted | setpcap)) == (wanted | setpcap);
}
const std::string to_nobody = "--user=65534:65534";

TEST_CASE("launch: capabilities for a user who is not root") {
  if (!may_grant(net_raw)) SKIP_TEST("needs root with capabilities");
  const auto sets = [](std::vector<std::string> options) {
    options.push_back(to_nobody);
    return sets_of(launch(std::move(options), show_status));
  };
  CHECK(sets({}) == "0 0 0 0 ");
  CHECK(sets({"--capabilities=^cap_net_raw"}) == "2000 2000 2000 2000 ");
  CHECK(sets({"--capabilities=%cap_net_raw"}) == "2000 0 0 0 ");
  CHECK(sets({"--capabilities=cap_net_raw"}) == "2000 0 0 0 ");
  CHECK(sets({"--capabilities="}) == "0 0 0 0 ");
  CHECK(sets({"--capabilities=^cap_net_raw,!cap_setpcap"}) == "2000 2000 2000 2000 ");
  CHECK(sets({"--capabilities=^cap_net_raw", "--no-new-privs"}) == "2000 2000 2000 2000 ");
}

TEST_CASE("launch: securebits and capabilities together with a user who is not root") {
  if (!may_grant(net_raw)) SKIP_TEST("needs root with capabilities");
  const auto sets = [](std::vector<std::string> options) {
    options.push_back(to_nobody);
    return sets_of(launch(std::move(options), show_status));
  };
  CHECK(sets({"--securebits=0x2f"}) == "0 0 0 0 ");
  CHECK(sets({"--securebits=0x2f", "--capabilities=^cap_net_raw"}) == "2000 2000 2000 2000 ");
  // no-cap-ambient-raise, too: it does not come before its time
  CHECK(sets({"--securebits=0xef", "--capabilities=^cap_net_raw", "--no-new-privs"}) == "2000 2000 2000 2000 ");

  // The bits are really there: locked ones cannot be changed any more, not even by who has CAP_SETPCAP.
  const auto change_after = [](const std::string& bits) {
    return launch({to_nobody, "--securebits=" + bits, "--capabilities=^cap_setpcap", client("s6-launch")},
                  {"--securebits=0", "/bin/true"});
  };
  CHECK(change_after("noroot").exit == exited(0));
  const Ran locked = change_after("noroot,noroot-locked");
  CHECK(locked.exit == exited(111));
  CHECK(contains(locked.err, "unable to set the securebits 0: Operation not permitted"));
}

TEST_CASE("launch: a change of the user ends capabilities that are not asked for") {
  constexpr std::uint64_t setuid_and_setgid = 1 << 7 | 1 << 6;
  if (!may_grant(net_raw | setuid_and_setgid)) SKIP_TEST("needs root with capabilities");
  const auto sets = [](std::vector<std::string> inner) {
    std::vector<std::string> outer = {to_nobody, "--capabilities=^cap_net_raw,^cap_setuid,^cap_setgid,^cap_setpcap",
                                      client("s6-launch")};
    outer.insert(outer.end(), inner.begin(), inner.end());
    return sets_of(launch(std::move(outer), show_status));
  };
  CHECK(sets({}) == "21c0 21c0 21c0 21c0 ");
  CHECK(sets({"--user=1:1"}) == "21c0 0 0 0 ");
  CHECK(sets({"--user=1:1", "--capabilities=^cap_net_raw"}) == "2000 2000 2000 2000 ");
}

TEST_CASE("launch: capabilities of root") {
  if (!may_grant(net_raw)) SKIP_TEST("needs root with capabilities");
  const Ran dropped = launch({"--capabilities=!cap_net_raw"}, show_status);
  const std::uint64_t bounding = capabilities(read_file("/proc/self/status"), "CapBnd");
  CHECK(capabilities(dropped.out, "CapBnd") == (bounding & ~net_raw));
  CHECK((capabilities(dropped.out, "CapEff") & net_raw) == 0);
  CHECK((capabilities(dropped.out, "CapEff") & setpcap) != 0);
  CHECK(sets_of(launch({"--securebits=noroot"}, show_status)) == "0 0 0 0 ");
  CHECK(sets_of(launch({"--securebits=0x2f", "--capabilities=^cap_net_raw"}, show_status)) == "2000 2000 2000 2000 ");
}

TEST_CASE("launch: what is kept for capabilities opens no files") {
  if (!may_grant(net_raw)) SKIP_TEST("needs root with capabilities");
  Scene scene;
  const std::string file = scene.path() / "file";
  fs::permissions(scene.path(), fs::perms(0755));
  for (const char* option : {"--securebits=0x20", "--capabilities=^cap_net_raw"}) {
    const Ran ran = launch({to_nobody, option, "--stdout=" + file}, {"/bin/true"});
    CHECK(ran.exit == exited(111));
    CHECK(contains(ran.err, "unable to open " + file + ": Permission denied"));
  }
  CHECK(!is_there(file));
}

TEST_CASE("launch: rights that one has not got cannot be given") {
  if (!is_root()) SKIP_TEST("needs root");
  const auto complaint = [](const std::string& option) {
    const Ran ran = launch({option}, {"/bin/true"}, {.user = nobody});
    CHECK(ran.exit == exited(111));
    return ran.err;
  };
  CHECK(
      contains(complaint("--capabilities=^cap_net_raw"), "set the capabilities ^cap_net_raw: Operation not permitted"));
  CHECK(contains(complaint("--capabilities=!cap_net_raw"), "set the capabilities !cap_net_raw: "));
  CHECK(contains(complaint("--securebits=noroot"), "set the securebits noroot: Operation not permitted"));
}

TEST_CASE("launch: capabilities that make no sense") {
  for (const char* wrong : {"cap_nonsense", "x", ",", "cap_net_raw=ep"}) {
    CAPTURE(wrong);
    const Ran ran = launch({"--capabilities=" + std::string(wrong)}, {"/bin/true"});
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "--capabilities=" + std::string(wrong)));
  }
}

TEST_CASE("launch: no_new_privs") {
  CHECK(field(launch({}, show_status).out, "NoNewPrivs") == field(read_file("/proc/self/status"), "NoNewPrivs"));
  CHECK(field(launch({"--no-new-privs"}, show_status).out, "NoNewPrivs") == "1");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
