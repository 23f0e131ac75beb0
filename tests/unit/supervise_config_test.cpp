// What the configuration files of a service directory may say, and why a program could not be executed.
#include "supervise/config.hpp"

#include <doctest/doctest.h>

#include "supervise/exec_failure.hpp"

using namespace s6::supervise;

TEST_SUITE("supervise config") {
  TEST_CASE("only the first line counts, untrimmed") {
    CHECK(config::first_line("3\n4\n") == "3");
    CHECK(config::first_line("3") == "3");
    CHECK(config::first_line("\n3") == "");
    CHECK(config::first_line(" 3 \n") == " 3 ");
    CHECK(config::first_line("") == "");
  }
}

TEST_SUITE("exec failure") {
  TEST_CASE("the head of a file tells what it is") {
    CHECK(inspect_head("").kind == Head::empty);
    CHECK(inspect_head("\x7f"
                       "ELF\2")
              .kind == Head::elf);
    CHECK(inspect_head("echo hello\n").kind == Head::no_magic);
    CHECK(inspect_head("#!\n").kind == Head::script_without_interpreter);
    CHECK(inspect_head("#!  \t\r\n").kind == Head::script_without_interpreter);
    const HeadVerdict plain = inspect_head("#! /bin/sh -e\nrest");
    CHECK(plain.kind == Head::script);
    CHECK(plain.interpreter == "/bin/sh");
    const HeadVerdict dos = inspect_head("#!/bin/sh\r\nrest");
    CHECK(dos.kind == Head::script_with_cr);
    CHECK(dos.interpreter == "/bin/sh");
    CHECK(inspect_head("#!/bin/true").interpreter == "/bin/true");
  }
}
