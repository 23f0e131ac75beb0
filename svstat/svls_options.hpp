#pragma once
// The command line of s6-svls. Pure.
//
// Operands with a slash in them, and `.` and `..`, are scan directories; all others are names of services. So nothing
// depends on what is in the working directory: a scan directory there is called ./NAME.
#include <cstdint>
#include <span>
#include <string_view>

#include "common/number.hpp"
#include "common/options.hpp"
#include "svstat/row.hpp"

namespace s6::svstat {

enum class Format : std::uint8_t { table, json, prometheus };

struct SvlsRequest {
  Format format = Format::table;
  SortKey sort = SortKey::name;
  std::uint32_t lines = 0;  // of each log
  bool watch = false;
};

inline constexpr options::Option<SvlsRequest> svls_option_table[] = {
    {{'w', "", "watch"},
     [](SvlsRequest& request, char, const char*) {
       request.watch = true;
       return true;
     },
     "draw again whenever something changes"},
    {{'l', "lines", "lines"},
     [](SvlsRequest& request, char, const char* value) { return read_u32(value, request.lines); },
     "show the last lines of each log"},
    {{'s', "key", "sort"},
     [](SvlsRequest& request, char, const char* value) {
       const auto key = sort_key_of(value);
       if (key) request.sort = *key;
       return key.has_value();
     },
     "sort by key"},
    {{options::no_letter, "", "json"},
     [](SvlsRequest& request, char, const char*) {
       request.format = Format::json;
       return true;
     },
     "print a JSON document"},
    {{options::no_letter, "", "prometheus"},
     [](SvlsRequest& request, char, const char*) {
       request.format = Format::prometheus;
       return true;
     },
     "print metrics for Prometheus"},
};
inline constexpr const char* svls_operands = "[ scandir... ] [ service... ]";

constexpr bool is_scan_directory(std::string_view operand) noexcept {
  return operand.find('/') != std::string_view::npos || operand == "." || operand == "..";
}

}  // namespace s6::svstat
