#include "emulator/control_arguments.h"

#include <utility>

namespace telekv::emulator {

ApiError wrong(std::string text) { return {400, std::move(text)}; }

Answer<std::int64_t> required_integer(const ControlBody& body, std::string_view name) {
  std::int64_t value = 0;
  if (body[name].get(value) != simdjson::SUCCESS) {
    return wrong("\"" + std::string(name) + "\" must be an integer");
  }
  return value;
}

Answer<std::string> required_string(const ControlBody& body, std::string_view name) {
  std::string_view value;
  if (body[name].get(value) != simdjson::SUCCESS) {
    return wrong("\"" + std::string(name) + "\" must be a string");
  }
  return std::string(value);
}

Answer<std::int64_t> optional_integer(const ControlBody& body, std::string_view name,
                                      std::int64_t otherwise) {
  simdjson::dom::element value;
  if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) return otherwise;
  return required_integer(body, name);
}

Answer<std::string> optional_name(const ControlBody& body, std::string_view name) {
  simdjson::dom::element value;
  if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::string();
  auto text = required_string(body, name);
  if (text.has_value() && text->size() > kMaxNameBytes) {
    return wrong("\"" + std::string(name) + "\" is longer than 4096 bytes");
  }
  return text;
}

Answer<simdjson::dom::array> required_array(const ControlBody& body, std::string_view name,
                                            std::size_t most) {
  simdjson::dom::array list;
  if (body[name].get(list) != simdjson::SUCCESS || list.size() > most) {
    return wrong("\"" + std::string(name) + "\" must be a list of at most " + std::to_string(most));
  }
  return list;
}

Answer<double> optional_number(const ControlBody& body, std::string_view name, double otherwise) {
  simdjson::dom::element value;
  if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) return otherwise;
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) {
    return wrong("\"" + std::string(name) + "\" must be a number");
  }
  return number;
}

Answer<Bot*> required_bot(ControlCall& call, const ControlBody& body) {
  const auto id = required_integer(body, "bot_id");
  if (id.has_error()) return id.error();
  if (*id <= 0 || *id >= (std::int64_t{1} << 54)) return wrong("\"bot_id\" must be in 1..2^54");
  return &call.world.ensure_bot(*id);
}

}  // namespace telekv::emulator
