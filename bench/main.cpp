// The harness: measures directories of s6-compatible programs beside each other. README.md explains it.
//
// Exit code: 0 all targets are met, 1 not all, 2 something could not be measured, 100 wrong usage.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "families.hpp"
#include "guard.hpp"
#include "plot.hpp"
#include "report.hpp"

namespace s6::bench {
namespace {

namespace fs = std::filesystem;

constexpr int all_sizes[] = {10, 30, 100, 300, 1000, 3000, 10'000};

// --- what is asked for ---------------------------------------------------------------------------------------------
std::vector<Family> all_families() {
  return {idle_family(),    bring_up_family(), tear_down_family(), start_calls_family(),
          latency_family(), clients_family(),  scanner_family(),   watch_family(),
          storm_family(),   log_family(),      floor_family()};
}

std::vector<int> sizes_up_to(int largest) {
  std::vector<int> sizes;
  std::ranges::copy_if(all_sizes, std::back_inserter(sizes), [largest](int size) { return size <= largest; });
  return sizes;
}

bool is_wanted(const Settings& settings, const std::string& name) {
  return settings.only.empty() || std::ranges::find(settings.only, name) != settings.only.end();
}

// A family with those of its figures that are wanted.
Family wanted_part(const Settings& settings, Family family) {
  if (!is_wanted(settings, family.name))
    std::erase_if(family.figures, [&](const Figure& figure) { return !is_wanted(settings, figure.id); });
  return family;
}

void list() {
  for (const Family& family : all_families()) {
    std::cout << family.name << '\n';
    for (const Figure& figure : family.figures) std::cout << "  " << figure.id << ": " << figure.title << '\n';
  }
  std::cout << "scale\n";
  for (const ScaleFigure& figure : scale_figures) std::cout << "  " << figure.title << '\n';
}

bool is_known(const std::string& name) {
  if (name == "scale") return true;
  return std::ranges::any_of(all_families(), [&](const Family& family) {
    return family.name == name || std::ranges::find(family.figures, name, &Figure::id) != family.figures.end();
  });
}

std::vector<Candidate> candidates_of(const Settings& settings) {
  std::vector<Candidate> candidates{s6_candidate(settings.ours->directory, settings.ours->label)};
  for (const Labelled& other : settings.against) candidates.push_back(s6_candidate(other.directory, other.label));
  if (settings.runit) candidates.push_back({Candidate::Kind::runit, settings.runit->label, settings.runit->directory});
  candidates.push_back({Candidate::Kind::contract, "contract", ""});
  candidates.push_back({Candidate::Kind::bare, "bare", ""});  // last: it is in fewer panels of the plot
  return candidates;
}

// --- the run -------------------------------------------------------------------------------------------------------
struct Report {
  std::string markdown;
  std::string plot;  // empty without the figures for it
  int exit_code = 0;
};

Line line_of(const ScaleFigure& scale, const std::vector<int>& sizes, const Candidate& candidate, std::size_t column,
             const Results& results) {
  Line line{.label = candidate.label};
  for (const int size : sizes) {
    const std::optional<double> value = results.value(scale_figure(scale, size), column);
    if (value && *value > 0) line.points.emplace_back(size, *value);
  }
  return line;
}

std::string plot_of(const std::vector<int>& sizes, const std::vector<Candidate>& candidates, const Results& results) {
  std::vector<Figure> figures;
  for (const ScaleFigure& scale : scale_figures)
    for (const int size : sizes) figures.push_back(scale_figure(scale, size));
  std::vector<Panel> panels;
  for (const ScaleFigure& scale : scale_figures) {
    Panel panel{.title = scale.title};
    for (const std::size_t column : columns_of(figures, candidates.size(), results))
      panel.lines.push_back(line_of(scale, sizes, candidates[column], column, results));
    panels.push_back(panel);
  }
  std::ostringstream plot;
  write_plot(plot, "What a service costs, against the number of services", panels);
  return plot.str();
}

constexpr std::string_view introduction = R"(# Results

Made by [`bench/run`](run); [README.md](README.md) says what the figures mean and how they are measured. All of them are
medians of as many samples as the table says, taken in turn.

)";

Report report(const std::vector<Figure>& figures, const std::vector<int>& sizes,
              const std::vector<Candidate>& candidates, const Results& results, const std::string& machine) {
  const auto has_target = [](const Figure& figure) { return figure.target.limit || figure.target.ratio; };
  std::vector<Figure> with_target, others;
  std::ranges::copy_if(figures, std::back_inserter(with_target), has_target);
  std::ranges::copy_if(figures, std::back_inserter(others), std::not_fn(has_target));
  std::ostringstream out;
  out << introduction << machine;
  if (!with_target.empty()) write_figures(out << "\n## Figures with a target\n\n", with_target, candidates, results);
  if (!others.empty()) write_figures(out << "\n## More figures\n\n", others, candidates, results);
  if (!sizes.empty()) write_scale(out << "\n## Cost against the number of services\n", sizes, candidates, results);
  write_notes(out, results);
  const bool missed = std::ranges::any_of(
      figures, [&](const Figure& figure) { return judge(figure, results).verdict == Verdict::missed; });
  return {.markdown = out.str(),
          .plot = sizes.empty() ? "" : plot_of(sizes, candidates, results),
          .exit_code = !results.notes().empty() ? 2
                       : missed                 ? 1
                                                : 0};
}

Report measure_all(const Settings& settings) {
  const std::string machine = describe_machine();
  const std::vector<Candidate> candidates = candidates_of(settings);
  const std::vector<int> sizes = is_wanted(settings, "scale") ? sizes_up_to(settings.largest) : std::vector<int>{};
  Results results;
  std::vector<Figure> figures;
  const auto take = [&](const Family& family) {
    measure(family, candidates, settings.quick ? family.quick_rounds : family.rounds, results);
  };
  for (const Family& complete : all_families()) {
    const Family family = wanted_part(settings, complete);
    if (family.figures.empty()) continue;
    take(family);
    figures.insert(figures.end(), family.figures.begin(), family.figures.end());
  }
  for (const int size : sizes) take(scale_family(size));
  return report(figures, sizes, candidates, results, machine);
}

void publish(const Report& report, const std::string& out) {
  if (out.empty()) {
    std::cout << report.markdown;
    return;
  }
  std::string text = report.markdown;
  if (!report.plot.empty()) {
    const fs::path plot = fs::path(out).replace_extension(".svg");
    write_file(plot, report.plot);
    text += "\n![cost per service](" + plot.filename().string() + ")\n";
  }
  write_file(out, text);
}

int work(const Settings& settings, const fs::path& scratch) {
  ::signal(SIGPIPE, SIG_IGN);
  work_in(scratch);
  keep_messages_in(scratch / "messages");
  const Report report = measure_all(settings);
  publish(report, settings.out);
  return report.exit_code;
}

// --- the command line ----------------------------------------------------------------------------------------------
int main_or_fail(std::span<const char* const> words) {
  const std::optional<Settings> settings = parse(words);
  if (!settings || !std::ranges::all_of(settings->only, is_known)) {
    std::cerr << "usage: " << usage;
    return 100;
  }
  if (settings->list) {
    list();
    return 0;
  }
  return guarded([&](const fs::path& scratch) { return work(*settings, scratch); });
}

}  // namespace
}  // namespace s6::bench

int main(int argc, char** argv) {
  try {
    return s6::bench::main_or_fail({argv + 1, static_cast<std::size_t>(argc - 1)});
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 2;
  }
}
