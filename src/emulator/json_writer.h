// Appends JSON to a string in the order it is told, everything beyond ASCII as \uXXXX, as Telegram
// answers. It keeps no state of its own: whether a comma is due is read from the last byte written.
// Linear time; wants valid UTF-8 (bytes that are not are written as they are).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace telekv::emulator {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { out_ += '}'; }
  void begin_array() { open('['); }
  void end_array() { out_ += ']'; }

  /// A key, written as it is; its value must follow.
  void key(std::string_view name);

  void string(std::string_view value);
  void integer(std::int64_t value);
  void boolean(bool value);
  void null() { raw("null"); }

  /// Bytes that are already JSON.
  void raw(std::string_view json);

  void field(std::string_view name, std::string_view value) { key(name), string(value); }
  void field(std::string_view name, const char* value) { key(name), string(value); }
  template <std::integral T>
  void field(std::string_view name, T value) {
    key(name);
    if constexpr (std::same_as<T, bool>) {
      boolean(value);
    } else {
      integer(static_cast<std::int64_t>(value));
    }
  }

 private:
  void separate();
  void open(char bracket);
  void append_escaped(std::string_view value);
  std::size_t append_special(std::string_view rest);

  std::string& out_;
};

}  // namespace telekv::emulator
