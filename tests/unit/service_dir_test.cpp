#include "common/service_dir.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/refusal.hpp"
#include "tests/unit/scratch.hpp"

using namespace s6;
using service_dir::Delivery;
using service_dir::Presence;

namespace {

// Another process that holds the lock: one's own locks are invisible.
class LockHolder {
 public:
  explicit LockHolder(const std::string& path) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open(path.c_str(), O_RDWR);
      auto locked = sys::lock_exclusive(fd);
      (void)!::write(ready[1], locked && *locked ? "y" : "n", 1);
      for (;;) ::pause();
    }
    char answer = 'n';
    CHECK(::read(ready[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;
  ~LockHolder() {
    ::kill(pid_, SIGKILL);
    (void)sys::wait_for_child();
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_SUITE("service directory") {
  TEST_CASE("no directory and no lock file: no supervisor, and nothing to tell about one") {
    const Scratch dir;
    for (const std::string& name : {dir.path(), dir.path("missing"), std::string()}) {
      const auto tested = service_dir::test_supervisor(name.c_str());
      REQUIRE(tested);
      CHECK_FALSE(tested->locked);
      CHECK(service_dir::find_supervisor(name.c_str()).presence == Presence::unknown);
    }
  }
  TEST_CASE("a file is no service directory") {
    const Scratch dir;
    dir.file("file");
    const auto tested = service_dir::test_supervisor(dir.path("file").c_str());
    REQUIRE_FALSE(tested);
    CHECK(tested.error().code == ENOTDIR);
  }
  TEST_CASE("a lock file that nobody holds: the supervisor is dead") {
    const Scratch dir;
    dir.directory("supervise");
    dir.file("supervise/lock");
    CHECK_FALSE(service_dir::test_supervisor(dir.path().c_str())->locked);
    CHECK(service_dir::find_supervisor(dir.path().c_str()).presence == Presence::absent);
  }
  TEST_CASE("a held lock tells who holds it") {
    const Scratch dir;
    dir.directory("supervise");
    dir.file("supervise/lock");
    const LockHolder holder(dir.path("supervise/lock"));
    CHECK(service_dir::test_supervisor(dir.path().c_str())->locked);
    const auto found = service_dir::find_supervisor(dir.path().c_str());
    CHECK(found.presence == Presence::present);
    CHECK(found.pid == holder.pid());
  }
  TEST_CASE("a status is read in both sizes; others are told apart") {
    const Scratch dir;
    dir.directory("supervise");
    const auto read = [&dir](std::size_t size) {
      dir.file("supervise/status", std::string(size, '\0'));
      auto status = service_dir::read_status(dir.path().c_str());
      return status ? 0 : status.error().code;
    };
    CHECK(read(35) == 0);
    CHECK(read(43) == 0);
    CHECK(read(26) == EOPNOTSUPP);
    for (const std::size_t size : {0U, 34U, 36U, 42U, 44U, 100U}) CHECK(read(size) == EPROTO);
    CHECK_FALSE(service_dir::explain_status_error({EPROTO, "", ""}).empty());
    CHECK(service_dir::explain_status_error({ENOENT, "", ""}).empty());
    CHECK(service_dir::read_status("").error().code == ENOENT);
  }
  TEST_CASE("commands arrive in one piece") {
    const Scratch dir;
    dir.directory("supervise");
    dir.fifo("supervise/control");
    const UniqueFd reader(::open(dir.path("supervise/control").c_str(), O_RDONLY | O_NONBLOCK));
    CHECK(service_dir::send_control(dir.path().c_str(), "supervise", "").outcome == Delivery::sent);
    CHECK(service_dir::send_control(dir.path().c_str(), "supervise", "dux").outcome == Delivery::sent);
    char buffer[8];
    REQUIRE(::read(reader.get(), buffer, sizeof buffer) == 3);
    CHECK(std::string(buffer, 3) == "dux");
  }
  TEST_CASE("what is in the way of a command") {
    const Scratch dir;
    const auto send = [&dir](const std::string& name) {
      return service_dir::send_control(name.empty() ? "" : dir.path(name).c_str(), "supervise", "d").outcome;
    };
    CHECK(send("") == Delivery::failed);
    CHECK(send("missing") == Delivery::failed);
    dir.file("file");
    CHECK(send("file") == Delivery::failed);
    dir.directory("bare");
    CHECK(send("bare") == Delivery::not_listening);
    dir.directory("odd");
    dir.file("odd/supervise");
    CHECK(send("odd") == Delivery::malformed);
    dir.directory("s");
    dir.directory("s/supervise");
    CHECK(send("s") == Delivery::malformed);
    dir.file("s/supervise/control", "untouched");
    CHECK(send("s") == Delivery::malformed);
    CHECK(std::filesystem::file_size(dir.path("s/supervise/control")) == 9);
    std::filesystem::remove(dir.path("s/supervise/control"));
    dir.fifo("s/supervise/control");
    CHECK(send("s") == Delivery::not_listening);
  }
  TEST_CASE("a full FIFO is waited for as long as one likes") {
    const Scratch dir;
    dir.directory("supervise");
    dir.fifo("supervise/control");
    const UniqueFd fifo(::open(dir.path("supervise/control").c_str(), O_RDWR | O_NONBLOCK));
    const std::string block(4096, 'z');
    while (::write(fifo.get(), block.data(), block.size()) > 0) {
    }
    const auto late = service_dir::send_control(dir.path().c_str(), "supervise", "d",
                                                {.deadline = sys::monotonic_now() + sys::millisecond});
    CHECK(late.outcome == Delivery::failed);
    CHECK(late.code == ETIMEDOUT);
    auto pipe = sys::pipe();
    REQUIRE(pipe);
    REQUIRE(::write(pipe->write_end.get(), "!", 1) == 1);
    const auto interrupted =
        service_dir::send_control(dir.path().c_str(), "supervise", "d", {.interrupt = pipe->read_end.get()});
    CHECK(interrupted.outcome == Delivery::failed);
    CHECK(interrupted.code == EINTR);
  }
  TEST_CASE("long paths are as good as short ones, until they are too long") {
    const Scratch dir;
    dir.directory("supervise");
    dir.file("supervise/status", std::string(wire::status_size, '\0'));
    const auto read = [&dir](std::size_t size) {
      const std::string path = dir.path() + std::string(size - dir.path().size(), '/');
      const auto status = service_dir::read_status(path.c_str());
      return status ? 0 : status.error().code;
    };
    CHECK(read(100) == 0);
    CHECK(read(1000) == 0);
    CHECK(read(path_size - 2) == ENAMETOOLONG);
  }
  TEST_CASE("a lock that cannot be tested is neither held nor free") {
    const Scratch dir;
    dir.directory("supervise");
    dir.file("supervise/lock");
    CHECK(while_refused({{SYS_fcntl}}, ENOLCK, [&dir] {
      return service_dir::test_supervisor(dir.path().c_str()).error().code == ENOLCK &&
             service_dir::find_supervisor(dir.path().c_str()).presence == Presence::unknown;
    }));
  }
  TEST_CASE("a refused wait for room is told") {
    const Scratch dir;
    dir.directory("supervise");
    dir.fifo("supervise/control");
    const UniqueFd fifo(::open(dir.path("supervise/control").c_str(), O_RDWR | O_NONBLOCK));
    CHECK(while_refused({{SYS_write}}, EAGAIN, [&dir] {
      if (!refuse({{SYS_ppoll}}, ENOMEM)) return false;
      const auto sent = service_dir::send_control(dir.path().c_str(), "supervise", "d");
      return sent.outcome == Delivery::failed && sent.code == ENOMEM;
    }));
  }
}
