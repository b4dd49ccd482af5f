// Methods on documents: upload, replace, find for download.
#include <simdjson.h>

#include "emulator/json_value.h"
#include "emulator/json_writer.h"
#include "emulator/methods_shared.h"
#include "emulator/text.h"

namespace telekv::emulator::methods {
namespace {

constexpr std::string_view kAttach = "attach://";
constexpr std::string_view kPathPrefix = "documents/file_";

Answer<FileNumber> take_upload(Call& call, const UploadedFile& upload) {
  if (upload.content.size() > kMaxUploadBytes) return ApiError{413, "Request Entity Too Large"};
  auto number = call.world.add_file(call.bot, {upload.content.size(), upload.name});
  if (number.has_error()) return number;
  if (!call.files.put(*number, upload.content)) {
    return ApiError{500, "Internal Server Error: the emulator cannot write the file"};
  }
  return number;
}

// What an InputFile field names: an uploaded part or a file_id. The upload is only looked up here
// and taken in by resolve(), after everything else was found in order.
struct InputFile {
  const UploadedFile* upload = nullptr;
  FileNumber known = 0;

  Answer<FileNumber> resolve(Call& call) const {
    if (upload == nullptr) return known;
    return take_upload(call, *upload);
  }
};

Answer<InputFile> read_input_file(Call& call, std::string_view value, const ApiError& missing) {
  InputFile file;
  if (value.starts_with(kAttach)) {
    file.upload = call.arguments.find_file(value.substr(kAttach.size()));
    if (file.upload == nullptr) return missing;
    return file;
  }
  if (value.empty()) return missing;
  const File* known = call.world.find_file(call.bot, value);
  if (known == nullptr) return bad_request("wrong file identifier/HTTP URL specified");
  file.known = known->number;
  return file;
}

struct InputMedia {
  std::string media;
  TextContent caption;
};

// The refusal with its first letter as TDLib has it and the server's words before it.
ApiError wrong_media(const ApiError& error) {
  constexpr std::string_view kPrefix = "Bad Request: ";
  std::string text = error.description.substr(kPrefix.size());
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return bad_request("can't parse InputMedia: " + text);
}

Answer<InputMedia> parse_input_media(const Call& call, std::string_view json) {
  if (json.empty()) return bad_request("media to edit not specified");
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object fields;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return bad_request("can't parse input media JSON object");
  }
  if (root.get(fields) != simdjson::SUCCESS)
    return bad_request("can't parse InputMedia: expected an Object");
  std::string_view type;
  std::string_view media;
  std::string_view caption;
  std::string_view parse_mode;
  std::string entities;
  if (fields["type"].get(type) != simdjson::SUCCESS) {
    return bad_request("can't parse InputMedia: type must be non-empty");
  }
  if (type != "document") {
    return bad_request("can't parse InputMedia: the emulator knows only type document");
  }
  if (fields["media"].get(media) != simdjson::SUCCESS) media = {};
  if (fields["caption"].get(caption) != simdjson::SUCCESS) caption = {};
  if (fields["parse_mode"].get(parse_mode) != simdjson::SUCCESS) parse_mode = {};
  simdjson::dom::element given;
  if (fields["caption_entities"].get(given) == simdjson::SUCCESS && given.is_array()) {
    entities = to_json(given);
  }
  auto text = read_text(call, caption, entities, parse_mode);
  if (text.has_error()) return wrong_media(text.error());
  return InputMedia{std::string(media), std::move(*text)};
}

}  // namespace

Answer<void> send_document(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto caption = read_text(call, "caption", "caption_entities");
  if (caption.has_error()) return caption.error();
  auto options = read_send_options(call);
  if (options.has_error()) return options.error();

  InputFile file;
  if (const UploadedFile* upload = call.arguments.find_file("document")) {
    file.upload = upload;
  } else {
    auto named = read_input_file(call, call.arguments.get("document"),
                                 bad_request("there is no document in the request"));
    if (named.has_error()) return named.error();
    file = *named;
  }
  auto number = file.resolve(call);
  if (number.has_error()) return number.error();
  DocumentContent content{*number, std::move(caption->text), std::move(caption->entities)};
  return write_result(call, out, **chat,
                      call.world.send_document(call.bot, **chat, std::move(content),
                                               std::move(*options), call.now));
}

Answer<void> edit_message_media(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto id = read_message_id(call, "message to edit not found");
  if (id.has_error()) return id.error();
  auto media = parse_input_media(call, call.arguments.get("media"));
  if (media.has_error()) return media.error();
  auto file =
      read_input_file(call, media->media, bad_request("can't parse InputMedia: media not found"));
  if (file.has_error()) return file.error();
  auto markup = parse_markup(call.arguments.get("reply_markup"));
  if (markup.has_error()) return markup.error();
  if (auto editable = call.world.check_editable(**chat, *id); editable.has_error()) {
    return editable.error();
  }
  auto number = file->resolve(call);
  if (number.has_error()) return number.error();
  DocumentContent content{*number, std::move(media->caption.text),
                          std::move(media->caption.entities)};
  return write_edited(call, out, **chat,
                      call.world.edit_document(call.bot, **chat, *id, std::move(content),
                                               std::move(*markup), call.now));
}

Answer<void> get_file(Call& call, std::string& out) {
  const std::string_view file_id = call.arguments.get("file_id");
  if (file_id.empty()) return bad_request("file_id not specified");
  const File* file = call.world.find_file(call.bot, file_id);
  if (file == nullptr) return bad_request("invalid file_id");
  const bool local = call.files.is_local();
  if (!local && file->size > kMaxDownloadBytes) return bad_request("file is too big");
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("file_id", file_id_of(*file));
  writer.field("file_unique_id", file_unique_id_of(*file));
  writer.field("file_size", file->size);
  const std::string path =
      local ? call.files.path_of(static_cast<std::uint64_t>(file->number)).string()
            : file_path_of(*file);
  writer.field("file_path", path);
  writer.end_object();
  return {};
}

}  // namespace telekv::emulator::methods

namespace telekv::emulator {

std::string file_path_of(const File& file) {
  return std::string(methods::kPathPrefix) + std::to_string(file.number) +
         std::string(extension_of(file.name));
}

const File* find_file_by_path(const World& world, const Bot& bot, std::string_view path) {
  if (!path.starts_with(methods::kPathPrefix)) return nullptr;
  const auto number = to_integer(path.substr(methods::kPathPrefix.size()));
  const File* file = world.find_file(static_cast<FileNumber>(number));
  const bool is_it = file != nullptr && file->owner == bot.id && file_path_of(*file) == path &&
                     file->size <= kMaxDownloadBytes;
  return is_it ? file : nullptr;
}

}  // namespace telekv::emulator
