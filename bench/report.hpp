#pragma once
// Results as Markdown. Pure, but for the description of the machine.
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "families.hpp"

namespace s6::bench {

// Three significant digits, and all of what stands before the point; "-" for nothing.
std::string number_text(std::optional<double> value);

enum class Verdict { none, met, missed };
struct Judgement {
  std::string text;  // "<= 16: met"
  Verdict verdict = Verdict::none;
};
// By the candidates in columns 0 (ours) and 1.
Judgement judge(const Figure& figure, const Results& results);

// The candidates for which one of the figures has been measured: the others get no column.
std::vector<std::size_t> columns_of(const std::vector<Figure>& figures, std::size_t candidates, const Results& results);
// One line per figure: the medians of all candidates, ours by each of the other s6, and the target.
void write_figures(std::ostream& out, const std::vector<Figure>& figures, const std::vector<Candidate>& candidates,
                   const Results& results);
// The costs per service, one line per number of services.
void write_scale(std::ostream& out, const std::vector<int>& sizes, const std::vector<Candidate>& candidates,
                 const Results& results);
// What could not be measured.
void write_notes(std::ostream& out, const Results& results);

std::string describe_machine();

}  // namespace s6::bench
