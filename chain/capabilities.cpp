#include "chain/capabilities.hpp"

#include <errno.h>

#include "common/sys.hpp"

namespace s6::launch {
namespace {

// What this process has, to be changed and put into force again.
class OwnSets {
 public:
  OwnSets() noexcept : sets_(::cap_get_proc()) {}
  OwnSets(const OwnSets&) = delete;
  OwnSets& operator=(const OwnSets&) = delete;
  ~OwnSets() {
    if (sets_ != nullptr) ::cap_free(sets_);
  }

  void change(cap_flag_t flag, cap_value_t capability, cap_flag_value_t value) noexcept {
    if (sets_ != nullptr) ::cap_set_flag(sets_, flag, 1, &capability, value);
  }
  void clear(cap_flag_t flag) noexcept {
    if (sets_ != nullptr) ::cap_clear_flag(sets_, flag);
  }
  [[nodiscard]] bool has(cap_flag_t flag, cap_value_t capability) const noexcept {
    cap_flag_value_t value = CAP_CLEAR;
    return sets_ != nullptr && ::cap_get_flag(sets_, capability, flag, &value) == 0 && value == CAP_SET;
  }
  Result<void> apply(const char* doing, const char* text) const noexcept {
    if (sets_ == nullptr || ::cap_set_proc(sets_) < 0) return Error{errno, doing, text};
    return {};
  }

 private:
  cap_t sets_;
};

}  // namespace

Capabilities::~Capabilities() {
  if (iab_ != nullptr) ::cap_free(iab_);
}

bool Capabilities::parse(const char* text) noexcept {
  text_ = text;
  iab_ = ::cap_iab_from_text(text);
  return iab_ != nullptr;
}

Result<void> Capabilities::apply() const noexcept {
  if (::cap_iab_set_proc(iab_) < 0) return Error{errno, "set the capabilities", text_};
  return {};
}

Result<void> set_securebits(std::uint32_t bits, const char* text) noexcept {
  constexpr const char* doing = "set the securebits";
  OwnSets sets;
  const bool was_effective = sets.has(CAP_EFFECTIVE, CAP_SETPCAP);
  sets.change(CAP_EFFECTIVE, CAP_SETPCAP, CAP_SET);
  if (auto raised = sets.apply(doing, text); !raised) return raised;
  if (auto set = sys::set_securebits(bits); !set) return Error{set.error().code, doing, text};
  if (was_effective) return {};
  sets.change(CAP_EFFECTIVE, CAP_SETPCAP, CAP_CLEAR);
  return sets.apply(doing, text);
}

Result<void> drop_ambient_capabilities() noexcept {
  if (::cap_reset_ambient() < 0) return Error{errno, "drop ambient capabilities", ""};
  return {};
}

Result<void> drop_kept_capabilities() noexcept {
  OwnSets sets;
  sets.clear(CAP_EFFECTIVE);
  for (cap_value_t capability = 0; capability < ::cap_max_bits(); ++capability)
    if (!sets.has(CAP_INHERITABLE, capability)) sets.change(CAP_PERMITTED, capability, CAP_CLEAR);
  return sets.apply("drop capabilities", "");
}

}  // namespace s6::launch
