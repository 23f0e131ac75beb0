// What the wrappers of system calls make of the answers that seldom come.
#include "common/sys.hpp"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using namespace std::string_view_literals;

namespace {

// A file that another process has locked.
class LockedFile {
 public:
  LockedFile() : path_(dir_.path("lock")) {
    dir_.file("lock");
    fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    holder_ = ::fork();
    if (holder_ == 0) {
      const auto locked = sys::lock_exclusive(fd_.get());
      (void)!::write(pipe->write_end.get(), locked && *locked ? "y" : "n", 1);
      for (;;) ::pause();
    }
    char answer = 'n';
    CHECK(::read(pipe->read_end.get(), &answer, 1) == 1);
    CHECK(answer == 'y');
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile() {
    ::kill(holder_, SIGKILL);
    (void)sys::wait_for(holder_);
  }
  int fd() const { return fd_.get(); }
  pid_t holder() const { return holder_; }

 private:
  Scratch dir_;
  std::string path_;
  UniqueFd fd_;
  pid_t holder_ = -1;
};

template <class T>
bool fails_with(const Result<T>& result, int code, std::string_view doing = {}) {
  return !result && result.error().code == code && (doing.empty() || result.error().doing == doing);
}

bool is_root() {
  return ::geteuid() == 0;
}

}  // namespace

TEST_SUITE("system calls") {
  TEST_CASE("what cannot be synchronised need not be") {
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    CHECK(sys::sync(pipe->write_end.get()));
    const auto sync = [] { return sys::sync(1); };
    CHECK(while_refused({{SYS_fsync}}, EROFS, [&] { return static_cast<bool>(sync()); }));
    CHECK(while_refused({{SYS_fsync}}, EIO, [&] { return fails_with(sync(), EIO, "sync"); }));
  }
  TEST_CASE("a working directory that has no name") {
    const Scratch dir;
    CHECK(in_child([&dir] {
      std::array<char, 256> text;
      return sys::chdir(dir.path().c_str()) && sys::rmdir(dir.path().c_str()) && fails_with(sys::getcwd(text), ENOENT);
    }));
    // Where it lies outside of the root directory, the kernel succeeds and says so in words.
    CHECK(while_refused({{SYS_getcwd}}, 0, [] {
      std::array<char, 256> text{"(unreachable)/somewhere"};
      return fails_with(sys::getcwd(text), ENOENT);
    }));
  }
  TEST_CASE("a path of which nothing is known is not taken for one on which nothing may be executed") {
    CHECK_FALSE(sys::is_mounted_noexec("/there/is/nothing"));
  }
  TEST_CASE("memory that cannot be enlarged stays what it is") {
    constexpr std::size_t size = 4096;
    const auto memory = sys::reserve(size);
    REQUIRE(memory);
    CHECK(while_refused({{SYS_mremap}}, ENOMEM, [&] {
      static_cast<char*>(*memory)[size - 1] = 'x';
      return fails_with(sys::enlarge(*memory, size, 2 * size), ENOMEM) && static_cast<char*>(*memory)[size - 1] == 'x';
    }));
    CHECK(sys::enlarge(*memory, size, 2 * size));
  }

  TEST_CASE("descriptors are closed one by one where the kernel cannot close many") {
    CHECK(while_refused({{SYS_close_range}}, ENOSYS, [] {
      sys::Discarded discarded;
      std::array<int, 3> numbers{};
      for (int& number : numbers) {
        UniqueFd fd(::open("/dev/null", O_RDONLY));
        number = fd.get();
        discarded.take(std::move(fd));
      }
      discarded.close();
      for (const int number : numbers)
        if (sys::is_open(number)) return false;
      return true;
    }));
  }
  TEST_CASE("without /dev/null there is a pipe without another end") {
    CHECK(while_refused({{SYS_openat}}, ENOENT, [] {
      char byte;
      ::signal(SIGPIPE, SIG_IGN);
      return sys::null_stdin_and_stdout() && ::read(0, &byte, 1) == 0 && ::write(1, &byte, 1) < 0 && errno == EPIPE;
    }));
    CHECK(while_refused({{SYS_openat}, {SYS_pipe2}}, EMFILE,
                        [] { return fails_with(sys::null_stdout_and_stderr(), EMFILE, "open") && !sys::is_open(1); }));
    CHECK(while_refused(dup2_calls, EMFILE, [] { return fails_with(sys::null_stdin_and_stdout(), EMFILE); }));
    CHECK(while_refused({{SYS_openat}}, ENOENT, [] {
      ::close(0);
      return fails_with(sys::open_missing_stdio(), ENOENT, "open");
    }));
  }

  TEST_CASE("a lock that is held is no error, whatever the file system calls that; anything else is one") {
    const UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int code : {EAGAIN, EACCES}) {
      CHECK(while_refused({{SYS_fcntl}}, code, [&] {
        const auto at_once = sys::lock_exclusive(file.get());
        const auto within = sys::lock_within(file.get(), sys::Lock::exclusive, 0);
        return at_once && !*at_once && within && !*within;
      }));
    }
    CHECK(fails_with(sys::lock_exclusive(-1), EBADF));
    CHECK(fails_with(sys::test_lock(-1), EBADF));
    CHECK(fails_with(sys::lock_directory(-1), EBADF));
    for (const sys::Nanoseconds patience : {sys::Nanoseconds{0}, sys::second, sys::never})
      CHECK(fails_with(sys::lock_within(-1, sys::Lock::shared, patience), EBADF));
  }
  TEST_CASE("a lock that cannot be waited for is an error, too") {
    const LockedFile file;
    CHECK(while_refused({{SYS_fcntl, 1, F_SETLKW}}, ENOLCK, [&] {
      return fails_with(sys::lock_within(file.fd(), sys::Lock::exclusive, sys::second), ENOLCK);
    }));
  }
  TEST_CASE("who waits for a lock without end is not disturbed by signals") {
    static LockedFile* file = nullptr;
    static volatile sig_atomic_t alarms = 0;
    LockedFile locked;
    file = &locked;
    CHECK(in_child([] {
      // The first ones come while it waits, or is about to; then the lock is given up.
      ::signal(SIGALRM, [](int) {
        alarms = alarms + 1;
        if (alarms == 3) ::kill(file->holder(), SIGKILL);
      });
      const struct sigaction action = [] {
        struct sigaction interrupting = {};
        ::sigaction(SIGALRM, nullptr, &interrupting);
        interrupting.sa_flags = 0;  // no restart
        return interrupting;
      }();
      ::sigaction(SIGALRM, &action, nullptr);
      const itimerval often = {.it_interval = {0, 10'000}, .it_value = {0, 10'000}};
      ::setitimer(ITIMER_REAL, &often, nullptr);
      const auto taken = sys::lock_within(file->fd(), sys::Lock::exclusive, sys::never);
      return taken && *taken && alarms >= 3;
    }));
  }

  TEST_CASE("signals that cannot be taken") {
    constexpr std::array signals = {SIGTERM};
    CHECK(while_refused({{SYS_rt_sigprocmask}}, EINVAL,
                        [&] { return fails_with(sys::SignalQueue::open(signals), EINVAL, "block signals"); }));
    CHECK_FALSE(sys::is_ignored(9999));
  }
  TEST_CASE("a process that cannot be created") {
    Refusals calls = {{SYS_clone}};
#ifdef SYS_clone3
    calls.push_back({SYS_clone3});
#endif
    CHECK(while_refused(calls, EAGAIN, [] { return fails_with(sys::fork(), EAGAIN, "create a process"); }));
  }
  TEST_CASE("changes of a file have no name, those in a directory have one") {
    const Scratch dir;
    dir.file("file");
    auto watcher = sys::file_watcher();
    REQUIRE(watcher);
    const auto file = sys::watch_file(watcher->get(), dir.path("file").c_str());
    REQUIRE(file);
    sys::Changes changes;
    CHECK_FALSE(changes.next(watcher->get()));
    dir.file("file", "more");
    const auto change = changes.next(watcher->get());
    REQUIRE(change);
    CHECK(change->watch == *file);
    CHECK(change->name == ""sv);
    while (changes.next(watcher->get())) {
    }
    const auto directory = sys::watch_directory(watcher->get(), dir.path().c_str());
    REQUIRE(directory);
    dir.file("new");
    const auto second = changes.next(watcher->get());
    REQUIRE(second);
    CHECK(second->watch == *directory);
    CHECK(second->name == "new"sv);
    CHECK(fails_with(sys::watch_file(watcher->get(), dir.path("missing").c_str()), ENOENT, "watch"));
    CHECK(fails_with(sys::watch_directory(watcher->get(), dir.path("file").c_str()), ENOTDIR, "watch"));
  }
  TEST_CASE("there are random bits without the kernel's") {
    CHECK(while_refused({{SYS_getrandom}}, EAGAIN, [] { return sys::random_bits() != 0; }));
  }

  TEST_CASE("nobody is no user to become, and no group") {
    CHECK(fails_with(sys::set_user(static_cast<uid_t>(-1)), EINVAL));
    CHECK(fails_with(sys::set_group(static_cast<gid_t>(-1)), EINVAL));
  }
  TEST_CASE("another user is only become as a whole") {
    CHECK(while_refused({{SYS_setgroups}}, EPERM,
                        [] { return fails_with(sys::become(1, 1), EPERM, "set the supplementary groups"); }));
    CHECK(while_refused({{SYS_setgroups}}, 0, [] {
      return refuse({{SYS_setresgid}}, EPERM) && fails_with(sys::become(1, 1), EPERM, "set the group");
    }));
  }
  TEST_CASE("who one is, is said of all three numbers") {
    CHECK(sys::is_user(::getuid()));
    CHECK_FALSE(sys::is_user(::getuid() + 1));
    CHECK(while_refused({{SYS_getresuid}, {SYS_getresgid}}, EPERM,
                        [] { return !sys::is_user(::getuid()) && !sys::is_group(::getgid()); }));
    if (!is_root()) return;
    CHECK(in_child([] { return ::setresgid(0, 1, 0) == 0 && !sys::is_group(0) && !sys::is_group(1); }));
    CHECK(in_child([] { return ::setresgid(0, 0, 1) == 0 && !sys::is_group(0); }));
    CHECK(in_child([] { return ::setresuid(0, 1, 0) == 0 && !sys::is_user(0) && !sys::is_user(1); }));
    CHECK(in_child([] { return ::setresuid(0, 0, 1) == 0 && !sys::is_user(0); }));
  }
  TEST_CASE("limits and priorities that do not exist") {
    CHECK(fails_with(sys::resource_limit(9999), EINVAL));
    CHECK(fails_with(sys::lowest_priority(9999), EINVAL));
    CHECK(while_refused({{SYS_prlimit64}}, EPERM, [] {
      sys::set_descriptor_limit(64);
      return sys::descriptor_limit() == 1024;
    }));
  }
}
