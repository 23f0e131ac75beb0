// The service of the soak tests, as ./run and as ./finish: it counts its lives in the file `record`, says that it is
// ready if there is a `notification-fd`, ignores SIGTERM if there is a `stubborn`, and then waits:
//   SIGUSR1   writes hundreds of numbered lines to its standard output
//   SIGUSR2   ends
// As long as a former life still runs (its supervisor was killed) it waits for its end.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/soak/record.hpp"

namespace {

using s6::soak::Record;

enum Failure : int { no_record = 101, no_output = 102 };

int open_or_exit(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0644);
  if (fd < 0) _exit(no_record);
  return fd;
}

volatile Record& map_or_exit(int fd) {
  void* memory = mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) _exit(no_record);
  return *static_cast<volatile Record*>(memory);
}

void note_doubt(volatile Record& record) {
  const std::uint64_t number = record.begun;
  if (number == record.written) return;
  const int fd = open_or_exit(s6::soak::doubtful_file, O_WRONLY | O_CREAT | O_APPEND);
  if (write(fd, &number, sizeof number) != sizeof number) _exit(no_record);
  close(fd);
  record.written = number;
}

void write_line(volatile Record& record) {
  char line[s6::soak::line_size];
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  const std::uint64_t number = record.written + 1;
  constexpr int digits = 20;
  line[digits] = ' ';
  std::uint64_t rest = number;
  for (int i = digits; i > 0; rest /= 10) line[--i] = static_cast<char>('0' + rest % 10);
  record.begun = number;
  while (write(1, line, sizeof line) != sizeof line)
    if (errno != EINTR) _exit(no_output);
  record.written = number;
}

void say_ready() {
  if (access("notification-fd", F_OK) < 0) return;
  if (write(3, "\n", 1) == 1) close(3);
}

}  // namespace

int main(int, char** argv) {
  const int fd = open_or_exit(s6::soak::record_file, O_RDWR);
  volatile Record& record = map_or_exit(fd);
  if (strstr(argv[0], "finish") != nullptr) {
    record.finishes = record.finishes + 1;
    return 0;
  }
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  sigaddset(&awaited, SIGUSR2);
  sigprocmask(SIG_BLOCK, &awaited, nullptr);
  if (access("stubborn", F_OK) == 0) signal(SIGTERM, SIG_IGN);
  while (flock(fd, LOCK_EX) < 0) continue;
  record.lives = record.lives + 1;
  note_doubt(record);
  say_ready();
  for (int number = 0; number != SIGUSR2;) {
    if (sigwait(&awaited, &number) != 0 || number != SIGUSR1) continue;
    for (int i = 0; i < s6::soak::lines_at_once; ++i) write_line(record);
  }
}
