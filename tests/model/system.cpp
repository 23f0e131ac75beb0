#include "tests/model/system.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace s6::test {

using supervise::Effect;
using supervise::Event;
using svscan::Farewell;
using svscan::Index;
using svscan::nothing;
using svscan::Start;

namespace {

constexpr svscan::DirectoryId service_directory{1, 1}, logger_directory{1, 2};
constexpr int first_fd = 100;
constexpr Nanoseconds soon = 0, late = 1000 * second;
constexpr WaitStatus any_death{9};
constexpr std::array both{Who::service, Who::logger};

constexpr svscan::DirectoryId directory_of(Who who) {
  return who == Who::service ? service_directory : logger_directory;
}

svwait::Condition condition_of(const Scenario& scenario) {
  return {.goal = scenario.client.value_or(svwait::Goal::up), .rest = svwait::Rest::down};
}

// Others can notice these: between two of them anything may happen.
bool is_visible(Effect effect) {
  return effect == Effect::write_status || (effect >= Effect::notify_u && effect <= Effect::notify_dOD);
}
bool is_notify(Effect effect) {
  return effect != Effect::write_status && is_visible(effect);
}

// Bytes of a FIFO.
template <std::size_t N>
bool push(std::array<char, N>& bytes, std::uint8_t& count, char byte) {
  if (count == N) return false;
  bytes[count++] = byte;
  return true;
}
template <std::size_t N>
char pop(std::array<char, N>& bytes, std::uint8_t& count) {
  const char first = bytes[0];
  std::shift_left(bytes.begin(), bytes.end(), 1);
  bytes[--count] = 0;
  return first;
}

}  // namespace

std::string text(const Action& action) {
  constexpr const char* names[] = {"a command for the service: ",
                                   "a command for the scanner: ",
                                   "the entry is put in or taken away",
                                   "the log is put in or taken away",
                                   "somebody kills the logger",
                                   "somebody kills the service with its supervisor",
                                   "somebody kills the logger with its supervisor",
                                   "the service writes a line",
                                   "the service becomes ready",
                                   "the service dies",
                                   "the service ends, as it was told",
                                   "finish ends",
                                   "the logger reads a line",
                                   "the logger ends, as its input has ended",
                                   "the logger ends, as it was told",
                                   "goes on",
                                   "hears of readiness",
                                   "gets SIGCHLD",
                                   "gets SIGTERM",
                                   "gets SIGHUP",
                                   "reads a command",
                                   "has waited long enough",
                                   "the scanner wakes",
                                   "the scanner has waited long enough",
                                   "the scanner goes on",
                                   "the client goes on",
                                   "the client reads a letter",
                                   "the client sees the supervisor's end",
                                   "the client has waited long enough"};
  static_assert(std::size(names) == static_cast<std::size_t>(Move::client_timer) + 1);
  const std::string name = names[static_cast<std::size_t>(action.move)];
  if (action.move >= Move::supervisor_goes_on && action.move <= Move::supervisor_timer)
    return std::string(action.who == Who::service ? "the service" : "the logger") + "'s supervisor " + name;
  return action.byte == 0 ? name : name + action.byte;
}

// --- the table ------------------------------------------------------------------------------------------------------

namespace {
// Where the one table and its memory are.
alignas(8) std::byte table_place[4096];
}  // namespace

svscan::ServiceTable& TableImage::table() {
  static_assert(table_bytes + memory_bytes <= sizeof table_place);
  return *std::launder(static_cast<svscan::ServiceTable*>(static_cast<void*>(table_place)));
}

TableImage::TableImage() {
  if (svscan::ServiceTable::memory_size(limits) > memory_bytes) std::abort();
  std::fill(std::begin(table_place), std::end(table_place), std::byte{});
  new (static_cast<void*>(table_place))
      svscan::ServiceTable(limits, std::span(table_place).subspan<table_bytes, memory_bytes>());
  store();
}

void TableImage::load() const {
  std::memcpy(table_place, bytes_.data(), bytes_.size());
}
void TableImage::store() {
  std::memcpy(bytes_.data(), table_place, bytes_.size());
}

// --- moves ----------------------------------------------------------------------------------------------------------

System::System(const Scenario& scenario)
    : scenario_(&scenario),
      log_(scenario.with_logger),
      left_{scenario.service_command_count,
            scenario.scanner_command_count,
            scenario.deaths,
            scenario.logger_kills,
            scenario.supervisor_kills,
            scenario.lines,
            scenario.entry_changes,
            scenario.log_changes} {
  scanner_.requests.scan = true;
  scanner_.phase = Scanner::Phase::acts;
}

std::vector<Action> System::moves() const {
  std::vector<Action> all;
  outside_moves(all);
  child_moves(all);
  for (const Who who : both) supervisor_moves(who, all);
  scanner_moves(all);
  client_moves(all);
  return all;
}

void System::outside_moves(std::vector<Action>& all) const {
  if (left_.service_commands > 0 && is_locked(Who::service))
    for (const char byte : scenario_->service_commands) all.push_back({Move::command_service, Who::service, byte});
  if (left_.scanner_commands > 0 && scanner_.phase != Scanner::Phase::gone)
    for (const char byte : scenario_->scanner_commands) all.push_back({Move::command_scanner, Who::service, byte});
  if (left_.entry_changes > 0) all.push_back({Move::change_entry});
  if (left_.log_changes > 0) all.push_back({Move::change_log});
  if (left_.logger_kills > 0 && supervisor(Who::logger).child.state == Child::State::runs)
    all.push_back({Move::kill_logger});
  if (left_.supervisor_kills > 0 && is_locked(Who::service)) all.push_back({Move::kill_service_supervisor});
  if (left_.supervisor_kills > 0 && is_locked(Who::logger)) all.push_back({Move::kill_logger_supervisor});
}

void System::child_moves(std::vector<Action>& all) const {
  const Child& service = supervisor(Who::service).child;
  if (service.state == Child::State::runs && service.is_finish) all.push_back({Move::finish_ends});
  if (service.state == Child::State::runs && !service.is_finish) {
    if (left_.lines > 0 && service.pipe >= 0 && has_reader(service.pipe)) all.push_back({Move::write_line});
    if (!service.said_ready && scenario_->client) all.push_back({Move::become_ready});
    if (left_.deaths > 0) all.push_back({Move::service_dies});
    if (service.told_to_end) all.push_back({Move::service_ends_as_told});
  }
  const Child& logger = supervisor(Who::logger).child;
  if (logger.state != Child::State::runs) return;
  const bool has_lines = logger.pipe >= 0 && lines_[static_cast<std::size_t>(logger.pipe)] > 0;
  if (has_lines) all.push_back({Move::read_line});
  if (!has_lines && (logger.pipe < 0 || !has_writer(logger.pipe))) all.push_back({Move::logger_ends});
  if (logger.told_to_end) all.push_back({Move::logger_ends_as_told});
}

// Everything that has happened gets its turn before the timer does, in any order: Supervisor::wait_and_serve.
void System::supervisor_moves(Who who, std::vector<Action>& all) const {
  using Phase = Supervisor::Phase;
  const Supervisor& s = supervisor(who);
  if (s.phase == Phase::none || s.phase == Phase::zombie) return;
  if (s.phase != Phase::serves || s.effect_count > 0) return all.push_back({Move::supervisor_goes_on, who});
  const std::size_t before = all.size();
  if (s.newline) all.push_back({Move::supervisor_hears_readiness, who});
  if (s.sigchld) all.push_back({Move::supervisor_gets_sigchld, who});
  if (s.sigterm) all.push_back({Move::supervisor_gets_sigterm, who});
  if (s.sighup) all.push_back({Move::supervisor_gets_sighup, who});
  if (s.command_count > 0) all.push_back({Move::supervisor_reads_command, who});
  if (s.timer && all.size() == before) all.push_back({Move::supervisor_timer, who});
}

void System::scanner_moves(std::vector<Action>& all) const {
  using Phase = Scanner::Phase;
  switch (scanner_.phase) {
    case Phase::gone: return;
    case Phase::waits:
    case Phase::waits_last:
      if (scanner_.sigchld || scanner_.command_count > 0) all.push_back({Move::scanner_wakes});
      if (scanner_.phase == Phase::waits && table_.look([](const auto& t) { return t.next_start_time(); }) != never)
        all.push_back({Move::scanner_timer});
      return;
    default: all.push_back({Move::scanner_goes_on});
  }
}

void System::client_moves(std::vector<Action>& all) const {
  using Phase = Client::Phase;
  if (!scenario_->client || client_.phase == Phase::ended) return;
  if (client_.phase == Phase::begins && !supervisor(Who::service).has_status) return;
  if (client_.phase != Phase::waits) return all.push_back({Move::client_goes_on});
  if (client_.letter_count > 0) all.push_back({Move::client_reads_letter});
  if (client_.watched_death) all.push_back({Move::client_sees_death});
  if (client_.grace) all.push_back({Move::client_timer});
}

std::string System::take(const Action& action) {
  Supervisor& s = supervisor(action.who);
  switch (action.move) {
    case Move::command_service:
      --left_.service_commands;
      if (!push(supervisor(Who::service).commands, supervisor(Who::service).command_count, action.byte))
        broken("the model has too little room for commands");
      break;
    case Move::command_scanner:
      --left_.scanner_commands;
      if (!push(scanner_.commands, scanner_.command_count, action.byte))
        broken("the model has too little room for commands");
      break;
    case Move::change_entry:
      --left_.entry_changes;
      entry_ = !entry_;
      break;
    case Move::change_log:
      --left_.log_changes;
      log_ = !log_;
      break;
    case Move::kill_logger:
      --left_.logger_kills;
      logger_ran_at_farewell_ = false;
      child_dies(Who::logger);
      break;
    case Move::kill_service_supervisor:
      --left_.supervisor_kills;
      supervisor_dies(Who::service);
      break;
    case Move::kill_logger_supervisor:
      --left_.supervisor_kills;
      logger_ran_at_farewell_ = false;
      supervisor_dies(Who::logger);
      break;
    case Move::write_line:
      --left_.lines;
      ++lines_.at(static_cast<std::size_t>(supervisor(Who::service).child.pipe));
      break;
    case Move::become_ready:
      supervisor(Who::service).child.said_ready = true;
      supervisor(Who::service).newline = supervisor(Who::service).notification;
      break;
    case Move::service_dies:
      --left_.deaths;
      child_dies(Who::service);
      break;
    case Move::service_ends_as_told:
    case Move::finish_ends: child_dies(Who::service); break;
    case Move::read_line: --lines_.at(static_cast<std::size_t>(supervisor(Who::logger).child.pipe)); break;
    case Move::logger_ends:
    case Move::logger_ends_as_told: child_dies(Who::logger); break;
    case Move::supervisor_goes_on: supervisor_goes_on(action.who); break;
    case Move::supervisor_hears_readiness:
      s.newline = false;
      dispatch(action.who, Event::ready);
      break;
    case Move::supervisor_gets_sigchld: reap_child(action.who); break;
    case Move::supervisor_gets_sigterm:
      s.sigterm = false;
      dispatch(action.who, Event::sig_term);
      break;
    case Move::supervisor_gets_sighup:
      s.sighup = false;
      dispatch(action.who, Event::sig_hup);
      break;
    case Move::supervisor_reads_command:
      dispatch(action.who, supervise::command_for(pop(s.commands, s.command_count))->event);
      break;
    case Move::supervisor_timer:
      s.timer = false;
      dispatch(action.who, Event::timer_due);
      break;
    case Move::scanner_wakes: scanner_wakes(); break;
    case Move::scanner_timer:
      scanner_.timer = true;
      scanner_.phase = Scanner::Phase::reaps;
      break;
    case Move::scanner_goes_on: scanner_goes_on(); break;
    case Move::client_goes_on: client_goes_on(); break;
    case Move::client_reads_letter: client_reads_letter(); break;
    case Move::client_sees_death: client_sees_death(); break;
    case Move::client_timer: client_timer(); break;
  }
  look_for_lost_lines();
  return violation_;
}

// --- children -------------------------------------------------------------------------------------------------------

void System::child_dies(Who who) {
  Supervisor& s = supervisor(who);
  s.child.state = Child::State::zombie;
  s.child.pipe = -1;
  s.sigchld = true;
}

bool System::has_reader(int pipe) const {
  const Supervisor& logger = supervisor(Who::logger);
  return scanner_.open.at(static_cast<std::size_t>(2 * pipe)) || logger.pipe == pipe || logger.child.pipe == pipe;
}
bool System::has_writer(int pipe) const {
  const Supervisor& service = supervisor(Who::service);
  return scanner_.open.at(static_cast<std::size_t>(2 * pipe + 1)) || service.pipe == pipe || service.child.pipe == pipe;
}

// What is in a pipe goes with its last reader. That is a loss, unless the logger was already dead, or not yet born,
// when it was told to leave, or somebody killed it then: there is nobody to read.
void System::look_for_lost_lines() {
  for (int pipe = 0; pipe < most_pipes; ++pipe) {
    std::uint8_t& lines = lines_[static_cast<std::size_t>(pipe)];
    if (lines == 0 || has_reader(pipe)) continue;
    lines = 0;
    if (!farewell_ || logger_ran_at_farewell_) broken("lines are lost");
  }
}

// --- supervisors ----------------------------------------------------------------------------------------------------

bool System::is_locked(Who who) const {
  const Supervisor::Phase phase = supervisor(who).phase;
  return phase >= Supervisor::Phase::locked && phase <= Supervisor::Phase::leaves;
}

void System::supervisor_goes_on(Who who) {
  using Phase = Supervisor::Phase;
  Supervisor& s = supervisor(who);
  switch (s.phase) {
    case Phase::spawned: s.phase = Phase::locked; break;
    case Phase::locked:
      publish(who);
      s.phase = Phase::told_status;
      break;
    case Phase::told_status:
      notify(who, "s");
      s.phase = Phase::serves;
      dispatch(who, Event::timer_due);
      break;
    case Phase::leaves:
      notify(who, "x");
      supervisor_dies(who);
      break;
    default: carry_out(who);
  }
  // Nobody looks at what the logger's supervisor writes.
  if (who == Who::logger && (s.phase == Phase::locked || s.phase == Phase::told_status)) supervisor_goes_on(who);
}

// Supervisor::on_death: readiness first.
void System::reap_child(Who who) {
  Supervisor& s = supervisor(who);
  if (s.newline) {
    s.newline = false;
    return dispatch(who, Event::ready);
  }
  s.sigchld = false;
  if (s.child.state != Child::State::zombie) return;
  const bool was_finish = s.child.is_finish;
  s.child = {};
  dispatch(who, was_finish ? Event::finish_died : Event::run_died);
}

void System::dispatch(Who who, Event event) {
  Supervisor& s = supervisor(who);
  s.effects = supervise::step(s.model, event);
  const auto end = std::find(s.effects.begin(), s.effects.end(), Effect::none);
  s.effect_count = static_cast<std::uint8_t>(end - s.effects.begin());
  if (has(Defect::event_before_status))
    for (std::size_t i = 0; i + 1 < s.effect_count; ++i)
      if (s.effects[i] == Effect::write_status && is_notify(s.effects[i + 1]))
        std::swap(s.effects[i], s.effects[i + 1]);
  if (who == Who::logger || !is_visible(s.effects[0])) carry_out(who);
}

// The next effect, and what follows it up to the next one that others can notice.
void System::carry_out(Who who) {
  Supervisor& s = supervisor(who);
  while (s.effect_count > 0) {
    const Effect effect = s.effects[0];
    std::shift_left(s.effects.begin(), s.effects.end(), 1);
    s.effects[--s.effect_count] = Effect::none;
    carry_out_one(who, effect);
    if (who == Who::service && s.effect_count > 0 && is_visible(s.effects[0])) return;
  }
}

void System::carry_out_one(Who who, Effect effect) {
  Supervisor& s = supervisor(who);
  switch (effect) {
    case Effect::write_status: return publish(who);
    case Effect::notify_u: return notify(who, "u");
    case Effect::notify_U: return notify(who, "U");
    case Effect::notify_d: return notify(who, has(Defect::death_is_not_told) ? "" : "d");
    case Effect::notify_D: return notify(who, "D");
    case Effect::notify_dD: return notify(who, has(Defect::death_is_not_told) ? "" : "dD");
    case Effect::send_signal:
    case Effect::send_down_signal: s.child.told_to_end = s.child.state == Child::State::runs; return;
    case Effect::arm_restart: s.timer = true; return;
    case Effect::arm_kill:    // without timeout-kill
    case Effect::arm_finish:  // and with enough time
    case Effect::disarm: s.timer = false; return;
    case Effect::close_notification: s.notification = s.newline = false; return;
    case Effect::null_stdio: s.pipe = -1; return;
    case Effect::spawn_run: return spawn_run(who);
    case Effect::spawn_finish:
      if (!scenario_->with_finish || who == Who::logger) return dispatch(who, Event::finish_missing);
      s.child = {.state = Child::State::runs, .is_finish = true, .pipe = s.pipe};
      return dispatch(who, Event::finish_spawned);
    case Effect::quit: s.phase = Supervisor::Phase::leaves; return;
    default: return;
  }
}

void System::spawn_run(Who who) {
  Supervisor& s = supervisor(who);
  if (s.child.state != Child::State::none) broken("there are two copies of a service");
  s.child = {.state = Child::State::runs, .pipe = s.pipe};
  s.notification = who == Who::service;
  if (who == Who::logger && !scanner_.told[1]) farewell_ = false;
  dispatch(who, Event::spawned);
}

void System::publish(Who who) {
  Supervisor& s = supervisor(who);
  s.status.pid = s.child.state == Child::State::none ? 0 : 1;
  s.status.finishing = s.model.state == supervise::State::finish || s.model.state == supervise::State::last_finish;
  s.status.want_up = s.model.want_up;
  s.status.ready = s.model.ready;
  s.status.paused = s.model.paused || !s.model.started;
  s.has_status = true;
  if (who == Who::service) observe_status(s.phase == Supervisor::Phase::locked);
}

void System::notify(Who who, std::string_view letters) {
  if (who == Who::logger) return;
  if (letters == "x") client_.was_alone = true;
  if (!client_.listens) return;
  for (const char letter : letters)
    if (!push(client_.letters, client_.letter_count, letter)) broken("the model has too little room for letters");
}

// However it ends. A child that it still has goes with it: who kills a supervisor is taken to kill that, too.
void System::supervisor_dies(Who who) {
  Supervisor& s = supervisor(who);
  const Supervisor dead = std::exchange(s, Supervisor{});
  s.status = dead.status;
  s.has_status = dead.has_status;
  if (scanner_.phase != Scanner::Phase::gone) {
    s.phase = Supervisor::Phase::zombie;
    scanner_.sigchld = true;
  }
  if (who == Who::logger) return;
  if (client_.watches) client_.watched_death = true;
  client_.watches = false;
  client_.was_alone = true;
  client_.since_look = svwait::abandoned(client_.since_look);
  client_.since_listening = svwait::abandoned(client_.since_listening);
}

// --- the scanner ----------------------------------------------------------------------------------------------------

// Scanner::wait_for_events, and the waiting of Scanner::wait_until_all_are_dead.
void System::scanner_wakes() {
  using Phase = Scanner::Phase;
  if (scanner_.phase == Phase::waits_last) {
    scanner_.sigchld = false;
    while (scanner_.command_count > 0)
      if (pop(scanner_.commands, scanner_.command_count) == 'b') return scanner_ends();
    scanner_.phase = Phase::reaps_last;
    return;
  }
  if (scanner_.sigchld) (void)scanner_.requests.add('z');
  if (!has(Defect::signal_taken_too_late)) scanner_.sigchld = false;
  while (scanner_.command_count > 0) (void)scanner_.requests.add(pop(scanner_.commands, scanner_.command_count));
  scanner_.phase = Phase::reaps;
}

// Scanner::run and Scanner::leave, cut where others can come in between.
void System::scanner_goes_on() {
  using Phase = Scanner::Phase;
  svscan::Requests& requests = scanner_.requests;
  switch (scanner_.phase) {
    case Phase::reaps:
      if (std::exchange(requests.reap, false)) reap_supervisors();
      scanner_.phase = Phase::acts;
      break;
    case Phase::acts:
      if (has(Defect::signal_taken_too_late)) scanner_.sigchld = false;
      if (requests.leave != svscan::Leave::no && !(has(Defect::scan_delays_the_end) && requests.scan)) {
        scanner_.phase = Phase::tells;
        break;
      }
      if (std::exchange(requests.scan, false)) scan();
      if (requests.prune != Farewell::none)
        tell(svscan::Reach::inactive, std::exchange(requests.prune, Farewell::none));
      scanner_.phase = Phase::starts;
      break;
    case Phase::starts: start_next(); break;
    case Phase::tells:
      say_farewell(requests.kill);  // also if there is no supervisor to be told
      if (requests.kill != Farewell::none) tell(svscan::Reach::all, requests.kill);
      scanner_.phase = Phase::closes;
      break;
    case Phase::closes:
      table_.with([this](svscan::ServiceTable& table) {
        for (Index i = 0; i < table.end(); ++i) {
          const svscan::Loose loose = table.take_descriptors(i);
          if (!has(Defect::pipes_are_kept)) close(loose);
        }
      });
      if (requests.leave == svscan::Leave::at_once) return scanner_ends();
      scanner_.phase = Phase::reaps_last;
      break;
    case Phase::reaps_last:
      reap_supervisors();
      if (table_.look([](const auto& table) { return table.live(); }) == 0) return scanner_ends();
      scanner_.phase = Phase::waits_last;
      break;
    default: break;
  }
}

// What it has left behind is somebody else's to reap.
void System::scanner_ends() {
  scanner_.phase = Scanner::Phase::gone;
  scanner_.open.fill(false);
  scanner_.sigchld = false;
  scanner_.commands.fill(0);
  scanner_.command_count = 0;
  for (Supervisor& s : supervisors_)
    if (s.phase == Supervisor::Phase::zombie) s.phase = Supervisor::Phase::none;
}

void System::reap_supervisors() {
  for (const Who who : both) {
    Supervisor& s = supervisor(who);
    if (s.phase != Supervisor::Phase::zombie) continue;
    s.phase = Supervisor::Phase::none;
    scanner_.told[static_cast<std::size_t>(who)] = false;
    table_.with([&](svscan::ServiceTable& table) { close(table.died(pid_of(who), any_death, soon).loose); });
    if (who == Who::logger && has(Defect::pipe_dies_with_logger)) scanner_.open.fill(false);
  }
  forget_starts();
}

void System::forget_starts() {
  for (const Who who : both)
    if (table_.look([who](const auto& table) { return table.find(directory_of(who)); }) == nothing)
      scanner_.has_started[static_cast<std::size_t>(who)] = false;
}

void System::scan() {
  if (!entry_ || !log_) say_farewell(Farewell::drain);
  table_.with([this](svscan::ServiceTable& table) {
    table.begin_scan();
    if (entry_) apply(table.see("a", service_directory, log_ ? std::optional(logger_directory) : std::nullopt));
    table.end_scan(svscan::Found::everything);
    while (const auto outcome = table.settle()) apply(*outcome);
    if (table.wants_scan()) scanner_.requests.scan = true;
  });
  forget_starts();
}

void System::apply(const svscan::Outcome& outcome) {
  if (outcome.hang_up != 0) signal(outcome.hang_up, Farewell::drain);
  close(outcome.loose);
}

void System::close(const svscan::Loose& loose) {
  for (const int fd : {loose.read_end, loose.write_end})
    if (fd >= 0 && !std::exchange(scanner_.open.at(static_cast<std::size_t>(fd - first_fd)), false))
      broken("a descriptor is closed twice");
}

void System::tell(svscan::Reach reach, Farewell loggers) {
  table_.with([&](svscan::ServiceTable& table) {
    table.tell(reach, loggers, [this](pid_t pid, Farewell farewell) { signal(pid, farewell); });
  });
}

void System::signal(pid_t pid, Farewell farewell) {
  const Who who = pid == pid_of(Who::service) ? Who::service : Who::logger;
  Supervisor& s = supervisor(who);
  if (who == Who::logger) say_farewell(farewell);
  scanner_.told[static_cast<std::size_t>(who)] = true;
  if (farewell == Farewell::drain && has(Defect::loggers_are_terminated)) farewell = Farewell::terminate;
  if (s.phase == Supervisor::Phase::spawned) return supervisor_dies(who);  // it cannot receive signals yet
  if (s.phase == Supervisor::Phase::zombie) return;
  (farewell == Farewell::terminate ? s.sigterm : s.sighup) = true;
}

// From here on the logger is to read the rest, if it runs and if it may.
void System::say_farewell(Farewell farewell) {
  const bool runs = supervisor(Who::logger).child.state == Child::State::runs;
  logger_ran_at_farewell_ = runs && farewell == Farewell::drain && (!farewell_ || logger_ran_at_farewell_);
  farewell_ = true;
}

// One step of Scanner::start_what_is_due.
void System::start_next() {
  table_.with([this](svscan::ServiceTable& table) {
    const Start next = table.next_start(scanner_.timer ? late : soon);
    if (next.action == Start::Action::none) {
      scanner_.timer = false;
      scanner_.phase = Scanner::Phase::waits;
    } else if (next.action == Start::Action::make_pipe) {
      int pipe = 0;
      while (has_reader(pipe) || has_writer(pipe)) ++pipe;  // at() below ends a model with too few
      const auto read_end = static_cast<std::size_t>(2 * pipe);
      scanner_.open.at(read_end) = scanner_.open.at(read_end + 1) = true;
      table.pipe_made(next.who, first_fd + 2 * pipe, first_fd + 2 * pipe + 1);
    } else {
      const Who who = next.who == table.find(service_directory) ? Who::service : Who::logger;
      start_supervisor(who, table.pipe_end(next.who));
      table.started(next.who, pid_of(who), soon);
    }
  });
}

void System::start_supervisor(Who who, int end) {
  Supervisor& s = supervisor(who);
  if (s.phase != Supervisor::Phase::none) broken("there are two supervisors for one directory");
  if (end >= 0 && !scanner_.open.at(static_cast<std::size_t>(end - first_fd))) broken("a closed pipe is handed out");
  s.phase = Supervisor::Phase::spawned;
  s.model.want_up = true;
  scanner_.has_started[static_cast<std::size_t>(who)] = true;
  s.pipe = static_cast<std::int8_t>(end < 0 ? -1 : (end - first_fd) / 2);
}

// --- the client -----------------------------------------------------------------------------------------------------

// Watch::start, Watch::read_status and Watch::arm.
void System::client_goes_on() {
  using Phase = Client::Phase;
  const Supervisor& s = supervisor(Who::service);
  switch (client_.phase) {
    case Phase::begins:
      client_.listens = !has(Defect::status_before_listening);
      client_.since_listening = svwait::from_status(s.status);
      observe(client_.since_listening);
      client_.was_alone = !is_locked(Who::service);
      client_.phase = Phase::subscribed;
      break;
    case Phase::subscribed:
      client_.found_supervisor = is_locked(Who::service);
      client_.phase = Phase::asked;
      break;
    case Phase::asked:
      client_.service = svwait::from_status(s.status);
      if (!client_.found_supervisor) client_.service = svwait::abandoned(client_.service);
      client_.since_look = client_.service;
      observe(client_.since_look);
      client_.phase = Phase::looked;
      break;
    case Phase::looked:
      if (client_.letter_count > 0 && !has(Defect::old_letters_are_news)) {
        client_.letters.fill(0);
        client_.letter_count = 0;
        client_.phase = Phase::subscribed;
        break;
      }
      client_.phase = Phase::knows;
      client_may_end();
      break;
    case Phase::knows:
      client_.listens = true;
      client_.phase = Phase::waits;
      client_watches();
      client_may_end();
      break;
    default: break;
  }
}

// Watch::watch_supervisor.
void System::client_watches() {
  client_.watches = is_locked(Who::service);
  client_.watched_death = false;
  client_.grace = !client_.watches;
  if (client_.grace) client_.service = svwait::abandoned(client_.service);
}

// Watch::read_letters.
void System::client_reads_letter() {
  const char letter = pop(client_.letters, client_.letter_count);
  if (letter == 's') {
    client_.service = svwait::after_new_supervisor(client_.service, supervisor(Who::service).status);
    client_watches();
  } else {
    client_.service = svwait::after(client_.service, letter);
  }
  client_may_end();
}

// Watch::supervisor_died.
void System::client_sees_death() {
  client_.watched_death = false;
  while (client_.phase == Client::Phase::waits && client_.letter_count > 0) client_reads_letter();
  if (client_.phase == Client::Phase::ended || client_.service.verdict == svwait::Verdict::gone || client_.watches)
    return;
  client_.service = svwait::abandoned(client_.service);
  client_watches();
  client_may_end();
}

// Watch::end_of_grace.
void System::client_timer() {
  client_.grace = false;
  if (is_locked(Who::service))
    client_watches();
  else
    client_.service = svwait::lost(client_.service);
  client_may_end();
}

void System::client_may_end() {
  svwait::Tally tally(condition_of(*scenario_));
  tally.add(client_.service);
  const auto code = tally.result();
  if (!code) return;
  if (*code == 0 && !client_.was_true && is_certain()) broken("the client says that something is so which never was");
  if (*code != 0 && !client_.was_alone) broken("the client says that there is no supervisor, and there always was");
  client_.phase = Client::Phase::ended;
  client_.listens = client_.watches = client_.watched_death = client_.grace = false;
  client_.letters.fill(0);
  client_.letter_count = 0;
}

// Whether there was a rest between two lives is a guess if a supervisor was killed between them: it may have written of
// a death and not told of it, and when the next one's letters are read its first status is no longer there.
bool System::is_certain() const {
  return !svwait::is_restart(*scenario_->client) || left_.supervisor_kills == scenario_->supervisor_kills;
}

// What somebody knows who sees each status as it is written.
void System::observe_status(bool is_first) {
  const Status& status = supervisor(Who::service).status;
  const char letter = status.is_up() ? (status.ready ? 'U' : 'u') : status.ready ? 'D' : 'd';
  for (svwait::Service* known : {&client_.since_listening, &client_.since_look}) {
    *known = is_first ? svwait::after_new_supervisor(*known, status) : svwait::after(*known, letter);
    if (client_.phase != Client::Phase::begins) observe(*known);
  }
}

void System::observe(const svwait::Service& known) {
  if (svwait::standing(known, condition_of(*scenario_)) == svwait::Standing::satisfied) client_.was_true = true;
}

// --- the end --------------------------------------------------------------------------------------------------------

std::string System::at_rest() const {
  using Phase = Supervisor::Phase;
  const Supervisor& service = supervisor(Who::service);
  const bool is_to_leave = scanner_.requests.leave != svscan::Leave::no;
  if (is_to_leave && scanner_.phase != Scanner::Phase::gone) return "the scanner does not end";
  if (scanner_.requests.leave == svscan::Leave::when_all_are_dead)
    for (const Supervisor& s : supervisors_)
      if (s.phase != Phase::none || s.child.state != Child::State::none) return "something is left at the end";
  for (const Who who : both) {
    const Supervisor& s = supervisor(who);
    if (s.phase == Phase::zombie) return "a dead supervisor is not noticed";
    if (s.phase == Phase::none) {
      if (!is_to_leave && is_missing(who)) return "a supervisor is missing";
      continue;
    }
    if (s.child.state == Child::State::zombie) return "a dead child is not noticed";
    if (s.model.want_up && s.child.state != Child::State::runs) return "a service that is wanted does not run";
    if (s.status.is_up() != (s.child.state == Child::State::runs)) return "the status is not true";
  }
  if (!scenario_->client || client_.phase == Client::Phase::ended || !service.has_status) return "";
  if (service.phase == Phase::none) return "the client waits for a service that nobody supervises";
  if (!is_certain()) return "";
  if (svwait::standing(client_.since_look, condition_of(*scenario_)) != svwait::Standing::pending)
    return "the client waits for what is so";
  return "";
}

// It is wanted and could be started.
bool System::is_missing(Who who) const {
  return table_.look([who](const svscan::ServiceTable& table) {
    const Index i = table.find(directory_of(who));
    if (i == nothing || !table.is_active(i)) return false;
    const Index peer = table.peer(i);
    return peer == nothing || table.pid(peer) == 0 || table.link(peer) != svscan::Link::stale;
  });
}

// --- the key --------------------------------------------------------------------------------------------------------

Key System::key() const {
  Key key;
  const auto add = [&key](auto... values) { (key.add(static_cast<std::uint64_t>(values)), ...); };
  const auto add_service = [&](const svwait::Service& s) {
    add(s.up, s.ready, s.vouched, s.verdict, s.was_down, s.was_finished);
  };
  for (const Supervisor& s : supervisors_) {
    add(s.phase, s.model.state, s.model.want_up, s.model.ready, s.model.paused, s.model.started, s.effect_count);
    for (const Effect effect : s.effects) add(effect);
    add(s.status.pid, s.status.finishing, s.status.want_up, s.status.ready, s.status.paused, s.has_status);
    add(s.commands[0], s.commands[1], s.command_count, s.sigchld, s.sigterm, s.sighup, s.notification, s.newline);
    add(s.timer, s.pipe, s.child.state, s.child.is_finish, s.child.told_to_end, s.child.said_ready, s.child.pipe);
  }
  const svscan::Requests& r = scanner_.requests;
  add(scanner_.phase, r.reap, r.scan, r.prune, r.kill, r.leave, scanner_.sigchld, scanner_.timer);
  for (const char byte : scanner_.commands) add(byte);
  for (const bool open : scanner_.open) add(open);
  add(scanner_.command_count, scanner_.told[0], scanner_.told[1], scanner_.has_started[0], scanner_.has_started[1]);
  // All that decides what the table does from here on: the rest is positions, and numbers of scans.
  table_.look([&](const svscan::ServiceTable& table) {
    for (const Who who : both) {
      const Index i = table.find(directory_of(who));
      add(i);
      if (i != nothing)
        add(table.role(i), table.pid(i), table.is_active(i), table.link(i), table.peer(i), table.pipe_end(i));
    }
    add(table.end(), table.live(), table.next_start_time());
    return 0;
  });
  add(client_.phase, client_.listens, client_.found_supervisor, client_.watches, client_.watched_death, client_.grace);
  for (const char letter : client_.letters) add(letter);
  for (const svwait::Service* s : {&client_.service, &client_.since_listening, &client_.since_look}) add_service(*s);
  add(client_.was_true, client_.was_alone);
  for (const std::uint8_t lines : lines_) add(lines);
  add(entry_, log_, farewell_, logger_ran_at_farewell_);
  add(left_.service_commands, left_.scanner_commands, left_.deaths, left_.logger_kills, left_.supervisor_kills,
      left_.lines, left_.entry_changes, left_.log_changes);
  return key;
}

}  // namespace s6::test
