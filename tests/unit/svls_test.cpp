#include <doctest/doctest.h>
#include <errno.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "../json_checker.hpp"
#include "golden.hpp"
#include "svstat/json.hpp"
#include "svstat/log_text.hpp"
#include "svstat/prometheus.hpp"
#include "svstat/stamp_text.hpp"
#include "svstat/svls_options.hpp"
#include "svstat/table.hpp"
#include "svstat/utf8.hpp"

using namespace s6;
using namespace s6::svstat;
using std::string_literals::operator""s;

namespace {

constexpr std::int64_t unix_now = 1795613015;  // 2026-11-25 13:23:35 UTC
Tai64n ago(std::int64_t seconds, std::uint32_t nanoseconds = 0) {
  return tai::from_unix(unix_now - seconds, nanoseconds);
}

Sink into(std::string& text) {
  return {[](void* target, std::string_view piece) { *static_cast<std::string*>(target) += piece; }, &text};
}

// --- observations ---------------------------------------------------------------------------------------------------
constexpr Keeper running{.state = Keeper::State::running, .pid = 100};

Observation seen_as(const Status& status) {
  return {.supervisor = running,
          .status = status,
          .process = status.pid != 0 ? Answer::yes : Answer::unknown,
          .down_file = Answer::no,
          .notifies = Answer::no,
          .has_tally = true};
}
Status up() {
  return {.changed = ago(90), .ready_since = ago(90), .pid = 4242, .want_up = true};
}
Status down() {
  return {.changed = ago(3600), .ready_since = ago(3600), .wait_status = 3 << 8, .ready = true};
}
Observation with(Observation seen, void (*change)(Observation&)) {
  change(seen);
  return seen;
}
Observation unreadable() {
  return {.supervisor = {.error = EACCES}, .status_error = EACCES, .tally_error = EACCES};
}

struct Case {
  std::string name;
  Observation seen;
};

// One for each state, and for what there is to say besides.
std::vector<Case> cases() {
  const auto status = [](Observation& seen) -> Status& { return *seen.status; };
  std::vector<Case> all;
  const auto add = [&](const char* name, Status of, auto change) {
    Observation seen = seen_as(of);
    change(seen, status(seen));
    all.push_back({name, seen});
  };
  add("up", up(), [](Observation&, Status&) {});
  add("ready", up(), [](Observation& seen, Status& s) { seen.notifies = Answer::yes, s.ready = true; });
  add("starting", up(), [](Observation& seen, Status&) { seen.notifies = Answer::yes; });
  add("paused", up(), [](Observation&, Status& s) { s.paused = s.ready = true; });
  add("stopping", up(), [](Observation&, Status& s) { s.want_up = false; });
  add("finishing", up(), [](Observation&, Status& s) { s.finishing = true, s.wait_status = 11; });
  add("restarting", down(), [](Observation&, Status& s) { s.want_up = true; });
  add("down", down(), [](Observation& seen, Status&) { seen.down_file = Answer::yes; });
  add("not started", down(), [](Observation& seen, Status& s) { s.paused = true, seen.down_file = Answer::yes; });
  add("died", up(), [](Observation& seen, Status&) {
    seen.deaths = 3;
    seen.last_death = Death{.stamp = ago(120), .exit_code = 139, .signal = 11};
  });
  add("exited", up(), [](Observation& seen, Status&) {
    seen.deaths = 1;
    seen.last_death = Death{.stamp = ago(172801), .exit_code = 1};
  });
  add("stale", up(), [](Observation& seen, Status&) { seen.process = Answer::no; });
  add("stopped", up(), [](Observation& seen, Status&) { seen.supervisor.state = Keeper::State::stopped; });
  add("deaf", up(), [](Observation& seen, Status&) { seen.supervisor.state = Keeper::State::deaf; });
  add("orphan", up(), [](Observation& seen, Status&) { seen.supervisor = {.state = Keeper::State::missing}; });
  add("dead orphan", up(), [](Observation& seen, Status&) {
    seen.supervisor = {.state = Keeper::State::missing};
    seen.process = Answer::no;
  });
  add("left", down(), [](Observation& seen, Status&) { seen.supervisor = {.state = Keeper::State::missing}; });
  all.push_back({"never", {.supervisor = {.state = Keeper::State::missing}, .status_error = ENOENT}});
  all.back().seen.tally_error = ENOENT;
  all.push_back({"secret", unreadable()});
  all.push_back({"old", {.supervisor = running, .status_error = EOPNOTSUPP, .tally_error = EPROTO}});
  return all;
}

std::vector<Row> rows_of(const std::vector<Case>& all) {
  std::vector<Row> rows;
  for (const Case& one : all) rows.push_back({.name = one.name, .seen = one.seen});
  return rows;
}

// Some with loggers, and names that have to be escaped.
std::vector<Row> tree() {
  Row web{.name = "web", .seen = seen_as(up()), .has_logger = true, .logger = seen_as(up())};
  web.has_tail = true;
  web.tail = {.file = "/var/log/web/current", .error = 0, .lines = "first\nsecond \033[31m\tthird\nlast"};
  Row odd{.name = "\xff\"\\\n\xe5\x90\x8d", .seen = seen_as(down()), .has_logger = true, .logger = unreadable()};
  odd.has_tail = true;
  return {web, odd};
}

std::string table(const std::vector<Row>& rows, const Page& page = {}) {
  const Scan scan{"/run/service", {.state = Keeper::State::running, .pid = 7}, rows};
  std::string text;
  const Sink sink = into(text);
  add_table(sink, {&scan, 1}, ago(0), page);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string json(const std::vector<Row>& rows) {
  const Scan scan{"/run/service", {.state = Keeper::State::running, .pid = 7}, rows};
  std::string text;
  const Sink sink = into(text);
  add_json(sink, std::span(&scan, 1), ago(0));
  return text;
}

std::string json_string(std::string_view text) {
  std::string out;
  const Sink sink = into(out);
  add_json_string(sink, text);
  return out;
}

std::string shown(std::string_view text, std::size_t columns = 1000) {
  std::string out;
  (void)show(text, columns, [&out](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace

TEST_SUITE("svls states") {
  TEST_CASE("each state has its word, and only what is as wanted counts as such") {
    const std::vector<std::pair<std::string, bool>> expected = {{"up", true},
                                                                {"ready", true},
                                                                {"starting", false},
                                                                {"paused", false},
                                                                {"stopping", true},
                                                                {"finishing", false},
                                                                {"restarting", false},
                                                                {"down", true},
                                                                {"not started", true},
                                                                {"up", true},
                                                                {"up", true},
                                                                {"stale", false},
                                                                {"up", false},
                                                                {"up", false},
                                                                {"no supervisor", false},
                                                                {"no supervisor", false},
                                                                {"no supervisor", false},
                                                                {"no supervisor", false},
                                                                {"unknown", false},
                                                                {"unknown", false}};
    const auto all = cases();
    REQUIRE(all.size() == expected.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      CAPTURE(all[i].name);
      CHECK(name_of(state_of(all[i].seen)) == expected[i].first);
      CHECK(is_as_wanted(all[i].seen) == expected[i].second);
    }
  }
  TEST_CASE("a restart is a death that was followed by a start") {
    const auto died = [](Status status, std::uint32_t deaths) {
      Observation seen = seen_as(status);
      seen.deaths = deaths;
      return restarts_of(seen);
    };
    CHECK(died(up(), 0) == 0);
    CHECK(died(up(), 3) == 3);
    CHECK(died(down(), 3) == 2);
    CHECK(died(down(), 0) == 0);
    CHECK(!restarts_of(unreadable()));
  }
  TEST_CASE("the last exit is told by the status of a service that is down, else by the tally") {
    CHECK(last_exit_of(seen_as(down())) == LastExit{3, 0});
    CHECK(!last_exit_of(seen_as(up())));
    CHECK(last_exit_of(with(seen_as(up()), [](Observation& seen) {
            seen.last_death = Death{.exit_code = 139, .signal = 11};
          })) == LastExit{0, 11});
  }
  TEST_CASE("exit codes") {
    const std::vector<Row> good = {{.name = "a", .seen = seen_as(up())}};
    const std::vector<Row> bad = {{.name = "a", .seen = seen_as(up()), .has_logger = true, .logger = unreadable()}};
    const Keeper missing{.state = Keeper::State::missing};
    const auto code = [](std::vector<Scan> scans) { return exit_code_of(scans); };
    CHECK(code({{"x", running, good}}) == 0);
    CHECK(code({{"x", running, good}, {"y", {}, good}}) == 0);
    CHECK(code({{"x", running, good}, {"y", running, bad}}) == 1);
    CHECK(code({{"x", running, bad}, {"y", missing, good}}) == 2);
  }
  TEST_CASE("what two looks saw is the same only if all of it is") {
    Observation seen = seen_as(up());
    seen.last_death = Death{.stamp = ago(5), .exit_code = 1, .signal = 2};
    CHECK(seen == Observation(seen));
    const std::vector<void (*)(Observation&)> changes = {
        [](Observation& s) { s.supervisor.state = Keeper::State::deaf; },
        [](Observation& s) { ++s.supervisor.pid; },
        [](Observation& s) { ++s.supervisor.error; },
        [](Observation& s) { s.status.reset(); },
        [](Observation& s) { ++s.status->changed.label; },
        [](Observation& s) { ++s.status->changed.nanoseconds; },
        [](Observation& s) { ++s.status->ready_since.label; },
        [](Observation& s) { ++s.status->pid; },
        [](Observation& s) { ++s.status->wait_status; },
        [](Observation& s) { s.status->paused = !s.status->paused; },
        [](Observation& s) { s.status->finishing = !s.status->finishing; },
        [](Observation& s) { s.status->want_up = !s.status->want_up; },
        [](Observation& s) { s.status->ready = !s.status->ready; },
        [](Observation& s) { ++s.status_error; },
        [](Observation& s) { s.process = Answer::no; },
        [](Observation& s) { s.down_file = Answer::yes; },
        [](Observation& s) { s.notifies = Answer::yes; },
        [](Observation& s) { s.has_tally = false; },
        [](Observation& s) { ++s.tally_error; },
        [](Observation& s) { ++s.deaths; },
        [](Observation& s) { s.last_death.reset(); },
        [](Observation& s) { ++s.last_death->stamp.label; },
        [](Observation& s) { ++s.last_death->exit_code; },
        [](Observation& s) { ++s.last_death->signal; }};
    for (std::size_t i = 0; i < changes.size(); ++i) {
      CAPTURE(i);
      CHECK_FALSE(with(seen, changes[i]) == seen);
    }
  }
  TEST_CASE("orders") {
    std::vector<Row> rows = {{.name = "b", .seen = seen_as(up())},
                             {.name = "a", .seen = seen_as(down())},
                             {.name = "d", .seen = unreadable()},
                             {.name = "c", .seen = seen_as(up())}};
    rows[3].seen.deaths = 5;
    const auto order = [&rows](const char* key) {
      sort(rows, *sort_key_of(key));
      std::string names;
      for (const Row& row : rows) names += row.name;
      return names;
    };
    CHECK(order("name") == "abcd");
    CHECK(order("state") == "dabc");
    CHECK(order("age") == "bcad");
    CHECK(order("deaths") == "cabd");
    CHECK(!sort_key_of("size"));
  }
}

TEST_SUITE("svls table") {
  TEST_CASE("what it says of everything") {
    const auto all = cases();
    test::check_golden("svls_table.txt", table(rows_of(all)) + "\n" + table(tree()));
  }
  TEST_CASE("no line is wider than the terminal, whatever its width") {
    auto rows = tree();
    const auto all = cases();
    for (const Row& row : rows_of(all)) rows.push_back(row);
    for (std::size_t columns = 1; columns < 130; ++columns) {
      CAPTURE(columns);
      for (const std::string& line : lines_of(table(rows, {.columns = columns}))) {
        CAPTURE(line);
        CHECK(shown_columns(line) <= columns);
      }
    }
  }
  TEST_CASE("several scan directories, whatever their scanners are") {
    const auto rows = tree();
    const std::vector<Scan> scans = {{"a", {.state = Keeper::State::running, .pid = 7}, rows},
                                     {"b", {.state = Keeper::State::running}, {}},
                                     {"c", {.state = Keeper::State::missing}, {}},
                                     {"d", {.state = Keeper::State::deaf, .pid = 8}, {}},
                                     {"e", {.state = Keeper::State::stopped, .pid = 9}, {}},
                                     {"f", {.state = Keeper::State::unknown, .error = EACCES}, {}}};
    std::string text;
    const Sink sink = into(text);
    add_table(sink, scans, ago(0), {});
    for (const char* const part :
         {"a: s6-svscan 7, 2 services, 1 not as wanted\n", "\n\nb: s6-svscan runs, 0 services, 0 not as wanted\n",
          "\n\nc: no s6-svscan runs here, 0", "\n\nd: s6-svscan 8 does not read its commands, 0",
          "\n\ne: s6-svscan 9 is stopped, 0", "\n\nf: s6-svscan cannot be seen, 0"}) {
      INFO(part << " in " << text);
      CHECK(text.find(part) != std::string::npos);
    }
  }
  TEST_CASE("a log that cannot be read is a note") {
    Row row = tree()[0];
    row.tail = {.file = "/var/log/web/current", .error = EACCES, .lines = ""};
    CHECK(table({row}).find("cannot read its log: Permission denied\n") != std::string::npos);
  }
  TEST_CASE("notes on what is rare") {
    const auto notes = [](Observation seen) { return std::string(notes_of(seen, ago(0)).view()); };
    const auto changed = [&](Status status, void (*change)(Observation&)) {
      return notes(with(seen_as(status), change));
    };
    const auto invisible = [](Observation& seen) { seen.supervisor = {.error = EACCES}; };
    CHECK(changed(up(), invisible) == "supervisor cannot be seen: Permission denied");
    Observation other_error = unreadable();
    other_error.supervisor.error = ELOOP;
    CHECK(notes(other_error).starts_with("supervisor cannot be seen: Too many levels of symbolic links; cannot read"));
    const auto finishing_orphan = [](Observation& seen) {
      seen.supervisor = {.state = Keeper::State::missing};
      seen.process = Answer::unknown;
      seen.status->finishing = true;
    };
    CHECK(changed(up(), finishing_orphan) ==
          "stale status: it says finishing, process 4242 cannot be seen; last exit code 0");
    CHECK(changed(up(), [](Observation& seen) {
            seen.deaths = 1;
            seen.last_death = Death{.stamp = ago(1), .signal = 63};
          }) == "1 death, signal 63 1 s ago");
    CHECK(changed(up(), [](Observation& seen) {
            seen.status->paused = true;
            seen.status->want_up = false;
          }) == "paused");
    CHECK(changed(up(), [](Observation& seen) {
            seen.has_tally = false;
            seen.tally_error = EPROTO;
          }) == "cannot read supervise/death_tally: its size is no multiple of 14 bytes");
  }
  TEST_CASE("a narrow terminal gets what matters most") {
    const auto lines = lines_of(table(tree(), {.columns = 34}));
    REQUIRE(lines.size() > 3);
    CHECK(lines[2].starts_with("web"));
    CHECK(lines[2].find("up") != std::string::npos);
    CHECK(lines_of(table(tree(), {.columns = 200})) == lines_of(table(tree())));
  }
  TEST_CASE("a page has no more lines than the terminal, and says how many are missing") {
    const auto lines = lines_of(table(tree(), {.lines = 4}));
    const auto whole = lines_of(table(tree()));
    REQUIRE(lines.size() == 4);
    CHECK(lines[2] == whole[2]);
    CHECK(lines[3] == "... " + std::to_string(whole.size() - 3) + " more lines");
    CHECK(lines_of(table(tree(), {.lines = whole.size() + 1})) == whole);
  }
  TEST_CASE("colours are the only difference that they make") {
    std::string coloured = table(tree(), {.colour = true});
    CHECK(coloured.find("\033[32mup\033[m") != std::string::npos);
    for (std::size_t at = 0; (at = coloured.find('\033', at)) != std::string::npos;)
      coloured.erase(at, coloured.find('m', at) - at + 1);
    CHECK(coloured == table(tree()));
  }
}

TEST_SUITE("svls documents") {
  TEST_CASE("JSON, byte for byte") {
    const auto all = cases();
    test::check_golden("svls.json", json(rows_of(all)) + json(tree()));
  }
  TEST_CASE("JSON is JSON, and says what was seen") {
    const auto all = cases();
    const auto document = test::Json::parse(json(rows_of(all)));
    CHECK(document["version"].number() == 1);
    CHECK(document["time"].string() == "2026-11-25T13:23:35.000000000Z");
    const auto& scan = document["scan_directories"][0];
    CHECK(scan["scanner"]["pid"].number() == 7);
    REQUIRE(scan["services"].list().size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& service = scan["services"][i];
      CHECK(service["name"].string() == all[i].name);
      CHECK(service["state"].string() == name_of(state_of(all[i].seen)));
      CHECK(service["as_wanted"].boolean() == is_as_wanted(all[i].seen));
      // The same members for all, whatever is known of them.
      CHECK(service.object().size() == scan["services"][0].object().size());
    }
  }
  TEST_CASE("JSON of a log, and of names that are no text") {
    const auto document = test::Json::parse(json(tree()));
    const auto& services = document["scan_directories"][0]["services"];
    const auto& log = services[0]["logger"]["log"];
    CHECK(log["file"].string() == "/var/log/web/current");
    REQUIRE(log["lines"].list().size() == 3);
    CHECK(log["lines"][1].string() == "second \033[31m\tthird");
    CHECK(services[1]["name"].string() == "\xef\xbf\xbd\"\\\n\xe5\x90\x8d");
    CHECK(services[1]["name_hex"].string() == "ff225c0ae5908d");
    CHECK(services[1]["logger"]["log"]["file"].is_null());
    CHECK(services[1]["logger"]["unreadable"].list().size() == 3);
  }
  TEST_CASE("JSON of a log that cannot be read, and of a time that is none") {
    Row row = tree()[0];
    row.tail = {.file = "/var/log/web/current", .error = EACCES, .lines = ""};
    row.seen.last_death = Death{.exit_code = 1};
    const auto document = test::Json::parse(json({row}));
    const auto& service = document["scan_directories"][0]["services"][0];
    CHECK(service["logger"]["log"]["error"].string() == "Permission denied");
    CHECK(service["logger"]["log"]["lines"].list().empty());
    CHECK(service["last_death"]["time"].is_null());
  }
  TEST_CASE("JSON of nothing") {
    CHECK(test::Json::parse(json({}))["scan_directories"][0]["services"].list().empty());
  }
  TEST_CASE("the text exposition format, byte for byte") {
    const auto rows = tree();
    const std::vector<Scan> scans = {{"/run/service", running, rows}, {"b", {}, {}}};
    std::string text;
    const Sink sink = into(text);
    add_prometheus(sink, scans, ago(0));
    test::check_golden("svls.prometheus", text);
  }
  TEST_CASE("samples of what is rare") {
    const std::vector<Row> rows = {
        {.name = "ready",
         .seen = with(seen_as(up()),
                      [](Observation& seen) {
                        seen.status->ready = true;
                        seen.last_death = Death{.stamp = ago(9), .signal = 9};
                      })},
        {.name = "paused", .seen = with(seen_as(up()), [](Observation& seen) { seen.status->paused = true; })}};
    const std::vector<Scan> scans = {{"x", running, rows}, {"y", {.error = EACCES}, {}}};
    std::string text;
    const Sink sink = into(text);
    add_prometheus(sink, scans, ago(0));
    for (const char* const line : {"s6_service_ready{scandir=\"x\",service=\"ready\"} 1\n",
                                   "s6_service_ready{scandir=\"x\",service=\"paused\"} 0\n",
                                   "s6_service_ready_seconds{scandir=\"x\",service=\"ready\"} 90\n",
                                   "s6_service_paused{scandir=\"x\",service=\"paused\"} 1\n",
                                   "s6_service_last_exit_code{scandir=\"x\",service=\"ready\"} 137\n"}) {
      INFO(line << " in " << text);
      CHECK(text.find(line) != std::string::npos);
    }
    CHECK(text.find("scandir=\"y\"") == std::string::npos);
  }
}

TEST_SUITE("svls texts") {
  TEST_CASE("only valid UTF-8 is valid") {
    for (const char* good : {"a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
      CHECK(is_utf8(good));
    for (const char* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2g", "\xe0\x9f\xbf", "\xed\xa0\x80",
                            "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
      CHECK(!is_utf8(bad));
      CHECK(!is_utf8("a"s + bad + "b"));
    }
  }
  TEST_CASE("every byte, and every pair of bytes, makes a JSON string that reads back") {
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < 256; ++b) {
        const std::string bytes{static_cast<char>(a), static_cast<char>(b)};
        const auto read = test::Json::parse(json_string(bytes));
        if (is_utf8(bytes)) CHECK(read.string() == bytes);
      }
    }
  }
  TEST_CASE("what a terminal would obey is shown as bytes") {
    CHECK(shown("na\xc3\xafve") == "na\xc3\xafve");
    CHECK(shown("a\033[2Jb\x7f\xc2\x9b") == "a\\x1b[2Jb\\x7f\\xc2\\x9b");
    CHECK(shown("\xe2\x80\xae\xff") == "\\xe2\\x80\\xae\\xff");
    CHECK(shown("a\tb\n") == "a b\\x0a");
  }
  TEST_CASE("columns are counted as a terminal does") {
    CHECK(shown_columns("abc") == 3);
    CHECK(shown_columns("\xe5\x90\x8d\xe5\x89\x8d") == 4);
    CHECK(shown_columns("e\xcc\x81") == 1);
    CHECK(shown_columns("\xff") == 4);
  }
  TEST_CASE("a text is cut between characters") {
    CHECK(shown("abcdef", 6) == "abcdef");
    CHECK(shown("abcdefg", 6) == "abc...");
    CHECK(shown("\xe5\x90\x8d\xe5\x89\x8d\xe5\x89\x8d", 5) == "\xe5\x90\x8d...");
    CHECK(shown("\xe5\x90\x8d\xe5\x89\x8d\xe5\x89\x8d", 4) == "...");
    CHECK(shown("abcdef", 2) == "..");
    CHECK(shown("abcdef", 0).empty());
  }
  TEST_CASE("ages") {
    const std::vector<std::pair<std::uint64_t, std::string_view>> ages = {
        {0, "0 s"},    {59, "59 s"},     {60, "1 min"},   {3599, "59 min"},
        {3600, "1 h"}, {172799, "47 h"}, {172800, "2 d"}, {UINT64_MAX, "213503982334601 d"}};
    for (const auto& [seconds, text] : ages) CHECK(age_text(seconds).view() == text);
  }
  TEST_CASE("dates") {
    CHECK(iso_text(ago(0, 7)).view() == "2026-11-25T13:23:35.000000007Z");
    CHECK(iso_text(tai::from_unix(0, 0)).view() == "1970-01-01T00:00:00.000000000Z");
    CHECK(iso_text({}).view().empty());
  }
}

TEST_SUITE("svls logs") {
  TEST_CASE("a run script that names its log directory") {
    const auto named = [](std::string_view script) { return std::string(log_directory_in(script)); };
    CHECK(named("#!/bin/sh\nexec s6-log -b n10 s1000000 T /var/log/web\n") == "/var/log/web");
    CHECK(named("exec s6-setuidgid log /usr/bin/s6-log t ./main") == "./main");
    CHECK(named("exec multilog t '/var/log/a'") == "/var/log/a");
    CHECK(named("exec svlogd -tt \"/var/log/b\"") == "/var/log/b");
    CHECK(named("exec s6-log \\\n  n10 \\\n  /var/log/c # /else\necho /var/log/d") == "/var/log/c");
    CHECK(named("s6-log /old\nexec s6-log /new\n") == "/new");
    CHECK(named("exec s6-log T /a T /b") == "/b");
    CHECK(named("\nexec\ts6-log\t/tabs\r\n") == "/tabs");
  }
  TEST_CASE("one that does not") {
    for (const char* script : {"", "exec s6-log T \"$LOGDIR\"", "exec s6-log T /var/log/$NAME", "# s6-log /var/log/x",
                               "exec logger /var/log/x", "exec s6-log T main", "exec s6-log T /var/log/*",
                               "exec s6-log ''", "exec s6-log '/var/log/x\""})
      CHECK(log_directory_in(script).empty());
  }
  TEST_CASE("the last lines of a text") {
    const auto last = [](std::string_view text, std::uint32_t count, bool whole = true) {
      const LastLines lines = last_lines(text, count, whole);
      return std::string(lines.text) + (lines.enough ? "" : "|");
    };
    CHECK(last("a\nb\nc\n", 2) == "b\nc\n");
    CHECK(last("a\nb\nc", 2) == "b\nc");
    CHECK(last("a\nb\n", 2) == "a\nb\n");
    CHECK(last("a\nb\n", 9) == "a\nb\n");
    CHECK(last("", 9).empty());
    CHECK(last("\n\n\n", 2) == "\n\n");
    CHECK(last("half\nb\nc\n", 2, false) == "b\nc\n");
    CHECK(last("half\nb\nc\n", 3, false) == "b\nc\n|");
    CHECK(last("half", 1, false) == "|");
    CHECK(last("a\nb", 0).empty());
  }
}

TEST_SUITE("svls options") {
  TEST_CASE("operands with a slash are scan directories") {
    for (const char* operand : {"/run/service", "./service", "a/b", "a/", ".", ".."}) CHECK(is_scan_directory(operand));
    for (const char* operand : {"web", "...", "", "-", "a.b"}) CHECK(!is_scan_directory(operand));
  }
  TEST_CASE("all of them") {
    const auto parsed = [](std::vector<const char*> words, SvlsRequest& request) {
      return options::parse(svls_option_table, request, words).problem;
    };
    SvlsRequest request;
    CHECK(parsed({"-w", "-l", "5", "-sstate", "--json", "--prometheus"}, request) == options::Problem::none);
    CHECK(request.watch);
    CHECK(request.lines == 5);
    CHECK(request.sort == SortKey::state);
    CHECK(request.format == Format::prometheus);
    CHECK(parsed({"--watch", "--lines=7", "--sort=age", "--json"}, request) == options::Problem::none);
    CHECK(request.lines == 7);
    CHECK(request.format == Format::json);
    for (const char* word : {"-l", "-lx", "-s", "-ssize", "--json=1", "--lines", "-j"})
      CHECK(parsed({word}, request) != options::Problem::none);
  }
}
