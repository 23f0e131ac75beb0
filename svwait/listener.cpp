#include "svwait/listener.hpp"

#include <algorithm>
#include <array>

#include "common/cli.hpp"
#include "common/remedy.hpp"
#include "common/reserved_array.hpp"

namespace s6::svwait {
namespace {

constexpr std::size_t read_size = 31;  // as s6: it decides how much more than the match is printed
constexpr int reads_per_turn = 64;     // a flood in one fifodir delays neither the others nor the deadline
constexpr int reads_of_a_full_fifo = 65536 / read_size + 1;

}  // namespace

Listener::~Listener() {
  cancel();
  for (Entry& entry : entries_) entry.pattern.clear();
}

Result<void> Listener::allocate(std::span<const char* const> wishes) noexcept {
  const std::size_t count = wishes.size() / 2;
  auto text = reserve_array<char>(count * Transcript::space_size);
  if (!text) return text.error();
  auto fds = reserve_array<pollfd>(fixed_fds + count);
  if (!fds) return fds.error();
  auto entries = reserve_array<Entry>(count);
  if (!entries) return entries.error();
  fds_ = *fds;
  entries_ = *entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries_[i].directory = wishes[2 * i];
    entries_[i].expression = wishes[2 * i + 1];
    entries_[i].text.use(text->subspan(i * Transcript::space_size, Transcript::space_size));
  }
  sys::raise_descriptor_limit(fds_.size() + spare_descriptors);
  return {};
}

Result<void> Listener::start(std::span<const char* const> wishes) noexcept {
  if (auto done = allocate(wishes); !done) return done;
  for (Entry& entry : entries_)
    if (!entry.pattern.compile(entry.expression))
      cli::die(cli::system_error,
               {"invalid regular expression ", entry.expression, ": ", entry.pattern.problem().view()});
  if (auto opened = signals_.open(); !opened) return opened;
  for (Entry& entry : entries_)
    if (auto done = entry.subscription.subscribe(entry.directory); !done) return done;
  return {};
}

void Listener::start_or_die(std::span<const char* const> wishes) noexcept {
  if (auto done = start(wishes); !done) give_up(done.error());
}

bool Listener::is_heard() const noexcept {
  return quorum_ == Quorum::any ? heard_ > 0 : heard_ == entries_.size();
}

bool Listener::is_lost() const noexcept {
  return quorum_ == Quorum::any ? lost_ == entries_.size() : lost_ > 0;
}

Listener::Outcome Listener::wait() noexcept {
  const Outcome outcome = wait_or_signal();
  if (outcome == Outcome::interrupted) heed_signals();
  if (outcome == Outcome::failed) cli::exit(cli::system_error);
  return outcome;
}

Listener::Outcome Listener::wait_or_signal() noexcept {
  removals_.open_later(sys::monotonic_now());
  take_signal();
  while (signal_ == 0 && !is_heard() && !is_lost()) {
    const bool last_look = sys::monotonic_now() >= deadline_;
    if (auto ready = poll(); !ready) return fail(ready.error());
    if (take_signal()) break;
    handle_ready();
    if (removals_.opens_at() <= sys::monotonic_now() && !is_heard()) arm();
    if (last_look && !is_heard() && !is_lost()) return time_out();
  }
  cancel();
  if (signal_ != 0) return Outcome::interrupted;
  return is_heard() ? Outcome::heard : Outcome::lost;
}

// What only those need who wait long.
void Listener::arm() noexcept {
  removals_.open();
  for (Entry& entry : entries_) removals_.watch(entry.subscription);
  check_subscriptions();
}

Result<int> Listener::poll() noexcept {
  fds_[0] = {.fd = signals_.fd(), .events = POLLIN};
  fds_[1] = {.fd = removals_.fd(), .events = POLLIN};
  for (std::size_t i = 0; i < entries_.size(); ++i)
    fds_[fixed_fds + i] = {.fd = entries_[i].subscription.fd(), .events = POLLIN};
  return sys::poll(fds_, std::min(deadline_, removals_.opens_at()));
}

void Listener::handle_ready() noexcept {
  for (std::size_t i = 0; i < entries_.size() && !is_heard(); ++i) {
    if (fds_[fixed_fds + i].revents == 0) continue;
    for (int reads = 0; reads < reads_per_turn && read_once(entries_[i]); ++reads) {
    }
  }
  if (!is_heard() && removals_.suspected(fds_[1].revents)) check_subscriptions();
}

bool Listener::read_once(Entry& entry) noexcept {
  std::array<char, read_size> buffer;
  const std::string_view text = entry.subscription.read(buffer);
  if (text.empty()) return false;
  entry.text.append(text);
  const Begins begins = entry.text.is_complete() ? Begins::at_the_start : Begins::later;
  if (!entry.pattern.found_in(entry.text.c_str(), begins)) return true;
  entry.subscription.cancel();
  ++heard_;
  return false;
}

// Finds the subscriptions that somebody removed. What came before still counts.
void Listener::check_subscriptions() noexcept {
  for (Entry& entry : entries_) {
    if (is_heard()) return;
    if (!entry.subscription.active() || entry.subscription.is_published()) continue;
    for (int reads = 0; reads < reads_of_a_full_fifo && read_once(entry); ++reads) {
    }
    if (!entry.subscription.active()) continue;
    cli::warn({"no more events from ", entry.directory, ": somebody removed the subscription there; not waiting for ",
               "them any longer"});
    entry.subscription.cancel();
    ++lost_;
  }
}

Listener::Outcome Listener::time_out() noexcept {
  std::size_t pending = 0;
  const Entry* first = nullptr;
  for (const Entry& entry : entries_)
    if (entry.subscription.active() && pending++ == 0) first = &entry;
  cancel();
  const NumberText others = to_text(pending - 1);
  cli::say(cli::Level::fatal,
           {"timed out waiting for ", first->expression, " in ", first->directory, pending > 1 ? " and " : "",
            pending > 1 ? others.view() : "", pending > 1 ? " more" : ""});
  return Outcome::too_late;
}

void Listener::cancel() noexcept {
  for (Entry& entry : entries_) entry.subscription.cancel();
}

bool Listener::take_signal() noexcept {
  if (signal_ == 0) signal_ = signals_.next();
  return signal_ != 0;
}

void Listener::heed_signals() noexcept {
  if (!take_signal()) return;
  cancel();
  sys::die_of(signal_);
}

std::string_view Listener::line() noexcept {
  entries_[0].text.append("\n");
  return entries_[0].text.view();
}

Listener::Outcome Listener::fail(const Error& error) noexcept {
  cancel();
  cli::say(cli::Level::fatal, error);
  return Outcome::failed;
}

void Listener::give_up(const Error& error) noexcept {
  cancel();
  cli::die(error, fifodir::remedy(error.code));
}

}  // namespace s6::svwait
