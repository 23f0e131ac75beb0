#pragma once
// Mounts of their own for programs under test, and a root directory: what is in the real one, but for the directories
// that the test makes itself.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "harness.hpp"

namespace s6::test {

// For Start::in_child: the mounts of this process are its own from now on, and go with it.
inline bool own_mounts() {
  return unshare(CLONE_NEWNS | (is_root() ? 0 : CLONE_NEWUSER)) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

class OwnRoot {
 public:
  // SCENE/root, with empty directories of these names instead of the real ones, if there are such.
  OwnRoot(const Scene& scene, std::initializer_list<std::string> own) : path_(scene.path() / "root") {
    namespace fs = std::filesystem;
    fs::create_directory(path_);
    for (const std::string& name : own) fs::create_directory(path_ / name);
    for (const fs::directory_entry& entry : fs::directory_iterator("/")) {
      const fs::path name = entry.path().filename();
      if (is_there(path_ / name)) continue;
      if (entry.is_symlink())
        fs::create_symlink(fs::read_symlink(entry.path()), path_ / name);
      else if (entry.is_directory())
        shared_.push_back(name);
    }
    for (const std::string& name : shared_) fs::create_directory(path_ / name);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Can processes have it, on this system and with these rights?
  [[nodiscard]] bool possible() const {
    const pid_t pid = fork();
    if (pid == 0) {
      enter();
      _exit(0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    return status == 0;
  }

  // For Start::in_child.
  void enter() const {
    if (!own_mounts()) _exit(125);
    for (const std::string& name : shared_)
      if (mount(("/" + name).c_str(), (path_ / name).c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) _exit(125);
    if (chroot(path_.c_str()) != 0 || chdir("/") != 0) _exit(125);
  }

 private:
  std::filesystem::path path_;
  std::vector<std::string> shared_;
};

}  // namespace s6::test
