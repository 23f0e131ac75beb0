#include "common/remedy.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace s6;

TEST_SUITE("remedy") {
  TEST_CASE("where files cannot be watched, the limit to raise is named; other reasons say it all") {
    CHECK(sys::remedy_for_watching(ENOSPC) == "raise /proc/sys/fs/inotify/max_user_watches");
    CHECK(sys::remedy_for_watching(EMFILE) == "raise /proc/sys/fs/inotify/max_user_instances");
    for (const int code : {0, ENOENT, EACCES, ENOMEM, ENFILE}) {
      CAPTURE(code);
      CHECK(sys::remedy_for_watching(code).empty());
    }
  }
}
