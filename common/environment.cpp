#include "common/environment.hpp"

#include <algorithm>

#include "common/reserved_array.hpp"
#include "common/text.hpp"

namespace s6 {
namespace {

std::string_view name_of(std::string_view entry) noexcept {
  return head(entry, entry.find('='));
}

}  // namespace

Result<void> Environment::inherit() noexcept {
  clear();
  for (const char* const* entry = sys::environment(); *entry != nullptr; ++entry)
    if (auto appended = append(*entry); !appended) return appended;
  return {};
}

Result<void> Environment::append(const char* entry) noexcept {
  if (size_ + 1 >= entries_.size()) {
    auto larger = reserve_array<const char*>(std::max<std::size_t>(512, entries_.size() * 2));
    if (!larger) return larger.error();
    std::ranges::copy(entries_, larger->begin());
    entries_ = *larger;
  }
  entries_[size_++] = entry;
  entries_[size_] = nullptr;
  return {};
}

Result<void> Environment::put(const char* entry) noexcept {
  unset(name_of(entry));
  return append(entry);
}

Result<void> Environment::set(std::string_view name, std::string_view value) noexcept {
  const std::size_t needed = name.size() + value.size() + 2;
  if (room_.size() < needed) {
    auto room = reserve_array<char>(std::max<std::size_t>(4096, needed));
    if (!room) return room.error();
    room_ = *room;
  }
  char* end = std::ranges::copy(name, room_.data()).out;
  *end++ = '=';
  end = std::ranges::copy(value, end).out;
  *end = '\0';
  const char* const entry = room_.data();
  room_ = room_.subspan(needed);
  return put(entry);
}

template <class Unwanted>
void Environment::remove_if(Unwanted unwanted) noexcept {
  if (size_ == 0) return;
  const auto used = entries_.first(size_);
  size_ = static_cast<std::size_t>(std::remove_if(used.begin(), used.end(), unwanted) - used.begin());
  entries_[size_] = nullptr;
}

void Environment::unset(std::string_view name) noexcept {
  remove_if([name](const char* entry) { return name_of(entry) == name; });
}

void Environment::unset_prefix(std::string_view prefix) noexcept {
  remove_if([prefix](const char* entry) { return name_of(entry).starts_with(prefix); });
}

void Environment::clear() noexcept {
  remove_if([](const char*) { return true; });
}

const char* Environment::get(std::string_view name) const noexcept {
  for (const char* const entry : entries_.first(size_))
    if (name_of(entry) == name && entry[name.size()] == '=') return entry + name.size() + 1;
  return nullptr;
}

const char* const* Environment::block() const noexcept {
  static constexpr const char* const empty[] = {nullptr};
  return size_ == 0 ? empty : entries_.data();
}

}  // namespace s6
