#include "emulator/page.h"

#include "emulator/page_data.h"

namespace telekv::emulator {

const PageFile* find_page_file(std::string_view path) {
  for (const PageFile& file : kPageFiles) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace telekv::emulator
