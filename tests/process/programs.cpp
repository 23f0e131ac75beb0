#include "programs.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <vector>

namespace s6::test {
namespace {

struct Notes {
  Programs programs;
  std::map<std::string_view, int> seen;      // differences met: how often
  std::map<std::string_view, int> left_out;  // differences that the real one was not asked about
  std::vector<std::string> skipped;
  std::string current_test;
  bool failed = false;
};
Notes& notes() {
  static Notes instance;
  return instance;
}

bool is_real(const Difference& difference) {
  const Kind kind =
      difference.decides == Side::supervisor ? notes().programs.supervisors_kind : notes().programs.clients_kind;
  return kind == Kind::debian;
}

std::string_view reason_of(std::string_view name) {
  for (const Difference& difference : differences)
    if (difference.name == name) return difference.reason;
  return {};
}

// Follows the run: which test it is, whether it has failed; and sums up at the end.
struct Listener : doctest::IReporter {
  explicit Listener(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {
    for (const std::string& skip : notes().skipped) std::cout << "skipped: " << skip << "\n";
    for (const auto& [name, count] : notes().left_out)
      std::cout << "not run on the real program: " << name << " (" << count << "x): " << reason_of(name) << "\n";
    if (!notes().seen.empty())
      std::cout << "differences of the real program confirmed: " << notes().seen.size() << "\n";
    for (const auto& [name, count] : notes().seen) std::cout << "  " << name << " (" << count << "x)\n";
    std::cout << std::flush;
  }
  void test_case_start(const doctest::TestCaseData& test) override {
    notes().current_test = test.m_name;
    notes().failed = false;
    if (getenv("S6_TEST_VERBOSE") != nullptr) std::cout << "test: " << test.m_name << std::endl;
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (getenv("S6_TEST_VERBOSE") != nullptr) std::cout << "  " << stats.seconds << " s" << std::endl;
  }
  void test_case_exception(const doctest::TestCaseException&) override { notes().failed = true; }
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& assertion) override { notes().failed |= assertion.m_failed; }
  void log_message(const doctest::MessageData& message) override {
    notes().failed |= message.m_severity != doctest::assertType::is_warn;
  }
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("notes", 1, Listener);

bool read_side(const char* directory_name, const char* kind_name, std::filesystem::path& directory, Kind& kind) {
  const char* path = getenv(directory_name);
  const char* text = getenv(kind_name);
  const std::string_view value = text != nullptr ? text : "ours";
  if (path == nullptr || (value != "ours" && value != "debian")) {
    std::cerr << "process-tests: set " << directory_name << " to a directory of programs and " << kind_name
              << " to ours or debian\n";
    return false;
  }
  directory = std::filesystem::absolute(path);
  kind = value == "ours" ? Kind::ours : Kind::debian;
  return true;
}

bool is_installed(const std::string& path, Kind kind) {
  if (access(path.c_str(), X_OK) == 0) return true;
  std::cerr << "process-tests: " << path << (kind == Kind::ours ? " is not built\n" : " is not installed\n");
  return false;
}

}  // namespace

const Programs& programs() {
  return notes().programs;
}

std::string supervisor(std::string_view name) {
  return notes().programs.supervisors / name;
}

std::string client(std::string_view name) {
  return notes().programs.clients / name;
}

int find_programs() {
  Programs& p = notes().programs;
  if (!read_side("S6_TEST_SUPERVISORS", "S6_TEST_SUPERVISORS_KIND", p.supervisors, p.supervisors_kind) ||
      !read_side("S6_TEST_CLIENTS", "S6_TEST_CLIENTS_KIND", p.clients, p.clients_kind))
    return 100;
  if (is_installed(supervisor("s6-supervise"), p.supervisors_kind) && is_installed(client("s6-svc"), p.clients_kind))
    return 0;
  return getenv("S6_TEST_REQUIRE_ALL") != nullptr ? 1 : 77;
}

bool on_real(Named name) {
  const bool real = is_real(*name.operator->());
  if (real) ++notes().seen[name->name];
  return real;
}

void check_differs(Named name, bool holds, const char* expression, const char* file, int line) {
  const std::string what = std::string(name->name) + ": " + expression;
  if (!on_real(name)) {
    if (!holds) ADD_FAIL_CHECK_AT(file, line, what);
  } else if (holds) {
    ADD_FAIL_CHECK_AT(file, line,
                      "the real program does it too; known reason: " << std::string(name->reason) << "; " << what);
  }
}

bool skip_on_real(Named name) {
  const bool real = is_real(*name.operator->());
  if (real) ++notes().left_out[name->name];
  return real;
}

void note_skip(std::string_view reason) {
  notes().skipped.push_back(notes().current_test + ": " + std::string(reason));
}

bool test_failed() {
  return notes().failed;
}

}  // namespace s6::test
