#pragma once
// A sink that goes to standard output.
#include "common/line_output.hpp"
#include "svstat/sink.hpp"

namespace s6::svstat {

// What is not flushed yet is lost.
class Output {
 public:
  [[nodiscard]] Sink sink() noexcept { return {write, &lines_}; }
  void flush() noexcept { lines_.flush(); }

 private:
  static void write(void* target, std::string_view text) noexcept {
    constexpr std::size_t piece = 4096;  // there is room for it
    while (!text.empty()) {
      const std::string_view part = head(text, piece);
      static_cast<LineOutput*>(target)->add(part);
      text.remove_prefix(part.size());
    }
  }

  LineOutput lines_;
};

}  // namespace s6::svstat
