// s6-svperms: what it shows, what it changes, and what that lets others do.
#include <grp.h>
#include <pwd.h>

#include <initializer_list>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

constexpr gid_t other_group = 4242;  // nobody's

std::string group_name(gid_t gid) {
  const struct group* entry = getgrgid(gid);
  return entry != nullptr ? entry->gr_name : std::to_string(gid);
}

gid_t group_of(const fs::path& path) {
  struct stat st {};
  return stat(path.c_str(), &st) == 0 ? st.st_gid : static_cast<gid_t>(-1);
}

// As a supervisor makes it: supervise/ 0700, control 0600, event/ 03730.
class Permitted {
 public:
  explicit Permitted(const Scene& scene, std::string_view name = "a")
      : service_(scene.path() / name, status_of::up()), control_(service_.path()) {
    fs::permissions(service_ / "supervise", fs::perms(0700));
  }
  [[nodiscard]] const fs::path& path() const { return service_.path(); }
  [[nodiscard]] fs::path operator/(std::string_view file) const { return service_ / file; }
  // "0700 0 0600 0 3730 0": mode and group of supervise/, control and event/.
  [[nodiscard]] std::string modes() const {
    std::string text;
    for (const char* name : {"supervise", "supervise/control", "event"})
      text += mode_of(path() / name) + " " + std::to_string(group_of(path() / name)) + " ";
    text.pop_back();
    return text;
  }
  [[nodiscard]] std::string listing(const std::string& status, const std::string& control,
                                    const std::string& events) const {
    const std::string dir = path();
    return dir + " status: " + status + "\n" + dir + " control: " + control + "\n" + dir + " events: " + events + "\n";
  }

 private:
  Fabricated service_;
  Control control_;
};

Ran svperms(std::vector<std::string> arguments, std::optional<uid_t> user = {}) {
  arguments.insert(arguments.begin(), client("s6-svperms"));
  return run(Start{.argv = std::move(arguments), .user = user});
}

TEST_SUITE_BEGIN("clients");

// --- showing ---------------------------------------------------------------------------------------------------------
TEST_CASE("svperms: what a supervisor makes is its owner's, events are its group's") {
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep").file("down", "");
  Supervisor supervisor(dir);
  supervisor.expect("s");
  const std::string name = dir.path();
  const Ran ran = svperms({name});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == name + " status: owner\n" + name + " control: owner\n" + name + " events: group " +
                       group_name(getegid()) + "\n");
  CHECK(ran.err.empty());
}

TEST_CASE("svperms: modes are shown for what they mean, in the order of the operands") {
  Scene scene;
  const Permitted a(scene, "a");
  const Permitted b(scene, "b");
  const std::string mine = "group " + group_name(getegid());
  const auto show = [&](unsigned status, unsigned control, unsigned events) {
    fs::permissions(a / "supervise", fs::perms(status));
    fs::permissions(a / "supervise/control", fs::perms(control));
    fs::permissions(a / "event", fs::perms(events));
    return svperms({a.path()});
  };
  CHECK(show(0710, 0600, 03730).out == a.listing(mine, "owner", mine));
  CHECK(show(0710, 0620, 03730).out == a.listing(mine, mine, mine));
  CHECK(show(0711, 0620, 01733).out == a.listing("public", mine, "public"));
  CHECK(show(02700, 0600, 01733).out == a.listing("owner", "owner", "public"));
  CHECK(svperms({"-v", b.path(), a.path()}).out ==
        b.listing("owner", "owner", mine) + a.listing("owner", "owner", "public"));
}

TEST_CASE("svperms: a group without a name is shown as its number") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Permitted service(scene);
  const Ran ran = svperms({"-v", "-G", ":4242", "-E", ":4243", service.path()});
  CHECK(ran.out == service.listing("group 4242", "group 4242", "group 4243"));
}

TEST_CASE("svperms: modes that mean nothing are warned about, the others are shown") {
  Scene scene;
  const Permitted service(scene);
  const std::string dir = service.path();
  const std::string mine = "group " + group_name(getegid());
  fs::permissions(service / "event", fs::perms(0777));
  const Ran events = svperms({dir});
  CHECK(events.exit == exited(1));
  CHECK(events.out == dir + " status: owner\n" + dir + " control: owner\n");
  CHECK(events.err.starts_with("s6-svperms: warning: " + dir + "/event "));
  CHECK(contains(events.err, "777"));
  fs::permissions(service / "event", fs::perms(03730));
  fs::permissions(service / "supervise/control", fs::perms(0644));
  const Ran control = svperms({dir});
  CHECK(control.exit == exited(1));
  CHECK(control.out == dir + " status: owner\n" + dir + " events: " + mine + "\n");
  fs::permissions(service / "supervise", fs::perms(0755));
  const Ran status = svperms({dir});
  CHECK(status.exit == exited(1));
  CHECK(status.out == dir + " events: " + mine + "\n");
}

TEST_CASE("svperms: what is missing is warned about, the other services are shown") {
  Scene scene;
  const Permitted service(scene);
  const std::string missing = scene.path() / "missing";
  const Ran ran = svperms({missing, service.path()});
  CHECK(ran.exit == exited(1));
  CHECK(ran.out == service.listing("owner", "owner", "group " + group_name(getegid())));
  CHECK(contains(ran.err, missing + "/supervise"));
  CHECK(contains(ran.err, missing + "/event"));
  CHECK(svperms({""}).exit == exited(1));
}

// --- changing --------------------------------------------------------------------------------------------------------
TEST_CASE("svperms: each option sets its modes and groups, and nothing else") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Permitted service(scene);
  const std::string dir = service.path();
  CHECK(service.modes() == "0700 0 0600 0 3730 0");
  const auto after = [&](std::vector<std::string> options) {
    options.push_back(dir);
    const Ran ran = svperms(options);
    CHECK(ran.exit == exited(0));
    CHECK(ran.out.empty());
    CHECK(ran.err.empty());
    return service.modes();
  };
  CHECK(after({"-g", ":4242"}) == "0710 4242 0600 0 3730 0");
  CHECK(after({"-G", ":4243"}) == "0710 4243 0620 4243 3730 0");
  CHECK(after({"-o"}) == "0711 0 0600 0 3730 0");
  CHECK(after({"-O", ":4242"}) == "0711 0 0620 4242 3730 0");
  CHECK(after({"-E", ":4242"}) == "0711 0 0620 4242 3730 4242");
  CHECK(after({"-u"}) == "0700 0 0600 0 3730 4242");
  CHECK(after({"-e"}) == "0700 0 0600 0 1733 0");
  CHECK(after({"-G:4242", "-E:4243"}) == "0710 4242 0620 4242 3730 4243");
  CHECK(after({"-G:4243"}) == "0710 4243 0620 4243 3730 4243");
}

TEST_CASE("svperms: of several options the last one wins") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Permitted service(scene);
  CHECK(svperms({"-G", ":4242", "-u", "-E", ":4242", "-e", service.path()}).exit == exited(0));
  CHECK(service.modes() == "0700 0 0600 0 1733 0");
}

TEST_CASE("svperms: -v shows what has become of it") {
  Scene scene;
  const Permitted service(scene);
  const Ran ran = svperms({"-v", "-o", "-e", service.path()});
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == service.listing("public", "owner", "public"));
}

TEST_CASE("svperms: groups have names") {
  if (!is_root()) SKIP_TEST("needs root");
  const struct group* const daemon = getgrnam("daemon");
  if (daemon == nullptr) SKIP_TEST("needs a group called daemon");
  Scene scene;
  const Permitted service(scene);
  CHECK(svperms({"-g", "daemon", service.path()}).exit == exited(0));
  CHECK(group_of(service / "supervise") == daemon->gr_gid);
  CHECK(svperms({service.path()}).out.starts_with(service.path().string() + " status: group daemon\n"));
}

TEST_CASE("svperms: what is public belongs to the owner's own group") {
  if (!is_root()) SKIP_TEST("needs root");
  const struct passwd* const account = getpwuid(nobody);
  if (account == nullptr) SKIP_TEST("needs an account for uid 65534");
  const std::string its_group = std::to_string(account->pw_gid);
  Scene scene;
  const Permitted service(scene);
  for (const char* name : {"supervise", "supervise/control", "event"})
    if (chown((service / name).c_str(), nobody, other_group) < 0) FAIL("chown");
  CHECK(svperms({"-u", "-e", service.path()}).exit == exited(0));
  CHECK(service.modes() == "0700 " + its_group + " 0600 " + its_group + " 1733 " + its_group);
}

TEST_CASE("svperms: the group of an owner without an account stays") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Permitted service(scene);
  if (chown((service / "supervise").c_str(), 4244, other_group) < 0) FAIL("chown");
  CHECK(svperms({"-u", service.path()}).exit == exited(0));
  CHECK(mode_of(service / "supervise") == "0700");
  CHECK_DIFFERS("svperms-an-owner-without-account", group_of(service / "supervise") == other_group);
}

TEST_CASE("svperms: a change that fails is an error that names the file, and ends it") {
  Scene scene;
  const Permitted service(scene);
  const std::string before = service.modes();
  const std::string missing = scene.path() / "missing";
  const Ran ran = svperms({"-o", missing, service.path()});
  CHECK(ran.exit == exited(111));
  CHECK(ran.err.starts_with("s6-svperms: fatal: "));
  CHECK(contains(ran.err, missing + "/supervise"));
  CHECK(service.modes() == before);
  CHECK(svperms({"-e", missing}).exit == exited(111));
}

TEST_CASE("svperms: a file in the place of what a supervisor makes is an error, and left as it is") {
  Scene scene;
  const Permitted service(scene);
  constexpr Named name = "svperms-changes-what-a-supervisor-makes";
  const std::string control = service / "supervise/control";
  const std::string event = service / "event";
  for (const std::string& path : {control, event}) {
    fs::remove(path);
    write_file(path, "", 0644);
  }
  const Ran command = svperms({"-O", ":" + std::to_string(getegid()), service.path()});
  CHECK(command.exit == exited(expected(name, 111, 0)));
  CHECK_DIFFERS(name, contains(command.err, control + " is not a FIFO, as a supervisor makes it; remove it"));
  CHECK(mode_of(control) == expected<std::string>(name, "0644", "0620"));
  const Ran subscribe = svperms({"-e", service.path()});
  CHECK(subscribe.exit == exited(expected(name, 111, 0)));
  CHECK_DIFFERS(name, contains(subscribe.err, event + ": Not a directory"));
  CHECK(mode_of(event) == expected<std::string>(name, "0644", "1733"));
}

TEST_CASE("svperms: wrong uses exit 100, and change nothing") {
  Scene scene;
  const Permitted service(scene);
  const std::string dir = service.path();
  const std::string before = service.modes();
  for (const std::vector<std::string>& arguments : std::initializer_list<std::vector<std::string>>{
           {}, {"-o"}, {"-x", dir}, {"--verbose", dir}, {"-o", "-g", ":abc", dir}, {"-o", "-g", ":", dir}, {"-g"}}) {
    const Ran ran = svperms(arguments);
    CHECK(ran.exit == exited(100));
    CHECK(contains(ran.err, "s6-svperms: usage: s6-svperms "));
  }
  for (const char* group : {"no such group", "", "4242"}) {
    const Ran ran = svperms({"-o", "-G", group, dir});
    CHECK(ran.exit == exited(100));
    CHECK(ran.err.starts_with("s6-svperms: fatal: "));
  }
  CHECK(service.modes() == before);
}

// --- others ----------------------------------------------------------------------------------------------------------
// What nobody (uid and group 65534) may do with a service.
class Nobody {
 public:
  explicit Nobody(const ServiceDir& dir) : dir_(dir.path()) {}
  [[nodiscard]] Exit does(std::vector<std::string> command) const {
    command[0] = client(command[0]);
    command.push_back(dir_);
    return run(Start{.argv = std::move(command), .user = nobody}).exit;
  }

 private:
  std::string dir_;
};

TEST_CASE("svperms: what is public, everybody may look at and wait for, but not command") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Nobody other(dir);
  for (const char* look : {"s6-svok", "s6-svstat", "s6-svdt"}) CHECK(other.does({look}) == exited(111));
  CHECK(other.does({"s6-svwait", "-u"}) == exited(111));
  CHECK(svperms({"-o", "-e", dir.path()}).exit == exited(0));
  for (const char* look : {"s6-svok", "s6-svstat", "s6-svdt"}) CHECK(other.does({look}) == exited(0));
  CHECK(other.does({"s6-svwait", "-u"}) == exited(0));
  CHECK(other.does({"s6-svc", "-d"}) == exited(111));
  CHECK(svperms({"-u", dir.path()}).exit == exited(0));
  CHECK(other.does({"s6-svok"}) == exited(111));
}

TEST_CASE("svperms: members of a group may do what it is given") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  ServiceDir dir = scene.service();
  dir.run("sleep");
  Supervisor supervisor(dir);
  supervisor.expect("su");
  const Nobody member(dir);
  const std::string group = ":" + std::to_string(nobody);
  CHECK(svperms({"-g", group, dir.path()}).exit == exited(0));
  CHECK(member.does({"s6-svok"}) == exited(0));
  CHECK(member.does({"s6-svc", "-d"}) == exited(111));
  CHECK(member.does({"s6-svwait", "-u"}) == exited(111));
  CHECK(svperms({"-E", group, dir.path()}).exit == exited(0));
  CHECK(member.does({"s6-svwait", "-u"}) == exited(0));
  CHECK(svperms({"-G", group, dir.path()}).exit == exited(0));
  CHECK(member.does({"s6-svc", "-d"}) == exited(0));
  supervisor.expect("dD");
}

TEST_CASE("svperms: an owner who is not root may open what is his") {
  if (!is_root()) SKIP_TEST("needs root");
  if (getpwuid(nobody) == nullptr) SKIP_TEST("needs an account for uid 65534");
  Scene scene;
  const Permitted service(scene);
  scene.give_to(nobody);
  const Ran ran = svperms({"-v", "-o", "-e", service.path()}, nobody);
  CHECK(ran.exit == exited(0));
  CHECK(ran.out == service.listing("public", "owner", "public"));
}

TEST_CASE("svperms: who is not the owner is told what he may not see or change") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const Permitted service(scene);
  const std::string before = service.modes();
  const std::string dir = service.path();
  const Ran change = svperms({"-o", dir}, nobody);
  CHECK(change.exit == exited(111));
  CHECK(contains(change.err, dir + "/supervise"));
  const Ran show = svperms({dir}, nobody);
  CHECK(show.exit == exited(1));
  CHECK(show.out == dir + " status: owner\n" + dir + " events: group " + group_name(getegid()) + "\n");
  CHECK(contains(show.err, dir + "/supervise/control"));
  CHECK(service.modes() == before);
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
