#include "svstat/table.hpp"

#include <algorithm>
#include <array>

#include "common/cli.hpp"
#include "svstat/stamp_text.hpp"
#include "svstat/utf8.hpp"

namespace s6::svstat {
namespace {

enum class Column : std::uint8_t { service, state, wanted, pid, age, ready, notes };
constexpr std::size_t column_count = 7;
constexpr std::array<std::string_view, column_count> titles = {"SERVICE", "STATE", "WANTED", "PID",
                                                               "FOR",     "READY", "NOTES"};
// A narrow terminal does without these, in this order.
constexpr std::array given_up = {Column::ready, Column::pid, Column::wanted, Column::age};
constexpr std::size_t gap = 2;
constexpr std::size_t least_name = 8;
constexpr std::size_t least_notes = 24;
constexpr std::string_view logger_indent = "  ";

constexpr std::size_t index(Column column) noexcept {
  return static_cast<std::size_t>(column);
}

// A line of the table before it is laid out.
struct Item {
  std::string_view indent;
  std::string_view name;
  const Observation* seen;
  std::string_view remark;  // one more note
};

template <class Visit>
void for_each_item(const Row& row, Visit visit) noexcept {
  visit(Item{"", row.name, &row.seen, ""});
  if (!row.has_logger) return;
  const bool lost = row.has_tail && row.tail.file.empty();
  TextBuffer<128> remark{lost ? "its log was not found" : ""};
  if (row.has_tail && row.tail.error != 0) remark = {"cannot read its log: ", cli::reason(row.tail.error)};
  visit(Item{logger_indent, "log", &row.logger, remark});
}

using Cell = TextBuffer<1200>;

Cell cell(const Item& item, Column column, const Tai64n& now) noexcept {
  const Observation& seen = *item.seen;
  const bool has_status = seen.status.has_value();
  const bool is_up = has_status && seen.status->is_up();
  const bool is_ready = is_up && seen.status->ready;
  switch (column) {
    case Column::service: return {item.indent, item.name};
    case Column::state: return {name_of(state_of(seen))};
    case Column::wanted: return {!has_status ? "?" : seen.status->want_up ? "up" : "down"};
    case Column::pid:
      if (!has_status || seen.status->pid == 0) return {"-"};
      return {to_text(seen.status->pid)};
    case Column::age:
      if (!has_status || seen.status->never_started()) return {"-"};
      return {age_text(tai::seconds_between(seen.status->changed, now))};
    case Column::ready:
      if (is_ready) return {age_text(tai::seconds_between(seen.status->ready_since, now))};
      return {is_up && seen.notifies == Answer::yes ? "no" : "-"};
    case Column::notes: {
      const Notes notes = notes_of(seen, now);
      return {notes, notes.size() > 0 && !item.remark.empty() ? "; " : "", item.remark};
    }
  }
  return {};
}

// How worrying a state is, as a colour.
std::string_view colour_of(const Observation& seen) noexcept {
  constexpr std::string_view red = "\033[31m", yellow = "\033[33m", green = "\033[32m", plain = "";
  const State state = state_of(seen);
  if (!seen.supervisor.answers() || state == State::unknown || state == State::stale) return red;
  switch (state) {
    case State::up:
    case State::ready: return green;
    case State::starting:
    case State::paused:
    case State::stopping:
    case State::finishing: return yellow;
    case State::restarting: return red;
    case State::not_started: return seen.status->want_up ? red : plain;
    default: return plain;
  }
}
constexpr std::string_view bold = "\033[1m", colour_end = "\033[m";

using Widths = std::array<std::size_t, column_count>;  // 0: the column is left out

std::size_t total(const Widths& widths) noexcept {
  std::size_t sum = 0;
  for (const std::size_t width : widths) sum += width > 0 ? width + gap : 0;
  return sum > 0 ? sum - gap : 0;
}

Widths natural_widths(std::span<const Scan> scans, const Tai64n& now) noexcept {
  Widths widths{};
  for (std::size_t i = 0; i < column_count; ++i) widths[i] = titles[i].size();
  for (const Scan& scan : scans)
    for (const Row& row : scan.rows)
      for_each_item(row, [&](const Item& item) {
        for (std::size_t i = 0; i < column_count; ++i)
          widths[i] = std::max(widths[i], shown_columns(cell(item, static_cast<Column>(i), now)));
      });
  return widths;
}

// Notes are cut first, but not to nothing; then columns go; then the name is cut.
Widths fitting(Widths widths, std::size_t columns) noexcept {
  if (columns == 0 || total(widths) <= columns) return widths;
  std::size_t& notes = widths[index(Column::notes)];
  const std::size_t wanted_notes = notes;
  notes = std::min(wanted_notes, least_notes);
  for (const Column column : given_up)
    if (total(widths) > columns) widths[index(column)] = 0;
  std::size_t& name = widths[index(Column::service)];
  if (const std::size_t sum = total(widths); sum > columns)
    name = std::max(std::min(name, least_name), name - std::min(name, sum - columns));
  if (const std::size_t sum = total(widths); sum > columns) notes = 0;
  if (const std::size_t sum = total(widths); sum < columns && notes > 0)
    notes = std::min(wanted_notes, notes + (columns - sum));
  return widths;
}

class Layout {
 public:
  Layout(const Sink& sink, std::span<const Scan> scans, const Tai64n& now, const Page& page) noexcept
      : sink_(sink),
        scans_(scans),
        now_(now),
        page_(page),
        widths_(fitting(natural_widths(scans, now), page.columns)) {}

  void add() noexcept {
    for (const Scan& scan : scans_) {
      if (&scan != scans_.data()) add_line([] {});
      add_scan(scan);
    }
    if (missing_ > 0) end_line([&] { put(TextBuffer<64>{"... ", to_text(missing_), " more lines"}, no_limit); });
  }

 private:
  static constexpr std::size_t no_limit = SIZE_MAX;

  // Prints what `body` puts and ends the line, if there is room for it on the page.
  template <class Body>
  void add_line(Body body) noexcept {
    if (page_.lines > 0 && used_lines_ + 1 >= page_.lines) {
      ++missing_;
      return;
    }
    end_line(body);
  }
  template <class Body>
  void end_line(Body body) noexcept {
    used_columns_ = 0;
    body();
    sink_.add("\n");
    ++used_lines_;
  }

  std::size_t put(std::string_view text, std::size_t columns) noexcept {
    if (page_.columns > 0) columns = std::min(columns, page_.columns - std::min(used_columns_, page_.columns));
    const std::size_t used = show(text, columns, [this](std::string_view piece) { sink_.add(piece); });
    used_columns_ += used;
    return used;
  }
  void colour(std::string_view code) noexcept {
    if (page_.colour && !code.empty()) sink_.add(code);
  }

  // A row of cells; blanks only stand before something.
  template <class Text, class Colour>
  void put_cells(Text text, Colour colour_of_column) noexcept {
    std::size_t blanks = 0;
    for (std::size_t i = 0; i < column_count; ++i) {
      const std::size_t width = widths_[i];
      if (width == 0) continue;
      const Cell content = text(static_cast<Column>(i));
      std::size_t used = 0;
      if (content.size() > 0) {
        for (; blanks > 0; --blanks) put(" ", 1);
        const std::string_view code = colour_of_column(static_cast<Column>(i));
        colour(code);
        used = put(content, width);
        if (!code.empty()) colour(colour_end);
      }
      blanks += width - used + gap;
    }
  }

  void add_scan(const Scan& scan) noexcept {
    add_line([&] { put_heading(scan); });
    if (scan.rows.empty()) return;
    add_line(
        [&] { put_cells([](Column column) { return Cell{titles[index(column)]}; }, [](Column) { return bold; }); });
    for (const Row& row : scan.rows) {
      for_each_item(row, [&](const Item& item) { add_item(item); });
      if (row.has_tail) add_tail(row.tail.lines);
    }
  }

  void put_heading(const Scan& scan) noexcept {
    std::size_t bad = 0;
    for (const Row& row : scan.rows)
      bad += (is_as_wanted(row.seen) ? 0U : 1U) + (row.has_logger && !is_as_wanted(row.logger) ? 1U : 0U);
    put(scan.path, no_limit);
    put(": ", no_limit);
    const bool worrying = !scan.scanner.answers();
    if (worrying) colour("\033[31m");
    put(scanner_text(scan.scanner), no_limit);
    if (worrying) colour(colour_end);
    const std::size_t count = scan.rows.size();
    put(TextBuffer<128>{", ", to_text(count), count == 1 ? " service, " : " services, ", to_text(bad),
                        " not as wanted"},
        no_limit);
  }
  static TextBuffer<128> scanner_text(const Keeper& scanner) noexcept {
    const auto pid = to_text(scanner.pid);
    switch (scanner.state) {
      case Keeper::State::missing: return {"no s6-svscan runs here"};
      case Keeper::State::deaf: return {"s6-svscan ", pid, " does not read its commands"};
      case Keeper::State::stopped: return {"s6-svscan ", pid, " is stopped"};
      case Keeper::State::running: return {"s6-svscan ", scanner.pid > 0 ? pid.view() : "runs"};
      case Keeper::State::unknown: break;
    }
    return {"s6-svscan cannot be seen"};
  }

  void add_item(const Item& item) noexcept {
    add_line([&] {
      put_cells([&](Column column) { return cell(item, column, now_); },
                [&](Column column) { return column == Column::state ? colour_of(*item.seen) : std::string_view(); });
    });
  }

  void add_tail(std::string_view rest) noexcept {
    while (!rest.empty()) {
      const std::string_view line = head(rest, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      add_line([&] {
        put("    ", no_limit);
        put(line, no_limit);
      });
    }
  }

  const Sink& sink_;
  std::span<const Scan> scans_;
  Tai64n now_;
  Page page_;
  Widths widths_;
  std::size_t used_columns_ = 0;
  std::size_t used_lines_ = 0;
  std::size_t missing_ = 0;
};

}  // namespace

void add_table(const Sink& sink, std::span<const Scan> scans, const Tai64n& now, const Page& page) noexcept {
  Layout(sink, scans, now, page).add();
}

}  // namespace s6::svstat
