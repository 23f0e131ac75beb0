#pragma once
// The cost of a service against the number of services, as a picture in SVG. Pure.
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace s6::bench {

struct Line {
  std::string label;
  std::vector<std::pair<double, double>> points;  // both positive, as both axes are logarithmic
};
struct Panel {
  std::string title;
  std::vector<Line> lines;  // the same labels in the same order in all panels
};

// Two panels in a row. Has its own background, one for light and one for dark surroundings.
void write_plot(std::ostream& out, const std::string& title, const std::vector<Panel>& panels);

}  // namespace s6::bench
