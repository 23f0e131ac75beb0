#include "svstat/screen.hpp"

#include <stdlib.h>

#include "common/number.hpp"
#include "common/sys.hpp"

namespace s6::svstat {
namespace {

std::string_view variable(const char* name) noexcept {
  const char* const value = ::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Page page_of_output() noexcept {
  const auto window = sys::window_size(1);
  if (!window) return {};
  Page page{.columns = window->columns, .lines = window->lines};
  if (page.columns == 0) page.columns = parse_u32(variable("COLUMNS")).value_or(0);
  page.colour = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return page;
}

}  // namespace s6::svstat
