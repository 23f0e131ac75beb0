// test-service: a service that does what a script says, so that a test decides its behaviour to the letter and no shell
// has to be waited for. It reads ARGV0.script, one command a line:
//
//   say TEXT            writes TEXT and a newline to the FIFO `voice` beside the script, where the test listens;
//                       %p is its pid, %a its arguments, joined by blanks, %g its process group
//   record [NAME]       writes down its surroundings in NAME (default ARGV0.record): lines "KEY VALUE" with the keys
//                       pid ppid pgid sid argv0 args cwd umask fds blocked ignored limit-nofile, "fd-N TARGET" for each
//                       descriptor, and "env-NAME VALUE"
//   notify FD TEXT      writes TEXT to FD; \n is a newline. If that fails it says "notify: REASON"
//   close FD
//   trap SIGNAL...      from now on says "got SIGNAL" when one comes, and goes on
//   ignore SIGNAL...
//   fork [SIGNAL...]    leaves a child in the background that ignores SIGNAL..., says "child PID" and sleeps
//   orphans COUNT       leaves COUNT processes whose parents have gone, and has them die together
//   kill PID SIGNAL
//   reboot HOW          asks for an end of the whole system: restart, halt or off. Only as pid 1 of a pid namespace of
//                       its own, where that kills all of the namespace; anywhere else it exits 101
//   gate NAME           waits until the test opens the gate NAME
//   delay MILLISECONDS
//   write NAME TEXT     makes a file
//   sleep               until a signal kills it
//   exit CODE
//   die SIGNAL          kills itself
//
// At the end of the script it exits 0. Signals are written without SIG.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

std::vector<std::string> arguments;  // argv
std::string directory;               // of argv[0]: "./", ".s6-svscan/"
int voice = -1;

int signal_number(const std::string& name) {
  for (int number = 1; number < 32; ++number)
    if (const char* known = sigabbrev_np(number); known != nullptr && name == known) return number;
  _exit(101);
}

// Safe in a signal handler.
void say(const char* text, size_t size) {
  if (voice < 0) voice = open((directory + "voice").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (write(voice, text, size) < 0) return;  // nobody listens
}

void say(const std::string& text) {
  const std::string line = text + "\n";
  say(line.data(), line.size());
}

void on_signal(int number) {
  const int saved = errno;
  std::array<char, 32> line;
  const int size = snprintf(line.data(), line.size(), "got %s\n", sigabbrev_np(number));
  say(line.data(), static_cast<size_t>(size));
  errno = saved;
}

void handle(std::istringstream& names, void (*handler)(int)) {
  for (std::string name; names >> name;) signal(signal_number(name), handler);
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string joined_arguments() {
  std::string text;
  for (size_t i = 1; i < arguments.size(); ++i) text += (i > 1 ? " " : "") + arguments[i];
  return text;
}

std::string rest_of(std::istringstream& words) {
  std::string text;
  std::getline(words >> std::ws, text);
  return text;
}

void say_expanded(std::string text) {
  replace_all(text, "%p", std::to_string(getpid()));
  replace_all(text, "%g", std::to_string(getpgrp()));
  replace_all(text, "%a", joined_arguments());
  say(text);
}

void record_descriptors(std::ostream& out) {
  std::set<int> numbers;
  DIR* stream = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(stream))
    if (const int fd = atoi(entry->d_name); entry->d_name[0] != '.' && fd != dirfd(stream) && fd != voice)
      numbers.insert(fd);
  closedir(stream);
  std::string list;
  for (const int fd : numbers) {
    std::array<char, 512> target{};
    if (readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target.data(), target.size() - 1) < 0) continue;
    list += (list.empty() ? "" : " ") + std::to_string(fd);
    out << "fd-" << fd << ' ' << target.data() << '\n';
  }
  out << "fds " << list << '\n';
}

// The words of /proc/self/status that ps would show.
void record_kernel_view(std::ostream& out) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("SigBlk:\t")) out << "blocked " << line.substr(8) << '\n';
    if (line.starts_with("SigIgn:\t")) out << "ignored " << line.substr(8) << '\n';
  }
}

void record(std::string name) {
  if (name.empty()) name = arguments[0] + ".record";
  std::ostringstream out;
  record_descriptors(out);  // first: before this opens files itself
  record_kernel_view(out);
  std::array<char, 4096> cwd{};
  const mode_t mask = umask(0);
  umask(mask);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  out << "pid " << getpid() << "\nppid " << getppid() << "\npgid " << getpgrp() << "\nsid " << getsid(0) << "\nargv0 "
      << arguments[0] << "\nargs " << joined_arguments() << "\ncwd " << getcwd(cwd.data(), cwd.size()) << "\numask "
      << std::oct << mask << std::dec << "\nlimit-nofile " << limit.rlim_cur << '\n';
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (char* equals = strchr(*entry, '='); equals != nullptr)
      out << "env-" << std::string(*entry, static_cast<size_t>(equals - *entry)) << ' ' << equals + 1 << '\n';
  std::ofstream(name + ".new") << out.str();
  rename((name + ".new").c_str(), name.c_str());
}

void notify(std::istringstream& words) {
  int fd = -1;
  words >> fd;
  std::string text = rest_of(words);
  replace_all(text, "\\n", "\n");
  if (write(fd, text.data(), text.size()) < 0) say(std::string("notify: ") + strerror(errno));
}

[[noreturn]] void sleep_for_ever() {
  for (;;) pause();
}

void fork_child(std::istringstream& ignored) {
  if (fork() != 0) return;
  handle(ignored, SIG_IGN);
  say("child " + std::to_string(getpid()));
  sleep_for_ever();
}

// Lives until nobody can write to `alive` any more.
[[noreturn]] void be_orphan(const std::array<int, 2>& alive) {
  close(alive[1]);
  char byte;
  _exit(static_cast<int>(read(alive[0], &byte, 1)));
}

[[noreturn]] void be_parent_of(int count, const std::array<int, 2>& alive) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) be_orphan(alive);
    if (child < 0) _exit(101);
  }
  _exit(0);
}

void leave_orphans(int count) {
  std::array<int, 2> alive;
  if (pipe(alive.data()) < 0) exit(101);
  const pid_t parent = fork();
  if (parent == 0) be_parent_of(count, alive);
  int status = 1;
  if (parent < 0 || waitpid(parent, &status, 0) != parent || status != 0) exit(101);
  close(alive[1]);
  close(alive[0]);
}

// The first pid namespace of a kernel, whose pid 1 is that of the machine, always has this number.
bool in_namespace_of_its_own() {
  struct stat st;
  constexpr ino_t of_the_machine = 0xeffffffc;
  return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != of_the_machine;
}

void end_the_system(const std::string& how) {
  if (getpid() != 1 || !in_namespace_of_its_own()) exit(101);
  const unsigned command = how == "restart" ? RB_AUTOBOOT : how == "halt" ? RB_HALT_SYSTEM : RB_POWER_OFF;
  reboot(static_cast<int>(command));
  say(std::string("reboot: ") + strerror(errno));
  exit(101);
}

void wait_at_gate(const std::string& name) {
  const std::string path = directory + name;
  mkfifo(path.c_str(), 0666);
  // Both ways: opening does not wait for the test, and the test's byte stays for whoever reads it.
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  char byte;
  while (read(fd, &byte, 1) < 0 && errno == EINTR) continue;
  close(fd);
}

void delay(long milliseconds) {
  timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}

[[noreturn]] void die_of(int number) {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(number, SIG_DFL);
  kill(getpid(), number);
  sleep_for_ever();
}

void execute(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command.empty() || command[0] == '#') return;
  if (command == "say") return say_expanded(rest_of(words));
  if (command == "record") return record(rest_of(words));
  if (command == "notify") return notify(words);
  if (command == "trap") return handle(words, on_signal);
  if (command == "ignore") return handle(words, SIG_IGN);
  if (command == "fork") return fork_child(words);
  if (command == "orphans") return leave_orphans(std::stoi(rest_of(words)));
  if (command == "reboot") return end_the_system(rest_of(words));
  if (command == "gate") return wait_at_gate(rest_of(words));
  if (command == "delay") return delay(std::stol(rest_of(words)));
  if (command == "close") return (void)close(std::stoi(rest_of(words)));
  if (command == "exit") exit(std::stoi(rest_of(words)));
  if (command == "die") die_of(signal_number(rest_of(words)));
  if (command == "sleep") sleep_for_ever();
  if (command == "kill") {
    pid_t pid = 0;
    words >> pid;
    kill(pid, signal_number(rest_of(words)));
    return;
  }
  if (command == "write") {
    std::string name;
    words >> name;
    std::ofstream(name) << rest_of(words);
    return;
  }
  say("unknown command " + command);
  exit(100);
}

}  // namespace

int main(int argc, char** argv) {
  arguments.assign(argv, argv + argc);
  const auto slash = arguments[0].rfind('/');
  directory = slash == std::string::npos ? "./" : arguments[0].substr(0, slash + 1);
  std::vector<std::string> script;
  {
    std::ifstream in(arguments[0] + ".script");
    for (std::string line; std::getline(in, line);) script.push_back(line);
  }
  for (const std::string& line : script) execute(line);
}
