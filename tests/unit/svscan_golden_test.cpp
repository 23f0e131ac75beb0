// What the scanner makes of everything that can happen to an entry, whatever has become of it before: the whole of it
// as a table that a reviewer can read.
#include <doctest/doctest.h>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/golden.hpp"
#include "tests/unit/svscan_stage.hpp"

using namespace s6;
using namespace s6::svscan;
using namespace s6::test::svscan;

namespace {

constexpr std::uint64_t service = 1, logger = 2, other_logger = 3;
constexpr std::uint64_t all_inodes[] = {service, logger, other_logger};
constexpr int watch_fd = 50;

const Entry alone{"a", service};
const Entry with_log{"a", service, logger};
const Entry with_other_log{"a", service, other_logger};
const Entry catch_all{std::string(catch_all_name), service};

const char* name_of(std::uint64_t inode) {
  return inode == service ? "service" : inode == logger ? "logger" : "other logger";
}

const char* name_of(Notice notice) {
  switch (notice) {
    case Notice::none: return "none";
    case Notice::table_full: return "table_full";
    case Notice::no_room_for_logger: return "no_room_for_logger";
    case Notice::is_a_logger: return "is_a_logger";
    case Notice::logger_is_a_service: return "logger_is_a_service";
    case Notice::logger_is_shared: return "logger_is_shared";
    case Notice::logger_replaced: return "logger_replaced";
    case Notice::logger_removed: return "logger_removed";
    case Notice::service_is_cut_off: return "service_is_cut_off";
  }
  return "?";
}

// A stage with one entry, its logger and perhaps another one.
class Scene {
 public:
  Scene() { stage.most_inode = 4; }

  Stage stage;
  std::vector<std::string> done;  // what the scanner did

  [[nodiscard]] Index who(std::uint64_t inode) const { return stage.table.find(Stage::id(inode)); }
  [[nodiscard]] pid_t pid(std::uint64_t inode) const { return who(inode) == nothing ? 0 : stage.table.pid(who(inode)); }
  [[nodiscard]] bool lives(std::uint64_t inode) const { return pid(inode) != 0; }

  [[nodiscard]] std::string_view entry_name() const {
    return who(service) == nothing ? "a" : stage.table.name(who(service));
  }

  void scan(const std::vector<Entry>& entries) { stage.scan(entries); }
  void start() {
    stage.now += 100 * second;
    for (const auto& [inode, pid] : stage.start()) {
      const int end = stage.pipe_of.at(pid);
      const bool reads = inode != service;
      done.push_back("start " + std::string(name_of(inode)) + (end < 0 ? "" : reads ? " < pipe" : " > pipe"));
    }
  }
  Death die(std::uint64_t inode, WaitStatus status = killed) { return stage.die(pid(inode), status); }
  void tell(Reach reach, Farewell loggers) {
    for (const auto& [pid, farewell] : stage.tell(reach, loggers))
      done.push_back((farewell == Farewell::terminate ? "TERM " : "HUP ") + name_of_process(pid));
  }
  void wait_for_other() {
    stage.open_fds.insert(watch_fd);
    stage.table.wait_for_other(who(service), watch_fd);
  }

  // What has been done, and how things stand, in words.
  [[nodiscard]] std::string report() {
    for (const Notice notice : stage.notices) done.push_back("say " + std::string(name_of(notice)));
    for (const pid_t pid : stage.hung_up) done.push_back("HUP " + name_of_process(pid));
    std::string text;
    for (const std::string& deed : done) text += deed + ", ";
    text += stage.table.wants_scan() ? "wants a scan, " : "";
    return text.empty() ? text : text.substr(0, text.size() - 2);
  }
  [[nodiscard]] std::string state() const {
    std::string text;
    for (const std::uint64_t inode : all_inodes)
      if (who(inode) != nothing) text += state_of(inode) + "; ";
    if (text.empty()) return "nothing is known";
    const auto pipes = stage.open_fds.size() / 2;
    if (stage.open_fds.contains(watch_fd)) text += "waits for the end of another supervisor; ";
    text += pipes == 0 ? "no pipe" : pipes == 1 ? "a pipe" : std::to_string(pipes) + " pipes";
    if (const Nanoseconds next = stage.table.next_start_time(); next != never)
      text += next <= stage.now ? "; a start is due"
                                : "; next start in " + std::to_string((next - stage.now) / second) + " s";
    return text;
  }

 private:
  [[nodiscard]] std::string state_of(std::uint64_t inode) const {
    const Index i = who(inode);
    std::string text = std::string(name_of(inode)) + (lives(inode) ? " up" : " dead");
    if (!stage.table.is_active(i)) text += " unwanted";
    if (lives(inode) && stage.table.link(i) == Link::stale) text += " cut off";
    return text;
  }
  [[nodiscard]] std::string name_of_process(pid_t wanted) const {
    for (const std::uint64_t inode : all_inodes)
      if (pid(inode) == wanted) return name_of(inode);
    return "nobody";
  }
};

struct Step {
  const char* name;
  std::function<void(Scene&)> make;
  std::function<bool(const Scene&)> possible = [](const Scene&) { return true; };
};

void begin(Scene& s, const Entry& entry) {
  s.scan({entry});
  s.start();
}

const std::vector<Step>& kinds() {
  static const std::vector<Step> all{
      {"unknown", [](Scene&) {}},
      {"a service: found", [](Scene& s) { s.scan({alone}); }},
      {"a service: running", [](Scene& s) { begin(s, alone); }},
      {"a service: died at once", [](Scene& s) { begin(s, alone), s.die(service); }},
      {"a service: running, not found any more", [](Scene& s) { begin(s, alone), s.scan({}); }},
      {"a service: likewise, told to leave",
       [](Scene& s) { begin(s, alone), s.scan({}), s.tell(Reach::inactive, Farewell::drain); }},
      {"a service: another supervisor has its directory",
       [](Scene& s) { begin(s, alone), s.die(service, exited(100)), s.wait_for_other(); }},
      {"a service: somebody has its directory",
       [](Scene& s) {
         begin(s, alone);
         s.stage.table.try_more_rarely(s.die(service, exited(100)).who);
       }},
      {"the catch-all logger: running", [](Scene& s) { begin(s, catch_all); }},
      {"a pair: found", [](Scene& s) { s.scan({with_log}); }},
      {"a pair: running", [](Scene& s) { begin(s, with_log); }},
      {"a pair: the service died", [](Scene& s) { begin(s, with_log), s.die(service); }},
      {"a pair: the logger died", [](Scene& s) { begin(s, with_log), s.die(logger); }},
      {"a pair: both died", [](Scene& s) { begin(s, with_log), s.die(service), s.die(logger); }},
      {"a pair: running, not found any more", [](Scene& s) { begin(s, with_log), s.scan({}); }},
      {"a pair: likewise, told to leave",
       [](Scene& s) { begin(s, with_log), s.scan({}), s.tell(Reach::inactive, Farewell::drain); }},
      {"a pair: not found any more, the service died",
       [](Scene& s) { begin(s, with_log), s.scan({}), s.die(service); }},
      {"a pair: not found any more, the logger died", [](Scene& s) { begin(s, with_log), s.scan({}), s.die(logger); }},
      {"a pair: found again, the old logger still runs",
       [](Scene& s) { begin(s, with_log), s.scan({}), s.die(service), s.scan({with_log}); }},
      {"a pair: found again, the service still runs",
       [](Scene& s) { begin(s, with_log), s.scan({}), s.die(logger), s.scan({with_log}); }},
      {"a log added to a running service", [](Scene& s) { begin(s, alone), begin(s, with_log); }},
      {"a log removed from a running pair", [](Scene& s) { begin(s, with_log), s.scan({alone}); }},
      {"a log removed, the service died", [](Scene& s) { begin(s, with_log), s.scan({alone}), s.die(service); }},
      {"another log: found", [](Scene& s) { begin(s, with_log), s.scan({with_other_log}); }},
      {"another log: running", [](Scene& s) { begin(s, with_log), begin(s, with_other_log); }},
      {"another log, the old logger being dead",
       [](Scene& s) { begin(s, with_log), s.die(logger), s.scan({with_other_log}); }},
  };
  return all;
}

template <std::uint64_t inode>
bool lives(const Scene& s) {
  return s.lives(inode);
}

// The next start fails, if one is due after some time.
void fail_next_start(Scene& s) {
  s.stage.now += 100 * second;
  const Start next = s.stage.table.next_start(s.stage.now);
  if (next.action == Start::Action::make_pipe) s.stage.table.pipe_failed(s.stage.now);
  if (next.action == Start::Action::spawn) s.stage.table.start_failed(s.stage.now);
}
bool waits_for_a_start(const Scene& s) {
  return s.stage.table.next_start_time() != never;
}

// What the shell does when it cannot examine the entry.
template <class Name>
void scan_keeping(Scene& s, Name name) {
  s.stage.notices.clear();
  s.stage.table.begin_scan();
  s.stage.table.keep(name);
  s.stage.end_scan();
}

void die_and_say(Scene& s, std::uint64_t inode, WaitStatus status) {
  const Death death = s.die(inode, status);
  if (death.directory_is_held) s.done.emplace_back("ask who has the directory");
  if (death.name_is_doubtful) s.done.emplace_back("scan soon");
}

const std::vector<Step>& events() {
  static const std::vector<Step> all{
      {"found", [](Scene& s) { s.scan({alone}); }},
      {"found, with its log", [](Scene& s) { s.scan({with_log}); }},
      {"found, with another log", [](Scene& s) { s.scan({with_other_log}); }},
      {"found, as the catch-all logger", [](Scene& s) { s.scan({catch_all}); }},
      {"not found", [](Scene& s) { s.scan({}); }},
      {"not found, scan broken off", [](Scene& s) { s.stage.table.begin_scan(), s.stage.end_scan(Found::a_part); }},
      {"found, cannot be examined", [](Scene& s) { scan_keeping(s, s.entry_name()); }},
      {"found, its log cannot be", [](Scene& s) { scan_keeping(s, Stage::id(service)); }},
      {"service's supervisor dies", [](Scene& s) { die_and_say(s, service, killed); }, lives<service>},
      {"... exit 100, at once", [](Scene& s) { die_and_say(s, service, exited(100)); }, lives<service>},
      {"... exit 111, at once", [](Scene& s) { die_and_say(s, service, exited(111)); }, lives<service>},
      {"logger's supervisor dies", [](Scene& s) { die_and_say(s, logger, killed); }, lives<logger>},
      {"other logger's dies", [](Scene& s) { die_and_say(s, other_logger, killed); }, lives<other_logger>},
      {"the other supervisor ends",
       [](Scene& s) { s.stage.close({.watch = s.stage.table.other_ended(s.who(service))}); },
       [](const Scene& s) { return s.stage.open_fds.contains(watch_fd); }},
      {"time passes", [](Scene& s) { s.start(); }, waits_for_a_start},
      {"time passes, but no start", fail_next_start, waits_for_a_start},
      {"n: prune, gently", [](Scene& s) { s.tell(Reach::inactive, Farewell::drain); }},
      {"N: prune", [](Scene& s) { s.tell(Reach::inactive, Farewell::terminate); }},
      {"t: all are to leave", [](Scene& s) { s.tell(Reach::all, Farewell::drain); }},
      {"q: all are to leave at once", [](Scene& s) { s.tell(Reach::all, Farewell::terminate); }},
  };
  return all;
}

std::string outcome(const Step& kind, const Step& event) {
  Scene scene;
  kind.make(scene);
  if (!event.possible(scene)) return "";
  scene.done.clear();
  scene.stage.notices.clear();
  scene.stage.hung_up.clear();
  const std::string before = scene.state();
  event.make(scene);
  const std::string did = scene.report();
  const std::string after = scene.state();
  if (before == after) return did.empty() ? "-" : did;
  return did + (did.empty() ? "-> " : " -> ") + after;
}

std::string commands() {
  constexpr const char* farewells[] = {"", "gently", "at once"};
  std::string text = "command, and what it asks for\n";
  for (int byte = 0; byte < 256; ++byte) {
    Requests r;
    if (!r.add(static_cast<char>(byte))) continue;
    text += "  " + std::string(1, static_cast<char>(byte));
    if (r.reap) text += "  reap";
    if (r.scan) text += "  scan";
    if (r.prune != Farewell::none) text += std::string("  prune ") + farewells[static_cast<int>(r.prune)];
    if (r.kill != Farewell::none) text += std::string("  tell all to leave ") + farewells[static_cast<int>(r.kill)];
    if (r.leave == Leave::at_once) text += "  leave";
    if (r.leave == Leave::when_all_are_dead) text += "  leave when all are dead";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_SUITE("svscan table: golden") {
  TEST_CASE("the whole table is the one that was reviewed") {
    std::ostringstream out;
    out << "what has become of an entry; what happens; what is done -> how things stand then; - is nothing;\n"
        << "what cannot happen is left out; cut off: started with a pipe that has been given up since\n\n"
        << commands();
    for (const Step& kind : kinds()) {
      Scene scene;
      kind.make(scene);
      out << "\n" << kind.name << " (" << scene.state() << ")\n";
      for (const Step& event : events()) {
        const std::string text = outcome(kind, event);
        if (text.empty()) continue;
        std::string name = event.name;
        name.resize(32, ' ');
        out << "  " << name << text << "\n";
      }
    }
    s6::test::check_golden("svscan.txt", out.str());
  }
}
