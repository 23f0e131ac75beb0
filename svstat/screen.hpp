#pragma once
// The terminal, or file, for which the table is made.
#include "svstat/table.hpp"

namespace s6::svstat {

// On a terminal: its width (or $COLUMNS, if it does not know it), and colours unless $NO_COLOR is set or $TERM is
// `dumb`. Otherwise no limit and no colours.
Page page_of_output() noexcept;

}  // namespace s6::svstat
