#pragma once
// What can be measured; README.md says what each figure means.
#include <vector>

#include "measure.hpp"

namespace s6::bench {

// family_idle.cpp: what a tree costs while nothing happens
Family idle_family();
// family_tree.cpp: everything comes up, everything goes down
Family bring_up_family();
Family tear_down_family();
Family start_calls_family();
// family_latency.cpp: how fast one service follows
Family latency_family();
// family_storm.cpp: many services die at the same time
Family storm_family();
// family_clients.cpp: the commands that scripts run again and again
Family clients_family();
// family_scanner.cpp: a scanner with many services
Family scanner_family();
Family watch_family();
// family_log.cpp: how much it costs to log
Family log_family();
// family_floor.cpp: what the machine takes for starting a program
Family floor_family();

// family_scale.cpp: the same tree with `services` services
Family scale_family(int services);
struct ScaleFigure {
  const char* id;     // "scale-ID-SERVICES" in the results
  const char* title;  // with the unit
};
inline constexpr ScaleFigure scale_figures[] = {
    {"up", "bring-up, CPU per service, ms"},
    {"down", "tear-down per service, ms"},
    {"rescan", "rescan, scanner CPU per service, µs"},
    {"memory", "USS of the scanner per service, KiB"},
};
Figure scale_figure(const ScaleFigure& figure, int services);

// The processor time of the scanner for a scan in which nothing has changed.
double rescan_milliseconds(const Tree& tree);

}  // namespace s6::bench
