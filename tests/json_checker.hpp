#pragma once
// A strict reader of JSON (RFC 8259) for tests of what prints it: anything that is not exactly JSON in UTF-8 throws, a
// member that comes twice included.
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace s6::test {

class Json {
 public:
  using List = std::vector<Json>;
  using Object = std::map<std::string, Json>;
  static Json parse(std::string_view text);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  [[nodiscard]] bool boolean() const { return std::get<bool>(value_); }
  [[nodiscard]] std::int64_t number() const { return std::get<std::int64_t>(value_); }
  [[nodiscard]] const std::string& string() const { return std::get<std::string>(value_); }
  [[nodiscard]] const List& list() const { return std::get<List>(value_); }
  [[nodiscard]] const Object& object() const { return std::get<Object>(value_); }
  // A member, an element: they have to be there.
  const Json& operator[](const std::string& key) const { return object().at(key); }
  const Json& operator[](std::size_t index) const { return list().at(index); }

 private:
  friend class JsonReader;
  std::variant<std::nullptr_t, bool, std::int64_t, std::string, List, Object> value_ = nullptr;
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  Json document() {
    Json value = read_value();
    skip_space();
    if (!rest_.empty()) fail("something behind the end");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("no JSON: " + what + " before: " + std::string(rest_.substr(0, 40)));
  }
  void skip_space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) != std::string_view::npos)
      rest_.remove_prefix(1);
  }
  char peek() {
    if (rest_.empty()) fail("it ends too early");
    return rest_[0];
  }
  char take() {
    const char c = peek();
    rest_.remove_prefix(1);
    return c;
  }
  bool take_if(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(char c) {
    skip_space();
    if (take() != c) fail(std::string("no ") + c);
  }

  Json read_value() {
    skip_space();
    Json json;
    switch (peek()) {
      case '{': json.value_ = read_object(); break;
      case '[': json.value_ = read_list(); break;
      case '"': json.value_ = read_string(); break;
      default:
        if (take_if("null")) return json;
        if (take_if("true"))
          json.value_ = true;
        else if (take_if("false"))
          json.value_ = false;
        else
          json.value_ = read_integer();
    }
    return json;
  }

  // Nothing here prints another kind of number.
  std::int64_t read_integer() {
    std::string digits;
    if (peek() == '-') digits += take();
    const std::size_t sign = digits.size();
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') digits += take();
    if (digits.size() == sign || (digits.size() > sign + 1 && digits[sign] == '0')) fail("a bad number");
    return std::stoll(digits);
  }

  Json::Object read_object() {
    Json::Object object;
    need('{');
    skip_space();
    if (take_if("}")) return object;
    do {
      skip_space();
      const std::string key = read_string();
      need(':');
      if (!object.emplace(key, read_value()).second) fail("a second " + key);
      skip_space();
    } while (take_if(","));
    need('}');
    return object;
  }

  Json::List read_list() {
    Json::List list;
    need('[');
    skip_space();
    if (take_if("]")) return list;
    do {
      list.push_back(read_value());
      skip_space();
    } while (take_if(","));
    need(']');
    return list;
  }

  unsigned read_hexadecimal() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i) {
      const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(take() | 0x20));
      if (digit == std::string_view::npos) fail("a bad \\u");
      value = value * 16 + static_cast<unsigned>(digit);
    }
    return value;
  }

  std::string read_escape() {
    const char c = take();
    if (c == '"' || c == '\\' || c == '/') return {c};
    if (c != 'u') fail("an escape that we do not write");
    const unsigned value = read_hexadecimal();
    if (value >= 0x80) fail("an escape that we do not write");
    return {static_cast<char>(value)};
  }

  // One character of UTF-8.
  std::string read_character() {
    std::string bytes{take()};
    const auto first = static_cast<unsigned char>(bytes[0]);
    if (first < 0x20) fail("a control");
    if (first < 0x80) return bytes;
    const int more = first >= 0xc2 && first < 0xe0   ? 1
                     : first >= 0xe0 && first < 0xf0 ? 2
                     : first >= 0xf0 && first < 0xf5 ? 3
                                                     : 0;
    if (more == 0) fail("a byte that is not UTF-8");
    for (int i = 0; i < more; ++i) {
      bytes += take();
      if ((static_cast<unsigned char>(bytes.back()) & 0xc0) != 0x80) fail("a sequence that is not UTF-8");
    }
    return bytes;
  }

  std::string read_string() {
    std::string text;
    if (take() != '"') fail("no string");
    while (peek() != '"') text += take_if("\\") ? read_escape() : read_character();
    take();
    return text;
  }

  std::string_view rest_;
};

inline Json Json::parse(std::string_view text) {
  return JsonReader(text).document();
}

}  // namespace s6::test
