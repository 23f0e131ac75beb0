#pragma once
// Programs of chain/ in a world with known accounts: a mount namespace of their own, in which /etc/passwd and
// /etc/group are those of the test.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "harness.hpp"

namespace s6::test {

class Accounts {
 public:
  explicit Accounts(const Scene& scene) : passwd_(scene.path() / "passwd"), group_(scene.path() / "group") {
    write_file(passwd_,
               "root:x:0:0:root:/root:/bin/sh\n"
               "alice:x:4001:4101:Alice:/home/alice:/bin/ash\n"
               "lonely:x:4003:4103::/home/lonely:\n"
               "4444:x:4004:4104::/home/digits:/bin/sh\n");
    write_file(group_,
               "root:x:0:\nalice:x:4101:\nsecond:x:4202:alice\nother:x:4203:lonely2\nfirst:x:4201:lonely2,alice\n"
               "digits:x:4104:\n");
  }

  // May this test's processes have a world of their own? Needs root, and a system that allows it.
  static bool possible() {
    const pid_t pid = fork();
    if (pid == 0)
      _exit(unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : 1);
    int status = 1;
    waitpid(pid, &status, 0);
    return status == 0;
  }

  // Runs `argv`; argv[0] is the name of a program under test.
  [[nodiscard]] Ran run(std::vector<std::string> argv, std::vector<std::string> env = {}) const {
    argv[0] = client(argv[0]);
    return test::run(Start{.argv = std::move(argv), .env = std::move(env), .in_child = [this] { enter(); }});
  }

 private:
  void enter() const {
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount(passwd_.c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr) < 0 ||
        mount(group_.c_str(), "/etc/group", nullptr, MS_BIND, nullptr) < 0)
      _exit(125);
  }

  std::filesystem::path passwd_;
  std::filesystem::path group_;
};

}  // namespace s6::test
