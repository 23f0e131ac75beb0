#pragma once
// The process test harness: real binaries in a scratch directory, no fixed sleeps.
//
// HOW TO WRITE A TEST
//
//   TEST_SUITE("supervise") {
//     TEST_CASE("a service that is stopped stays down") {
//       Scene scene;                                  // first: scratch directory, cleaned up whatever happens
//       ServiceDir dir = scene.service();             // SCRATCH/test
//       dir.run("trap TERM\nsay up\nsleep");          // ./run is test-service with this script
//       Supervisor supervisor(dir);                   // subscribes to event/, then starts s6-supervise
//       supervisor.expect("su");                      // exactly these letters come next
//       dir.expect("up");                             // the service said so, in its FIFO `voice`
//       supervisor.send("d");                         // raw bytes to supervise/control
//       dir.expect("got TERM");
//       CHECK(flags(supervisor.status()) == "");      // P F W R
//     }
//   }
//
// The same tests run against our programs, the installed real s6 2.11.3.2, and mixed pairs. CMakeLists.txt registers
// the suites supervise, supervise-timing (tests that have to wait for a second or more), svscan and clients with ctest;
// a new file NAME_test.cpp is picked up by itself. By hand:
//
//   S6_TEST_SUPERVISORS=/usr/bin S6_TEST_SUPERVISORS_KIND=debian S6_TEST_CLIENTS=build/debug/bin
//   S6_TEST_CLIENTS_KIND=ours
//       build/debug/bin/process-tests -ts=clients -tc='*reads*'
//
// S6_TEST_VERBOSE=1 prints each test's name and time, S6_TEST_KEEP=1 keeps the scratch directory.
//
// CONTRACT AND DIFFERENCES
//
// CHECK, REQUIRE and the expect functions state the contract: they hold for every program. Where the real one is known
// to differ, the difference has a name and a reason in differences.hpp (an unknown name does not compile), and the test
// says so:
//
//   CHECK_DIFFERS("name", condition)                    ours: must be true. Real: must be false.
//   CHECK(x == expected("name", ours, real))            the value to see for the one and for the other
//   if (on_real("name")) ... else ...                   different steps
//   check_happens_only_with_ours("name", predicate)     the same for what takes a while
//   if (skip_on_real("name")) return;                   the real one would hang; counted and printed with its reason
//   SKIP_TEST("needs root")                             cannot be tested here; printed at the end, and returns
//
// WAITING
//
// Wait for something that happens: letters (Supervisor::expect, Events::expect), a line from the service
// (ServiceDir::expect), a process's end (Process::wait, wait_dead). Every wait ends the test after 20 s. To prove that
// nothing happens, wait for something that comes causally later: Supervisor::settle() returns when s6-supervise has
// dealt with all that was sent to it or died under it before; then CHECK(supervisor.quiet()). Times are checked as
// lower bounds between the stamps in status files; "at once" as "in at least one of several tries". eventually(what,
// predicate) polls, for things that tell nobody when they change.
//
// LEFTOVERS
//
// Objects kill what they started. The runner is a child subreaper: a descendant that is still there when the Scene ends
// fails the test, unless it called scene.allow_orphans().
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.hpp"
#include "programs.hpp"
#include "scene.hpp"
