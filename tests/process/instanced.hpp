#pragma once
// An instanced service as s6-instance-maker makes it, with an s6-svscan of the pair under test on it.
//
// The instances say "run NAME" when they start, and "finish NAME" in their finish, where the test listens.
#include <memory>

#include "harness.hpp"
#include "scanner.hpp"

namespace s6::test {

class Instanced {
 public:
  static constexpr const char* sleeper = "exec sleep 1000\n";
  // Says "waiting" and, when it is told to end, "stopping", and waits for let_stop().
  static constexpr const char* slow =
      "exec 3<>\"$gate\"\n"
      "trap 'stopping=1' TERM\n"
      "echo waiting >\"$voice\"\n"
      "while test -z \"$stopping\"; do read line <&3; done\n"
      "echo stopping >\"$voice\"\n"
      "read line <&3\n";

  // `body` is what run does after it has said so.
  explicit Instanced(const Scene& scene, const std::string& body = sleeper, bool logged = false)
      : scene_(scene), path_(scene.path() / "svc"), voice_(scene.path() / "said") {
    fill(scene.path() / "template", body);
    if (logged) fill(scene.path() / "template/log", "exec cat\n");
    const Ran made = run({client("s6-instance-maker"), scene.path() / "template", path_});
    if (made.exit != exited(0)) FAIL(made.err);
    scan_ = std::make_unique<ScanDir>(scene, "svc/instance");
  }
  void start(Start how = {}) {
    scanner_ = std::make_unique<Scanner>(*scan_, std::vector<std::string>{}, std::move(how));
  }
  Scanner& scanner() { return *scanner_; }
  void end() {
    CHECK(scanner_->end() == exited(0));
    scanner_.reset();
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }
  [[nodiscard]] std::filesystem::path copy(std::string_view name) const { return path_ / "instances" / name; }
  [[nodiscard]] std::filesystem::path link(std::string_view name) const { return path_ / "instance" / name; }
  // Nothing of it is left.
  [[nodiscard]] bool knows(std::string_view name) const { return is_there(copy(name)) || is_there(link(name)); }

  // s6-instance-PROGRAM OPTIONS DIR NAME
  [[nodiscard]] Start command(std::string_view program, std::vector<std::string> options, std::string_view name) const {
    Start start{.argv = {client("s6-instance-" + std::string(program))}, .cwd = scene_.path()};
    start.argv.insert(start.argv.end(), options.begin(), options.end());
    start.argv.insert(start.argv.end(), {path_, std::string(name)});
    return start;
  }
  [[nodiscard]] Ran ran(std::string_view program, std::vector<std::string> options, std::string_view name,
                        Here here = Here::now()) const {
    return run(command(program, std::move(options), name), here);
  }
  [[nodiscard]] std::string list() const { return run({client("s6-instance-list"), path_}).out; }
  Voice& voice() { return voice_; }
  void let_stop() const {
    const UniqueFd gate(::open((scene_.path() / "gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (::write(gate.get(), "\n", 1) != 1) FAIL("nobody waits at the gate");
  }

 private:
  void fill(const std::filesystem::path& directory, const std::string& body) {
    std::filesystem::create_directory(directory);
    const std::string head = "#!/bin/sh\nvoice='" + (scene_.path() / "said").string() + "'\ngate='" +
                             (scene_.path() / "gate").string() + "'\n";
    if (!is_there(scene_.path() / "gate") && ::mkfifo((scene_.path() / "gate").c_str(), 0666) != 0) FAIL("mkfifo");
    write_file(directory / "run", head + "echo \"run $*\" >\"$voice\"\n" + body, 0755);
    write_file(directory / "finish", head + "echo \"finish $3\" >\"$voice\"\n", 0755);
  }

  const Scene& scene_;
  std::filesystem::path path_;
  Voice voice_;
  std::unique_ptr<ScanDir> scan_;
  std::unique_ptr<Scanner> scanner_;
};

}  // namespace s6::test
