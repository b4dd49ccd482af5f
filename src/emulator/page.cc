#include "emulator/page.h"

#include "emulator/page_data.h"

namespace telekv::emulator {

const PageFile* find_page_file(std::string_view path) {
  static constexpr PageFile kFiles[] = {
      {"/", "text/html; charset=utf-8", page_data::kIndexHtml},
      {"/page.js", "text/javascript; charset=utf-8", page_data::kPageJs},
      {"/page.css", "text/css; charset=utf-8", page_data::kPageCss},
  };
  for (const PageFile& file : kFiles) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace telekv::emulator
