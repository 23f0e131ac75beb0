// The command lines of s6-svc, s6-svwait, s6-svstat and s6-svok.
#include <fcntl.h>

#include "fabricated.hpp"
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace status_of;
using Words = std::vector<std::string>;

// A service of which everything is there, called `service`: a working directory for command lines.
class Place {
 public:
  explicit Place(const Scene& scene)
      : path_(scene.path()),
        service_(path_ / "service", ready()),
        supervisor_({service_.path()}),
        control_(service_.path()) {}

  Ran operator()(const std::string& program, const Words& words) const {
    Words argv{client(program)};
    argv.insert(argv.end(), words.begin(), words.end());
    return run(Start{.argv = argv, .cwd = path_});
  }
  Control& control() { return control_; }

 private:
  fs::path path_;
  Fabricated service_;
  LockHolder supervisor_;
  Control control_;
};

void check_refused(const Place& run, const std::string& program, const Words& words) {
  std::string line = program;
  for (const std::string& word : words) line += " '" + word + "'";
  CAPTURE(line);
  const Ran ran = run(program, words);
  CHECK(ran.exit == exited(100));
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with(program + ": "));
}

// As check_refused, and the line that tells how it is used.
void check_usage(const Place& run, const std::string& program, const Words& words) {
  check_refused(run, program, words);
  CHECK(contains(run(program, words).err, program + ": usage: " + program + " "));
}

TEST_SUITE_BEGIN("clients");

TEST_CASE("no operand is a wrong use") {
  Scene scene;
  Place run(scene);
  for (const char* program : {"s6-svc", "s6-svstat", "s6-svok"}) check_usage(run, program, {});
  check_usage(run, "s6-svc", {"-d"});
  check_usage(run, "s6-svc", {"-wd"});
  check_usage(run, "s6-svc", {"-d", "--"});
  check_usage(run, "s6-svstat", {"-u"});
  check_usage(run, "s6-svstat", {"--"});
}

TEST_CASE("an option that does not exist is a wrong use") {
  Scene scene;
  Place run(scene);
  for (const char* word : {"-z", "-uz", "-?", "-u-", "-=", "- "}) {
    check_usage(run, "s6-svwait", {word, "service"});
    check_usage(run, "s6-svstat", {word, "service"});
    check_usage(run, "s6-svc", {word, "service"});
  }
  CHECK(run.control().take().empty());
}

TEST_CASE("long words are a wrong use") {
  Scene scene;
  Place run(scene);
  for (const char* word : {"--up", "--timeout=5", "--helpful", "--version=1", "--u", "---"}) {
    check_usage(run, "s6-svwait", {word, "service"});
    check_usage(run, "s6-svstat", {word, "service"});
    check_usage(run, "s6-svc", {word, "service"});
  }
  CHECK(run.control().take().empty());
}

TEST_CASE("help and version are asked for in place of an option, and nothing else is done") {
  Scene scene;
  Place run(scene);
  for (const std::string program : {"s6-svwait", "s6-svstat", "s6-svc"}) {
    CAPTURE(program);
    const Ran help = run(program, {"-u", "--help", "service"});
    CHECK_DIFFERS("help-and-version-are-answered",
                  help.exit == exited(0) && help.err.empty() && help.out.starts_with("usage: " + program + " [ -"));
    const Ran version = run(program, {"--version"});
    CHECK_DIFFERS("help-and-version-are-answered", version.exit == exited(0) && version.err.empty() &&
                                                       version.out.starts_with(program + " (s6-native) "));
  }
  CHECK(run.control().take().empty());
}

TEST_CASE("help and version are words like others where they are operands") {
  Scene scene;
  Place run(scene);
  for (const char* word : {"--help", "--version"}) {
    CAPTURE(word);
    CHECK(run("s6-svok", {word}).exit == exited(1));
    CHECK(run("s6-svc", {"-u", "--", word}).exit == exited(111));
    CHECK(run("s6-svwait", {"service", word}).exit == exited(111));
    check_refused(run, "s6-svwait", {"-t", word, "service"});
  }
  CHECK(run.control().take().empty());
}

TEST_CASE("an option without its value is a wrong use") {
  Scene scene;
  Place run(scene);
  check_usage(run, "s6-svwait", {"-t"});
  check_usage(run, "s6-svwait", {"-ut"});
  check_usage(run, "s6-svstat", {"-o"});
  check_usage(run, "s6-svstat", {"-uo"});
  check_usage(run, "s6-svc", {"-T"});
  check_usage(run, "s6-svc", {"-w"});
  check_usage(run, "s6-svc", {"-dw"});
}

TEST_CASE("numbers are decimal digits that fit 32 bits") {
  Scene scene;
  Place run(scene);
  for (const char* number :
       {"abc", "-1", "", "0x10", " 5", "5 ", "+5", "5s", "1.5", "5000000000", "4294967296", "=200"}) {
    check_usage(run, "s6-svwait", {"-t", number, "service"});
    check_usage(run, "s6-svc", {"-wu", "-T", number, "service"});
  }
  check_usage(run, "s6-svwait", {"-t=200", "service"});
  for (const char* number : {"00020000", "2147483647", "2147483648", "4294967295", "0"}) {
    CAPTURE(std::string(number));
    // A time that has passed: the real ones sometimes get the better of it.
    if (std::stoul(number) > 2147483647 && skip_on_real("timeouts-fill-32-bits")) continue;
    CHECK(run("s6-svwait", {"-t", number, "-u", "service"}).exit == exited(0));
    CHECK(run("s6-svc", {"-wu", "-T", number, "service"}).exit == exited(0));
  }
}

TEST_CASE("letters may be bundled, and a value glued on or be the next word") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svwait", {"-dt500", "service"}).exit == exited(99));
  CHECK(run("s6-svwait", {"-adt", "500", "service"}).exit == exited(99));
  CHECK(run("s6-svwait", {"-t", "500", "-ad", "service"}).exit == exited(99));
  CHECK(run("s6-svstat", {"-up", "service"}).out == "true 12345\n");
  CHECK(run("s6-svstat", {"-oup,pid", "service"}).out == "true 12345\n");
  CHECK(run("s6-svstat", {"-up", "-o", "up", "service"}).out == "true 12345 true\n");
  CHECK(run("s6-svc", {"-wdT500", "-T500", "service"}).exit == exited(99));
  CHECK(run("s6-svc", {"-T", "500", "-w", "d", "service"}).exit == exited(99));
}

TEST_CASE("the last of several options wins") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svwait", {"-du", "service"}).exit == exited(0));
  CHECK(run("s6-svwait", {"-u", "-d", "-U", "service"}).exit == exited(0));
  CHECK(run("s6-svwait", {"-ud", "-t500", "service"}).exit == exited(99));
  CHECK(run("s6-svwait", {"-d", "-t0", "-t500", "service"}).exit == exited(99));
  CHECK(run("s6-svc", {"-wd", "-wu", "service"}).exit == exited(0));
  CHECK(run("s6-svc", {"-wu", "-wd", "-T500", "service"}).exit == exited(99));
}

TEST_CASE("options end at the first operand") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svwait", {"-u", "service", "-d"}).exit == exited(111));  // -d is a directory
  CHECK(run("s6-svstat", {"-u", "service", "-p"}).out == "true\n");
}

TEST_CASE("two dashes end the options") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svwait", {"-u", "--", "service"}).exit == exited(0));
  CHECK(run("s6-svstat", {"-u", "--", "service"}).out == "true\n");
  CHECK(run("s6-svstat", {"--", "service"}).exit == exited(0));
  CHECK(run("s6-svc", {"-d", "--", "service"}).exit == exited(0));
  CHECK(run.control().take() == "d");
  fs::create_directory_symlink("service", scene.path() / "-u");
  CHECK(run("s6-svwait", {"-u", "--", "-u"}).exit == exited(0));
  CHECK(run("s6-svstat", {"-p", "--", "-u"}).out == "12345\n");
  CHECK(run("s6-svc", {"--", "-u"}).exit == exited(0));
  CHECK(run.control().take().empty());
}

TEST_CASE("a lone dash is a directory") {
  Scene scene;
  Place run(scene);
  fs::create_directory_symlink("service", scene.path() / "-");
  CHECK(run("s6-svwait", {"-u", "-"}).exit == exited(0));
  CHECK(run("s6-svwait", {"-", "service"}).exit == exited(0));
  CHECK(run("s6-svstat", {"-p", "-"}).out == "12345\n");
  CHECK(run("s6-svc", {"-d", "-"}).exit == exited(0));
  CHECK(run.control().take() == "d");
  CHECK(run("s6-svok", {"-"}).exit == exited(0));
}

TEST_CASE("svok: there are no options, but two dashes may stand before the directory") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svok", {"service"}).exit == exited(0));
  CHECK(run("s6-svok", {"service", "missing"}).exit == exited(0));
  CHECK(run("s6-svok", {"--", "service"}).exit == exited(expected("svok-knows-the-end-of-options", 0, 1)));
  CHECK(run("s6-svok", {"-x"}).exit == exited(1));
  CHECK(run("s6-svok", {"--"}).exit == exited(1));
}

TEST_CASE("svc: only the first character of what -w takes counts") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svc", {"-wuxyz", "service"}).exit == exited(0));
  CHECK(run("s6-svc", {"-w", "Up", "service"}).exit == exited(0));
  for (const char* value : {"x", "xu", "", "-u", "s", "1"}) check_usage(run, "s6-svc", {"-w", value, "service"});
}

TEST_CASE("svc: an empty directory name is a wrong use") {
  Scene scene;
  Place run(scene);
  check_refused(run, "s6-svc", {"-d", ""});
  check_refused(run, "s6-svc", {"-wd", ""});
}

TEST_CASE("svc: the timeout means nothing without -w") {
  Scene scene;
  Place run(scene);
  CHECK(run("s6-svc", {"-T1", "-d", "service"}).exit == exited(0));
  CHECK(run.control().take() == "d");
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
