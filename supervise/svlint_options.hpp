#pragma once
// The command line of s6-svlint. Pure.
#include "common/options.hpp"
#include "supervise/lint_report.hpp"

namespace s6::supervise::lint {

struct Request {
  Style style;
  bool scan = false;  // the operands are scan directories, whatever is in them
};

inline constexpr options::Option<Request> option_table[] = {
    {{'q', "", "quiet"},
     [](Request& request, char, const char*) {
       request.style.quiet = true;
       return true;
     },
     "no hints"},
    {{'s', "", "scandir"},
     [](Request& request, char, const char*) {
       request.scan = true;
       return true;
     },
     "dir is a scan directory, whatever is in it"},
    {{options::no_letter, "", "json"},
     [](Request& request, char, const char*) {
       request.style.json = true;
       return true;
     },
     "print a JSON document"},
};
inline constexpr const char* operand_text = "dir...";

}  // namespace s6::supervise::lint
