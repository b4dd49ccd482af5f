// The files that messages carry, and the ids by which bots know them.
#include "emulator/text.h"
#include "emulator/world.h"

namespace telekv::emulator {
namespace {

std::uint64_t mix(std::uint64_t value) {  // splitmix64 finaliser
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

std::string eight_bytes(std::uint64_t value) {
  std::string result;
  Encoder encode(result);
  encode(value);
  return result;
}

constexpr std::string_view kFileIdPrefix = "BQACAgIAAxkDAAM";

std::uint64_t file_check(FileNumber number, BotId owner) {
  return mix(number ^ mix(static_cast<std::uint64_t>(owner)));
}

}  // namespace

std::string file_id_of(const File& file) {
  return std::string(kFileIdPrefix) +
         base64url_encode(eight_bytes(file.number) +
                          eight_bytes(file_check(file.number, file.owner)));
}

std::string file_unique_id_of(const File& file) {
  return "AgAD" + base64url_encode(eight_bytes(mix(file.number)));
}

Answer<FileNumber> World::add_file(const Bot& bot, NewFile file) {
  if (file.size == 0) return bad_request("file must be non-empty");
  File stored;
  stored.number = next_file_++;
  stored.owner = bot.id;
  stored.size = file.size;
  stored.name = clean_file_name(file.name);
  stored.mime_type = mime_type_of(stored.name);
  record_file(stored);
  const FileNumber number = stored.number;
  files_.emplace(number, std::move(stored));
  return number;
}

const File* World::find_file(FileNumber number) const {
  const auto place = files_.find(number);
  return place == files_.end() ? nullptr : &place->second;
}

const File* World::find_file(const Bot& bot, std::string_view file_id) const {
  if (!file_id.starts_with(kFileIdPrefix)) return nullptr;
  const auto bytes = base64_decode(file_id.substr(kFileIdPrefix.size()));
  if (!bytes) return nullptr;
  Decoder decode(*bytes);
  FileNumber number = 0;
  std::uint64_t check = 0;
  decode(number);
  decode(check);
  if (decode.failed() || !decode.at_end() || check != file_check(number, bot.id)) return nullptr;
  return find_file(number);
}

}  // namespace telekv::emulator
