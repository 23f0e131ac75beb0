// Very many services: they come up, answer and go down.
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "harness.hpp"
#include "tests/soak/inspection.hpp"
#include "tests/soak/parameters.hpp"
#include "tests/soak/tree.hpp"

namespace s6::soak {
namespace {
using namespace std::chrono_literals;
using test::Clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class Predicate>
bool within_patience(Predicate holds) {
  const auto deadline = Clock::now() + patience();
  while (!holds()) {
    if (Clock::now() > deadline) return false;
    (void)test::wait_readable(-1, Clock::now() + 100ms);
  }
  return true;
}

// What keeps so many processes, and one with so many descriptors, from running here; empty: nothing.
std::string obstacle(std::size_t processes, std::size_t descriptors) {
  for (const char* name : {"pid_max", "threads-max"}) {
    const std::size_t most = std::stoul(test::read_file(std::string("/proc/sys/kernel/") + name));
    const std::size_t wanted = processes + 5000;  // and all the others of the machine
    if (most < wanted)
      return "needs a larger kernel." + std::string(name) + ": sysctl -w kernel." + name + "=" + std::to_string(wanted);
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < descriptors + 100)
    return "needs a larger limit of open files: ulimit -n " + std::to_string(descriptors + 100);
  return {};
}

TEST_SUITE("many") {
  TEST_CASE("very many services come up, answer and go down") {
    const bool logged = parameter("S6_SOAK_LOGGED", 0) != 0;
    const std::size_t count = services();
    if (const std::string why = obstacle(count * (logged ? 4 : 2), logged ? 2 * count : 0); !why.empty())
      SKIP_TEST(why);
    std::cout << "many: " << count << (logged ? " services with loggers" : " services") << std::endl;
    test::Scene scene;
    Tree tree(scene, {.services = count, .logged_every = logged ? 1U : 0U});

    auto start = Clock::now();
    test::Scanner scanner(tree.scan, {"-C", std::to_string(2 * count + 4)});
    Complaints complaints;
    CHECK_MESSAGE(within_patience([&] {
                    complaints = untruths(tree, scanner.pid());
                    return complaints.empty();
                  }),
                  first_of(complaints));
    std::cout << "all are up after " << seconds_since(start) << " s: " << to_text(resources_of(scanner.pid()))
              << std::endl;

    start = Clock::now();
    std::vector<std::string> words = {test::client("s6-svwait"), "-u", "-t", "300000"};
    for (const Service& service : tree.services) words.push_back(service.dir());
    test::Process wait(test::Start{.argv = words});
    CHECK(within_patience([&] { return !wait.running(); }));
    CHECK(wait.wait() == test::exited(0));
    std::cout << "one s6-svwait for all of them: " << seconds_since(start) << " s" << std::endl;

    start = Clock::now();
    std::size_t right = 0, asked = 0;
    for (std::size_t i = 0; i < count; i += 1 + count / 200, ++asked)
      right += test::run({test::client("s6-svstat"), "-o", "up,wantedup", tree.services[i].dir()}).out == "true true\n"
                   ? 1U
                   : 0U;
    CHECK(right == asked);
    std::cout << right << " of " << asked << " answers of s6-svstat are right, in " << seconds_since(start) << " s"
              << std::endl;

    start = Clock::now();
    for (int i = 0; i < 10; ++i) scanner.send("a");
    scanner.settle();
    std::cout << "a rescan while all are up: " << seconds_since(start) << " s" << std::endl;

    start = Clock::now();
    CHECK(test::run({test::client("s6-svscanctl"), "-t", tree.scan.path()}).exit == test::exited(0));
    CHECK(within_patience([&] { return !scanner.process().running(); }));
    CHECK(scanner.wait() == test::exited(0));
    std::cout << "all are down after " << seconds_since(start) << " s" << std::endl;
    CHECK(ProcessTable().all().size() == 1);
  }
}

}  // namespace
}  // namespace s6::soak
