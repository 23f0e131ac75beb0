#include "measure.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace s6::bench {

// --- samples -------------------------------------------------------------------------------------------------------
double median(Samples samples) {
  std::ranges::sort(samples);
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 != 0 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

double percentile(Samples samples, double part) {
  std::ranges::sort(samples);
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(samples.size())));
  return samples[std::max<std::size_t>(rank, 1) - 1];
}

const Samples* Results::find(const Figure& figure, std::size_t column) const {
  const auto found = samples_.find({figure.samples.empty() ? figure.id : figure.samples, column});
  return found == samples_.end() ? nullptr : &found->second;
}

std::optional<double> Results::value(const Figure& figure, std::size_t column) const {
  const Samples* const samples = find(figure, column);
  if (samples == nullptr) return std::nullopt;
  const double middle = median(*samples);
  if (figure.statistic == Statistic::median) return middle;
  return middle > 0 ? std::optional(percentile(*samples, 0.99) / middle) : std::nullopt;
}

std::size_t Results::count(const Figure& figure, std::size_t column) const {
  const Samples* const samples = find(figure, column);
  return samples == nullptr ? 0 : samples->size();
}

// --- families ------------------------------------------------------------------------------------------------------
namespace {

class Stateless : public Scenario {
 public:
  Stateless(Candidate candidate, SampleFunction sample)
      : candidate_(std::move(candidate)), sample_(std::move(sample)) {}
  void sample(const Sink& sink) override { sample_(candidate_, sink); }

 private:
  Candidate candidate_;
  SampleFunction sample_;
};

// A candidate that has failed is left out of the rest of the family; the others go on.
class Participants {
 public:
  Participants(const Family& family, const std::vector<Candidate>& candidates, Results& results)
      : family_(family), candidates_(candidates), results_(results), scenarios_(candidates.size()) {
    for (std::size_t column = 0; column < candidates.size(); ++column)
      attempt(column, [&] { scenarios_[column] = family.make(candidates[column]); });
  }

  void sample(std::size_t column) {
    if (!scenarios_[column]) return;
    attempt(column, [&] {
      scenarios_[column]->sample([&](const std::string& id, double value) { results_.add(id, column, value); });
    });
  }

 private:
  void attempt(std::size_t column, const std::function<void()>& step) {
    try {
      step();
    } catch (const std::exception& error) {
      std::string note = family_.name + ", " + candidates_[column].label + ": " + error.what();
      if (const std::string messages = last_messages(); !messages.empty()) note += " (messages: " + messages + ")";
      std::cerr << "bench: " << note << '\n';
      results_.note(note);
      scenarios_[column].reset();
    }
  }

  const Family& family_;
  const std::vector<Candidate>& candidates_;
  Results& results_;
  std::vector<std::unique_ptr<Scenario>> scenarios_;
};

}  // namespace

Maker without_state(SampleFunction sample, Kinds kinds) {
  return [sample = std::move(sample), kinds = std::move(kinds)](const Candidate& candidate) {
    const bool takes_part = std::ranges::find(kinds, candidate.kind) != kinds.end();
    return takes_part ? std::make_unique<Stateless>(candidate, sample) : nullptr;
  };
}

void measure(const Family& family, const std::vector<Candidate>& candidates, int rounds, Results& results) {
  keep_messages_in(scratch_directory() / "messages");
  {
    Participants participants(family, candidates, results);
    for (int round = 0; round < rounds; ++round) {
      std::cerr << "bench: " << family.name << ", round " << round + 1 << " of " << rounds << '\n';
      for (std::size_t i = 0; i < candidates.size(); ++i)
        participants.sample((i + static_cast<std::size_t>(round)) % candidates.size());  // nobody is always the first
    }
  }
  kill_descendants();
}

}  // namespace s6::bench
