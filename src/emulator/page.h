// The chat page, embedded at build time from src/emulator/page.
#pragma once

#include <string_view>

namespace telekv::emulator {

struct PageFile {
  std::string_view path;  ///< as requested, e.g. "/page.js"
  std::string_view content_type;
  std::string_view content;
};

/// The file served at `path`, null when there is none.
const PageFile* find_page_file(std::string_view path);

}  // namespace telekv::emulator
