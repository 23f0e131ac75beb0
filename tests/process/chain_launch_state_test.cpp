// s6-launch: place, environment, files, limits and priorities of the program.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <sstream>

#include "chain_accounts.hpp"
#include "chain_shown.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

TEST_SUITE_BEGIN("launch");

Start launching(std::vector<std::string> options, std::vector<std::string> program, Start start = {}) {
  options.insert(options.begin(), client("s6-launch"));
  options.insert(options.end(), program.begin(), program.end());
  start.argv = std::move(options);
  return start;
}
Ran launch(std::vector<std::string> options, std::vector<std::string> program, Start start = {}) {
  return run(launching(std::move(options), std::move(program), std::move(start)));
}
std::string shell(std::vector<std::string> options, const std::string& script) {
  const Ran ran = launch(std::move(options), {"/bin/sh", "-c", script});
  return ran.exit == exited(0) ? ran.out : "exit " + std::to_string(ran.exit.code) + ": " + ran.err;
}

// --- place -----------------------------------------------------------------------------------------------------------
TEST_CASE("launch: mask, directory and name") {
  Scene scene;
  CHECK(shell({"--umask=027"}, "umask") == "0027\n");
  CHECK(shell({"--directory=" + scene.path().string()}, "pwd -P") == scene.path().string() + "\n");
  CHECK(launch({"--argv0=other name"}, {"/bin/cat", "/proc/self/cmdline"}).out.starts_with("other name\0/proc"));
  const Ran missing = launch({"--directory=/nowhere"}, {"/bin/true"});
  CHECK(missing.exit == exited(111));
  CHECK(missing.err == "s6-launch: fatal: unable to change directory to /nowhere: No such file or directory\n");
}

TEST_CASE("launch: directories are entered with the rights from before") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const fs::path closed = scene.path() / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0700));
  CHECK(launch({"--user=65534:65534", "--directory=" + closed.string()}, {"/bin/true"}).exit == exited(0));
  CHECK(launch({"--directory=" + closed.string()}, {"/bin/true"}, {.user = nobody}).exit == exited(111));
}

// A root directory with the system's programs in it, for processes that called enter().
class Root {
 public:
  explicit Root(const Scene& scene) : path_(scene.path() / "root") {
    for (const char* name : {"usr", "bin", "lib", "lib64", "sub"}) {
      std::error_code none;
      const fs::path original = fs::path("/") / name;
      fs::create_directories(path_);
      if (fs::is_symlink(original))
        fs::create_symlink(fs::read_symlink(original), path_ / name, none);
      else
        fs::create_directory(path_ / name);
    }
    write_file(path_ / "marker", "here");
    fs::permissions(path_, fs::perms(0755));
  }
  [[nodiscard]] std::string path() const { return path_; }
  void enter() const {
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) _exit(125);
    for (const char* name : {"usr", "bin", "lib", "lib64"}) {
      const fs::path original = fs::path("/") / name;
      if (!fs::is_directory(original) || fs::is_symlink(original)) continue;
      if (mount(original.c_str(), (path_ / name).c_str(), nullptr, MS_BIND | MS_REC, nullptr) < 0) _exit(125);
    }
  }

 private:
  fs::path path_;
};

TEST_CASE("launch: another root directory") {
  if (!Accounts::possible()) SKIP_TEST("needs a mount namespace");
  Scene scene;
  const Root root(scene);
  const auto inside = [&](std::vector<std::string> options, const std::string& script) {
    options.push_back("--chroot=" + root.path());
    return launch(std::move(options), {"sh", "-c", script}, {.in_child = [&] { root.enter(); }});
  };
  CHECK(inside({}, "pwd; cat /marker").out == "/\nhere");
  CHECK(inside({"--directory=sub"}, "pwd").out == "/sub\n");
  CHECK(inside({"--directory=/sub"}, "pwd").out == "/sub\n");
  const Ran user = inside({"--user=daemon", "--groups=", "--directory=/sub"}, "id -u; cat /marker");
  CHECK(user.exit == exited(0));
  CHECK(contains(user.out, "here"));
  const Ran out = inside({"--stdout=/sub/out"}, "echo inside");
  CHECK(out.exit == exited(0));
  CHECK(read_file(fs::path(root.path()) / "sub/out") == "inside\n");
  const Ran program = launch({"--chroot=" + root.path()}, {scene.path() / "x"}, {.in_child = [&] { root.enter(); }});
  CHECK(program.exit == exited(127));
}

TEST_CASE("launch: a root directory that cannot be had") {
  const Ran missing = launch({"--chroot=/nowhere"}, {"/bin/true"});
  CHECK(missing.exit == exited(111));
  CHECK(contains(missing.err, "unable to change the root directory to /nowhere: "));
  if (!is_root()) SKIP_TEST("needs root");
  CHECK(contains(launch({"--chroot=/"}, {"/bin/true"}, {.user = nobody}).err, "to /: Operation not permitted"));
}

TEST_CASE("launch: session and process group") {
  CHECK(shell({}, show_leads) == "no no ");
  CHECK(shell({"--process-group"}, show_leads) == "yes no ");
  CHECK(shell({"--session"}, show_leads) == "yes yes ");
  for (const char* again : {"--session", "--process-group"})  // whoever leads one needs no other
    CHECK(shell({"--session", client("s6-launch"), again}, show_leads) == "yes yes ");
  const Ran refused = launch({"--process-group", client("s6-launch"), "--session"}, {"/bin/true"});
  CHECK(refused.exit == exited(111));
  CHECK(contains(refused.err, "unable to start a session"));
}

// --- environment -----------------------------------------------------------------------------------------------------
TEST_CASE("launch: the environment is cleared, then changed in order") {
  Scene scene;
  const fs::path dir = scene.path() / "env";
  fs::create_directory(dir);
  write_file(dir / "A", "from dir \nsecond");
  write_file(dir / "B", "");
  write_file(dir / "C", std::string("x\0y", 3));
  const auto env = [&](std::vector<std::string> options) {
    options.emplace_back("--clear-env");
    return launch(std::move(options), {"/usr/bin/env"}).out;
  };
  CHECK(env({}).empty());
  CHECK(env({"--env=A=1", "--env=B=2=3", "--env=A=4"}) == "B=2=3\nA=4\n");
  CHECK(env({"--env=A=1", "--env=B=2", "--env-dir=" + dir.string(), "--unset-env=C"}) == "A=from dir\n");
  CHECK(env({"--unset-env=C", "--env-dir=" + dir.string(), "--env=A="}) == "C=x\ny\nA=\n");
  const Ran inherited =
      launch({"--unset-env=RC_*", "--unset-env=X"}, {"/usr/bin/env"}, {.env = {"RC_A=1", "RC_=2", "X=3", "XY=4"}});
  CHECK(!contains("\n" + inherited.out, "\nRC_"));
  CHECK(!contains("\n" + inherited.out, "\nX="));
  CHECK(contains("\n" + inherited.out, "\nXY=4\n"));
  const Ran missing = launch({"--env-dir=/nowhere"}, {"/bin/true"});
  CHECK(missing.exit == exited(111));
  CHECK(contains(missing.err, "/nowhere"));
  fs::create_directory(dir / "D");
  CHECK(contains(launch({"--env-dir=" + dir.string()}, {"/bin/true"}).err, (dir / "D").string()));
}

TEST_CASE("launch: the program is looked for in the PATH from before") {
  CHECK(launch({"--clear-env", "--env=PATH=/nowhere"}, {"env"}).out == "PATH=/nowhere\n");
  CHECK(launch({}, {"no-such-program"}).exit == exited(127));
  CHECK(launch({}, {"/etc/passwd"}).exit == exited(126));
}

// --- files -----------------------------------------------------------------------------------------------------------
TEST_CASE("launch: output is appended or replaced, input is read") {
  Scene scene;
  const std::string out = scene.path() / "out", err = scene.path() / "err", in = scene.path() / "in";
  const std::string script = "echo o; echo e >&2";
  CHECK(shell({"--umask=022", "--stdout=" + out, "--stderr=" + err}, script).empty());
  CHECK(mode_of(out) == "0640");
  CHECK(shell({"--stdout=" + out, "--stderr-truncate=" + err}, script).empty());
  CHECK(read_file(out) == "o\no\n");
  CHECK(read_file(err) == "e\n");
  CHECK(shell({"--stdout-truncate=" + out, "--stderr-to-stdout"}, script).empty());
  CHECK(read_file(out) == "o\ne\n");
  fs::remove(out);
  CHECK(shell({"--umask=0", "--file-mode=606", "--stdout=" + out}, script).empty());
  CHECK(mode_of(out) == "0606");
  write_file(in, "input");
  CHECK(shell({"--stdin=" + in}, "cat") == "input");
  CHECK(shell({"--stdin=/dev/null"}, "cat").empty());
}

TEST_CASE("launch: a FIFO as input is not waited for when it is opened") {
  Scene scene;
  const std::string fifo = scene.path() / "fifo";
  if (mkfifo(fifo.c_str(), 0600) < 0) FAIL("mkfifo");
  CHECK(shell({"--stdin=" + fifo}, "sed -n 's/^flags:[[:space:]]*//p' /proc/$$/fdinfo/0").ends_with("0000\n"));
}

TEST_CASE("launch: files are opened as the user") {
  if (!is_root()) SKIP_TEST("needs root");
  Scene scene;
  const std::string theirs = scene.path() / "theirs";
  fs::create_directory(theirs);
  if (chown(theirs.c_str(), nobody, nobody) < 0) FAIL("chown");
  fs::permissions(scene.path(), fs::perms(0755));
  const std::string user = "--user=65534:65534";
  CHECK(launch({user, "--stdout=" + theirs + "/out"}, {"/bin/true"}).exit == exited(0));
  struct stat st = {};
  REQUIRE(stat((theirs + "/out").c_str(), &st) == 0);
  CHECK(st.st_uid == nobody);
  const std::string ours = scene.path() / "ours";
  for (const char* option : {"--stdin=", "--stdout=", "--stdout-truncate=", "--stderr="}) {
    write_file(ours, "x", 0600);
    const Ran ran = launch({user, option + ours}, {"/bin/true"});
    CHECK(ran.exit == exited(111));
    CHECK(ran.err == "s6-launch: fatal: unable to open " + ours + ": Permission denied\n");
    CHECK(read_file(ours) == "x");
  }
}

TEST_CASE("launch: complaints go where they went before") {
  Scene scene;
  const std::string err = scene.path() / "err";
  const Ran ran = launch({"--stderr=" + err}, {"no-such-program"});
  CHECK(ran.exit == exited(127));
  CHECK(
      ran.err.starts_with("s6-launch: fatal: unable to execute no-such-program: No such file or directory; it is in "));
  CHECK(read_file(err).empty());
}

TEST_CASE("launch: the program gets 0, 1 and 2, and nothing else") {
  Scene scene;
  const std::string err = scene.path() / "err";
  Process process(launching({"--stdin=/dev/null", "--stderr=" + err}, {"/bin/sleep", "1000"}, {.closed = {0, 1, 2}}));
  eventually("the program runs, with these alone", [&] {
    return read_file("/proc/" + std::to_string(process.pid()) + "/comm") == "sleep\n" &&
           open_fds(process.pid()) == std::vector<int>{0, 1, 2};
  });
  CHECK(fd_target(process.pid(), 1) == "/dev/null");
  CHECK(fd_target(process.pid(), 2) == err);
}

// --- limits and priorities -------------------------------------------------------------------------------------------
// The limits on open files of a program that starts with 100 and 200.
std::string files(std::vector<std::string> options) {
  const Ran ran = launch(std::move(options), {"/bin/cat", "/proc/self/limits"}, {.in_child = [] {
                           const rlimit limit{100, 200};
                           if (setrlimit(RLIMIT_NOFILE, &limit) < 0) _exit(125);
                         }});
  return ran.exit == exited(0) ? limit_in(ran.out, "Max open files") : ran.err;
}

TEST_CASE("launch: limits, by name and as ulimit has them") {
  CHECK(files({}) == "100 200");
  CHECK(files({"--limit=nofile=50"}) == "50 50");
  CHECK(files({"--limit=nofile=50:150"}) == "50 150");
  CHECK(files({"--limit=nofile=150:"}) == "150 200");
  CHECK(files({"--limit=nofile=:60"}) == "60 60");
  CHECK(files({"--limit=nofile=50:150", "--limit=nofile=70:"}) == "70 150");
  CHECK(files({"--ulimit=-n 50"}) == "50 50");
  CHECK(files({"--ulimit=-Sn hard"}) == "200 200");
  CHECK(files({"--ulimit=-S -n 50 -H -n 60"}) == "50 60");
  CHECK(contains(files({"--limit=nofile=60:50"}), "unable to set the resource limit nofile=60:50: Invalid argument"));
  const Ran all =
      launch({"--ulimit=-c 0 -v 1048576 -t 1000", "--limit=stack=1048576:2097152"}, {"/bin/cat", "/proc/self/limits"});
  CHECK(limit_in(all.out, "Max core file size") == "0 0");
  CHECK(limit_in(all.out, "Max address space") == "1073741824 1073741824");
  CHECK(limit_in(all.out, "Max cpu time") == "1000 1000");
  CHECK(limit_in(all.out, "Max stack size") == "1048576 2097152");
}

TEST_CASE("launch: small limits do not hinder what is to be done before") {
  Scene scene;
  const std::string out = scene.path() / "out";
  CHECK(launch({"--limit=nofile=3", "--limit=fsize=0", "--stdout=" + out, "--stderr=" + out, "--stdin=/dev/null"},
               {"/bin/sh", "-c", "ulimit -n"})
            .exit.signal == SIGXFSZ);
  CHECK(is_there(out));
}

TEST_CASE("launch: limits beyond the hard ones") {
  if (!is_root()) SKIP_TEST("needs root");
  const Ran ran = launch({"--limit=nofile=300"}, {"/bin/true"}, {.limits = {{RLIMIT_NOFILE, 200}}, .user = nobody});
  CHECK(ran.exit == exited(111));
  CHECK(ran.err ==
        "s6-launch: fatal: unable to set the resource limit nofile=300: Operation not permitted; only root can do "
        "that\n");
}

TEST_CASE("launch: priorities") {
  Process process(
      launching({"--nice=7", "--ionice=2:6", "--oom-score-adj=500", "--scheduler=batch"}, {"/bin/sleep", "1000"}));
  const std::string proc = "/proc/" + std::to_string(process.pid());
  eventually("the program runs", [&] { return read_file(proc + "/comm") == "sleep\n"; });
  CHECK(getpriority(PRIO_PROCESS, static_cast<id_t>(process.pid())) == 7);
  CHECK(syscall(SYS_ioprio_get, 1, process.pid()) == (2 << 13 | 6));
  CHECK(read_file(proc + "/oom_score_adj") == "500\n");
  CHECK(sched_getscheduler(process.pid()) == SCHED_BATCH);
}

TEST_CASE("launch: real-time priorities") {
  if (!is_root()) SKIP_TEST("needs root");
  for (const auto& [options, priority] : std::initializer_list<std::pair<std::vector<std::string>, int>>{
           {{"--scheduler=fifo", "--user=65534:65534"}, 1}, {{"--scheduler=rr", "--scheduler-priority=5"}, 5}}) {
    Process process(launching(options, {"/bin/sleep", "1000"}));
    eventually("it has ended, or the program runs", [&] {
      return !process.running() || read_file("/proc/" + std::to_string(process.pid()) + "/comm") == "sleep\n";
    });
    if (!process.running()) SKIP_TEST("real-time priorities are not to be had: " + process.err());
    sched_param parameters = {};
    REQUIRE(sched_getparam(process.pid(), &parameters) == 0);
    CHECK(parameters.sched_priority == priority);
  }
}

TEST_CASE("launch: priorities that one may not have") {
  if (!is_root()) SKIP_TEST("needs root");
  const auto complaint = [](std::vector<std::string> options) {
    const Ran ran = launch(std::move(options), {"/bin/true"}, {.user = nobody});
    CHECK(ran.exit == exited(111));
    return ran.err;
  };
  CHECK(contains(complaint({"--nice=-5"}), "set the nice value -5: "));
  CHECK(contains(complaint({"--ionice=realtime:0"}), "set the I/O priority realtime:0: "));
  CHECK(contains(complaint({"--scheduler=fifo"}), "set the scheduler fifo: "));
  CHECK(contains(complaint({"--oom-score-adj=-1000"}), "set the OOM score adjustment -1000: "));
  CHECK(contains(complaint({"--scheduler=42"}), "set the scheduler 42: Invalid argument"));
}

// --- cgroup ----------------------------------------------------------------------------------------------------------
// A new cgroup (v2), if the system lets us make one.
class Cgroup {
 public:
  Cgroup() {
    std::istringstream mounts(read_file("/proc/mounts"));
    std::string device, mount, type, rest;
    while (mounts >> device >> mount >> type && std::getline(mounts, rest))
      if (type == "cgroup2") path_ = mount + "/" + name_;
    if (path_.empty() || mkdir(path_.c_str(), 0755) < 0) path_.clear();
  }
  ~Cgroup() {
    if (exists()) eventually("the cgroup is removed", [this] { return rmdir(path_.c_str()) == 0; });
  }
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  [[nodiscard]] bool exists() const { return !path_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_ = "s6-test-" + std::to_string(getpid());
  std::string path_;
};

TEST_CASE("launch: a cgroup is joined before rights are given up") {
  const Cgroup cgroup;
  if (!cgroup.exists()) SKIP_TEST("needs a cgroup v2 hierarchy that may be written to");
  const Ran ran = launch({"--cgroup=" + cgroup.path(), "--user=65534:65534"}, {"/bin/cat", "/proc/self/cgroup"});
  CHECK(ran.exit == exited(0));
  CHECK(contains(ran.out, "/" + cgroup.name() + "\n"));
}

TEST_CASE("launch: a cgroup that is none") {
  Scene scene;
  for (const std::string& path : {std::string("/nowhere"), scene.path().string(), std::string(5000, 'x')}) {
    const Ran ran = launch({"--cgroup=" + path}, {"/bin/true"});
    CHECK(ran.exit == exited(111));
    CHECK(ran.err.starts_with("s6-launch: fatal: unable to join the cgroup " + path + ": "));
  }
}

// --- wrong uses ------------------------------------------------------------------------------------------------------
TEST_CASE("launch: help, and wrong requests") {
  const Ran help = launch({}, {"--help"});
  CHECK(help.exit == exited(0));
  CHECK(help.out.starts_with("usage: s6-launch "));
  CHECK(help.err.empty());
  for (const char* wrong :
       {"--bogus", "-x", "--user", "--umask=9", "--nice=20", "--ionice=4", "--oom-score-adj=x", "--scheduler=x",
        "--securebits=x", "--limit=x", "--ulimit=x", "--env=x", "--account-env", "--scheduler-priority=1"}) {
    CAPTURE(wrong);
    const Ran ran = launch({wrong}, {"/bin/echo", "ran"});
    CHECK(ran.exit == exited(100));
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, std::string(wrong).substr(0, std::string(wrong).find('='))));
  }
  CHECK(launch({"--session"}, {}).exit == exited(100));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
