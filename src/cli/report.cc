#include "cli/report.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <ctime>
#include <vector>

namespace telekv::cli {
namespace {

namespace json = boost::json;

std::string label(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string cell(const json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return printable(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (!value.is_array()) return json::serialize(value);
  std::string list;
  for (const json::value& each : value.get_array()) {
    list += (list.empty() ? "" : ", ") + cell(each);
  }
  return list.empty() ? "-" : list;
}

/// Characters as a terminal counts them, nearly: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

using TableRow = std::vector<std::string>;

void append_table(std::string& out, const std::vector<TableRow>& rows, std::string_view indent) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const TableRow& row : rows) {
    out += indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out += '\n';
  }
}

bool is_table(const json::value& value) {
  return value.is_array() && !value.get_array().empty() && value.get_array().front().is_object();
}

/// Whether all rows can share one heading.
bool is_flat(const json::array& rows) {
  const json::object& first = rows.front().get_object();
  return std::all_of(rows.begin(), rows.end(), [&](const json::value& row) {
    const json::object& object = row.get_object();
    return object.size() == first.size() &&
           std::all_of(object.begin(), object.end(), [&](const auto& field) {
             return first.contains(field.key()) && !field.value().is_object() &&
                    !is_table(field.value());
           });
  });
}

void append_fields(std::string& out, const json::object& fields, const std::string& indent);

void append_list(std::string& out, const json::array& rows, const std::string& indent) {
  if (!is_flat(rows)) {
    for (const json::value& row : rows) {
      append_fields(out, row.get_object(), indent);
      if (&row != &rows.back()) out += '\n';
    }
    return;
  }
  std::vector<TableRow> table(1);
  for (const auto& field : rows.front().get_object()) table[0].push_back(label(field.key()));
  for (const json::value& row : rows) {
    table.emplace_back();
    for (const auto& field : rows.front().get_object()) {
      table.back().push_back(cell(row.get_object().at(field.key())));
    }
  }
  append_table(out, table, indent);
}

void append_fields(std::string& out, const json::object& fields, const std::string& indent) {
  for (const auto& field : fields) {
    const json::value& value = field.value();
    out += indent + label(field.key()) + ':';
    if (value.is_object()) {
      out += '\n';
      append_fields(out, value.get_object(), indent + "  ");
    } else if (is_table(value)) {
      out += '\n';
      append_list(out, value.get_array(), indent + "  ");
    } else {
      out += ' ' + cell(value) + '\n';
    }
  }
}

}  // namespace

std::string as_text(const Report& report) {
  std::string out;
  append_fields(out, report, "");
  return out;
}

std::string as_json(const Report& report) { return json::serialize(report) + '\n'; }

std::string as_error_line(const Error& error, bool json) {
  if (!json) return "telekv: " + printable(describe(error)) + '\n';
  const Report report{
      {"error",
       Report{{"code", to_string(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
  return as_json(report);
}

std::string hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return out;
}

std::string hex(std::uint64_t value) {
  Bytes bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return hex(bytes);
}

std::string utc_time(std::int64_t unix_seconds) {
  if (unix_seconds == 0) return "";
  const std::time_t time = unix_seconds;
  std::tm parts{};
  std::array<char, 64> text{};
  if (gmtime_r(&time, &parts) == nullptr) return "";
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace telekv::cli
