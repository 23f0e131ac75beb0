#pragma once
// Listening to fifodirs of any kind: for each of them a regular expression, to be found in what comes.
//
// An expression is looked for in all the text that has come so far, after each read, which takes few bytes at a time. A
// nul byte ends the text for it. Of a text longer than 64 KiB the beginning may be forgotten.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/fifodir.hpp"
#include "common/pattern.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "svwait/condition.hpp"
#include "svwait/ending_signals.hpp"
#include "svwait/removals.hpp"
#include "svwait/transcript.hpp"

namespace s6::svwait {

class Listener {
 public:
  // `deadline` is absolute.
  Listener(Quorum quorum, sys::Nanoseconds deadline) noexcept : quorum_(quorum), deadline_(deadline) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Subscribes to all. `wishes` are fifodirs and expressions, by turns; they must outlive the listener. From here on
  // the signals that end programs are blocked and wait for wait(). An expression that is none ends the program with
  // 111. A listener is started once; after an error, cancel() it.
  Result<void> start(std::span<const char* const> wishes) noexcept;
  void start_or_die(std::span<const char* const> wishes) noexcept;

  enum class Outcome : std::uint8_t {
    heard,        // enough of the expressions were found
    lost,         // somebody removed FIFOs, so that they cannot be found any more
    too_late,     // the deadline came first
    interrupted,  // a signal: heed_signals() does what it always does
    failed        // the system does not let it wait
  };
  // Says on fd 2 what went wrong, and leaves no subscription. wait() neither is interrupted nor fails: it heeds the
  // signals, and ends the program with 111.
  [[nodiscard]] Outcome wait() noexcept;
  [[nodiscard]] Outcome wait_or_signal() noexcept;

  // Removes the subscriptions.
  void cancel() noexcept;

  // For what is done between start() and wait() and may take its time.
  [[nodiscard]] service_dir::Patience patience() const noexcept { return {deadline_, signals_.fd()}; }
  void heed_signals() noexcept;

  // The text in which the expression of the first wish was found, and what had come with it, with a newline after it.
  [[nodiscard]] std::string_view line() noexcept;

 private:
  struct Entry {
    const char* directory = "";
    const char* expression = "";
    Pattern pattern;
    fifodir::Subscription subscription;  // active: not found yet
    Transcript text;
  };

  Result<void> allocate(std::span<const char* const> wishes) noexcept;
  void arm() noexcept;
  [[nodiscard]] Result<int> poll() noexcept;
  void handle_ready() noexcept;
  bool read_once(Entry& entry) noexcept;  // false: there was nothing, or nothing more is wanted
  void check_subscriptions() noexcept;
  bool take_signal() noexcept;
  [[nodiscard]] bool is_heard() const noexcept;
  [[nodiscard]] bool is_lost() const noexcept;
  [[nodiscard]] Outcome time_out() noexcept;
  [[nodiscard]] Outcome fail(const Error& error) noexcept;
  [[noreturn]] void give_up(const Error& error) noexcept;

  Quorum quorum_;
  sys::Nanoseconds deadline_;
  std::span<Entry> entries_;
  std::span<pollfd> fds_;  // signals, removals, then one for each entry
  std::size_t heard_ = 0;
  std::size_t lost_ = 0;
  EndingSignals signals_;
  int signal_ = 0;  // that came
  Removals removals_;
};

}  // namespace s6::svwait
