#include "emulator/json_value.h"

namespace telekv::emulator {

void write_json(JsonWriter& writer, simdjson::dom::element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::OBJECT: {
      const simdjson::dom::object fields = value.get_object().value_unsafe();
      writer.begin_object();
      for (const auto& [name, field] : fields) {
        writer.key(name);
        write_json(writer, field);
      }
      writer.end_object();
      break;
    }
    case simdjson::dom::element_type::ARRAY: {
      const simdjson::dom::array items = value.get_array().value_unsafe();
      writer.begin_array();
      for (const auto item : items) write_json(writer, item);
      writer.end_array();
      break;
    }
    case simdjson::dom::element_type::STRING:
      writer.string(value.get_string().value_unsafe());
      break;
    default:  // numbers, booleans and null have one spelling
      writer.raw(simdjson::minify(value));
  }
}

std::string to_json(simdjson::dom::element value) {
  std::string result;
  JsonWriter writer(result);
  write_json(writer, value);
  return result;
}

}  // namespace telekv::emulator
