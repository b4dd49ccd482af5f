#include "telegram/multipart.h"

#include <algorithm>
#include <array>

#include "vault/random.h"

namespace telekv::telegram {
namespace {

/// 128 random bits in hexadecimal; the server takes boundaries of up to 70 characters.
std::string make_boundary() {
  std::array<unsigned char, 16> random{};
  vault::SystemRandom().fill(random.data(), random.size());
  std::string boundary = "telekv-";
  for (const unsigned char byte : random) {
    boundary += "0123456789abcdef"[byte >> 4];
    boundary += "0123456789abcdef"[byte & 15];
  }
  return boundary;
}

void begin_part(std::string& text, const std::string& boundary, std::string_view name) {
  text.append("--").append(boundary).append("\r\n");
  text.append("Content-Disposition: form-data; name=\"").append(name).append("\"");
}

SharedBytes share(std::string text) { return std::make_shared<const Bytes>(std::move(text)); }

}  // namespace

Multipart make_multipart(const std::vector<FormField>& fields, const FilePart& file) {
  const std::string boundary = make_boundary();
  std::string head;
  for (const auto& [name, value] : fields) {
    begin_part(head, boundary, name);
    head.append("\r\n\r\n").append(value).append("\r\n");
  }
  begin_part(head, boundary, file.field);
  head.append("; filename=\"").append(file.name).append("\"\r\n");
  head.append("Content-Type: application/octet-stream\r\n\r\n");
  std::string tail = "\r\n--";
  tail.append(boundary).append("--\r\n");

  Multipart multipart;
  multipart.content_type = "multipart/form-data; boundary=";
  multipart.content_type += boundary;
  multipart.body = {share(std::move(head)), file.bytes, share(std::move(tail))};
  return multipart;
}

bool is_document_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace telekv::telegram
