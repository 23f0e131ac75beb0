#include "tests/soak/inspection.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/service_dir.hpp"
#include "harness.hpp"

namespace s6::soak {
namespace {
namespace fs = std::filesystem;

// Looks at one process tree with the tree's intentions in mind.
class Inspector {
 public:
  Inspector(const Tree& tree, pid_t scanner) : tree_(tree), scanner_(scanner) { known_ = {getpid(), scanner}; }

  Complaints run() {
    for (const Service& service : tree_.services) {
      inspect(service.entry, service.dir(), service.linked, service.linked && service.wanted_up, service.notifies);
      if (service.logged) inspect(service.entry + "/log", service.log(), service.linked, service.linked, false);
      if (service.logged && service.linked) inspect_lines(service);
    }
    for (const auto& [pid, entry] : table_.all()) {
      if (entry.state == 'Z')
        complain(entry.name, "is a zombie");
      else if (!known_.contains(pid))
        complain(entry.name + " " + std::to_string(pid), "should not be there");
    }
    return std::move(complaints_);
  }

 private:
  void complain(const std::string& who, const std::string& what) { complaints_.push_back(who + " " + what); }

  void inspect(const std::string& name, const fs::path& dir, bool supervised, bool up, bool ready) {
    const auto lock = service_dir::test_supervisor(dir.c_str());
    const bool held = lock && lock->locked;
    if (held != supervised) return complain(name, held ? "still has a supervisor" : "has no supervisor");
    if (!held) return;
    const pid_t supervisor = lock->holder;
    const ProcessEntry* entry = table_.find(supervisor);
    if (entry == nullptr || entry->parent != scanner_) return complain(name, "has a supervisor of somebody else's");
    known_.insert(supervisor);
    const auto& children = table_.children(supervisor);
    known_.insert(children.begin(), children.end());
    if (children.size() != (up ? 1U : 0U))
      return complain(name, "has " + std::to_string(children.size()) + " processes");
    const auto status = service_dir::read_status(dir.c_str());
    if (!status) return complain(name, "has no status");
    if (status->pid != (up ? children[0] : 0)) return complain(name, "tells another pid");
    if (status->want_up != up) return complain(name, "is not wanted as it was asked for");
    if (up && (status->ready != ready || status->paused || status->finishing))
      return complain(name, "has a wrong state");
    if (up && table_.find(children[0])->state == 'T') complain(name, "is stopped");
  }

  // A line on its way will come; one that has been written need not be looked for.
  void inspect_lines(const Service& service) {
    const std::uint64_t written = service.record().written;
    if (service.record().begun != written) return complain(service.entry, "still writes");
    std::uint64_t last = last_line(service);
    for (const std::uint64_t number : service.doubtful())
      if (number == last + 1) last = number;
    if (last < written)
      complain(service.entry, "has lines " + std::to_string(last + 1) + " to " + std::to_string(written) +
                                  " that are not in its log; " + way_of_lines(service));
  }

  // Where lines may be that have not come through.
  static std::string way_of_lines(const Service& service) {
    const auto writer = service_dir::read_status(service.dir().c_str());
    const auto reader = service_dir::read_status(service.log().c_str());
    if (!writer || !reader) return "who writes and who reads them is not known";
    int waiting = 0;
    const UniqueFd pipe(open(("/proc/" + std::to_string(reader->pid) + "/fd/0").c_str(), O_RDONLY | O_NONBLOCK));
    (void)ioctl(pipe.get(), FIONREAD, &waiting);
    std::string text = "it writes to " + test::fd_target(writer->pid, 1) + ", " + test::fd_target(reader->pid, 0) +
                       " is read by process " + std::to_string(reader->pid) + ", " + std::to_string(waiting) +
                       " bytes wait there; the log has";
    for (const std::string& name : service.lines().names())
      text += " " + name + " (" + std::to_string(test::read_file(service.lines() / name).size()) + " bytes)";
    return text;
  }

  static std::uint64_t last_line(const Service& service) {
    const test::LogDir lines = service.lines();
    std::string text = lines.current();
    if (text.empty() && !lines.archives().empty()) text = test::read_file(lines / lines.archives().back());
    if (text.size() < line_size) return service.last_seen_line;
    return strtoull(text.c_str() + text.size() - line_size, nullptr, 10);
  }

  const Tree& tree_;
  const pid_t scanner_;
  const ProcessTable table_;
  std::set<pid_t> known_;
  Complaints complaints_;
};

void look_for_fifos(const fs::path& dir, Complaints& complaints) {
  for (const auto& file : fs::directory_iterator(dir / "event"))
    complaints.push_back(file.path().string() + " has been left");
}

void look_for_strangers(const fs::path& dir, Complaints& complaints) {
  for (const auto& file : fs::directory_iterator(dir / "supervise")) {
    const std::string name = file.path().filename();
    if (name != "control" && name != "lock" && name != "status" && name != "death_tally")
      complaints.push_back(file.path().string() + " should not be there");
  }
}

void add(Group& group, const Usage& usage) {
  ++group.count;
  group.private_sum += usage.private_pages;
  group.largest = {std::max(group.largest.fds, usage.fds), std::max(group.largest.data, usage.data),
                   std::max(group.largest.private_pages, usage.private_pages)};
}

void compare(const std::string& who, const Usage& before, const Usage& now, Complaints& complaints) {
  if (now.fds > before.fds)
    complaints.push_back(who + " has " + std::to_string(now.fds - before.fds) + " more descriptors");
  if (now.data > before.data)
    complaints.push_back(who + " has allocated " + std::to_string(now.data - before.data) + " kB");
}

void print(std::ostream& out, const char* who, const Usage& usage) {
  out << who << ": " << usage.fds << " descriptors, " << usage.data << " kB of data, " << usage.private_pages
      << " kB private";
}

}  // namespace

std::string first_of(const Complaints& complaints) {
  std::string text = std::to_string(complaints.size()) + " complaints";
  for (std::size_t i = 0; i < complaints.size() && i < 8; ++i) text += "\n  " + complaints[i];
  return text;
}

Complaints untruths(const Tree& tree, pid_t scanner) {
  return Inspector(tree, scanner).run();
}

Complaints leftovers(const Tree& tree) {
  Complaints complaints;
  for (const Service& service : tree.services) {
    look_for_fifos(service.dir(), complaints);
    look_for_strangers(service.dir(), complaints);
    if (!service.logged) continue;
    look_for_fifos(service.log(), complaints);
    look_for_strangers(service.log(), complaints);
  }
  return complaints;
}

Lines& Lines::operator+=(const Lines& more) {
  read += more.read;
  lost += more.lost;
  doubled += more.doubled;
  garbled += more.garbled;
  return *this;
}

Lines take_lines(Service& service) {
  const std::uint64_t written = service.record().written;
  const std::set<std::uint64_t> doubtful = service.doubtful();
  const test::LogDir directory = service.lines();
  const std::vector<std::string> archives = directory.archives();
  const std::string current = directory.current();
  std::string text;
  for (const std::string& name : archives) text += test::read_file(directory / name);

  Lines lines;
  std::uint64_t next = service.first_line;
  std::istringstream in(text + current);
  for (std::string line; std::getline(in, line);) {
    if (line.size() != line_size - 1) {
      ++lines.garbled;
      continue;
    }
    const std::uint64_t number = std::stoull(line);
    if (number < next) ++lines.doubled;
    for (; next < number; ++next)
      if (!doubtful.contains(next)) ++lines.lost;
    next = std::max(next, number + 1);
    if (number > service.last_seen_line) {
      ++lines.read;
      service.last_seen_line = number;
    }
  }
  for (; next <= written; ++next)
    if (!doubtful.contains(next)) ++lines.lost;

  for (const std::string& name : archives) fs::remove(directory / name);
  service.first_line = current.size() < line_size ? next : std::stoull(current);
  return lines;
}

Resources resources_of(pid_t scanner) {
  const ProcessTable table;
  Resources resources;
  resources.scanner = usage_of(scanner);
  for (const pid_t supervisor : table.children(scanner)) {
    add(resources.supervisors, usage_of(supervisor));
    for (const pid_t pid : table.children(supervisor))
      if (table.find(pid)->name == "s6-log") add(resources.loggers, usage_of(pid));
  }
  return resources;
}

std::string to_text(const Resources& resources) {
  std::ostringstream out;
  print(out, "scanner", resources.scanner);
  for (const auto& [who, group] : {std::pair("supervisors", resources.supervisors), {"loggers", resources.loggers}}) {
    out << "; " << group.count << ' ';
    print(out, who, group.largest);
    out << " at most, " << group.private_sum << " kB in all";
  }
  return out.str();
}

Complaints growth(const Resources& before, const Resources& now) {
  Complaints complaints;
  compare("the scanner", before.scanner, now.scanner, complaints);
  compare("a supervisor", before.supervisors.largest, now.supervisors.largest, complaints);
  compare("a logger", before.loggers.largest, now.loggers.largest, complaints);
  return complaints;
}

}  // namespace s6::soak
