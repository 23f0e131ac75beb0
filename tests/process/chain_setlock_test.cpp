// s6-setlock.
#include "common/sys.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;

TEST_SUITE_BEGIN("chain");

// A file that this process locks and unlocks. Only one may be open at a time for the same file: the first that is
// closed drops all locks.
class LockFile {
 public:
  explicit LockFile(const Scene& scene) : path_(scene.path() / "lock") {
    write_file(path_, "");
    fd_.reset(open(path_.c_str(), O_RDWR | O_CLOEXEC));
  }
  [[nodiscard]] std::string path() const { return path_; }
  // A helper of the last program may still be about to die.
  void lock(sys::Lock kind = sys::Lock::exclusive) {
    eventually("the lock is free", [&] { return *sys::lock_within(fd_.get(), kind, 0); });
  }
  void unlock() {
    struct flock none = {};
    none.l_type = F_UNLCK;
    REQUIRE(fcntl(fd_.get(), F_SETLK, &none) == 0);
  }
  [[nodiscard]] sys::LockState state() const { return *sys::test_lock(fd_.get()); }

 private:
  fs::path path_;
  UniqueFd fd_;
};

Start setlock(std::vector<std::string> options, const LockFile& file,
              std::vector<std::string> program = {"/bin/true"}) {
  options.insert(options.begin(), client("s6-setlock"));
  options.push_back(file.path());
  options.insert(options.end(), program.begin(), program.end());
  return Start{.argv = std::move(options)};
}

TEST_CASE("setlock: with a free lock the program runs at once") {
  for (const std::vector<std::string>& options : std::initializer_list<std::vector<std::string>>{
           {}, {"-n"}, {"-N"}, {"-r"}, {"-w"}, {"-t", "5000"}, {"-nr"}, {"-r", "-t5000"}}) {
    CAPTURE(options);
    // A lock of its own: with -t, the real one's helper may still have it when the program has ended.
    Scene scene;
    const LockFile file(scene);
    CHECK(run(setlock(options, file, {"/bin/sh", "-c", "exit 7"})).exit == exited(7));
  }
}

TEST_CASE("setlock: a file that is missing is made, for readers, too") {
  Scene scene;
  for (const char* kind : {"-w", "-r"}) {
    const fs::path path = scene.path() / kind;
    CHECK(run({client("s6-setlock"), kind, path, "/bin/true"}).exit == exited(0));
    CHECK(mode_of(path) == "0644");
  }
}

TEST_CASE("setlock: a lock that is busy") {
  Scene scene;
  LockFile file(scene);
  file.lock();
  for (const std::vector<std::string>& options :
       std::initializer_list<std::vector<std::string>>{{"-n"}, {"-nr"}, {"-t", "1"}, {"-rt1"}}) {
    CAPTURE(options);
    const Ran ran = run(setlock(options, file));
    CHECK(ran.exit == exited(1));
    CHECK(ran.err.starts_with("s6-setlock: fatal: "));
  }
  file.unlock();
  file.lock(sys::Lock::shared);
  CHECK(run(setlock({"-nr"}, file)).exit == exited(0));
  CHECK(run(setlock({"-n"}, file)).exit == exited(1));
  CHECK(run(setlock({"-nrw"}, file)).exit == exited(1));
}

TEST_CASE("setlock: a timeout is waited for") {
  Scene scene;
  LockFile file(scene);
  file.lock();
  const auto start = Clock::now();
  CHECK(run(setlock({"-t", "300"}, file)).exit == exited(1));
  CHECK(Clock::now() - start >= std::chrono::milliseconds(300));
}

TEST_CASE("setlock: the program starts when the lock becomes free") {
  Scene scene;
  LockFile file(scene);
  for (const std::vector<std::string>& options :
       std::initializer_list<std::vector<std::string>>{{}, {"-r"}, {"-t", "15000"}, {"-nN"}}) {
    CAPTURE(options);
    file.lock();
    Process process(setlock(options, file, {"/bin/echo", "locked"}));
    wait_state(process.pid(), 'S');
    CHECK(process.running());
    CHECK(process.out().empty());
    file.unlock();
    CHECK(process.wait() == exited(0));
    CHECK(process.out() == "locked\n");
  }
}

TEST_CASE("setlock: the alarm that ends the wait does not come after it") {
  Scene scene;
  LockFile file(scene);
  file.lock();
  Process process(setlock({"-t", "300"}, file, {"/bin/sleep", "0.4"}));
  wait_state(process.pid(), 'S');
  file.unlock();
  CHECK(process.wait() == exited(0));
}

TEST_CASE("setlock: -n never waits, and a timeout of 0 is none") {
  Scene scene;
  LockFile file(scene);
  file.lock();
  const auto start = Clock::now();
  CHECK(run(setlock({"-n", "-t", "300"}, file)).exit == exited(1));
  const bool waited = Clock::now() - start >= std::chrono::milliseconds(300);
  CHECK_DIFFERS("setlock-n-wins-over-t", !waited);

  Process process(setlock({"-t", "0"}, file));
  if (on_real("setlock-t-0-is-no-timeout")) {
    CHECK(process.wait() == exited(1));
  } else {
    wait_state(process.pid(), 'S');
    file.unlock();
    CHECK(process.wait() == exited(0));
  }
}

TEST_CASE("setlock: the program holds the lock as long as it lives") {
  Scene scene;
  LockFile file(scene);
  {
    Process process(setlock({}, file, {"/bin/sleep", "1000"}));
    eventually("it is locked", [&] { return file.state().locked; });
    CHECK(file.state().holder == process.pid());
  }
  CHECK(!file.state().locked);
  Process process(setlock({"-t", "5000"}, file, {"/bin/sleep", "1000"}));
  eventually("it is locked", [&] { return file.state().locked; });
  CHECK_DIFFERS("setlock-needs-no-helper", file.state().holder == process.pid());
}

TEST_CASE("setlock: the descriptor that the program gets") {
  Scene scene;
  const LockFile file(scene);
  const std::vector<std::string> show = {"/bin/sh", "-c", "readlink /proc/$$/fd/3; readlink /proc/$$/fd/7; true"};
  CHECK(run(setlock({}, file, show)).out == file.path() + "\n");
  const Ran moved = run(setlock({"-d", "7"}, file, {"/bin/sh", "-c", "readlink /proc/$$/fd/7"}));
  CHECK_DIFFERS("setlock-puts-the-lock-where-it-is-told", moved.out == file.path() + "\n");
  if (on_real("setlock-puts-the-lock-where-it-is-told")) return;
  CHECK(run(setlock({"-d7"}, file, show)).out == file.path() + "\n");  // and only there
  Process process(setlock({"-d3"}, file, {"/bin/sleep", "1000"}));
  eventually("it is locked", [&] { return file.state().locked; });
  CHECK(run(setlock({"-d", "100000000"}, file)).exit == exited(111));
  for (const char* wrong : {"", "x", "-1", "2147483648"}) CHECK(run(setlock({"-d", wrong}, file)).exit == exited(100));
}

TEST_CASE("setlock: what cannot be opened, and what can be read only") {
  Scene scene;
  const std::string directory = scene.path(), missing = scene.path() / "missing" / "lock";
  const Ran ran = run({client("s6-setlock"), missing, "/bin/true"});
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "unable to open " + missing));
  CHECK(run({client("s6-setlock"), directory, "/bin/true"}).exit == exited(111));
  CHECK(run({client("s6-setlock"), "-r", directory, "/bin/true"}).exit == exited(0));
  CHECK(run({client("s6-setlock"), "-t", "x", directory, "/bin/true"}).exit == exited(100));
  if (!is_root()) SKIP_TEST("needs root");
  write_file(scene.path() / "file", "", 0444);
  fs::permissions(scene.path(), fs::perms(0755));
  const auto as_nobody = [&](const char* kind) {
    return run(Start{.argv = {client("s6-setlock"), kind, scene.path() / "file", "/bin/true"}, .user = nobody}).exit;
  };
  CHECK(as_nobody("-r") == exited(0));
  CHECK(as_nobody("-w") == exited(111));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
