#include "report.hpp"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <sstream>

namespace s6::bench {

std::string number_text(std::optional<double> value) {
  if (!value) return "-";
  char text[40];
  ::snprintf(text, sizeof text, std::abs(*value) >= 100 ? "%.0f" : "%.3g", *value);
  return text;
}

// --- targets -------------------------------------------------------------------------------------------------------
namespace {

std::optional<double> ratio_of(const Figure& figure, const Results& results, std::size_t column) {
  const std::optional<double> ours = results.value(figure, 0);
  const std::optional<double> other = results.value(figure, column);
  if (!ours || !other || *other == 0) return std::nullopt;
  return *ours / *other;
}

void add_criterion(Judgement& judgement, const std::string& what, std::optional<double> value, double most) {
  if (!judgement.text.empty()) judgement.text += "; ";
  judgement.text += what + " <= " + number_text(most) + ": ";
  if (!value) {
    judgement.text += "not measured";
    return;
  }
  const bool met = *value <= most;
  judgement.text += met ? "met" : "**missed**";
  if (judgement.verdict != Verdict::missed) judgement.verdict = met ? Verdict::met : Verdict::missed;
}

}  // namespace

Judgement judge(const Figure& figure, const Results& results) {
  Judgement judgement;
  if (figure.target.limit) add_criterion(judgement, "value", results.value(figure, 0), *figure.target.limit);
  if (figure.target.ratio) add_criterion(judgement, "ratio", ratio_of(figure, results, 1), *figure.target.ratio);
  return judgement;
}

// --- tables --------------------------------------------------------------------------------------------------------
namespace {

// The first cell holds words, the others numbers unless they are in the last `words_at_end` ones.
void write_header(std::ostream& out, const std::vector<std::string>& cells, std::size_t words_at_end) {
  for (const std::string& cell : cells) out << "| " << cell << ' ';
  out << "|\n";
  for (std::size_t i = 0; i < cells.size(); ++i)
    out << (i == 0 || i + words_at_end >= cells.size() ? "| --- " : "| --: ");
  out << "|\n";
}

bool is_other_s6(const std::vector<Candidate>& candidates, std::size_t column) {
  return column > 0 && candidates[column].kind == Candidate::Kind::s6;
}

std::size_t most_samples(const Figure& figure, std::size_t columns, const Results& results) {
  std::size_t most = 0;
  for (std::size_t column = 0; column < columns; ++column) most = std::max(most, results.count(figure, column));
  return most;
}

}  // namespace

std::vector<std::size_t> columns_of(const std::vector<Figure>& figures, std::size_t candidates,
                                    const Results& results) {
  std::vector<std::size_t> columns;
  for (std::size_t column = 0; column < candidates; ++column)
    if (std::ranges::any_of(figures, [&](const Figure& figure) { return results.count(figure, column) > 0; }))
      columns.push_back(column);
  return columns;
}

void write_figures(std::ostream& out, const std::vector<Figure>& figures, const std::vector<Candidate>& candidates,
                   const Results& results) {
  const std::vector<std::size_t> columns = columns_of(figures, candidates.size(), results);
  std::vector<std::string> header{"figure"};
  for (const std::size_t column : columns) header.push_back(candidates[column].label);
  for (const std::size_t column : columns)
    if (is_other_s6(candidates, column)) header.push_back("ours / " + candidates[column].label);
  header.insert(header.end(), {"samples", "target"});
  write_header(out, header, 1);
  for (const Figure& figure : figures) {
    out << "| " << figure.title;
    for (const std::size_t column : columns) out << " | " << number_text(results.value(figure, column));
    for (const std::size_t column : columns)
      if (is_other_s6(candidates, column)) out << " | " << number_text(ratio_of(figure, results, column));
    out << " | " << most_samples(figure, candidates.size(), results) << " | " << judge(figure, results).text << " |\n";
  }
}

void write_scale(std::ostream& out, const std::vector<int>& sizes, const std::vector<Candidate>& candidates,
                 const Results& results) {
  for (const ScaleFigure& scale : scale_figures) {
    std::vector<Figure> figures;
    for (const int size : sizes) figures.push_back(scale_figure(scale, size));
    const std::vector<std::size_t> columns = columns_of(figures, candidates.size(), results);
    out << "\n### " << scale.title << "\n\n";
    std::vector<std::string> header{"services"};
    for (const std::size_t column : columns) header.push_back(candidates[column].label);
    write_header(out, header, 0);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      out << "| " << sizes[i];
      for (const std::size_t column : columns) out << " | " << number_text(results.value(figures[i], column));
      out << " |\n";
    }
  }
}

void write_notes(std::ostream& out, const Results& results) {
  if (results.notes().empty()) return;
  out << "\nNot measured:\n\n";
  for (std::string note : results.notes()) {
    for (char& character : note)
      if (character == '\n') character = ' ';
    out << "- " << note << '\n';
  }
}

// --- the machine ---------------------------------------------------------------------------------------------------
namespace {

std::string value_of(const std::string& file, const std::string& key) {
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return line.substr(line.find_first_not_of(": \t", key.size()));
  return "unknown";
}

std::string today() {
  const time_t now = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&now, &parts);
  char text[20];
  ::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

std::string without_quotes(std::string text) {
  std::erase(text, '"');
  return text;
}

std::string first_line(const std::string& file) {
  const std::string text = read_file(file);
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string describe_machine() {
  utsname system{};
  ::uname(&system);
  const std::string frequency = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::ostringstream text;
  text << "- processor: " << value_of("/proc/cpuinfo", "model name") << ", " << ::sysconf(_SC_NPROCESSORS_ONLN)
       << " online" << (frequency.empty() ? "" : ", governor " + frequency) << '\n'
       << "- memory: " << std::atol(value_of("/proc/meminfo", "MemTotal").c_str()) / 1024 << " MiB\n"
       << "- system: " << system.sysname << ' ' << system.release << ' ' << system.machine << ", "
       << without_quotes(value_of("/etc/os-release", "PRETTY_NAME=")) << '\n'
       << "- load average before the run: " << first_line("/proc/loadavg") << '\n'
       << "- measured on: " << today() << '\n';
  return text.str();
}

}  // namespace s6::bench
