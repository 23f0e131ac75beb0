#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "svstat/format.hpp"
#include "svstat/options.hpp"

using namespace s6;
using svstat::Field;
using svstat::SignalStyle;

namespace {

constexpr Tai64n at(std::uint64_t seconds, std::uint32_t nanoseconds = 0) {
  return {tai::epoch_label + seconds, nanoseconds};
}

constexpr Status up{.changed = at(900), .ready_since = at(500), .pid = 25172, .want_up = true};
constexpr Status down{.changed = at(900), .ready_since = at(950), .ready = true};
constexpr Status never_started{.changed = at(900), .ready_since = at(900), .paused = true, .ready = true};

Status with(Status status, void (*change)(Status&)) {
  change(status);
  return status;
}

std::string line(const Status& status, bool normally_up, SignalStyle style = SignalStyle::name) {
  return std::string(svstat::line({status, at(1000), normally_up}, style).view());
}

std::string fields(const Status& status, std::vector<Field> wanted, bool normally_up = true) {
  return std::string(svstat::fields({status, at(1000), normally_up}, wanted).view());
}

std::vector<Field> parsed_fields(std::vector<const char*> words) {
  svstat::Request request;
  const auto outcome = svstat::parse(words, request);
  CHECK(outcome.problem == options::Problem::none);
  return {request.wanted().begin(), request.wanted().end()};
}

}  // namespace

TEST_SUITE("svstat line") {
  TEST_CASE("up") {
    CHECK(line(up, true) == "up (pid 25172 pgid 25172) 100 seconds\n");
    CHECK(line(up, false) == "up (pid 25172 pgid 25172) 100 seconds, normally down\n");
    CHECK(line(with(up, [](Status& s) { s.paused = true; }), true) ==
          "up (pid 25172 pgid 25172) 100 seconds, paused\n");
    CHECK(line(with(up, [](Status& s) { s.want_up = false; }), true) ==
          "up (pid 25172 pgid 25172) 100 seconds, want down\n");
    CHECK(line(with(up, [](Status& s) { s.ready = true; }), true) ==
          "up (pid 25172 pgid 25172) 100 seconds, ready 500 seconds\n");
    CHECK(line(with(up, [](Status& s) { s.ready = s.paused = true, s.want_up = false; }), false) ==
          "up (pid 25172 pgid 25172) 100 seconds, normally down, paused, want down, ready 500 seconds\n");
  }
  TEST_CASE("down") {
    CHECK(line(down, false) == "down (exitcode 0) 100 seconds, ready 50 seconds\n");
    CHECK(line(with(down, [](Status& s) { s.want_up = true, s.wait_status = 0x0300; }), true) ==
          "down (exitcode 3) 100 seconds, normally up, want up, ready 50 seconds\n");
    CHECK(line(with(down, [](Status& s) { s.wait_status = 9; }), false) ==
          "down (signal SIGKILL) 100 seconds, ready 50 seconds\n");
    CHECK(line(with(down, [](Status& s) { s.wait_status = 0x8b; }), false, SignalStyle::number) ==
          "down (signal 11) 100 seconds, ready 50 seconds\n");
  }
  TEST_CASE("finish still runs") {
    CHECK(line({.changed = at(1000), .pid = 5, .wait_status = 0x0300, .finishing = true, .want_up = true}, true) ==
          "down (exitcode 3) 0 seconds, normally up, want up\n");
  }
  TEST_CASE("never started: the blanks stay where they are") {
    CHECK(line(never_started, false) == "down (not started yet) \n");
    CHECK(line(never_started, true) == "down (not started yet) , normally up\n");
    CHECK(line(with(never_started, [](Status& s) { s.want_up = true; }), false) ==
          "down (not started yet) , want up\n");
  }
  TEST_CASE("signals have their POSIX names, or none") {
    const auto name = [](std::uint16_t number) { return line({.changed = at(1000), .wait_status = number}, false); };
    CHECK(name(6) == "down (signal SIGABRT) 0 seconds\n");
    CHECK(name(17) == "down (signal SIGCHLD) 0 seconds\n");
    CHECK(name(29) == "down (signal SIGPOLL) 0 seconds\n");
    CHECK(name(40) == "down (signal SIG??\?) 0 seconds\n");
  }
  TEST_CASE("a stopped or continued process is no death") {
    CHECK(line({.changed = at(1000), .wait_status = 0x137f}, false) == "down (exitcode 19) 0 seconds\n");
    CHECK(line({.changed = at(1000), .wait_status = 0xffff}, false) == "down (exitcode 255) 0 seconds\n");
  }
  TEST_CASE("stamps in the future are now") {
    CHECK(line(with(up, [](Status& s) { s.changed = s.ready_since = at(1050), s.ready = true; }), true) ==
          "up (pid 25172 pgid 25172) 0 seconds, ready 0 seconds\n");
  }
}

TEST_SUITE("svstat fields") {
  const std::vector<Field> every = {Field::up,     Field::wanted_up,     Field::normally_up, Field::ready,
                                    Field::paused, Field::pid,           Field::pgid,        Field::exit_code,
                                    Field::signal, Field::signal_number, Field::up_down_for, Field::ready_for};

  TEST_CASE("up") {
    CHECK(fields(up, every) == "true true true false false 25172 25172 -1 NA -1 100 500\n");
    CHECK(fields(with(up, [](Status& s) { s.ready = s.paused = true, s.want_up = false; }), every, false) ==
          "true false false true true 25172 25172 -1 NA -1 100 500\n");
  }
  TEST_CASE("down") {
    CHECK(fields(down, every) == "false false true false false -1 -1 0 NA -1 100 50\n");
    CHECK(fields(with(down, [](Status& s) { s.wait_status = 15; }), every) ==
          "false false true false false -1 -1 -1 SIGTERM 15 100 50\n");
    CHECK(fields(with(down, [](Status& s) { s.wait_status = 0x137f; }), every) ==
          "false false true false false -1 -1 -1 NA -1 100 50\n");
  }
  TEST_CASE("never started and finishing") {
    CHECK(fields(never_started, every) == "false false true false false -1 -1 -1 NA -1 100 100\n");
    CHECK(fields({.changed = at(900), .ready_since = at(800), .pid = 5, .wait_status = 0x0300, .finishing = true},
                 every) == "false false true false false -1 -1 3 NA -1 100 200\n");
  }
  TEST_CASE("stamps") {
    CHECK(fields(up, {Field::up_down_since, Field::ready_since}) ==
          "@400000000000038400000000 @40000000000001f400000000\n");
    CHECK(fields(with(up, [](Status& s) { s.changed = s.ready_since = at(2000); }),
                 {Field::up_down_since, Field::ready_since, Field::up_down_for, Field::ready_for}) ==
          "@40000000000003e800000000 @40000000000007d000000000 0 0\n");
  }
  TEST_CASE("the longest line has room") {
    CHECK(svstat::fields({up, at(1000), true}, std::vector(svstat::max_fields, Field::ready_since)).ok());
    CHECK(svstat::line({with(up, [](Status& s) { s.ready = s.paused = true, s.want_up = false; }), at(1000), false},
                       SignalStyle::name)
              .ok());
  }
}

TEST_SUITE("svstat options") {
  TEST_CASE("letters and names select in the order given") {
    CHECK(parsed_fields({"-uwNrpgest", "dir"}) == std::vector{Field::up, Field::wanted_up, Field::normally_up,
                                                              Field::ready, Field::pid, Field::pgid, Field::exit_code,
                                                              Field::signal, Field::up_down_for});
    CHECK(parsed_fields({"-p", "-o", "up,paused,", "-oreadysince", "-e", "dir"}) ==
          std::vector{Field::pid, Field::up, Field::paused, Field::ready_since, Field::exit_code});
  }
  TEST_CASE("every name selects its field") {
    CHECK(parsed_fields({"-o", "up,wantedup,normallyup,ready,paused,pid,pgid,exitcode,signal,signum", "-o",
                         "updownsince,readysince,updownfor,readyfor"}) ==
          std::vector{Field::up, Field::wanted_up, Field::normally_up, Field::ready, Field::paused, Field::pid,
                      Field::pgid, Field::exit_code, Field::signal, Field::signal_number, Field::up_down_since,
                      Field::ready_since, Field::up_down_for, Field::ready_for});
  }
  TEST_CASE("no field is the line, -n is about the line") {
    CHECK(parsed_fields({"-o", "", "-n", "dir"}).empty());
    svstat::Request request;
    const std::vector<const char*> words{"-n", "dir"};
    (void)svstat::parse(words, request);
    CHECK(request.style == SignalStyle::number);
  }
  TEST_CASE("names are exact, empty ones only stand at the end") {
    for (const char* value : {"u", "u,p", "Up", "up,,pid", ",", ",up", "up pid", "up,pidx"}) {
      CAPTURE(value);
      svstat::Request request;
      const std::vector<const char*> words{"-o", value, "dir"};
      CHECK(svstat::parse(words, request).problem == options::Problem::refused);
      CHECK(request.has_unknown_field);
    }
  }
  TEST_CASE("sixteen fields are the most") {
    svstat::Request request;
    std::vector<const char*> words{"-uuuuuuuuuuuuuuuu", "dir"};
    CHECK(svstat::parse(words, request).problem == options::Problem::none);
    CHECK(request.field_count == 16);
    words = {"-uuuuuuuuuuuuuuuuu", "dir"};
    request = {};
    CHECK(svstat::parse(words, request).problem == options::Problem::refused);
    CHECK(request.too_many);
  }
}
