#include "common/pattern.hpp"

namespace s6 {

bool Pattern::compile(const char* text) noexcept {
  error_ = ::regcomp(&compiled_, *text != '\0' ? text : ".*", REG_EXTENDED | REG_NOSUB);
  return error_ == 0;
}

TextBuffer<128> Pattern::problem() const noexcept {
  char text[128];
  ::regerror(error_, &compiled_, text, sizeof text);
  return {std::string_view(text)};
}

void Pattern::clear() noexcept {
  if (error_ == 0) ::regfree(&compiled_);
  error_ = REG_BADPAT;
}

int Pattern::search(const char* text, Begins begins) const noexcept {
  return ::regexec(&compiled_, text, 0, nullptr, begins == Begins::at_the_start ? 0 : REG_NOTBOL);
}

}  // namespace s6
