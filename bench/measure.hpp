#pragma once
// What is measured, and in which order: families of figures, each family measured in rounds, and in each round all
// candidates one after the other, so that whatever else the machine does meets all of them alike.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tree.hpp"

namespace s6::bench {

// --- figures -------------------------------------------------------------------------------------------------------
enum class Statistic {
  median,
  p99_over_median,  // how regular it is: the 99th percentile of the samples, by their median
};

struct Target {
  std::optional<double> ratio = {};  // ours by the first of the others, at most
  std::optional<double> limit = {};  // ours, at most
};

struct Figure {
  std::string id;     // for --only
  std::string title;  // with the unit
  Target target = {};
  Statistic statistic = Statistic::median;
  std::string samples = {};  // the id under which they are recorded, where that is not its own
};

// --- samples -------------------------------------------------------------------------------------------------------
using Samples = std::vector<double>;

// By id and column.
class Results {
 public:
  void add(const std::string& id, std::size_t column, double value) { samples_[{id, column}].push_back(value); }
  // A reason, for the figures of a family that could not be measured.
  void note(const std::string& text) { notes_.push_back(text); }
  [[nodiscard]] std::optional<double> value(const Figure& figure, std::size_t column) const;
  [[nodiscard]] std::size_t count(const Figure& figure, std::size_t column) const;
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  [[nodiscard]] const Samples* find(const Figure& figure, std::size_t column) const;
  std::map<std::pair<std::string, std::size_t>, Samples> samples_;
  std::vector<std::string> notes_;
};

double median(Samples samples);
double percentile(Samples samples, double part);  // part of 1; the nearest rank

using Sink = std::function<void(const std::string& id, double value)>;

// --- families ------------------------------------------------------------------------------------------------------
// One candidate's part in a family: made before the first round, lives until after the last.
class Scenario {
 public:
  Scenario() = default;
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;
  virtual void sample(const Sink& sink) = 0;
};

struct Family {
  std::string name;
  std::vector<Figure> figures;
  int rounds = 5;
  int quick_rounds = 1;
  // Null where this candidate cannot take part.
  std::function<std::unique_ptr<Scenario>(const Candidate& candidate)> make;
};

// Makers of scenarios for some kinds of candidates. The first makes objects of a class, the second is for families that
// keep nothing between the rounds.
using Maker = std::function<std::unique_ptr<Scenario>(const Candidate&)>;
using Kinds = std::vector<Candidate::Kind>;
inline const Kinds all_kinds{Candidate::Kind::s6, Candidate::Kind::runit, Candidate::Kind::bare,
                             Candidate::Kind::contract};

template <class SomeScenario>
Maker scenario(Kinds kinds = all_kinds) {
  return [kinds = std::move(kinds)](const Candidate& candidate) -> std::unique_ptr<Scenario> {
    if (std::ranges::find(kinds, candidate.kind) == kinds.end()) return nullptr;
    return std::make_unique<SomeScenario>(candidate);
  };
}

using SampleFunction = std::function<void(const Candidate& candidate, const Sink& sink)>;
Maker without_state(SampleFunction sample, Kinds kinds = all_kinds);

// Measures one family. What fails is noted in the results; nothing of it is left running.
void measure(const Family& family, const std::vector<Candidate>& candidates, int rounds, Results& results);

}  // namespace s6::bench
