#pragma once
// Where a long text goes, piece by piece: standard output, or a string in a test. Pure.
#include <concepts>
#include <string_view>

#include "common/text.hpp"

namespace s6::svstat {

class Sink {
 public:
  using Write = void (*)(void* target, std::string_view text);
  Sink(Write write, void* target) noexcept : write_(write), target_(target) {}

  void add(std::string_view text) const noexcept { write_(target_, text); }
  template <std::integral Number>
  void add(Number number) const noexcept {
    add(to_text(number).view());
  }

 private:
  Write write_;
  void* target_;
};

}  // namespace s6::svstat
