#pragma once
// A hostile user: pieces of a test that run in a process of another uid, which is in one group and no other.
//
//   as_attacker([&] { symlink("/etc/passwd", name.c_str()); });       // does something, and ends
//   const Attack attack([&] { for (;;) rename(a.c_str(), b.c_str()); });  // goes on until the end of its life
//
// A step that the attack depends on is checked with must(): if it fails, the test does.
#include <sys/types.h>

#include <functional>
#include <string>

#include "tests/process/harness.hpp"

namespace s6::test {

inline constexpr uid_t attacker_user = 61234;
inline constexpr gid_t attacker_group = 61235;  // what the contract gives him, it gives to this group

// In the attacker's process: ends it with a message unless `done`.
void must(bool done, const char* what);

void as_attacker(const std::function<void()>& act, Here here = Here::now());
// What access to something is refused with: errno after `act` has returned a negative number in the attacker's process,
// 0 if it has not.
int refusal(const std::function<long()>& act, Here here = Here::now());

// Is under way when the constructor returns, after `prepare`; killed at the end.
class Attack {
 public:
  explicit Attack(const std::function<void()>& act, const std::function<void()>& prepare = {}, Here here = Here::now());
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;
  ~Attack() { stop(); }
  void stop();

 private:
  pid_t pid_ = -1;
};

// A name that a notifier writes to; the number makes it another.
std::string subscriber_name(unsigned number);
void give_to_attacker(const std::filesystem::path& path);  // with all that is in it

}  // namespace s6::test
