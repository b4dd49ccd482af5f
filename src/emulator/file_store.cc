#include "emulator/file_store.h"

#include <fstream>
#include <iterator>

namespace telekv::emulator {

bool FileStore::put(std::uint64_t number, std::string_view bytes) {
  if (!folder_) {
    in_memory_.insert_or_assign(number, std::make_shared<const std::string>(bytes));
    return true;
  }
  std::ofstream out(path_of(number), std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return out.good();
}

FileStore::Bytes FileStore::get(std::uint64_t number) const {
  if (!folder_) {
    const auto place = in_memory_.find(number);
    return place == in_memory_.end() ? nullptr : place->second;
  }
  std::ifstream in(path_of(number), std::ios::binary);
  if (!in) return nullptr;
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return nullptr;
  return std::make_shared<const std::string>(std::move(bytes));
}

std::filesystem::path FileStore::path_of(std::uint64_t number) const {
  return *folder_ / std::to_string(number);
}

}  // namespace telekv::emulator
