// The exports that are texts: JSON lines, CSV and the old JSON dump. They differ only in what
// stands before, between and after the users.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/table_writer.h"

namespace telekv::cli {

struct TextFormat {
  std::string_view head;
  std::string_view separator;  ///< between two users
  std::string_view tail;
  void (*append)(std::string& out, kv::Key chat_id, const bot::User& user);
};

extern const TextFormat kJsonLines;
extern const TextFormat kCsv;
extern const TextFormat kJsonDump;

/// The first line of a CSV file; what a reader demands.
inline constexpr std::string_view kCsvHeader = "chat_id,name,clicks,state\r\n";

/// Devices and pipes are written as they are; a file is replaced when it is complete.
Result<std::unique_ptr<TableWriter>> open_text_writer(const TextFormat& format,
                                                      const std::string& path,
                                                      const Streams& streams);

}  // namespace telekv::cli
