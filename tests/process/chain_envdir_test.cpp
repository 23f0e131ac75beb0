// s6-envdir.
#include "harness.hpp"

namespace s6::test {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

TEST_SUITE_BEGIN("chain");

// A directory of variables.
class EnvDirectory {
 public:
  explicit EnvDirectory(const Scene& scene) : path_(scene.path() / "env") { fs::create_directory(path_); }
  EnvDirectory& file(std::string_view name, std::string_view content) {
    write_file(path_ / name, content);
    return *this;
  }
  [[nodiscard]] fs::path operator/(std::string_view file) const { return path_ / file; }
  [[nodiscard]] std::string name() const { return path_; }

  [[nodiscard]] Ran run(std::vector<std::string> options, std::vector<std::string> env = {}) const {
    options.insert(options.begin(), client("s6-envdir"));
    options.insert(options.end(), {path_, "/usr/bin/env", "-0"});
    return test::run(Start{.argv = std::move(options), .env = std::move(env)});
  }
  // The value of a variable, or "unset", or "exit N".
  [[nodiscard]] std::string value(const std::string& variable, std::vector<std::string> options = {},
                                  std::vector<std::string> env = {}) const {
    const Ran ran = run(std::move(options), std::move(env));
    if (ran.exit != exited(0)) return "exit " + std::to_string(ran.exit.code);
    const std::string all = "\0"s + ran.out, start = "\0"s + variable + "=";
    const auto at = all.find(start);
    if (at == std::string::npos) return "unset";
    return all.substr(at + start.size(), all.find('\0', at + 1) - at - start.size());
  }

 private:
  fs::path path_;
};

TEST_CASE("envdir: the first line without blanks at its end") {
  Scene scene;
  EnvDirectory dir(scene);
  dir.file("A", "v1 \t\r\nsecond").file("B", "no newline").file("C", "").file("D", "\n").file("E", "x\0y\n"s);
  dir.file(".F", "hidden").file("G", " \t lead").file("H", "\0"s).file("I", "x \0 \n"s).file("J=K", "equals");
  const std::vector<std::string> env = {"C=before", "A=before"};
  CHECK(dir.value("A", {}, env) == "v1");
  CHECK(dir.value("B") == "no newline");
  CHECK(dir.value("C", {}, env) == "unset");
  CHECK(dir.value("D") == "");
  CHECK(dir.value("E") == "x\ny");
  CHECK(dir.value(".F") == "unset");
  CHECK(dir.value("G") == " \t lead");
  CHECK(dir.value("H") == "\n");
  CHECK(dir.value("I") == "x \n");
  CHECK(dir.value("J") == "unset");
  CHECK(dir.value("PATH") != "unset");
}

TEST_CASE("envdir: blanks, whole files and another character for nul") {
  Scene scene;
  EnvDirectory dir(scene);
  dir.file("A", "v1 \t\r\nsecond \n\n").file("E", "x\0y"s).file("D", " \n");
  CHECK(dir.value("A", {"-n"}) == "v1 \t\r");
  CHECK(dir.value("A", {"-f"}) == "v1 \t\r\nsecond \n");
  CHECK(dir.value("A", {"-fn"}) == "v1 \t\r\nsecond \n\n");
  CHECK(dir.value("D", {"-f"}) == " ");
  CHECK(dir.value("D", {"-n"}) == " ");
  CHECK(dir.value("E", {"-c", "Zz"}) == "xZy");
  CHECK(dir.value("E", {"-c", ""}) == expected<std::string>("envdir-c-needs-a-character", "exit 100", "exit 111"));
}

TEST_CASE("envdir: values are cut after 4095 bytes unless -L") {
  Scene scene;
  EnvDirectory dir(scene);
  const std::string exact(4095, 'x'), longer(100000, 'y');
  dir.file("A", exact + "z\n")
      .file("B", longer + "\nsecond")
      .file("C", longer)
      .file("D", std::string(4090, 'x') + "         z");
  CHECK(dir.value("A") == exact);
  CHECK(dir.value("B") == longer.substr(0, 4095));
  CHECK(dir.value("B", {"-f"}) == longer.substr(0, 4095));
  CHECK(dir.value("D") == std::string(4090, 'x'));
  CHECK(dir.value("A", {"-L"}) == exact + "z");
  CHECK(dir.value("B", {"-L"}) == longer);
  CHECK(dir.value("B", {"-Lf"}) == longer + "\nsecond");
  CHECK(dir.value("C", {"-Ln"}) == longer);
  CHECK_DIFFERS("envdir-long-values-of-one-line", dir.value("C", {"-L"}) == longer);
}

TEST_CASE("envdir: a directory that is missing") {
  Scene scene;
  const auto code = [&](std::vector<std::string> words) {
    words.insert(words.begin(), client("s6-envdir"));
    words.insert(words.end(), {scene.path() / "missing", "/bin/true"});
    return run(words).exit.code;
  };
  CHECK(code({}) == 111);
  CHECK(code({"-I"}) == 0);
  CHECK(code({"-I", "-i"}) == 111);
}

TEST_CASE("envdir: what cannot be read ends it, and is named") {
  Scene scene;
  EnvDirectory dir(scene);
  const auto check = [&](const char* file) {
    CAPTURE(file);
    const Ran ran = dir.run({"-I"});
    CHECK(ran.exit == exited(111));
    CHECK(ran.out.empty());
    CHECK_DIFFERS("envdir-names-the-file", contains(ran.err, dir.name() + "/" + file));
  };
  fs::create_directory(dir / "sub");
  check("sub");
  fs::remove(dir / "sub");
  fs::create_symlink("nowhere", dir / "link");
  check("link");
  fs::remove(dir / "link");
  write_file(dir / "file", "x");
  CHECK(run({client("s6-envdir"), dir / "file", "/bin/true"}).exit == exited(111));
  if (!is_root()) SKIP_TEST("needs root");
  fs::permissions(dir / "file", fs::perms(0));
  const std::vector<std::string> argv = {client("s6-envdir"), dir.name(), "/bin/true"};
  scene.give_to(nobody);
  CHECK(run(Start{.argv = argv}).exit == exited(0));
  if (chown((dir / "file").c_str(), 0, 0) < 0) FAIL("chown");
  CHECK(run(Start{.argv = argv, .user = nobody}).exit == exited(111));
  fs::permissions(dir.name(), fs::perms(0));
  if (chown(dir.name().c_str(), 0, 0) < 0) FAIL("chown");
  const Ran closed = run(Start{.argv = argv, .user = nobody});
  CHECK(closed.exit == exited(111));
  CHECK(contains(closed.err, dir.name()));
}

TEST_CASE("envdir: the program is looked for in the PATH from before") {
  Scene scene;
  EnvDirectory dir(scene);
  dir.file("PATH", "/nowhere");
  const std::string program = client("s6-envdir");
  const Ran changed = run({program, dir.name(), "env"});
  CHECK(changed.exit == exited(0));
  CHECK(contains("\n" + changed.out, "\nPATH=/nowhere\n"));
  dir.file("PATH", "");
  const Ran removed = run({program, dir.name(), "env"});
  CHECK(removed.exit == exited(0));
  CHECK(!contains("\n" + removed.out, "\nPATH="));
}

TEST_CASE("envdir: a FIFO is waited for") {
  Scene scene;
  EnvDirectory dir(scene);
  if (mkfifo((dir / "A").c_str(), 0600) < 0) FAIL("mkfifo");
  Process process(Start{.argv = {client("s6-envdir"), dir.name(), "/usr/bin/env"}});
  write_file(dir / "A", "late\n");  // waits for the reader
  CHECK(process.wait() == exited(0));
  CHECK(contains(process.out(), "A=late\n"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
