#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>

namespace s6::bench {
namespace {

constexpr double panel_width = 430, panel_height = 280;
constexpr double left = 62, right = 26, top = 34, bottom = 40;  // margins in a panel
constexpr double header = 66;                                   // title and legend
constexpr std::size_t columns = 2;
constexpr std::size_t styles = 5;

const char* const style_sheet = R"(<style>
  svg { font: 13px sans-serif; }
  .back { fill: #ffffff; } .axis { stroke: #555555; } .grid { stroke: #e2e2e2; } text { fill: #222222; }
  .line { fill: none; stroke-width: 2; }
  .s0 { stroke: #0b62b0; } .s1 { stroke: #c8500a; } .s2 { stroke: #0a7d4f; }
  .s3 { stroke: #7b4ab5; } .s4 { stroke: #767676; }
  .dot { fill: #ffffff; stroke-width: 2; } .title { font-size: 16px; font-weight: bold; } .name { font-weight: bold; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #161b22; } .axis { stroke: #a0a0a0; } .grid { stroke: #30363d; } text { fill: #e6e6e6; }
    .s0 { stroke: #5cb0ff; } .s1 { stroke: #ff9a57; } .s2 { stroke: #4fd09a; }
    .s3 { stroke: #c29bff; } .s4 { stroke: #a8a8a8; }
    .dot { fill: #161b22; }
  }
</style>
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char character : text) {
    if (character == '&')
      result += "&amp;";
    else if (character == '<')
      result += "&lt;";
    else
      result += character;
  }
  return result;
}

// A logarithmic axis from a power of ten, or from 2 or 5 times one, to another.
class Axis {
 public:
  Axis(double least, double most, double from, double to) : from_(from), to_(to) {
    const double spread = std::max(most / least, 1.0);
    least_ = round_down(least);
    most_ = round_down(most) < most ? next(round_down(most)) : most;
    if (least_ == most_) most_ = next(most_);
    every_ = spread < 50;
  }
  [[nodiscard]] double at(double value) const {
    return from_ + (to_ - from_) * std::log(value / least_) / std::log(most_ / least_);
  }
  // Powers of ten, and what lies between if there are few of them.
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> result;
    for (double tick = least_; tick <= most_ * 1.0001; tick = next(tick))
      if (every_ || mantissa(tick) == 1) result.push_back(tick);
    return result;
  }

 private:
  static double power(double value) { return std::pow(10, std::floor(std::log10(value) + 1e-9)); }
  static int mantissa(double value) { return static_cast<int>(std::lround(value / power(value))); }
  static double round_down(double value) {
    const double digit = value / power(value);
    return power(value) * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
  }
  static double next(double tick) {
    const int digit = mantissa(tick);
    return power(tick) * (digit == 1 ? 2 : digit == 2 ? 5 : 10);
  }

  double least_ = 1, most_ = 10;
  double from_, to_;
  bool every_ = false;
};

std::string tick_text(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

struct Range {
  double least = 1e300, most = 0;
  void include(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

void write_grid(std::ostream& out, const Axis& x, const Axis& y) {
  const double low = panel_height - bottom, end = panel_width - right;
  for (const double tick : y.ticks()) {
    out << "<line class='grid' x1='" << left << "' x2='" << end << "' y1='" << y.at(tick) << "' y2='" << y.at(tick)
        << "'/><text x='" << left - 6 << "' y='" << y.at(tick) + 4 << "' text-anchor='end'>" << tick_text(tick)
        << "</text>\n";
  }
  for (const double tick : x.ticks())
    out << "<line class='grid' x1='" << x.at(tick) << "' x2='" << x.at(tick) << "' y1='" << top << "' y2='" << low
        << "'/><text x='" << x.at(tick) << "' y='" << low + 17 << "' text-anchor='middle'>" << tick_text(tick)
        << "</text>\n";
  out << "<path class='axis' fill='none' d='M" << left << ' ' << top << "V" << low << "H" << end << "'/><text x='"
      << (left + end) / 2 << "' y='" << low + 34 << "' text-anchor='middle'>services</text>\n";
}

void write_line(std::ostream& out, const Line& line, std::size_t style, const Axis& x, const Axis& y) {
  if (line.points.empty()) return;
  out << "<polyline class='line s" << style << "' points='";
  for (const auto& [services, cost] : line.points) out << x.at(services) << ',' << y.at(cost) << ' ';
  out << "'/>\n";
  for (const auto& [services, cost] : line.points)
    out << "<circle class='dot s" << style << "' r='3.5' cx='" << x.at(services) << "' cy='" << y.at(cost) << "'/>";
  out << '\n';
}

void write_panel(std::ostream& out, const Panel& panel) {
  out << "<text class='name' x='" << left << "' y='22'>" << escaped(panel.title) << "</text>\n";
  Range services, costs;
  for (const Line& line : panel.lines) {
    for (const auto& [number, cost] : line.points) {
      services.include(number);
      costs.include(cost);
    }
  }
  if (costs.most <= 0) return;
  const Axis x(services.least, services.most, left, panel_width - right);
  const Axis y(costs.least, costs.most, panel_height - bottom, top);
  write_grid(out, x, y);
  for (std::size_t i = 0; i < panel.lines.size(); ++i) write_line(out, panel.lines[i], i % styles, x, y);
}

void write_legend(std::ostream& out, const std::vector<Line>& lines) {
  double x = left;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out << "<line class='line s" << i % styles << "' x1='" << x << "' x2='" << x + 26
        << "' y1='50' y2='50'/><circle class='dot s" << i % styles << "' r='3.5' cx='" << x + 13
        << "' cy='50'/><text x='" << x + 33 << "' y='54'>" << escaped(lines[i].label) << "</text>\n";
    x += 60 + 7.5 * static_cast<double>(lines[i].label.size());
  }
}

}  // namespace

void write_plot(std::ostream& out, const std::string& title, const std::vector<Panel>& panels) {
  const std::size_t rows = (panels.size() + columns - 1) / columns;
  const double width = panel_width * columns, height = header + panel_height * static_cast<double>(rows) + 8;
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << width << ' ' << height << "' width='" << width
      << "' height='" << height << "'>\n"
      << style_sheet << "<rect class='back' width='100%' height='100%'/>\n<text class='title' x='" << left
      << "' y='28'>" << escaped(title) << "</text>\n";
  if (!panels.empty()) write_legend(out, panels.front().lines);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    out << "<g transform='translate(" << panel_width * static_cast<double>(i % columns) << ' '
        << header + panel_height * static_cast<double>(i / columns) << ")'>\n";
    write_panel(out, panels[i]);
    out << "</g>\n";
  }
  out << "</svg>\n";
}

}  // namespace s6::bench
