// s6-instance-maker: what it makes, and that this runs.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/sys.hpp"
#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

class Template {
 public:
  explicit Template(const Scene& scene) : scene_(scene), path_(scene.path() / "template") {
    fs::create_directories(path_ / "data");
    write_file(path_ / "run", "#!/bin/sh\nexec sleep 1000\n", 0755);
    write_file(path_ / "data/private", "text", 0600);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] fs::path made(std::string_view name = "made") const { return scene_.path() / name; }
  [[nodiscard]] Start command(std::vector<std::string> options, std::string_view name = "made") const {
    Start start{.argv = {client("s6-instance-maker")}, .cwd = scene_.path()};
    start.argv.insert(start.argv.end(), options.begin(), options.end());
    start.argv.insert(start.argv.end(), {"template", std::string(name)});
    return start;
  }
  [[nodiscard]] Ran make(std::vector<std::string> options, std::string_view name = "made",
                         Here here = Here::now()) const {
    return run(command(std::move(options), name), here);
  }
  // Refused with this code, and nothing made.
  void check_refusal(const std::vector<std::string>& options, int code) const {
    std::string text;
    for (const std::string& option : options) text += option + " ";
    CAPTURE(text);
    const Ran ran = make(options);
    CHECK(ran.exit == exited(code));
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("s6-instance-maker: "));
    CHECK_FALSE(is_there(made()));
  }

 private:
  const Scene& scene_;
  fs::path path_;
};

std::string names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

// The run script of an instanced service, as a supervisor starts it.
class Running {
 public:
  explicit Running(const fs::path& service)
      : process_([&] {
          auto pipe = sys::pipe();
          REQUIRE(pipe);
          ready_ = std::move(pipe->read_end);
          return Process(Start{.argv = {service / "run"}, .cwd = service, .fds = {{3, pipe->write_end.get()}}});
        }()) {}
  // false: it has ended instead.
  [[nodiscard]] bool becomes_ready() {
    REQUIRE(wait_readable(ready_.get()));
    char byte;
    return read(ready_.get(), &byte, 1) == 1;
  }
  Process& process() { return process_; }

 private:
  UniqueFd ready_;
  Process process_;
};

TEST_SUITE_BEGIN("clients");

TEST_CASE("an instanced service is made, and runs") {
  Scene scene;
  const Template model(scene);
  Start start = model.command({"-c", "10"});
  start.umask = 022;
  CHECK(run(start).exit == exited(0));
  CHECK(names_in(model.made()) == "instance instances notification-fd run template ");
  CHECK(names_in(model.made("made/instance")).empty());
  CHECK(read_file(model.made("made/notification-fd")) == "3\n");
  for (const char* name : {"made", "made/instance", "made/instances", "made/run", "made/template/run"})
    CHECK(mode_of(model.made(name)) == "0755");
  CHECK(mode_of(model.made("made/template/data/private")) == "0600");
  CHECK(read_file(model.made("made/template/data/private")) == "text");

  fs::remove_all(model.path());  // it is not needed any more
  Running service(model.made());
  REQUIRE(service.becomes_ready());
  CHECK(run({client("s6-instance-create"), model.made(), "one"}).exit == exited(0));
  CHECK(run({client("s6-instance-list"), model.made()}).out == "one\n");
  CHECK(run({client("s6-instance-delete"), model.made(), "one"}).exit == exited(0));
  service.process().signal(SIGTERM);
  CHECK(service.process().wait() == exited(0));
}

TEST_CASE("a logged one has a log") {
  Scene scene;
  const Template model(scene);
  const std::string logs = scene.path() / "my logs";
  CHECK(model.make({"-L", logs, "-t", "0", "-n", "3", "-s", "5000", "-S", "9000", "-P", "it's $me: "}).exit ==
        exited(0));
  CHECK(names_in(model.made()) == "instance instances log notification-fd run template ");
  CHECK(names_in(model.made("made/log")) == "notification-fd run ");
  CHECK(read_file(model.made("made/log/notification-fd")) == "3\n");
  CHECK(mode_of(model.made("made/log/run")) == "0755");
  if (!is_there("/usr/bin/s6-log") && !is_there(client("s6-log"))) SKIP_TEST("needs some s6-log");
  auto lines = sys::pipe();
  REQUIRE(lines);
  REQUIRE(sys::write_all(lines->write_end.get(), std::as_bytes(std::span("hello\n", 6))));
  lines->write_end.reset();
  auto ready = sys::pipe();
  REQUIRE(ready);
  Process logger(Start{.argv = {model.made("made/log/run")},
                       .cwd = model.made("made/log"),
                       .fds = {{0, lines->read_end.get()}, {3, ready->write_end.get()}}});
  (void)logger.wait();
  CHECK_DIFFERS("instance-maker-quotes", read_file(logs + "/current") == "it's $me:  hello\n");
}

TEST_CASE("sources for s6-rc") {
  Scene scene;
  const Template model(scene);
  CHECK(model.make({"-r", "svc"}, "alone").exit == exited(0));
  CHECK(names_in(model.made("alone")) == "svc ");
  CHECK(names_in(model.made("alone/svc")) == "notification-fd run template type ");
  CHECK(read_file(model.made("alone/svc/type")) == "longrun\n");

  CHECK(model.make({"-r", "svc/lg/pl", "-L", "/nowhere"}, "all").exit == exited(0));
  CHECK(names_in(model.made("all")) == "lg svc ");
  CHECK(names_in(model.made("all/svc")) == "notification-fd producer-for run template type ");
  CHECK(names_in(model.made("all/lg")) == "consumer-for notification-fd pipeline-name run type ");
  CHECK(read_file(model.made("all/svc/producer-for")) == "lg\n");
  CHECK(read_file(model.made("all/lg/consumer-for")) == "svc\n");
  CHECK(read_file(model.made("all/lg/pipeline-name")) == "pl\n");
  CHECK(read_file(model.made("all/lg/type")) == "longrun\n");
  CHECK(read_file(model.made("all/lg/notification-fd")) == "3\n");

  // s6-rc copies what it knows; the directories for the instances are made when it runs.
  fs::permissions(model.made("alone/svc/run"), fs::perms(0755));
  Running service(model.made("alone/svc"));
  CHECK_DIFFERS("instance-maker-rc-services-run", service.becomes_ready());
}

TEST_CASE("an instanced service may run as a user") {
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  if (!is_there("/usr/bin/s6-setuidgid") && !is_there(client("s6-setuidgid"))) SKIP_TEST("needs some s6-setuidgid");
  Scene scene;
  const Template model(scene);
  fs::permissions(model.path() / "data/private", fs::perms(0644));  // for the user, too
  CHECK(model.make({"-u", "nobody"}).exit == exited(0));
  Running service(model.made());
  const bool runs = service.becomes_ready();
  CHECK_DIFFERS("instance-maker-user-can-run-it", runs);
  if (!runs) return;
  struct stat st {};
  REQUIRE(stat(("/proc/" + std::to_string(service.process().pid())).c_str(), &st) == 0);
  CHECK(st.st_uid == nobody);
  CHECK(run({client("s6-instance-create"), model.made(), "one"}).exit == exited(0));
  REQUIRE(stat(model.made("made/instances/one/supervise").c_str(), &st) == 0);
  CHECK(st.st_uid == nobody);
  CHECK(run({client("s6-instance-delete"), model.made(), "one"}).exit == exited(0));
}

TEST_CASE("what s6-instance-maker refuses") {
  Scene scene;
  const Template model(scene);
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{{"-c", "x"},
                                                                                       {"-n", "-1"},
                                                                                       {"-s", ""},
                                                                                       {"-S", "1k"},
                                                                                       {"-L", "/x", "-t", "4"},
                                                                                       {"-L", "relative"},
                                                                                       {"-L", ""},
                                                                                       {"-r", "a/b"},
                                                                                       {"-r", "a", "-L", "/x"},
                                                                                       {"-r", "a/b/c/d", "-L", "/x"}})
    model.check_refusal(options, 100);
  write_file(scene.path() / "made", "mine");
  CHECK(model.make({}).exit == exited(111));
  CHECK(read_file(scene.path() / "made") == "mine");
  CHECK(model.make({}, "missing/made").exit == exited(111));
  if (!is_root()) SKIP_TEST("needs root, to become another user");
  Start start = model.command({}, "other");
  start.user = nobody;
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK(contains(ran.err, "Permission denied"));
  CHECK_FALSE(is_there(model.made("other")));
}

TEST_CASE("a script that would be cut is not written, nor half a service") {
  if (skip_on_real("instance-maker-leaves-nothing")) return;
  Scene scene;
  const Template model(scene);
  const std::string too_long(30'000, 'x');
  CHECK(model.make({"-u", too_long}).exit == exited(100));
  CHECK(model.make({"-L", "/" + too_long}).exit == exited(100));
  CHECK_FALSE(is_there(model.made()));
  // A limit on the size of files stands in for a full disk.
  Start start = model.command({});
  start.limits = {{RLIMIT_FSIZE, 0}};
  start.ignored = {SIGXFSZ};
  const Ran ran = run(start);
  CHECK(ran.exit == exited(111));
  CHECK_FALSE(is_there(model.made()));
}

TEST_CASE("a template that cannot be used makes no service") {
  Scene scene;
  const Template model(scene);
  fs::rename(model.path() / "run", scene.path() / "run");
  CHECK(model.make({}, "a").exit == expected("instance-maker-checks-first", exited(111), exited(0)));
  CHECK_DIFFERS("instance-maker-checks-first", !is_there(model.made("a")));
  fs::remove_all(model.path());
  CHECK(model.make({}, "b").exit == exited(111));
  CHECK_DIFFERS("instance-maker-leaves-nothing", !is_there(model.made("b")));
}

TEST_SUITE_END();
}  // namespace
}  // namespace s6::test
