#include "attacker.hpp"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>

#include "common/fifo_name.hpp"
#include "common/sys.hpp"

namespace s6::test {
namespace fs = std::filesystem;
namespace {

constexpr int failed_step = 113;

[[noreturn]] void be_the_attacker(const std::function<void()>& act) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const gid_t groups[] = {attacker_group};
  must(setgroups(1, groups) == 0 && setresgid(attacker_group, attacker_group, attacker_group) == 0 &&
           setresuid(attacker_user, attacker_user, attacker_user) == 0,
       "become the attacker");
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of user has dropped it
  act();
  _exit(0);
}

pid_t start_attacker(const std::function<void()>& act) {
  fflush(nullptr);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) be_the_attacker(act);
  return pid;
}

}  // namespace

void must(bool done, const char* what) {
  if (done) return;
  fprintf(stderr, "the attacker cannot %s: %s\n", what, strerror(errno));
  _exit(failed_step);
}

void as_attacker(const std::function<void()>& act, Here here) {
  int status = 0;
  if (waitpid(start_attacker(act), &status, 0) < 0 || status != 0) fail(here, "the attack itself failed");
}

int refusal(const std::function<long()>& act, Here here) {
  int status = 0;
  const pid_t pid = start_attacker([&] { _exit(act() < 0 ? errno : 0); });
  if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status)) fail(here, "the attack itself failed");
  return WEXITSTATUS(status);
}

Attack::Attack(const std::function<void()>& act, const std::function<void()>& prepare, Here here) {
  auto pipe = sys::pipe();
  REQUIRE(pipe);
  const int ready = pipe->write_end.get();
  pid_ = start_attacker([&] {
    if (prepare) prepare();
    must(write(ready, "+", 1) == 1, "tell that it is ready");
    act();
  });
  pipe->write_end.reset();
  std::array<char, 1> byte;
  const auto deadline = Clock::now() + std::chrono::minutes(2);  // preparing thousands of files can take a while
  if (!wait_readable(pipe->read_end.get(), deadline) || read(pipe->read_end.get(), byte.data(), 1) != 1) {
    stop();
    fail(here, "the attack itself failed");
  }
}

void Attack::stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string subscriber_name(unsigned number) {
  return fifo_name::make(tai::from_unix(1'000'000'000, 0), number).data();
}

void give_to_attacker(const fs::path& path) {
  REQUIRE(lchown(path.c_str(), attacker_user, attacker_group) == 0);
  if (!fs::is_directory(fs::symlink_status(path))) return;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    REQUIRE(lchown(entry.path().c_str(), attacker_user, attacker_group) == 0);
}

}  // namespace s6::test
