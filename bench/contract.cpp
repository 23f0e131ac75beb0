// The least that it takes to keep the contract of s6, as a measure for real ones: a scanner and supervisors whose
// files, events and commands are those of s6, in as few system calls as that allows, and nothing that is configurable
// or safe.
//
//   bench-contract DIR             scanner: supervises each directory in DIR; commands a, n, t; SIGTERM is t
//   bench-contract supervise NAME  supervisor: of the directory NAME; commands d, u, x; SIGTERM is d and x
//
// It is for the services of the benchmark only: notification-fd is 3, and there is neither a logger, nor a finish, nor
// any other file that configures; none of them is looked for. No error is told, modes are less the umask, and the
// scanner starts a supervisor that died only when it finds the directory in its next scan.
//
// What s6 does one after the other, and what one step does here, unseen by who only knows the contract:
//   - The changes of one turn of the loop are one status, and their events one write to each subscriber, the status
//     first: that the service went down and is up again, or that it went down for good and the supervisor ends.
//   - event/ stays open, and is read again from its beginning. What nobody reads any more is found while the first
//     event is told, not before.
//   - No other clock than that of the stamps is asked: one that is set makes a restart a second late, or early.
//   - A newline that came before the death is there in the same poll as the signal that tells the death.
//   - Descriptors that were opened one after the other are closed with one call.
//   - The scanner that ends does nothing but wait for its children.
// What would be less, but breaks it: keeping death_tally open (s6-svdt-clear puts another file in its place), writing
// into an old status (readers could see a half of it), taking the end of event/ for granted before the kernel tells it,
// and inode numbers from the scan directory itself (those of links and mount points are others).
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/death_tally.hpp"
#include "common/fifo_name.hpp"
#include "common/nanoseconds.hpp"
#include "common/service_dir.hpp"
#include "floor.hpp"
#include "svscan/hash_index.hpp"

namespace s6::bench {
namespace {

// --- descriptors ---------------------------------------------------------------------------------------------------
// Not on the stack, which would need a page more for it; the data of the program leave as much of theirs.
alignas(8) char directory_records[2048];

// A directory that is read again and again.
class Directory {
 public:
  explicit Directory(const char* path) : fd_(open_file(path, O_RDONLY | O_DIRECTORY)) {}
  [[nodiscard]] int fd() const { return fd_; }

  template <class Visit>
  void for_each_name(Visit visit) {
    // The kernel's record: d_ino (8), d_off (8), d_reclen (2), d_type (1), d_name; see getdents64(2).
    constexpr std::size_t at_length = 16, at_name = 19;
    if (was_read_) ::lseek(fd_, 0, SEEK_SET);
    was_read_ = true;
    for (;;) {
      const long size = ::syscall(SYS_getdents64, fd_, directory_records, sizeof directory_records);
      if (size <= 0) return;
      for (const char* record = directory_records; record < directory_records + size;) {
        std::uint16_t length = 0;
        ::memcpy(&length, record + at_length, sizeof length);
        visit(record + at_name);
        record += length;
      }
    }
  }

 private:
  int fd_;
  bool was_read_ = false;
};

// Closes descriptors of successive numbers together; not too many, so that the table of them need not grow.
class Closing {
 public:
  Closing() = default;
  ~Closing() { close(); }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;
  void take(int fd) {
    if (count_ == most || (count_ > 0 && fd != first_ + count_)) close();
    if (count_ == 0) first_ = fd;
    ++count_;
  }

 private:
  static constexpr int most = 32;
  void close() {
    if (count_ > 0) ::syscall(SYS_close_range, first_, first_ + count_ - 1, 0);
    count_ = 0;
  }
  int first_ = -1;
  int count_ = 0;
};

// Ends the program if another one has the lock.
void take_lock(const char* path, mode_t mode) {
  const int fd = ::openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_SETLK, &whole) != 0) ::_exit(100);
}

// Both ends, so that it never is at its end.
int make_control(const char* path) {
  ::mkfifo(path, 0600);
  return open_file(path, O_RDWR);
}

// The signals arrive in the descriptor. Those to nobody's FIFO are of no interest: the write fails, too.
int take_signals() {
  const sigset_t taken = signal_set({SIGTERM, SIGCHLD});
  const sigset_t blocked = signal_set({SIGTERM, SIGCHLD, SIGPIPE});
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  return ::signalfd(-1, &taken, SFD_CLOEXEC);
}

// Both for descriptors that have something to be read.
template <class Take>
void take_signals_from(int fd, Take take) {
  signalfd_siginfo signals[2];
  const ssize_t size = ::read(fd, signals, sizeof signals);
  for (ssize_t i = 0; i < size / static_cast<ssize_t>(sizeof signals[0]); ++i)
    take(static_cast<int>(signals[i].ssi_signo));
}
template <class Take>
void take_commands_from(int fd, Take take) {
  char commands[256];
  const ssize_t size = ::read(fd, commands, sizeof commands);
  for (ssize_t i = 0; i < size; ++i) take(commands[i]);
}

// --- the supervisor ------------------------------------------------------------------------------------------------
class Supervisor {
 public:
  explicit Supervisor(const char* name) : name_(name), events_(make_event_directory()) {
    ::mkdir(service_dir::supervise, 0700);
    take_lock(service_dir::lock, 0644);
    control_ = make_control(service_dir::control);
    signals_ = take_signals();
    ::close(open_file(service_dir::death_tally, O_WRONLY | O_CREAT | O_TRUNC));
  }

  void run() {
    status_.changed = status_.ready_since = stamp_now();
    change("s");
    tell();
    start();
    while (!is_over_) {
      tell();
      serve();
    }
    tell();
  }

 private:
  static const char* make_event_directory() {
    if (::mkdir(service_dir::event, 0700) == 0) ::chmod(service_dir::event, 03730);
    return service_dir::event;
  }

  // --- what is told
  void change(std::string_view letters) {
    status_is_due_ = true;
    letter_count_ = static_cast<std::size_t>(std::ranges::copy(letters, letters_ + letter_count_).out - letters_);
  }

  void tell() {
    if (status_is_due_) replace_status(status_);
    status_is_due_ = false;
    if (letter_count_ == 0) return;
    Closing told;
    events_.for_each_name([&](const char* name) {
      if (!fifo_name::is_subscriber(name)) return;
      const int fd = ::openat(events_.fd(), name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
      if (fd < 0) {
        if (errno == ENXIO) ::unlinkat(events_.fd(), name, 0);  // nobody reads it
        return;
      }
      if (::write(fd, letters_, letter_count_) < 0 && errno == EPIPE) ::unlinkat(events_.fd(), name, 0);
      told.take(fd);
    });
    letter_count_ = 0;
  }

  void record(const Death& death) {
    const auto raw = wire::encode(death);
    if (++deaths_ > wire::default_deaths) return replace_tally(raw);
    const int fd = open_file(service_dir::death_tally, O_WRONLY | O_APPEND);
    if (::write(fd, raw.data(), raw.size()) < 0) ::_exit(111);
    ::close(fd);
  }

  // The count of deaths is an upper bound: somebody may have cleared the tally meanwhile.
  void replace_tally(std::span<const std::byte, wire::death_size> last) {
    std::array<std::byte, (wire::default_deaths + 1) * wire::death_size> records;
    int fd = open_file(service_dir::death_tally, O_RDONLY);
    const ssize_t size = ::read(fd, records.data(), records.size() - last.size());
    ::close(fd);
    if (size < 0) ::_exit(111);
    const wire::TallyTail tail = wire::tally_tail(static_cast<std::size_t>(size), wire::default_deaths);
    const auto kept = std::span(records).subspan(tail.offset, tail.length + last.size());
    std::ranges::copy(last, kept.end() - static_cast<std::ptrdiff_t>(last.size()));
    fd = replace_file(service_dir::death_tally, "supervise/death_tally.new", O_WRONLY, kept);
    ::close(fd);
  }

  // --- what happens
  void serve() {
    pollfd fds[] = {{signals_, POLLIN, 0}, {control_, POLLIN, 0}, {notification_, POLLIN, 0}};
    if (::poll(fds, std::size(fds), is_waiting() ? rest_of_second(stamp_now()) : -1) == 0) return start();
    if (fds[2].revents != 0) read_notification();
    if (fds[0].revents != 0) take_signals_from(signals_, [this](int number) { take_signal(number); });
    if (fds[1].revents != 0) take_commands_from(control_, [this](char command) { obey(command); });
  }

  void read_notification() {
    char bytes[512];
    const ssize_t size = ::read(notification_, bytes, sizeof bytes);
    const bool ready = size > 0 && ::memchr(bytes, '\n', static_cast<std::size_t>(size)) != nullptr;
    if (size > 0 && !ready) return;
    close_notification();
    if (!ready) return;
    status_.ready = true;
    status_.ready_since = stamp_now();
    change("U");
  }

  void close_notification() {
    if (notification_ >= 0) ::close(notification_);
    notification_ = -1;
  }

  void take_signal(int number) {
    if (number == SIGTERM) {
      stop();
      leave();
    } else {
      int raw = 0;
      if (::waitpid(-1, &raw, WNOHANG) == status_.pid && status_.pid > 0) bury(static_cast<std::uint16_t>(raw));
    }
  }

  void obey(char command) {
    if (is_over_) return;
    switch (command) {
      case 'd': stop(); break;
      case 'u':
        status_.want_up = true;
        change("");
        if (status_.pid == 0) start();
        break;
      case 'x': leave(); break;
      default: break;
    }
  }

  void stop() {
    status_.want_up = false;
    change("");
    if (status_.pid == 0) return;
    ::kill(status_.pid, SIGTERM);
    ::kill(status_.pid, SIGCONT);
  }

  // At once, or when the service has died.
  void leave() {
    is_leaving_ = true;
    if (status_.pid == 0 && !is_over_) end();
  }

  void end() {
    change("x");
    is_over_ = true;
  }

  // --- the service
  void start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) ::_exit(111);
    const char* const argv[] = {service_dir::run, name_, nullptr};
    const pid_t pid = spawn(service_dir::run, argv, [&ends] {
      ::setsid();
      return ::dup2(ends[1], 3) == 3;
    });
    if (pid < 0) ::_exit(111);
    ::close(ends[1]);
    notification_ = ends[0];
    status_.pid = pid;
    status_.changed = stamp_now();
    status_.ready = status_.paused = false;
    change("u");
  }

  void bury(std::uint16_t wait_status) {
    close_notification();
    const Tai64n now = stamp_now();
    since_ = status_.ready ? status_.ready_since : now;
    status_.changed = status_.ready_since = now;
    status_.pid = 0;
    status_.wait_status = wait_status;
    status_.ready = true;  // to be started
    record(Death::of(now, WaitStatus{wait_status}));
    change("dD");
    if (is_leaving_) return end();
    if (is_waiting() && rest_of_second(now) == 0) start();
  }

  [[nodiscard]] bool is_waiting() const { return status_.pid == 0 && status_.want_up; }

  // In milliseconds, of the second after which it may be started again.
  [[nodiscard]] int rest_of_second(const Tai64n& now) const {
    const auto seconds = static_cast<std::int64_t>(now.label - since_.label);
    if (seconds > 1) return 0;
    const Nanoseconds passed = seconds * second + now.nanoseconds - since_.nanoseconds;
    const Nanoseconds rest = std::clamp(second - passed, Nanoseconds{0}, second);
    return static_cast<int>((rest + millisecond - 1) / millisecond);
  }

  const char* name_;
  Directory events_;
  int control_ = -1;
  int signals_ = -1;
  int notification_ = -1;
  Status status_{.paused = true, .want_up = true, .ready = true};  // paused: has never been started
  Tai64n since_;
  std::uint32_t deaths_ = 0;
  char letters_[16];
  std::size_t letter_count_ = 0;
  bool status_is_due_ = false;
  bool is_leaving_ = false;
  bool is_over_ = false;
};

// --- the scanner ---------------------------------------------------------------------------------------------------
constexpr svscan::Index most_services = 20000;

struct Service {
  dev_t device;
  ino_t inode;
  pid_t supervisor;  // 0: it has ended
  unsigned scan;     // the last one that has found it
};
struct Table {
  Service services[most_services];
  std::uint32_t cells[svscan::HashIndex::cells_for(most_services)];
};

// Not a part of the program, as the supervisors' memory would reach beyond it.
Table& make_table() {
  void* const memory =
      ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) ::_exit(111);
  return *static_cast<Table*>(memory);
}

std::uint64_t hash_of(dev_t device, ino_t inode) {
  return svscan::hash_number(inode ^ device << 32);
}

class Scanner {
 public:
  explicit Scanner(const char* self) : self_(self), entries_("."), table_(make_table()) {
    ::mkdir(".s6-svscan", 0700);
    take_lock(".s6-svscan/lock", 0600);
    control_ = make_control(".s6-svscan/control");
    signals_ = take_signals();
  }

  void run() {
    scan();
    while (!is_over_) {
      pollfd fds[] = {{signals_, POLLIN, 0}, {control_, POLLIN, 0}};
      ::poll(fds, std::size(fds), -1);
      if (fds[0].revents != 0) take_signals_from(signals_, [this](int number) { take_signal(number); });
      if (fds[1].revents != 0) take_commands_from(control_, [this](char command) { obey(command); });
    }
    while (::wait(nullptr) > 0) continue;
  }

 private:
  void take_signal(int number) {
    if (number == SIGTERM) return obey('t');
    for (pid_t pid = 0; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;)
      for (Service& service : known())
        if (service.supervisor == pid) service.supervisor = 0;
  }

  void obey(char command) {
    switch (command) {
      case 'a': scan(); break;
      case 'n': end_all([this](const Service& service) { return service.scan != scan_; }); break;
      case 't':
        end_all([](const Service&) { return true; });
        is_over_ = true;
        break;
      default: break;
    }
  }

  template <class Which>
  void end_all(Which which) const {
    for (const Service& service : known())
      if (service.supervisor > 0 && which(service)) ::kill(service.supervisor, SIGTERM);
  }

  void scan() {
    ++scan_;
    entries_.for_each_name([this](const char* name) {
      struct stat found {};
      if (name[0] == '.' || ::stat(name, &found) != 0 || !S_ISDIR(found.st_mode)) return;
      Service* const service = service_of(found);
      if (service == nullptr) return;
      service->scan = scan_;
      if (service->supervisor == 0) service->supervisor = start(name);
    });
  }

  pid_t start(const char* name) const {
    const char* const argv[] = {self_, "supervise", name, nullptr};
    return spawn(self_, argv, [] { return true; });
  }

  // Known, or new; null if there are too many.
  Service* service_of(const struct stat& found) {
    const std::uint64_t hash = hash_of(found.st_dev, found.st_ino);
    const svscan::Index index = index_.find(hash, [&](svscan::Index other) {
      const Service& service = table_.services[other];
      return service.inode == found.st_ino && service.device == found.st_dev;
    });
    if (index != svscan::nothing) return &table_.services[index];
    if (count_ == most_services) return nullptr;
    table_.services[count_] = {.device = found.st_dev, .inode = found.st_ino, .supervisor = 0, .scan = 0};
    if (index_.is_crowded()) widen();
    index_.put(count_, hash);
    return &table_.services[count_++];
  }

  void widen() {
    index_.widen();
    for (svscan::Index i = 0; i < count_; ++i)
      index_.put(i, hash_of(table_.services[i].device, table_.services[i].inode));
  }

  [[nodiscard]] std::span<Service> known() const { return std::span(table_.services).first(count_); }

  const char* self_;
  Directory entries_;
  int control_ = -1;
  int signals_ = -1;
  Table& table_;
  svscan::HashIndex index_{table_.cells};
  svscan::Index count_ = 0;
  unsigned scan_ = 0;
  bool is_over_ = false;
};

int work(std::span<const char* const> words) {
  const bool supervises = words.size() == 3;
  if (words.size() < 2 || ::chdir(words.back()) != 0) return 111;
  if (supervises)
    Supervisor(words.back()).run();
  else
    Scanner(words.front()).run();
  return 0;
}

}  // namespace
}  // namespace s6::bench

int main(int argc, char** argv) {
  return s6::bench::work({argv, static_cast<std::size_t>(argc)});
}
